"""Ingest: what writers send, taken in once and whole, many batches to a commit where many come at once."""

from tracker_server.ingest.abandoned import AbandonedTails, seal_next
from tracker_server.ingest.group import Bounds, Group
from tracker_server.ingest.plain import store_plain
from tracker_server.ingest.schema import Receipt
from tracker_server.ingest.service import Batch, read, store

__all__ = ["AbandonedTails", "Batch", "Bounds", "Group", "Receipt", "read", "seal_next", "store", "store_plain"]
