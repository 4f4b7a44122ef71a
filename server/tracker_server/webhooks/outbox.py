"""The outbox: deliveries between the act that they tell of and the thread that sends them.

What always holds: a delivery is written in the transaction of its act; whoever sends one has it leased, in a
transaction that is over before anything is sent; one whose sender dies is anybody's once the lease is over. Of one
webhook one delivery is sent at a time, unless two servers on PostgreSQL take one each at the same moment.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.auth.models import User
from tracker_server.db import Database
from tracker_server.events import NOTES, Event
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.runs import Project
from tracker_server.webhooks.models import DeliveryRow, WebhookRow

PAYLOAD_VERSION: Final = 1
TEST: Final = "test"
LEASE_MS: Final = 30_000
"""Longer than a sending may take, with what is written before and after it."""

_QUEUED: Final = "tracker.webhooks.queued"


class Leased(NamedTuple):
    """A delivery that is ours to send."""

    id: int
    uid: str
    event: str
    url: str
    secret: str
    body: bytes


def random_id() -> str:
    """An id for a delivery: nobody guesses it, and no two are the same."""
    return f"evt_{secrets.token_urlsafe(15)}"


class Outbox:
    """Listens on a database, and queues what webhooks are to be told. `filled` is set after a commit that queued."""

    def __init__(self, database: Database, *, now_ms: Callable[[], int], new_id: Callable[[], str]) -> None:
        self.filled = threading.Event()
        self._now_ms = now_ms
        self._new_id = new_id
        database.listeners.append(self._queue)
        database.after_commit(self._note_commit)

    def _queue(self, session: Session, event: Event) -> None:
        """Costs one look into an index where the project has no webhook."""
        statement = sa.select(WebhookRow.id, WebhookRow.events, Project.name)
        statement = statement.join(Project, Project.id == WebhookRow.project_id)
        statement = statement.where(WebhookRow.project_id == event.project_id, WebhookRow.is_active)
        found = session.execute(statement.execution_options(**EVERY_PROJECT)).all()  # whoever did it, and may see
        told = [(webhook_id, project) for webhook_id, kinds, project in found if event.kind in kinds]
        if not told:
            return
        actor = session.scalar(sa.select(User.name).where(User.id == event.actor_id)) if event.actor_id else None
        for webhook_id, project in told:
            uid = self._new_id()
            body = payload(uid, event.kind, event.time_ms, project, actor, event.facts)
            put(session, webhook_id, uid, event.kind, body, now_ms=self._now_ms())

    def _note_commit(self, session: Session) -> None:
        if session.info[NOTES].pop(_QUEUED, False):
            self.filled.set()


def payload(uid: str, kind: str, time_ms: int, project: str, actor: str | None, facts: dict[str, Any]) -> str:
    """The body of a delivery, as JSON."""
    said = {
        "version": PAYLOAD_VERSION,
        "id": uid,
        "event": kind,
        "time_ms": time_ms,
        "project": project,
        "actor": actor,
        "data": facts,
    }
    return msgspec.json.encode(said).decode()


def put(session: Session, webhook_id: int, uid: str, event: str, body: str, *, now_ms: int) -> DeliveryRow:
    """A delivery that is to be sent as soon as this is committed."""
    row = DeliveryRow(
        uid=uid, webhook_id=webhook_id, event=event, body=body, state="waiting", attempts=0, created_ms=now_ms,
        next_try_ms=0,
    )  # fmt: skip
    session.add(row)
    session.flush()
    note_queued(session)
    return row


def note_queued(session: Session) -> None:
    """Have the sender look once this is committed."""
    session.info[NOTES][_QUEUED] = True


_MAY_GO: Final = sa.or_(WebhookRow.is_active, DeliveryRow.event == TEST)


def next_due_ms(session: Session) -> int | None:
    """When the next delivery is to be sent, which may be in the past; None where none waits."""
    due = sa.case(
        (DeliveryRow.leased_until_ms > DeliveryRow.next_try_ms, DeliveryRow.leased_until_ms),
        else_=DeliveryRow.next_try_ms,
    )
    statement = sa.select(sa.func.min(due)).join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
    found: int | None = session.scalar(statement.where(DeliveryRow.state == "waiting", _MAY_GO))
    return found


def release(session: Session) -> None:
    """End every lease of a former server on SQLite, which has one server at a time: what it was sending is due."""
    if session.get_bind().dialect.name == "sqlite":
        is_leased = (DeliveryRow.state == "waiting", DeliveryRow.leased_until_ms.is_not(None))
        session.execute(sa.update(DeliveryRow).where(*is_leased).values(leased_until_ms=None))


def lease(session: Session, *, now_ms: int, limit: int) -> list[Leased]:
    """The oldest delivery that is due of each webhook that nothing is being sent to, for so long ours alone."""
    busy = sa.select(DeliveryRow.webhook_id).where(DeliveryRow.state == "waiting", DeliveryRow.leased_until_ms > now_ms)
    oldest = (
        sa.select(sa.func.min(DeliveryRow.id))
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .where(DeliveryRow.state == "waiting", DeliveryRow.next_try_ms <= now_ms, _MAY_GO)
        .where(DeliveryRow.webhook_id.not_in(busy))
        .group_by(DeliveryRow.webhook_id)
    )
    statement = (
        sa.select(DeliveryRow, WebhookRow.url, WebhookRow.secret)
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .where(DeliveryRow.id.in_(oldest))
        .where(sa.or_(DeliveryRow.leased_until_ms.is_(None), DeliveryRow.leased_until_ms <= now_ms))
        .order_by(DeliveryRow.next_try_ms, DeliveryRow.id)
        .limit(limit)
        .with_for_update(of=DeliveryRow, skip_locked=True)
    )
    leased = []
    for row, url, secret in session.execute(statement).all():
        row.leased_until_ms = now_ms + LEASE_MS
        leased.append(Leased(row.id, row.uid, row.event, url, secret, row.body.encode()))
    session.flush()
    return leased
