"""Registered models: numbered versions, aliases that point at them, and the trail of every act.

A *model version* is an artifact version with the metrics and config that its run had when it was *registered*. An
*alias* (`production`) has one holder; who may move it, and when, is decided by `promotion`. `docs/design/registry.md`
says what is promised.
"""

from tracker_server.registry.changing import (
    archive_model,
    change_model,
    change_version,
    delete_version,
    leaves,
    set_state,
)
from tracker_server.registry.copying import put_back
from tracker_server.registry.moment import seen as seen_data
from tracker_server.registry.names import check_alias
from tracker_server.registry.names import check_model as check_model_name
from tracker_server.registry.reading import (
    alias_holder,
    describe_version,
    list_models,
    model_detail,
    resolved,
    version_detail,
)
from tracker_server.registry.service import (
    Alias,
    check_holder,
    checked_reason,
    former_version,
    hold,
    holder_of,
    point,
    resolve,
    take_away,
)
from tracker_server.registry.trail import every as trail_entries
from tracker_server.registry.trail import holders, record
from tracker_server.registry.trail import page as trail_page
from tracker_server.registry.versions import (
    Evidence,
    Keep,
    evidence_at_registration,
    evidence_of,
    get_model,
    get_version,
    prepare,
    project_id_of,
    register,
    registered_as,
    registers,
    registrable,
)

__all__ = [
    "Alias",
    "Evidence",
    "Keep",
    "alias_holder",
    "archive_model",
    "change_model",
    "change_version",
    "check_alias",
    "check_holder",
    "check_model_name",
    "checked_reason",
    "delete_version",
    "describe_version",
    "evidence_at_registration",
    "evidence_of",
    "former_version",
    "get_model",
    "get_version",
    "hold",
    "holder_of",
    "holders",
    "leaves",
    "list_models",
    "model_detail",
    "point",
    "prepare",
    "project_id_of",
    "put_back",
    "record",
    "register",
    "registered_as",
    "registers",
    "registrable",
    "resolve",
    "resolved",
    "seen_data",
    "set_state",
    "take_away",
    "trail_entries",
    "trail_page",
    "version_detail",
]
