"""Aliases: what they point at, and the parts that every move of one is made of.

What always holds: an alias has at most one holder; it moves only while it is held (`hold`), and only from the holder
that the caller saw (`check_holder`); the move and its entry in the trail are one transaction. Who may move it, and what
has to hold before, is decided above (`promotion`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.errors import Conflict, NotFound, Refused
from tracker_server.registry import names, trail
from tracker_server.registry.models import ModelAlias, RegisteredModel, RegisteredVersion
from tracker_server.registry.schema import Action, AuditEntry
from tracker_server.registry.versions import get_model, get_version, newest_number


class Alias(NamedTuple):
    """An alias as a request names it, on its locked model. `row` is None while nothing holds it."""

    model: RegisteredModel
    name: str
    row: ModelAlias | None
    holder: int | None


def checked_reason(reason: str) -> str:
    """Raises Refused for blanks alone."""
    if not reason.strip():
        raise Refused("invalid", "a reason is needed: it stays in the history beside the move", field="reason")
    return reason.strip()


def hold(session: Session, model_name: str, alias: str) -> Alias:
    """The alias as it is now, ours until the commit. Raises NotFound, and Refused for what cannot be an alias."""
    names.check_alias(alias)
    model = get_model(session, model_name, for_update=True)
    row = session.get(ModelAlias, (model.id, alias), populate_existing=True)
    holder = session.get(RegisteredVersion, row.version_id) if row is not None else None
    return Alias(model, alias, row, holder.version if holder is not None else None)


def check_holder(session: Session, found: Alias, seen: int | None) -> None:
    """Raises Conflict, naming the holder and who was faster, unless the alias is where the caller saw it."""
    if found.holder == seen:
        return
    last = trail.last_move(session, found.model, found.name)
    who = last.actor if last is not None else "nobody"
    what = f"{found.name!r} of {found.model.name!r}"
    saw = f"you saw {f'v{seen}' if seen is not None else 'nothing'} there"
    if found.holder is None:
        message = f"{what} is held by nothing; {saw}" + (f", {who} removed it" if last is not None else "")
    else:
        message = f"{what} was moved to v{found.holder} by {who}; {saw}. Compare with v{found.holder} and decide again"
    raise Conflict("alias_moved", message, field="replaces", version=found.holder, moved_by=who)


def former_version(session: Session, found: Alias, wanted: int | None) -> RegisteredVersion:
    """The version to go back to: the one wanted, if it has held the alias, else the last on the way back.

    Raises Refused where there is none, Gone for one that was deleted.
    """
    holders = trail.holders(session, found.model, found.name)
    target = wanted if wanted is not None else holders.former
    if target is None:
        raise Refused(
            "never_held",
            f"no version has held {found.name!r} of {found.model.name!r} before v{found.holder}; there is none to go "
            "back to",
        )
    if target == found.holder:
        raise Refused("holds_already", f"v{target} holds {found.name!r} already; there is nothing to go back to")
    if target not in holders.ever:
        raise Refused(
            "never_held",
            f"v{target} of {found.model.name!r} has never held {found.name!r}, so it cannot be rolled back to; promote "
            "it instead",
            field="version",
        )
    return get_version(session, found.model, target)


def point(
    session: Session,
    found: Alias,
    version: RegisteredVersion,
    action: Action,
    reason: str,
    *,
    actor_id: int,
    now_ms: int,
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Have the version hold the alias, and write it into the trail."""
    row = found.row if found.row is not None else ModelAlias(model_id=found.model.id, alias=found.name)
    row.version_id, row.moved_ms, row.moved_by, row.reason = version.id, now_ms, actor_id, reason
    session.add(row)
    return trail.record(
        session, found.model, action, alias=found.name, from_version=found.holder, to_version=version.version,
        reason=reason, actor_id=actor_id, now_ms=now_ms, details=details,
    )  # fmt: skip


def take_away(session: Session, found: Alias, reason: str, *, actor_id: int, now_ms: int) -> AuditEntry:
    """Have nothing hold the alias, and write it into the trail."""
    session.delete(found.row)
    return trail.record(
        session, found.model, "alias.removed", alias=found.name, from_version=found.holder, reason=reason,
        actor_id=actor_id, now_ms=now_ms,
    )  # fmt: skip


def resolve(session: Session, model_name: str, ref: str) -> RegisteredVersion:
    """The version behind an alias, `latest`, or `v3`. Raises NotFound `unknown_model`, `…_version` or `…_alias`."""
    model = get_model(session, model_name)
    number = names.version_of(ref)
    if number is None and ref.lower() == "latest":
        number = newest_number(session, model) or 0
    if number is not None:
        return get_version(session, model, number)
    statement = sa.select(RegisteredVersion).join(ModelAlias, ModelAlias.version_id == RegisteredVersion.id)
    found = session.scalar(statement.where(ModelAlias.model_id == model.id, ModelAlias.alias == ref))
    if found is None:
        raise NotFound(
            "unknown_alias",
            f"nothing holds the alias {ref!r} of the model {model_name!r}; promote a version to it, or ask for "
            f"'latest' or a version such as 'v{newest_number(session, model) or 1}'",
            field="ref",
        )
    return found


def holder_of(session: Session, model: RegisteredModel, alias: str) -> RegisteredVersion | None:
    """The version that holds the alias."""
    return session.scalar(
        sa.select(RegisteredVersion)
        .join(ModelAlias, ModelAlias.version_id == RegisteredVersion.id)
        .where(ModelAlias.model_id == model.id, ModelAlias.alias == alias)
    )
