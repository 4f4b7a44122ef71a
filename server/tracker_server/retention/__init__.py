"""Retention: the deleting side, which spans the domains: what is in the trash, and deleting it for good.

*Purging* takes a run, a metric or an artifact version out of the trash for ever, and with a run what nothing else
reaches: artifact versions that no other run has and that are not registered, and blobs that nothing refers to. A
*condemned* blob is one that goes. A *policy* says which versions of an artifact stay by themselves; a *keeper* is what
keeps one whatever that says. `docs/design/corrections.md` says what is promised.
"""

from tracker_server.retention.blobs import GRACE_MS, condemn, sweep
from tracker_server.retention.keepers import keeps
from tracker_server.retention.policies import tidy, tidy_after
from tracker_server.retention.purging import purge
from tracker_server.retention.storage import database_bytes
from tracker_server.retention.tidying import Tidying

__all__ = ["GRACE_MS", "Tidying", "condemn", "database_bytes", "keeps", "purge", "sweep", "tidy", "tidy_after"]
