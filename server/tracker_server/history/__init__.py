"""A run's history over several processes: resumed, superseded from a checkpoint on, restored, forked.

The points that count are segment 0 of the run's series. A *segment* of another number is what a label had after a step
until a later process resumed from there. A *fork* begins with a copy of another run's history up to a step.
`docs/design/history.md` says why.
"""

from tracker_server.history.service import begin, cuts, heirs, is_straight, project_of_fork, restore, segments

__all__ = ["begin", "cuts", "heirs", "is_straight", "project_of_fork", "restore", "segments"]
