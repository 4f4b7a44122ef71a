"""The log of deliveries: what came of each attempt, when the next one is, and sending again by hand.

What always holds: a delivery is tried at most `MOST_ATTEMPTS` times, each after a longer wait than the one before, and
a test once; of each webhook the newest `KEPT` that are over are kept, for `KEPT_MS`.
"""

from __future__ import annotations

from typing import Final, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.errors import NotFound
from tracker_server.runs import Project
from tracker_server.webhooks import outbox
from tracker_server.webhooks.models import DeliveryRow, WebhookRow
from tracker_server.webhooks.schema import Delivery, DeliveryDetail, DeliveryList, Exchange, State

MOST_ATTEMPTS: Final = 8
GROWTH: Final = 5
LONGEST_WAIT_S: Final = 8 * 3600.0
KEPT: Final = 200
KEPT_MS: Final = 30 * 24 * 3600 * 1000


class Outcome(NamedTuple):
    """What came of an attempt. `status` is None where no answer came, and `error` says why."""

    tried_ms: int
    took_ms: int
    url: str
    headers: list[tuple[str, str]]
    status: int | None
    error: str | None
    answer_headers: list[tuple[str, str]]
    answer_body: str

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_test(
    session: Session, project: Project, webhook: WebhookRow, *, uid: str, actor: str, now_ms: int
) -> Delivery:
    """Queue a delivery that says nothing but that it is a test; also of a webhook that is not active."""
    body = outbox.payload(uid, outbox.TEST, now_ms, project.name, actor, {"webhook": webhook.name})
    return describe(outbox.put(session, webhook.id, uid, outbox.TEST, body, now_ms=now_ms))


def redeliver(session: Session, webhook: WebhookRow, uid: str, *, now_ms: int) -> Delivery:
    """Have a delivery sent again, with its id and body, as if it had not been tried. Raises NotFound."""
    row = _get(session, webhook, uid)
    row.state, row.attempts, row.next_try_ms = "waiting", 0, now_ms
    session.flush()
    outbox.note_queued(session)
    return describe(row)


def record(session: Session, delivery_id: int, outcome: Outcome, *, first_wait_s: float, chance: float) -> None:
    """Write down what came of an attempt. `chance` is from 0 to 1, and spreads what failed together."""
    row = session.get(DeliveryRow, delivery_id, with_for_update=True)
    if row is None:  # its webhook was deleted meanwhile
        return
    row.attempts += 1
    row.leased_until_ms = None
    row.tried_ms, row.took_ms = outcome.tried_ms, outcome.took_ms
    row.status, row.error = outcome.status, outcome.error
    row.sent = {"url": outcome.url, "headers": outcome.headers}
    row.answer = (
        {"headers": outcome.answer_headers, "body": outcome.answer_body} if outcome.status is not None else None
    )
    row.next_try_ms = None
    if outcome.is_taken:
        row.state = "delivered"
    elif row.attempts >= _most_attempts(row):
        row.state = "failed"
    else:
        wait_s = wait_after(row.attempts, first_wait_s=first_wait_s, chance=chance)
        row.next_try_ms = outcome.tried_ms + outcome.took_ms + round(wait_s * 1000)
    session.flush()
    _forget_old(session, row.webhook_id, outcome.tried_ms)


def wait_after(attempts: int, *, first_wait_s: float, chance: float) -> float:
    """How long to wait after so many attempts: five times as long each time, by up to a fifth more or less."""
    wait_s = min(first_wait_s * GROWTH ** (attempts - 1), LONGEST_WAIT_S)
    return float(wait_s * (0.8 + 0.4 * chance))


def _forget_old(session: Session, webhook_id: int, now_ms: int) -> None:
    """Delete what is over and stands behind the newest ones, or is old."""
    row = DeliveryRow
    is_over = (row.webhook_id == webhook_id, row.state != "waiting")
    last_kept = sa.select(row.id).where(*is_over).order_by(row.id.desc()).offset(KEPT - 1).limit(1).scalar_subquery()
    is_old = sa.or_(row.id < last_kept, row.created_ms < now_ms - KEPT_MS)
    session.execute(sa.delete(row).where(*is_over, is_old).execution_options(synchronize_session=False))


def page(session: Session, webhook: WebhookRow, *, before: int | None, limit: int) -> DeliveryList:
    """Deliveries of a webhook, newest first, older than the one `before`."""
    statement = sa.select(DeliveryRow).where(DeliveryRow.webhook_id == webhook.id)
    if before is not None:
        statement = statement.where(DeliveryRow.id < min(before, 2**63 - 1))
    found = session.scalars(statement.order_by(DeliveryRow.id.desc()).limit(limit + 1)).all()
    shown = found[:limit]
    return DeliveryList([describe(row) for row in shown], shown[-1].id if len(found) > limit else None)


def detail(session: Session, webhook: WebhookRow, uid: str) -> DeliveryDetail:
    """A delivery with its request and answer. Raises NotFound."""
    row = _get(session, webhook, uid)
    sent, answer = row.sent, row.answer
    exchange = Exchange(
        url=sent["url"] if sent is not None else None,
        request_headers=_pairs(sent["headers"]) if sent is not None else [],
        request_body=row.body,
        answer_headers=_pairs(answer["headers"]) if answer is not None else None,
        answer_body=answer["body"] if answer is not None else None,
    )
    facts = describe(row)
    return DeliveryDetail(**{name: getattr(facts, name) for name in facts.__struct_fields__}, exchange=exchange)


def describe(row: DeliveryRow) -> Delivery:
    """A delivery as the API tells it."""
    return Delivery(
        id=row.uid,
        event=row.event,
        state=cast(State, row.state),
        attempts=row.attempts,
        most_attempts=_most_attempts(row),
        created_ms=row.created_ms,
        tried_ms=row.tried_ms,
        next_try_ms=row.next_try_ms,
        status=row.status,
        took_ms=row.took_ms,
        error=row.error,
    )


def _most_attempts(row: DeliveryRow) -> int:
    return 1 if row.event == outbox.TEST else MOST_ATTEMPTS


def _pairs(stored: list[list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in stored]


def _get(session: Session, webhook: WebhookRow, uid: str) -> DeliveryRow:
    statement = sa.select(DeliveryRow).where(DeliveryRow.webhook_id == webhook.id, DeliveryRow.uid == uid)
    found = session.scalar(statement)
    if found is None:
        raise NotFound(
            "unknown_delivery",
            f"the webhook {webhook.name!r} has no delivery {uid!r}; the newest {KEPT} are kept, for "
            f"{KEPT_MS // 86_400_000} days",
        )
    return found
