"""Corrections: what a person changes of what runs have logged, and the log of every such act.

A metric is *renamed* (what is logged under one name reads as another), *hidden*, or *deleted* into the trash, in one
run or in a project; a run is *archived*, deleted, restored, purged. An *entry* of the log tells who did it, when and
why; it is never changed, and *undoing* it is a further entry. `docs/design/corrections.md` says what is promised.
"""

from tracker_server.corrections.acts import archive, delete, refuse_purged, restore
from tracker_server.corrections.bulk import act_on_all
from tracker_server.corrections.copying import put_back
from tracker_server.corrections.keys import forget as forget_keys
from tracker_server.corrections.log import Entry, imported, record
from tracker_server.corrections.schema import Imported
from tracker_server.corrections.service import correct, hold, hold_runs, undo

__all__ = [
    "Entry",
    "Imported",
    "act_on_all",
    "archive",
    "correct",
    "delete",
    "forget_keys",
    "hold",
    "hold_runs",
    "imported",
    "put_back",
    "record",
    "refuse_purged",
    "restore",
    "undo",
]
