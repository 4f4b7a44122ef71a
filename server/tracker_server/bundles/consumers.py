"""Which processes hold which version of a model, as they say themselves.

What always holds: a model has at most `MOST` of them, and none that was not heard of for a day; an address is that of a
server and nothing more; a process speaks for itself alone.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db, registry
from tracker_server.auth.models import User
from tracker_server.bundles.models import ConsumerRow
from tracker_server.bundles.schema import Consumer, ConsumerReport
from tracker_server.errors import Conflict, Refused
from tracker_server.registry.models import RegisteredModel, RegisteredVersion

MOST: Final = 1000
STALE_AFTER_MS: Final = 90_000
FORGOTTEN_AFTER_MS: Final = 24 * 3600 * 1000

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def report(
    session: Session, model_name: str, consumer_id: str, said: ConsumerReport, *, actor_id: int, now_ms: int
) -> Consumer:
    """Note that a process holds a version, or that it has stopped; what is known of it then.

    Raises NotFound; Refused for an id or an address that is none, Conflict `consumer_taken` for a process that somebody
    else speaks for and `too_many_consumers`.
    """
    if not _ID.fullmatch(consumer_id):
        raise Refused(
            "bad_consumer",
            f"{consumer_id[:200]!r} cannot name a process: that takes 1 to 100 letters, digits, '-', '_' and '.', the "
            "first a letter or a digit",
            field="consumer_id",
        )
    _check_address(said.address)
    model = registry.get_model(session, model_name)
    version = _held_version(session, model, said.version)
    before = session.get(ConsumerRow, (model.id, consumer_id))
    if before is not None and before.actor_id != actor_id:
        raise Conflict(
            "consumer_taken",
            f"somebody else speaks for the process {consumer_id!r}; choose another id, at random",
            field="consumer_id",
        )
    is_same = before is not None and before.version_id == version.id
    row = {
        "model_id": model.id,
        "id": consumer_id,
        "version_id": version.id,
        "ref": said.ref,
        "kind": said.kind,
        "host": said.host,
        "address": said.address,
        "actor_id": actor_id,
        "since_ms": before.since_ms if before is not None and is_same else now_ms,
        "seen_ms": now_ms,
    }
    if said.has_ended:
        session.execute(sa.delete(ConsumerRow).where(ConsumerRow.model_id == model.id, ConsumerRow.id == consumer_id))
    else:
        _make_room(session, model, consumer_id, now_ms)
        kept = db.insert(session, ConsumerRow).values(row)
        changed = {key: value for key, value in row.items() if key not in ("model_id", "id")}
        session.execute(kept.on_conflict_do_update(index_elements=["model_id", "id"], set_=changed))
    return _told(ConsumerRow(**row), version.version, session.get_one(User, actor_id).name, now_ms)


def consumers_of(
    session: Session, model: RegisteredModel, version: RegisteredVersion | None = None, *, now_ms: int
) -> list[Consumer]:
    """The processes that hold the model, or one version of it, most recently heard of first."""
    statement = (
        sa.select(ConsumerRow, RegisteredVersion.version, User.name)
        .join(RegisteredVersion, RegisteredVersion.id == ConsumerRow.version_id)
        .join(User, User.id == ConsumerRow.actor_id)
        .where(ConsumerRow.model_id == model.id, ConsumerRow.seen_ms >= now_ms - FORGOTTEN_AFTER_MS)
        .order_by(ConsumerRow.seen_ms.desc(), ConsumerRow.id)
    )
    if version is not None:
        statement = statement.where(ConsumerRow.version_id == version.id)
    return [_told(row, number, actor, now_ms) for row, number, actor in session.execute(statement)]


def _held_version(session: Session, model: RegisteredModel, number: int) -> RegisteredVersion:
    """The version, kept from being deleted until the commit."""
    found = registry.get_version(session, model, number)
    still = sa.select(RegisteredVersion.id).where(RegisteredVersion.id == found.id)
    if session.scalar(still.with_for_update(read=True, key_share=True)) is None:
        return registry.get_version(session, model, number)  # which says by whom it was deleted
    return found


def _make_room(session: Session, model: RegisteredModel, consumer_id: str, now_ms: int) -> None:
    """Forget who was not heard of for a day; where that is not enough, whoever is stale."""
    of_model = (ConsumerRow.model_id == model.id, ConsumerRow.id != consumer_id)
    for unheard_ms in (FORGOTTEN_AFTER_MS, STALE_AFTER_MS):
        session.execute(sa.delete(ConsumerRow).where(*of_model, ConsumerRow.seen_ms < now_ms - unheard_ms))
        count = session.scalar(sa.select(sa.func.count()).select_from(ConsumerRow).where(*of_model)) or 0
        if count < MOST:
            return
    raise Conflict(
        "too_many_consumers", f"{count} processes hold the model {model.name!r} already, and no more are kept"
    )


def _check_address(address: str | None) -> None:
    """Raises Refused unless it is http(s)://host[:port] and nothing more."""
    if address is None:
        return
    try:
        parts = urlsplit(address)
        is_address = _is_bare(parts, address)
    except ValueError:  # a port or brackets that are none
        is_address = False
    if not is_address:
        raise Refused(
            "invalid",
            f"{address[:200]!r} is no address of a server: that is http://host:port, without a path, a name or a "
            "password",
            field="address",
        )


def _is_bare(parts: SplitResult, address: str) -> bool:
    is_plain = re.fullmatch(r"https?://(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?", address) is not None
    return is_plain and bool(parts.hostname) and (parts.port is None or parts.port > 0)


def _told(row: ConsumerRow, number: int, actor: str, now_ms: int) -> Consumer:
    return Consumer(
        id=row.id,
        version=number,
        ref=row.ref,
        kind=row.kind,  # type: ignore[arg-type]
        host=row.host,
        address=row.address,
        actor=actor,
        since_ms=row.since_ms,
        seen_ms=row.seen_ms,
        is_stale=row.seen_ms < now_ms - STALE_AFTER_MS,
    )
