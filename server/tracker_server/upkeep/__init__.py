"""Upkeep: what the one who runs a server does beside it: back it up, restore it, prove it whole, make room.

What always holds: all of it may be done while servers run on the same data; a backup that was interrupted leaves the
one before it whole; a check changes nothing. `docs/operations.md` says when one does which.
"""

from tracker_server.upkeep.backing_up import Backup, back_up, copy_blobs, stored_blobs
from tracker_server.upkeep.checking import Report, check
from tracker_server.upkeep.collecting import Collected, collect
from tracker_server.upkeep.restoring import CannotRestore, Restored, restore, restore_blobs

__all__ = [
    "Backup",
    "CannotRestore",
    "Collected",
    "Report",
    "Restored",
    "back_up",
    "check",
    "collect",
    "copy_blobs",
    "restore",
    "restore_blobs",
    "stored_blobs",
]
