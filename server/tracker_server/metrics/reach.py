"""How far series reach that are looked at again and again: the largest step and time among their first points.

A page that has the first points of a series takes new ones only as an addition where these come after all that it has.
To know that without reading what is old, a process remembers it of what it has read. What always holds: points are
only ever added to a series, so what was true of its first points stays true; what is forgotten, or was read by another
process, is read again. Nothing is remembered of what a writing session has read, since that may be rolled back.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.metrics.models import Series

MOST_SERIES = 8192
MOST_OF_ONE = 4
"""Pages that ask at different moments each have another count."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Of the first `count` points of a series, of which there is at least one, the largest step and time."""

    count: int
    step: int
    time_ms: int


class Reaches:
    """What is remembered of the series of one database. Its methods may be called by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[int, str, int], tuple[Reach, ...]] = OrderedDict()

    def within(self, series: Series, count: int) -> Reach | None:
        """What is known of the most points that are among the first `count`."""
        with self._lock:
            known = self._found.get(_place(series), ())
        return max((one for one in known if one.count <= count), key=lambda one: one.count, default=None)

    def note(self, found: Sequence[Series], reach: Reach) -> None:
        """Remember this of each, in place of what was noted first of it; forget the series not noted for longest."""
        with self._lock:
            for place in map(_place, found):
                known = self._found.pop(place, ())
                kept = tuple(one for one in known if one.count != reach.count)[-MOST_OF_ONE + 1 :]
                self._found[place] = (*kept, reach)
            while len(self._found) > MOST_SERIES:
                self._found.popitem(last=False)


_of_engines: WeakKeyDictionary[sa.Engine, Reaches] = WeakKeyDictionary()
_making = threading.Lock()


def of(session: Session) -> Reaches:
    """What is remembered of the session's database; nothing for one that writes."""
    engine = session.get_bind()
    if not isinstance(engine, sa.Engine) or engine.get_execution_options().get("is_writing", False):
        return Reaches()
    with _making:
        return _of_engines.setdefault(engine, Reaches())


def _place(series: Series) -> tuple[int, str, int]:
    """Its id, and what else tells it from a later one: SQLite gives the id of what was deleted again."""
    return series.id, series.run_id, series.segment
