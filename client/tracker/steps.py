"""Counting the steps of one writer.

What always holds: a `log()` without a step has the one after the last, whichever thread it comes from. In a resumed
run whose history is not known here, steps count *onward*, from 0 at the first step that the run does not have yet,
until the program names a step itself: from there on they are plain.
"""

from __future__ import annotations

import threading

from tracker import arguments


class Steps:
    """The last step that was logged, -1 before the first, and whether it counts onward. Safe from any thread."""

    def __init__(self, last: int = -1, *, is_onward: bool = False) -> None:
        self.last = last
        self.is_onward = is_onward
        self._lock = threading.Lock()

    def take(self, step: int | None) -> tuple[int, bool]:
        """The step of a `log()` that names this one, or none, and whether it counts onward.

        Raises TypeError or ValueError for what is no step.
        """
        with self._lock:
            if step is None:
                step = self.last + 1
            else:
                if type(step) is not int or not -arguments.MAX_STEP <= step <= arguments.MAX_STEP:
                    step = arguments.step(step)
                self.is_onward = False
            self.last = step
            return step, self.is_onward

    def child(self) -> Steps:
        """The same for a forked child, whatever the lock was doing at the fork."""
        return Steps(self.last, is_onward=self.is_onward)
