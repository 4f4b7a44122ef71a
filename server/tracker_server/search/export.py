"""A run as files to take away: what it was as JSON, every point as CSV, what it printed as text, in one ZIP archive.

What always holds: an archive is made as it is sent, in short transactions, so that memory follows a part of a series
and a slow reader holds nothing up.
"""

from __future__ import annotations

import csv
import io
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.metrics import reading, streaming
from tracker_server.runs.schema import RunDetail

NAMES_AT_ONCE: Final = 500
LINES_AT_ONCE: Final = 1000

OpenSession = Callable[[], Session]
T = TypeVar("T")


def archive(open_session: OpenSession, run: RunDetail, *, now_ms: int) -> Iterator[bytes]:
    """The bytes of the archive: run.json, config.json, summary.json, environment.json, points.csv and console.txt."""
    about = msgspec.to_builtins(run)
    config, environment = about.pop("config_tree"), about.pop("environment")
    summary = {"metrics": about.pop("metrics"), "by_hand": about.pop("summary")}
    files: list[tuple[str, Iterable[bytes]]] = [
        ("run.json", [_json(about)]),
        ("config.json", [_json(config)]),
        ("summary.json", [_json(summary)]),
        ("environment.json", [_json(environment)]),
        ("points.csv", _points(open_session, run.id, list(run.metrics))),
        ("console.txt", console(open_session, run.id, run.console_lines)),
    ]
    return _zipped(files, now_ms)


def console(open_session: OpenSession, run_id: str, count: int) -> Iterator[bytes]:
    """The first so many lines that a run printed, as they read."""
    for lines in _batched(runs.console_lines(open_session, run_id, 0, count), LINES_AT_ONCE):
        yield "".join(f"{runs.plain_line(line.text)}\n" for line in lines).encode()


def _points(open_session: OpenSession, run_id: str, names: list[str]) -> Iterator[bytes]:
    """A row for each point, one series after the other; a segment other than 0 was superseded."""
    yield _rows([("metric", "process", "segment", "step", "time_ms", "value")])
    for some in _batched(names, NAMES_AT_ONCE):
        with open_session() as session:
            wanted = streaming.wanted(reading.find(session, [run_id], some, with_hidden=True))
        for part in streaming.stream(open_session, wanted):
            series, points = part.series, part.points
            head = (series.name, series.label, series.segment)
            columns = zip(points.steps.tolist(), points.times.tolist(), points.values.tolist(), strict=True)
            yield _rows((*head, *row) for row in columns)


def _rows(rows: Iterable[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


class _Outgoing(io.RawIOBase):
    """Where the archive is written to: it keeps what has not been sent yet, and nothing can be gone back to."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._waiting.append(bytes(part))
        return len(part)

    def taken(self) -> bytes:
        """What has come since this was asked last."""
        waiting, self._waiting = self._waiting, []
        return b"".join(waiting)


def _zipped(files: Iterable[tuple[str, Iterable[bytes]]], now_ms: int) -> Iterator[bytes]:
    outgoing = _Outgoing()
    with zipfile.ZipFile(outgoing, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, parts in files:
            told = zipfile.ZipInfo(name, time.gmtime(now_ms / 1000)[:6])
            told.compress_type = zipfile.ZIP_DEFLATED
            with zipped.open(told, "w", force_zip64=True) as file:
                for part in parts:
                    file.write(part)
                    yield outgoing.taken()
    yield outgoing.taken()
