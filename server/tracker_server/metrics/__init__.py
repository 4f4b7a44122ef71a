"""Metrics: series of points, appended in batches, read as charts and as summaries.

A *point* is (step, time, value); a *series* is one metric of one run by one writer's label; its *tail* is what has just
arrived, its *chunks* are sealed. A run's history is *segment* 0; others are what was superseded, those below 0 trash.
`docs/design/metrics.md` leads to the bytes.
"""

from tracker_server.metrics import naming, trash
from tracker_server.metrics.abandoned import has_abandoned, seal_abandoned
from tracker_server.metrics.checking import problems
from tracker_server.metrics.columns import Arrivals, Points, join
from tracker_server.metrics.differing import Differing, differing
from tracker_server.metrics.parts import Cut
from tracker_server.metrics.reading import View
from tracker_server.metrics.sealing import Limits
from tracker_server.metrics.store import (
    Heir,
    append,
    copy,
    delete,
    first,
    highest_step,
    last,
    put_back,
    read,
    restore,
    seal,
    supersede,
)
from tracker_server.metrics.streaming import Part, Wanted, stream, wanted
from tracker_server.metrics.summaries import Kind
from tracker_server.metrics.together import Appended, append_together
from tracker_server.metrics.wire import Form, form, listed

__all__ = [
    "Appended",
    "Arrivals",
    "Cut",
    "Differing",
    "Form",
    "Heir",
    "Kind",
    "Limits",
    "Part",
    "Points",
    "View",
    "Wanted",
    "append",
    "append_together",
    "copy",
    "delete",
    "differing",
    "first",
    "form",
    "has_abandoned",
    "highest_step",
    "join",
    "last",
    "listed",
    "naming",
    "problems",
    "put_back",
    "read",
    "restore",
    "seal",
    "seal_abandoned",
    "stream",
    "supersede",
    "trash",
    "wanted",
]
