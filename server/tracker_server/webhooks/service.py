"""Webhooks of a project: listing, making, changing and deleting them.

What always holds: a secret leaves only in the answer to who has made it; an address that this server would not send to
is refused when it is given, as far as that can be told without looking its name up. Who changed what is logged, with
the host alone of an address: the rest of it may be a password.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import auth
from tracker_server.auth.models import User
from tracker_server.errors import NotFound, Refused
from tracker_server.outgoing import Network, read_target
from tracker_server.runs import Project
from tracker_server.webhooks import deliveries, outbox, signing
from tracker_server.webhooks.models import DeliveryRow, WebhookRow
from tracker_server.webhooks.schema import NewWebhook, Webhook, WebhookChanges, WebhookSecret

MOST_WEBHOOKS: Final = 20
"""Of one project: each is a row more for every event."""


def listed(session: Session, project: Project) -> list[Webhook]:
    """The webhooks of a project by name, each with what was tried last. Three statements."""
    return _described(session, WebhookRow.project_id == project.id)


def get(session: Session, project: Project, webhook_id: int) -> WebhookRow:
    """A webhook of a project. Raises NotFound."""
    found = session.get(WebhookRow, webhook_id) if webhook_id < 2**63 else None
    if found is None or found.project_id != project.id:
        raise NotFound("unknown_webhook", f"the project {project.name!r} has no webhook {webhook_id}; it was deleted")
    return found


def told(session: Session, project_id: int, event: str) -> list[tuple[str, str]]:
    """Name and host of the webhooks of a project that hear of such an event, by name."""
    active = sa.select(WebhookRow).where(WebhookRow.project_id == project_id, WebhookRow.is_active)
    rows = session.scalars(active.order_by(WebhookRow.name, WebhookRow.id))
    return [(row.name, _host(row)) for row in rows if event in row.events]


def create(
    session: Session,
    project: Project,
    new: NewWebhook,
    *,
    key: bytes,
    allowed: Sequence[Network],
    actor_id: int,
    now_ms: int,
) -> WebhookSecret:
    """Make a webhook, whose signatures are by `key`. Raises Refused for an address, and beyond the limit."""
    read_target(new.url, allowed)
    # of two that are made at once, the second waits here for the first
    session.execute(sa.select(Project.id).where(Project.id == project.id).with_for_update())
    is_own = WebhookRow.project_id == project.id
    count = session.scalar(sa.select(sa.func.count()).select_from(WebhookRow).where(is_own)) or 0
    if count >= MOST_WEBHOOKS:
        raise Refused(
            "too_many_webhooks",
            f"the project {project.name!r} has {count} webhooks, the limit is {MOST_WEBHOOKS}; delete one, or have one "
            "receiver pass on what it is told",
        )
    row = WebhookRow(
        project_id=project.id,
        name=new.name,
        url=new.url,
        events=_in_order(new.events),
        secret=signing.secret_of(key),
        is_active=True,
        created_ms=now_ms,
        created_by=actor_id,
    )
    session.add(row)
    session.flush()
    _log(session, row, "webhook.created", actor_id, now_ms, host=_host(row), events=row.events)
    return _with_secret(session, row)


def change(
    session: Session,
    row: WebhookRow,
    changes: WebhookChanges,
    *,
    allowed: Sequence[Network],
    actor_id: int,
    now_ms: int,
) -> Webhook:
    """Change what is given. Raises Refused for an address."""
    before = _loggable(row)
    if isinstance(changes.url, str):
        read_target(changes.url, allowed)
        row.url = changes.url
    if isinstance(changes.name, str):
        row.name = changes.name
    if not isinstance(changes.events, msgspec.UnsetType):
        row.events = _in_order(changes.events)
    if isinstance(changes.is_active, bool):
        row.is_active = changes.is_active
        outbox.note_queued(session)  # what has waited while it was paused goes out now
    session.flush()
    changed = {name: value for name, value in _loggable(row).items() if value != before[name]}
    if changed or isinstance(changes.url, str):
        _log(session, row, "webhook.changed", actor_id, now_ms, **changed)
    return _one(session, row)


def renew_secret(session: Session, row: WebhookRow, *, key: bytes, actor_id: int, now_ms: int) -> WebhookSecret:
    """Sign by another key from now on, also what waits."""
    row.secret = signing.secret_of(key)
    session.flush()
    _log(session, row, "webhook.secret_renewed", actor_id, now_ms)
    return _with_secret(session, row)


def delete(session: Session, row: WebhookRow, *, actor_id: int, now_ms: int) -> None:
    """Delete a webhook for good, with its deliveries: also those that were not sent yet."""
    session.execute(sa.delete(DeliveryRow).where(DeliveryRow.webhook_id == row.id))
    session.delete(row)
    _log(session, row, "webhook.deleted", actor_id, now_ms, host=_host(row))


def _log(session: Session, row: WebhookRow, action: str, actor_id: int, now_ms: int, **details: Any) -> None:
    auth.record(session, action, row.name, actor_id=actor_id, now_ms=now_ms, project_id=row.project_id, **details)


def _loggable(row: WebhookRow) -> dict[str, Any]:
    return {"name": row.name, "host": _host(row), "events": row.events, "is_active": row.is_active}


def _host(row: WebhookRow) -> str:
    """Of an address that was checked when it was given."""
    return urlsplit(row.url).hostname or ""


def _in_order(events: Sequence[str]) -> list[str]:
    """Each once, in the order in which they were given."""
    return list(dict.fromkeys(events))


def _with_secret(session: Session, row: WebhookRow) -> WebhookSecret:
    return WebhookSecret(webhook=_one(session, row), secret=row.secret)


def _one(session: Session, row: WebhookRow) -> Webhook:
    (found,) = _described(session, WebhookRow.id == row.id)
    return found


def _described(session: Session, where: sa.ColumnElement[bool]) -> list[Webhook]:
    statement = sa.select(WebhookRow, User.name).join(User, User.id == WebhookRow.created_by).where(where)
    found = session.execute(statement.order_by(sa.func.lower(WebhookRow.name), WebhookRow.id)).all()
    ids = [row.id for row, _ in found]
    waiting, last = _waiting(session, ids), _last(session, ids)
    return [_webhook(row, owner, waiting.get(row.id, 0), last.get(row.id)) for row, owner in found]


def _waiting(session: Session, ids: Sequence[int]) -> dict[int, int]:
    row = DeliveryRow
    statement = sa.select(row.webhook_id, sa.func.count()).where(row.webhook_id.in_(ids), row.state == "waiting")
    return {found[0]: found[1] for found in session.execute(statement.group_by(row.webhook_id))}


def _last(session: Session, ids: Sequence[int]) -> dict[int, DeliveryRow]:
    row = DeliveryRow
    by_time = sa.func.row_number().over(partition_by=row.webhook_id, order_by=(row.tried_ms.desc(), row.id.desc()))
    ranked = (
        sa.select(row.id.label("id"), by_time.label("place"))
        .where(row.webhook_id.in_(ids), row.tried_ms.is_not(None))
        .subquery()
    )
    statement = sa.select(row).join(ranked, ranked.c.id == row.id).where(ranked.c.place == 1)
    return {found.webhook_id: found for found in session.scalars(statement)}


def _webhook(row: WebhookRow, owner: str, waiting: int, last: DeliveryRow | None) -> Webhook:
    facts: dict[str, Any] = {name: getattr(row, name) for name in ("id", "name", "url", "is_active", "created_ms")}
    return Webhook(
        **facts,
        events=row.events,
        created_by=owner,
        waiting=waiting,
        last=deliveries.describe(last) if last is not None else None,
    )
