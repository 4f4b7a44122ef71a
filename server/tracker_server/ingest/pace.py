"""How often the writers of live runs should come, so that a thousand of them leave time for who reads.

A request costs about a millisecond of a core before anything is stored, whether it brings one step or ten. So the more
writers there are, the longer each is asked to gather, and the more its requests bring. What always holds: all of them
together, if they do as they are told, send no more than so many requests a second; none is asked to gather for longer
than `LONGEST_S`; and few writers are told nothing but what they would have done anyway.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

USUAL_S = 0.5
"""For how long a client gathers that is told nothing."""

LONGEST_S = 5.0
FORGOTTEN_AFTER_S = 2 * LONGEST_S
"""A writer that has sent nothing for so long does not count: its run has ended, or logs seldom."""


class Pace:
    """Counts the writers that send, and says how long each should gather. Safe from several threads."""

    def __init__(self, requests_per_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._requests_per_s = requests_per_s
        self._now = now
        self._lock = threading.Lock()
        self._heard: OrderedDict[tuple[str, str], float] = OrderedDict()
        """When each writer sent last, the longest ago first."""

    def heard(self, run_id: str, writer: str) -> int | None:
        """Count a writer that has sent records. Returns the milliseconds for which it should gather the next ones.

        None is for as long as it always does.
        """
        now = self._now()
        with self._lock:
            self._heard[run_id, writer] = now
            self._heard.move_to_end((run_id, writer))
            while now - next(iter(self._heard.values())) > FORGOTTEN_AFTER_S:
                self._heard.popitem(last=False)
            wanted_s = len(self._heard) / self._requests_per_s
        return round(1000 * min(LONGEST_S, wanted_s)) if wanted_s > USUAL_S else None
