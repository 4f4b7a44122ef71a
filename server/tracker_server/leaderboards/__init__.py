"""Leaderboards: models and run families in the order of a metric, on the same task and data.

A *leaderboard* is what a project keeps of one: the task, the data, the metric and which values are better. Its
*standing* is who stands where, read anew each time; a *family* is runs that differ by their seed alone.
`docs/leaderboards.md` says what counts.
"""

from tracker_server.leaderboards import keeping as _keeping  # noqa: F401 (has retention ask it)
from tracker_server.leaderboards.service import Clock, change, create, delete, get, listed, put_back
from tracker_server.leaderboards.standing import of_board as standing

__all__ = ["Clock", "change", "create", "delete", "get", "listed", "put_back", "standing"]
