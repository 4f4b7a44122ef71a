"""Corrections: what a person changes of what runs have logged, and the log of every such act.

A metric is *renamed* (what is logged under one name reads as another), *hidden*, or *deleted* into the trash, in one
run or in a project; a run is *archived*, deleted, restored, purged. An *entry* of the log tells who did it, when and
why; it is never changed, and *undoing* it is a further entry. `docs/design/corrections.md` says what is promised.
"""

from tracker_server.corrections.log import Action, Entry, record
from tracker_server.corrections.service import correct, preview, undo

__all__ = ["Action", "Entry", "correct", "preview", "record", "undo"]
