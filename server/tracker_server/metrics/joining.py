"""Drawing one metric over another: the two are joined on their steps.

A point stands at the other metric's value at its own step, else at the last one before it, so that a loss that is
logged every step can be drawn over an epoch that is logged now and then. What always holds: a point before the first
such value is left out, and so is a value of x that is no finite number, since nothing could stand there.
"""

from __future__ import annotations

import numpy as np

from tracker_server.metrics.columns import Floats, Integers, Points


def join_on_step(drawn: Points, over: Points) -> tuple[Floats, Integers]:
    """The x of the points of `drawn` that have one, ascending, and their places in it; both are in order of arrival.

    Equal x stay in order of step, then time. Of two values of x at one step the later one counts. O(n log n).
    """
    known = np.flatnonzero(np.isfinite(over.values))
    known = known[np.lexsort((over.times[known], over.steps[known]))]
    order = np.lexsort((drawn.times, drawn.steps))
    at = np.searchsorted(over.steps[known], drawn.steps[order], "right") - 1
    order, at = order[at >= 0], at[at >= 0]
    x = over.values[known[at]]
    ascending = np.argsort(x, kind="stable")
    return x[ascending], order[ascending]
