"""The trail: every act of the registry, in order, and what it says of who held an alias before.

What always holds: an entry is written in the transaction of the act that it records, and never again touched (the
database refuses it). The entries of one model are in the order of its acts, because each holds the model's lock.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import corrections, events
from tracker_server.auth.models import User
from tracker_server.errors import NotFound
from tracker_server.registry import chain
from tracker_server.registry.models import AuditRow, RegisteredModel, RegisteredVersion
from tracker_server.registry.schema import Action, AuditEntry, AuditFilter, AuditPage, FieldChange, RuleOutcome

MAX_ID = 2**63 - 1
READ_AT_ONCE = 500
MOVES: Final = ("alias.moved", "alias.rolled_back")
"""The acts by which an alias points at a version."""


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
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry about the model, whose lock is held, and tell of it. `details` are JSON."""
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
        details=details or {},
    )
    chain.append(session, row)
    facts = {
        "model": model.name,
        "alias": alias,
        "from_version": from_version,
        "to_version": to_version,
        "reason": reason,
        "audit_id": row.id,
        "proposal": row.details.get("proposal"),
        "outcome": row.details.get("outcome"),
    }
    events.tell(session, events.Event(action, model.project_id, now_ms, actor_id, facts))
    (entry,) = entries(session, AuditRow.id == row.id, limit=1)
    return entry


def page(session: Session, wanted: AuditFilter, *, before: int | None, limit: int) -> AuditPage:
    """Entries that fit, newest first, older than the entry `before`. Raises NotFound for a model that is not there."""
    where = _fitting(session, wanted)
    where += [AuditRow.id < min(before, MAX_ID)] if before is not None else []
    found = entries(session, *where, limit=limit + 1)
    return AuditPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def every(session: Session, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """All entries that fit, newest first, read as they are taken."""
    before: int | None = None
    while True:
        found = page(session, wanted, before=before, limit=READ_AT_ONCE)
        yield from found.entries
        before = found.next_cursor
        if before is None:
            return


def _fitting(session: Session, wanted: AuditFilter) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if wanted.model is not None:
        where.append(AuditRow.model_id == _model_id(session, wanted.model))
    if wanted.actor is not None:
        where.append(User.name == wanted.actor)
    if wanted.action is not None:
        is_one = AuditRow.action == wanted.action
        where.append(sa.or_(is_one, AuditRow.action.startswith(f"{wanted.action}.", autoescape=True)))
    return where


def _model_id(session: Session, name: str) -> int:
    found = session.scalar(sa.select(RegisteredModel.id).where(RegisteredModel.name == name))
    if found is None:
        raise NotFound("unknown_model", f"there is no model {name!r}, so nothing was done to it", field="model")
    return found


def of_model(session: Session, model: RegisteredModel) -> list[AuditEntry]:
    """Every entry about a model, newest first."""
    return entries(session, AuditRow.model_id == model.id, limit=None)


def last_move(session: Session, model: RegisteredModel, alias: str) -> AuditEntry | None:
    """The newest entry that moved or removed an alias."""
    is_move = AuditRow.action.in_((*MOVES, "alias.removed"))
    found = entries(session, AuditRow.model_id == model.id, AuditRow.alias == alias, is_move, limit=1)
    return found[0] if found else None


def holders(session: Session, model: RegisteredModel, alias: str) -> Holders:
    """Who has held an alias, read from its moves in order.

    A move adds to the way back. A roll-back goes back along it, to where the version stands last; to a version that
    is no longer on it, it is a move like any other. So a roll-back of a roll-back goes further back instead of
    undoing it, and a version that was rolled back is not returned to unless it is named. Removing an alias leaves
    its way back as it is. A version that was deleted is left out of the way, since nothing can go back to it.
    """
    statement = (
        sa.select(AuditRow.action, AuditRow.to_version)
        .where(AuditRow.model_id == model.id, AuditRow.alias == alias, AuditRow.action.in_(MOVES))
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
    there = set(session.scalars(sa.select(RegisteredVersion.version).where(RegisteredVersion.model_id == model.id)))
    left = [version for version in path if version in there]
    return Holders([version for version, _ in itertools.groupby(left)], frozenset(ever))


def deletion_of(session: Session, model: RegisteredModel, version: int) -> AuditEntry | None:
    """The entry that says that a version was deleted."""
    where = (AuditRow.action == "version.deleted", AuditRow.from_version == version)
    found = entries(session, AuditRow.model_id == model.id, *where, limit=1)
    return found[0] if found else None


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
            digest=row.digest,
            changes=_changes(row.details),
            imported=corrections.imported(row.details),
            **_circumstances(row.details),
        )
        for row, model, actor in session.execute(statement)
    ]


def _circumstances(details: dict[str, Any]) -> dict[str, Any]:
    """What else an entry says of its act."""
    return {
        "gates": [RuleOutcome(**one) for one in details.get("gates", ())],
        "is_override": bool(details.get("override", False)),
        "approved_by": list(details.get("approvals", ())),
        "proposal": details.get("proposal"),
        "outcome": details.get("outcome"),
    }


def _changes(details: Any) -> list[FieldChange]:
    changes: dict[str, Any] = details.get("changes", {})
    return [FieldChange(field, one["from"], one["to"]) for field, one in changes.items()]
