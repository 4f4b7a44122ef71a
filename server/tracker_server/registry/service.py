"""Aliases: moving them, rolling them back, removing them, and finding what they point at.

What always holds: an alias has at most one holder; it moves only from the holder that the caller saw; the move, the
registration that goes with it and the entries in the trail are one transaction, so a move that fails leaves nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.errors import Conflict, NotFound, Refused
from tracker_server.registry import names, trail
from tracker_server.registry.models import ModelAlias, RegisteredModel, RegisteredVersion
from tracker_server.registry.schema import Action, AliasMove, AuditEntry, Moved, RollBack
from tracker_server.registry.versions import get_model, get_version, register


class _Alias(NamedTuple):
    """An alias as a request names it, on its locked model. `row` is None while nothing holds it."""

    model: RegisteredModel
    name: str
    row: ModelAlias | None
    holder: int | None


def move(session: Session, model_name: str, alias: str, asked: AliasMove, *, actor_id: int, now_ms: int) -> Moved:
    """Promote: point the alias at a version, registering it first where an artifact version is named.

    Raises Conflict `alias_moved` when the holder is not the one that the caller saw, NotFound for what is not there,
    Refused for a bad name, an empty reason, and a version that holds the alias already.
    """
    names.check_model(model_name)
    names.check_alias(alias)
    reason = _checked_reason(asked.reason)
    if (asked.version is None) == (asked.artifact_version_id is None):
        raise Refused(
            "invalid", "a move names either a `version` or an `artifact_version_id` to register", field="version"
        )
    if asked.artifact_version_id is not None:
        version, _ = register(session, model_name, asked.artifact_version_id, actor_id=actor_id, now_ms=now_ms)
        found = _locked(session, model_name, alias)
    else:
        found = _locked(session, model_name, alias)
        version = get_version(session, found.model, asked.version or 0)
    _check_holder(session, found, asked.replaces)
    if version.version == found.holder:
        raise Refused(
            "holds_already", f"v{version.version} holds {alias!r} of {model_name!r} already; there is nothing to move"
        )
    return _point(session, found, version, "alias.moved", reason, actor_id=actor_id, now_ms=now_ms)


def roll_back(session: Session, model_name: str, alias: str, asked: RollBack, *, actor_id: int, now_ms: int) -> Moved:
    """Point the alias back at a version that has held it: the one that is named, or the one before the holder.

    Raises Conflict `alias_moved` when the holder is not the one that the caller saw, Refused for a version that has
    never held the alias, and where there is none to go back to.
    """
    names.check_alias(alias)
    reason = _checked_reason(asked.reason)
    found = _locked(session, model_name, alias)
    _check_holder(session, found, asked.replaces)
    version = get_version(session, found.model, _former(session, found, asked.version))
    return _point(session, found, version, "alias.rolled_back", reason, actor_id=actor_id, now_ms=now_ms)


def remove_alias(
    session: Session, model_name: str, alias: str, *, replaces: int, reason: str, actor_id: int, now_ms: int
) -> AuditEntry:
    """Take the alias away from its holder. Raises Conflict `alias_moved` when that is not the one the caller saw."""
    names.check_alias(alias)
    checked = _checked_reason(reason)
    found = _locked(session, model_name, alias)
    _check_holder(session, found, replaces)
    session.delete(found.row)
    return trail.record(
        session, found.model, "alias.removed", alias=alias, from_version=found.holder, reason=checked,
        actor_id=actor_id, now_ms=now_ms,
    )  # fmt: skip


def resolve(session: Session, model_name: str, ref: str) -> RegisteredVersion:
    """The version behind an alias, `latest`, or `v3`. Raises NotFound `unknown_model`, `…_version` or `…_alias`."""
    model = get_model(session, model_name)
    number = names.version_of(ref)
    if number is None and ref.lower() == "latest":
        number = model.next_version - 1
    if number is not None:
        return get_version(session, model, number)
    statement = sa.select(RegisteredVersion).join(ModelAlias, ModelAlias.version_id == RegisteredVersion.id)
    found = session.scalar(statement.where(ModelAlias.model_id == model.id, ModelAlias.alias == ref))
    if found is None:
        raise NotFound(
            "unknown_alias",
            f"nothing holds the alias {ref!r} of the model {model_name!r}; promote a version to it, or ask for "
            f"'latest' or a version such as 'v{model.next_version - 1}'",
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


def _locked(session: Session, model_name: str, alias: str) -> _Alias:
    model = get_model(session, model_name, for_update=True)
    row = session.get(ModelAlias, (model.id, alias), populate_existing=True)
    holder = session.get(RegisteredVersion, row.version_id) if row is not None else None
    return _Alias(model, alias, row, holder.version if holder is not None else None)


def _check_holder(session: Session, found: _Alias, seen: int | None) -> None:
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


def _former(session: Session, found: _Alias, wanted: int | None) -> int:
    """The version to go back to: the one wanted, if it has held the alias, else the last on the way back."""
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
    return target


def _point(
    session: Session,
    found: _Alias,
    version: RegisteredVersion,
    action: Action,
    reason: str,
    *,
    actor_id: int,
    now_ms: int,
) -> Moved:
    """Have the version hold the alias, and write it into the trail."""
    row = found.row if found.row is not None else ModelAlias(model_id=found.model.id, alias=found.name)
    row.version_id, row.moved_ms, row.moved_by, row.reason = version.id, now_ms, actor_id, reason
    session.add(row)
    entry = trail.record(
        session, found.model, action, alias=found.name, from_version=found.holder, to_version=version.version,
        reason=reason, actor_id=actor_id, now_ms=now_ms,
    )  # fmt: skip
    return Moved(found.model.name, found.name, version.version, found.holder, entry)


def _checked_reason(reason: str) -> str:
    """Raises Refused for blanks alone."""
    if not reason.strip():
        raise Refused("invalid", "a reason is needed: it stays in the history beside the move", field="reason")
    return reason.strip()
