"""The trail: every act of the registry, in order, and what it says of who held an alias before.

What always holds: an entry is written in the transaction of the act that it records, and never again touched (the
database refuses it). The entries of one model are in the order of its acts, because each holds the model's lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.auth.models import User
from tracker_server.registry.models import AuditRow, RegisteredModel
from tracker_server.registry.schema import Action, AuditEntry, AuditPage

MAX_ID = 2**63 - 1


class Holders(NamedTuple):
    """Who has held an alias. `path` is the way back: its last is the holder, the one before what a roll-back restores.

    `ever` are all that have held it.
    """

    path: Sequence[int]
    ever: frozenset[int]

    @property
    def former(self) -> int | None:
        """The version that a roll-back returns to; None where the way back is at its end."""
        return self.path[-2] if len(self.path) > 1 else None


def record(
    session: Session,
    model: RegisteredModel,
    action: Action,
    *,
    actor_id: int,
    now_ms: int,
    alias: str | None = None,
    from_version: int | None = None,
    to_version: int | None = None,
    reason: str = "",
) -> AuditEntry:
    """Add an entry about the model, whose lock is held."""
    row = AuditRow(
        time_ms=now_ms,
        actor_id=actor_id,
        action=action,
        project_id=model.project_id,
        model_id=model.id,
        alias=alias,
        from_version=from_version,
        to_version=to_version,
        reason=reason,
        details={},
    )
    session.add(row)
    session.flush()
    (entry,) = entries(session, AuditRow.id == row.id, limit=1)
    return entry


def page(session: Session, model: RegisteredModel | None, *, before: int | None, limit: int) -> AuditPage:
    """Entries, newest first, of one model or of all, older than the entry `before`."""
    where = [AuditRow.id < min(before, MAX_ID)] if before is not None else []
    where += [AuditRow.model_id == model.id] if model is not None else []
    found = entries(session, *where, limit=limit + 1)
    return AuditPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def of_model(session: Session, model: RegisteredModel) -> list[AuditEntry]:
    """Every entry about a model, newest first."""
    return entries(session, AuditRow.model_id == model.id, limit=None)


def last_move(session: Session, model: RegisteredModel, alias: str) -> AuditEntry | None:
    """The newest entry about an alias."""
    found = entries(session, AuditRow.model_id == model.id, AuditRow.alias == alias, limit=1)
    return found[0] if found else None


def holders(session: Session, model: RegisteredModel, alias: str) -> Holders:
    """Who has held an alias, read from its moves in order.

    A move adds to the way back. A roll-back goes back along it, to where the version stands last; to a version that
    is no longer on it, it is a move like any other. So a roll-back of a roll-back goes further back instead of
    undoing it, and a version that was rolled back is not returned to unless it is named. Removing an alias leaves
    its way back as it is.
    """
    statement = (
        sa.select(AuditRow.action, AuditRow.to_version)
        .where(AuditRow.model_id == model.id, AuditRow.alias == alias, AuditRow.to_version.is_not(None))
        .order_by(AuditRow.id)
    )
    path: list[int] = []
    ever: set[int] = set()
    for action, version in session.execute(statement):
        if version is None:
            continue
        ever.add(version)
        if action == "alias.rolled_back" and version in path:
            while path[-1] != version:
                path.pop()
        elif path[-1:] != [version]:
            path.append(version)
    return Holders(path, frozenset(ever))


def entries(session: Session, *where: sa.ColumnElement[bool], limit: int | None) -> list[AuditEntry]:
    """Entries about models, newest first, in one statement."""
    statement = (
        sa.select(AuditRow, RegisteredModel.name, User.name)
        .join(RegisteredModel, RegisteredModel.id == AuditRow.model_id)
        .join(User, User.id == AuditRow.actor_id)
        .where(*where)
        .order_by(AuditRow.id.desc())
        .limit(limit)
    )
    return [
        AuditEntry(
            id=row.id,
            time_ms=row.time_ms,
            actor=actor,
            action=cast(Action, row.action),
            model=model,
            alias=row.alias,
            from_version=row.from_version,
            to_version=row.to_version,
            reason=row.reason,
        )
        for row, model, actor in session.execute(statement)
    ]
