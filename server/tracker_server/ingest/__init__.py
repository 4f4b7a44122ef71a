"""Ingest: what writers send, taken in once and whole, many batches to a commit where many come at once."""

from tracker_server.ingest.group import Bounds, Group
from tracker_server.ingest.service import read, store

__all__ = ["Bounds", "Group", "read", "store"]
