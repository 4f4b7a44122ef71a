"""Alerts: what a run thought that a person should know, and what was found in what it logged.

What always holds: an alert never costs a batch. What is too long is cut, and says so; what cannot be kept is left out.
"""

from __future__ import annotations

import json
from typing import Any, Literal, cast, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import AlertRaised
from tracker_server.runs.models import Alert, Run
from tracker_server.runs.schema import AlertCounts, AlertItem, AlertList

MAX_TITLE = 500
MAX_TEXT = 10_000
MAX_KIND = 50
MAX_DETAILS = 20_000
"""Characters of JSON; details beyond are left out, since a part of them says nothing."""

Level = Literal["info", "warning", "error"]


def add(session: Session, run: Run, record: AlertRaised) -> None:
    """Keep an alert of the run; one of a level that is not known is an info."""
    session.add(
        Alert(
            run_id=run.id,
            time_ms=record.time_ms,
            level=record.level if record.level in get_args(Level) else "info",
            title=_cut(record.title, MAX_TITLE),
            text=_cut(record.text, MAX_TEXT),
            kind=_cut(record.kind, MAX_KIND),
            step=record.step,
            details=_details(record.details),
        )
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _details(details: dict[str, Any]) -> dict[str, Any]:
    """The details as JSON has them: MessagePack knows bytes and times besides."""
    try:
        text = json.dumps(details, default=str)
    except (TypeError, ValueError, RecursionError):  # a key that is no text, or a nest too deep
        return {}
    return cast(dict[str, Any], json.loads(text)) if len(text) <= MAX_DETAILS else {}


def read(session: Session, run: Run, *, before: int | None, limit: int) -> AlertList:
    """The newest alerts of the run in order of arrival, of those before the one with the id `before`."""
    statement = sa.select(Alert).where(Alert.run_id == run.id).order_by(Alert.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(Alert.id < before)
    return AlertList([_item(alert) for alert in session.scalars(statement)])


def _item(alert: Alert) -> AlertItem:
    return AlertItem(
        id=alert.id,
        time_ms=alert.time_ms,
        level=cast(Level, alert.level),
        title=alert.title,
        text=alert.text,
        kind=alert.kind,
        step=alert.step,
        details=alert.details,
    )


def count(session: Session, run: Run) -> AlertCounts:
    """How many alerts of each level the run has."""
    statement = sa.select(Alert.level, sa.func.count()).where(Alert.run_id == run.id).group_by(Alert.level)
    found = {row[0]: row[1] for row in session.execute(statement)}
    return AlertCounts(found.get("error", 0), found.get("warning", 0), found.get("info", 0))
