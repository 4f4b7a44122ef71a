"""What people say of models and versions, and taking versions away.

What always holds: what changed stands in the trail, from what and to what; a version that holds an alias is neither
archived nor deleted; the number of a version that was deleted is never used again, so it never means another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.errors import Conflict, Refused
from tracker_server.registry import names, trail
from tracker_server.registry.models import ModelAlias, RegisteredModel, RegisteredVersion
from tracker_server.registry.schema import (
    AuditEntry,
    ModelArchiving,
    ModelChanges,
    TextBefore,
    VersionChanges,
    VersionStateChange,
)
from tracker_server.registry.versions import artifact_of, get_model, get_version

KEPT_CHARS: Final = 2000
"""So much of a description goes into the trail, where it stays for good."""

Leaving = Callable[[Session, RegisteredModel, RegisteredVersion], None]

_leaving: list[Leaving] = []


def leaves(hear: Leaving) -> Leaving:
    """For a function that is told before a version is deleted, and may raise Conflict: of a domain that points at
    versions."""
    _leaving.append(hear)
    return hear


def change_model(session: Session, name: str, changes: ModelChanges, *, actor_id: int, now_ms: int) -> RegisteredModel:
    """Describe a model, tag it or choose its main metric. Raises Conflict where it is no longer as it was seen."""
    model = get_model(session, name, for_update=True)
    _check_unchanged(f"the model {name!r}", model, changes.before)
    said = _apply(
        model, description=changes.description, tags=_tags(changes.tags), main_metric=_metric(changes.main_metric)
    )
    if said:
        trail.record(session, model, "model.changed", actor_id=actor_id, now_ms=now_ms, details={"changes": said})
    return model


def archive_model(session: Session, name: str, asked: ModelArchiving, *, actor_id: int, now_ms: int) -> RegisteredModel:
    """Leave a model out of lists, or take it in again. It goes on working for whoever names it."""
    model = get_model(session, name, for_update=True)
    if (model.archived_ms is not None) != asked.is_archived:
        model.archived_ms = now_ms if asked.is_archived else None
        said = {"is_archived": {"from": not asked.is_archived, "to": asked.is_archived}}
        trail.record(
            session, model, "model.changed", reason=asked.reason.strip(), actor_id=actor_id, now_ms=now_ms,
            details={"changes": said},
        )  # fmt: skip
    return model


def change_version(
    session: Session, name: str, number: int, changes: VersionChanges, *, actor_id: int, now_ms: int
) -> RegisteredVersion:
    """Describe a version or tag it. Raises Conflict where it is no longer as it was seen."""
    model = get_model(session, name, for_update=True)
    version = get_version(session, model, number)
    _check_unchanged(f"v{number} of {name!r}", version, changes.before)
    said = _apply(version, description=changes.description, tags=_tags(changes.tags))
    if said:
        _record_change(session, model, version, said, actor_id=actor_id, now_ms=now_ms)
    return version


def set_state(
    session: Session, name: str, number: int, asked: VersionStateChange, *, actor_id: int, now_ms: int
) -> RegisteredVersion:
    """Deprecate, archive or reactivate a version. Raises Conflict `holds_alias` for archiving one that holds an alias,
    Refused without a reason for anything but reactivating."""
    model = get_model(session, name, for_update=True)
    version = get_version(session, model, number)
    reason = asked.reason.strip()
    if asked.state != "active" and not reason:
        raise Refused("invalid", f"a reason is needed: it stands where v{number} is {asked.state}", field="reason")
    if asked.state == "archived":
        _check_free(session, model, version, "archived")
    before = version.state
    if _apply(version, state=asked.state, state_reason=reason if asked.state != "active" else ""):
        said = {"state": {"from": before, "to": asked.state}}
        _record_change(session, model, version, said, reason=reason, actor_id=actor_id, now_ms=now_ms)
    return version


def delete_version(session: Session, name: str, number: int, *, reason: str, actor_id: int, now_ms: int) -> AuditEntry:
    """Take a version away for good; the artifact version that it was stays. Raises Conflict `holds_alias` for one that
    holds an alias, and what those raise whom `leaves` told us of; Refused for a reason of blanks."""
    model = get_model(session, name, for_update=True)
    version = get_version(session, model, number)
    if not reason.strip():
        raise Refused("invalid", "a reason is needed: it stays in the history", field="reason")
    _check_free(session, model, version, "deleted")
    for hear in _leaving:
        hear(session, model, version)
    artifact = artifact_of(session, version)
    session.delete(version)
    session.flush()
    return trail.record(
        session, model, "version.deleted", from_version=number, reason=reason.strip(), actor_id=actor_id,
        now_ms=now_ms, details={"artifact": artifact, "run": version.run_id},
    )  # fmt: skip


def _check_free(session: Session, model: RegisteredModel, version: RegisteredVersion, what: str) -> None:
    """Raises Conflict for a version that holds an alias, naming all that it holds."""
    held = sa.select(ModelAlias.alias).where(ModelAlias.version_id == version.id).order_by(ModelAlias.alias)
    aliases = list(session.scalars(held))
    if aliases:
        named = ", ".join(repr(alias) for alias in aliases)
        raise Conflict(
            "holds_alias",
            f"v{version.version} of {model.name!r} holds {named}, so it cannot be {what}; move what it holds to "
            "another version first",
            aliases=aliases,
        )


def _check_unchanged(what: str, row: Any, before: TextBefore) -> None:
    """Raises Conflict where a field is no longer what somebody saw who changes it."""
    for field in ("description", "tags"):
        seen, now = getattr(before, field), getattr(row, field)
        if seen is not msgspec.UNSET and seen != now:
            shown = ", ".join(now) if isinstance(now, list) else now[:KEPT_CHARS]
            raise Conflict(
                "changed_meanwhile",
                f"somebody has changed the {field} of {what} meanwhile, to {shown!r}; look at it and save again",
                field=field,
            )


def _apply(row: Any, **wanted: Any) -> dict[str, Any]:
    """Set what is wanted and differs; answers from what to what, as the trail keeps it."""
    said = {}
    for field, value in wanted.items():
        before = getattr(row, field)
        if value is not msgspec.UNSET and value != before:
            setattr(row, field, value)
            said[field] = {"from": _kept(before), "to": _kept(value)}
    return said


def _kept(value: Any) -> Any:
    is_long = isinstance(value, str) and len(value) > KEPT_CHARS
    return f"{value[:KEPT_CHARS]}…" if is_long else value


def _tags(tags: list[str] | msgspec.UnsetType) -> list[str] | msgspec.UnsetType:
    return names.checked_tags(tags) if isinstance(tags, list) else tags


def _metric(metric: str | msgspec.UnsetType | None) -> str | msgspec.UnsetType | None:
    """None for no text, too: there is no metric without a name."""
    return metric or None if metric is not msgspec.UNSET else metric


def _record_change(
    session: Session,
    model: RegisteredModel,
    version: RegisteredVersion,
    said: dict[str, Any],
    *,
    reason: str = "",
    actor_id: int,
    now_ms: int,
) -> None:
    trail.record(
        session, model, "version.changed", to_version=version.version, reason=reason, actor_id=actor_id,
        now_ms=now_ms, details={"changes": said},
    )  # fmt: skip
