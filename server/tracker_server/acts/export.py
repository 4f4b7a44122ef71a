"""Acts to take away: a table for a spreadsheet, or a line of JSON each."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator

import msgspec
from sqlalchemy.orm import Session

from tracker_server import registry
from tracker_server.acts import service
from tracker_server.acts.schema import Act, ActExportQuery
from tracker_server.registry.schema import AuditEntry, AuditExportQuery

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
HEAD = ("time", "actor", "area", "action", "subject", "project", "reason", "details")


TRAIL_HEAD = ("time", "actor", "action", "model", "alias", "from", "to", "reason", "entry", "digest")

OpenSession = Callable[[], Session]


def lines(open_session: OpenSession, wanted: ActExportQuery) -> Iterator[bytes]:
    """The acts, made as they are sent."""
    with open_session() as session:
        if wanted.format == "csv":
            yield _row(HEAD)
        for act in service.every(session, wanted):
            yield _row(_cells(act)) if wanted.format == "csv" else msgspec.json.encode(act) + b"\n"


def trail_lines(open_session: OpenSession, wanted: AuditExportQuery) -> Iterator[bytes]:
    """What was done to models, made as it is sent."""
    with open_session() as session:
        if wanted.format == "csv":
            yield _row(TRAIL_HEAD)
        for entry in registry.trail_entries(session, wanted):
            yield _row(_trail_cells(entry)) if wanted.format == "csv" else msgspec.json.encode(entry) + b"\n"


def _trail_cells(entry: AuditEntry) -> tuple[str, ...]:
    words = (entry.actor, entry.action, entry.model, entry.alias or "")
    versions = (f"v{number}" if number is not None else "" for number in (entry.from_version, entry.to_version))
    return (_when(entry.time_ms), *map(_inert, words), *versions, _inert(entry.reason), str(entry.id), entry.digest)


def _cells(act: Act) -> tuple[str, ...]:
    details = json.dumps(act.details, sort_keys=True) if act.details else ""
    words = (act.actor, act.area, act.action, act.subject, act.project or "", act.reason, details)
    return (_when(act.time_ms), *map(_inert, words))


def _when(time_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_ms / 1000))


def _inert(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _row(cells: tuple[str, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()
