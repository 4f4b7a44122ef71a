"""One run's series for who asks again and again: only what is new comes, and what has not changed is known by its tag.

A cursor holds how many points of each series its reader has, and a digest of which series these are and how they are
looked at. What always holds: it counts for that very look alone, so what comes after it can be appended to what came
before. A series keeps its id and its place only as long as points are added to it and none are taken away.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from tracker_server.errors import Refused
from tracker_server.metrics import formulas, reading, reckoning, wire
from tracker_server.metrics.models import Series
from tracker_server.metrics.reading import View
from tracker_server.metrics.reckoning import Reckoned
from tracker_server.metrics.schema import RunSeriesAnswer

MAX_SERIES = 250
"""Of a cursor: one for more would not fit into the line of a request."""

_DIGEST_BYTES = 12
_VERSION = version("tracker-runs")


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    digest: bytes
    counts: tuple[int, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Cursor).decode


@dataclass(frozen=True)
class Look:
    """Some series of a run, seen in one way, as they are now.

    `reckoned` are what formulas make of others. `watched` are all that an answer is of: they, the ones that formulas
    are of, and the ones that give them their x; `digest` stands for which these are and for the way.
    """

    found: list[Series]
    reckoned: list[Reckoned]
    watched: list[Series]
    view: View
    digest: bytes

    @property
    def counts(self) -> tuple[int, ...]:
        """How many points each of the watched series has."""
        return tuple(series.count for series in self.watched)


def look(session: Session, run_id: str, metrics: Sequence[str], view: View) -> Look:
    """The series of a run that are shown by these names; reads no point. Raises Refused where they are too many."""
    names, texts = formulas.split(metrics)
    found = reading.find(session, [run_id], names) if names else []
    reckoned = reckoning.find(session, [run_id], texts)
    axes = reading.find(session, [run_id], [view.over]) if view.over is not None else []
    every = (*found, *axes, *(part for one in reckoned for part in one.parts))
    watched = sorted({series.id: series for series in every}.values(), key=lambda series: series.id)
    return Look(found, reckoned, watched, view, _digest((run_id, sorted(metrics), _described(view), _places(watched))))


def answer(session: Session, seen: Look, since: str | None, form: wire.Form) -> RunSeriesAnswer:
    """The columns of the series; with a cursor for the same look, of those alone that have grown.

    Over another metric a late x moves points that were there, so then all come again. Raises Refused for a cursor that
    is none.
    """
    known = _known(seen, since)
    cursor = write(seen)
    if known == seen.counts:
        return RunSeriesAnswer([], is_delta=True, cursor=cursor)
    if known is None or seen.view.over is not None:
        drawn = reading.read(session, seen.found, seen.view) + reckoning.read(session, seen.reckoned, seen.view)
        return RunSeriesAnswer([form(one) for one in drawn], is_delta=False, cursor=cursor)
    counts = {series.id: count for series, count in zip(seen.watched, known, strict=True)}
    drawn = reading.read(session, seen.found, seen.view, counts)
    before = {one.id: sum(counts[part.id] for part in one.parts) for one in seen.reckoned}
    drawn += reckoning.read(session, seen.reckoned, seen.view, before)
    return RunSeriesAnswer([form(one) for one in drawn], is_delta=True, cursor=cursor)


def tag(seen: Look, *more: Any) -> str:
    """What names an answer: it is another one whenever a series comes, goes, grows or is called otherwise.

    `more` is what the answer further depends on: its form, the cursor that was given.
    """
    return _digest((seen.digest, seen.counts, _VERSION, more)).hex()


def write(seen: Look) -> str | None:
    """The cursor of who has all of this; None for too many series."""
    if len(seen.watched) > MAX_SERIES:
        return None
    return base64.urlsafe_b64encode(_encode(_Cursor(seen.digest, seen.counts))).decode().rstrip("=")


def _known(seen: Look, since: str | None) -> tuple[int, ...] | None:
    """How many points of each watched series the reader has; None where the cursor is not for this look."""
    if since is None:
        return None
    try:
        cursor = _decode(base64.b64decode(since + "=" * (-len(since) % 4), altchars=b"-_", validate=True))
    except (ValueError, msgspec.DecodeError) as error:
        raise Refused(
            "bad_cursor",
            "the cursor is not one that this server made; pass `cursor` of an answer as it is, or leave it out",
            field="since",
        ) from error
    is_ours = cursor.digest == seen.digest and len(cursor.counts) == len(seen.watched)
    return cursor.counts if is_ours else None


def _places(watched: Sequence[Series]) -> list[tuple[int, str, str, int]]:
    return [(series.id, series.name, series.label, series.segment) for series in watched]


def _described(view: View) -> tuple[Any, ...]:
    smoothing = (view.smoothing.kind, view.smoothing.amount) if view.smoothing is not None else None
    return view.x, view.range, view.points, sorted(view.started_ms.items()), smoothing, view.band


def _digest(value: Any) -> bytes:
    return hashlib.sha256(_encode(value)).digest()[:_DIGEST_BYTES]
