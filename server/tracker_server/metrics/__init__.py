"""Metrics: series of points, appended in batches, read as charts and as summaries.

A *point* is (step, time, value); a *series* is one metric of one run by one writer's label; its *tail* is what has just
arrived, its *chunks* are sealed. `docs/design/metrics.md` has the bytes.
"""

from tracker_server.metrics.columns import Arrivals
from tracker_server.metrics.reading import View
from tracker_server.metrics.sealing import Limits
from tracker_server.metrics.store import append, delete, last, read, seal

__all__ = ["Arrivals", "Limits", "View", "append", "delete", "last", "read", "seal"]
