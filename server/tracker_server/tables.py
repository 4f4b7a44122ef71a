"""Every table, for those who need the whole schema: the migrations."""

from tracker_server.artifacts import models as _artifacts
from tracker_server.auth import models as _auth
from tracker_server.bundles import models as _bundles
from tracker_server.corrections import models as _corrections
from tracker_server.db import Base
from tracker_server.gates import models as _gates
from tracker_server.history import models as _history
from tracker_server.http import kept_answers as _http
from tracker_server.leaderboards import models as _leaderboards
from tracker_server.media import models as _media
from tracker_server.metrics import models as _metrics
from tracker_server.oidc import models as _oidc
from tracker_server.promotion import models as _promotion
from tracker_server.registry import models as _registry
from tracker_server.runs import models as _runs
from tracker_server.saved_views import models as _saved_views
from tracker_server.webhooks import models as _webhooks

__all__ = ["metadata"]

metadata = Base.metadata
_ = (
    _artifacts,
    _auth,
    _bundles,
    _corrections,
    _gates,
    _history,
    _http,
    _leaderboards,
    _media,
    _metrics,
    _oidc,
    _promotion,
    _registry,
    _runs,
    _saved_views,
    _webhooks,
)
