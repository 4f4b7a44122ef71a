"""Ingest: what writers send, taken in once and whole."""

from tracker_server.ingest.service import take_in

__all__ = ["take_in"]
