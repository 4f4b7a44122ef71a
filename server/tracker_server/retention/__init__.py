"""Retention: the deleting side, which spans the domains: what is in the trash, and deleting it for good.

*Purging* takes a run, or a metric, out of the trash for ever, and with it what nothing else reaches: artifact versions
that no other run has and that are not registered, and blobs that nothing refers to. A *condemned* blob is one that
goes. `docs/design/corrections.md` says what is promised.
"""

from tracker_server.retention.blobs import GRACE_MS, condemn, sweep
from tracker_server.retention.purging import purge
from tracker_server.retention.storage import database_bytes

__all__ = ["GRACE_MS", "condemn", "database_bytes", "purge", "sweep"]
