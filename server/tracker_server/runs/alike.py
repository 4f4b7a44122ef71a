"""Runs that went the same way: finished, and with the same values in their config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.runs.config import MAX_INDEXED, typed
from tracker_server.runs.models import ConfigValue, Run

_MOST_ASKED: Final = 30
"""So many values are asked of the index; who asks compares the rest."""


def finished_with(session: Session, project_id: int, values: Mapping[str, Any], *, most: int) -> list[Run]:
    """Runs of the project, newest first, that finished and are not in the trash, and whose config has these values by
    dotted key, as far as the index has them. One statement."""
    asked = [(key, value) for key, value in values.items() if len(key) <= MAX_INDEXED and value == value]
    statement = sa.select(Run).where(Run.project_id == project_id, Run.status == "finished", Run.deleted_ms.is_(None))
    for key, value in asked[:_MOST_ASKED]:
        statement = statement.where(_has(key, value))
    return list(session.scalars(statement.order_by(Run.created_ms.desc(), Run.id.desc()).limit(most)))


def _has(key: str, value: Any) -> sa.ColumnElement[bool]:
    there = typed(value)
    leaf = sa.orm.aliased(ConfigValue)
    same = [leaf.number == there.number] if there.number is not None else [leaf.number.is_(None)]
    same += [leaf.text == there.text] if there.text is not None else []
    return sa.exists().where(leaf.run_id == Run.id, leaf.key == key, leaf.kind == there.kind, *same)
