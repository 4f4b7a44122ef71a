"""Sending what waits in the outbox, in threads of the server.

What always holds: no transaction is open while something is sent. Where nothing waits, a thread sleeps until a commit
wakes it, and looks at nothing meanwhile.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from tracker_server.db import Database
from tracker_server.errors import Refused
from tracker_server.outgoing import Answer, Network, Unreached, send
from tracker_server.webhooks import deliveries, outbox, signing
from tracker_server.webhooks.deliveries import Outcome
from tracker_server.webhooks.outbox import Leased

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 8
"""Receivers that are being sent to at the same time: one that hangs keeps its place for ten seconds."""

TROUBLE_REST_S: Final = 5.0
BLOCKED_REST_S: Final = 1.0
"""Until the next look where something is due that another server is just sending something before."""

KEPT_CHARACTERS: Final = 2000
KEPT_HEADERS: Final = 30


class Sender:
    """The thread that looks what is due, and hands each delivery to a thread of its own. `stop` ends it."""

    def __init__(
        self, database: Database, filled: threading.Event, *, allowed: Sequence[Network], first_wait_s: float
    ) -> None:
        self._database = database
        self._wake = filled
        self._allowed = allowed
        self._first_wait_s = first_wait_s
        self._under_way: set[threading.Thread] = set()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._thread.start()

    def begin_stop(self) -> None:
        """Begin to send nothing more. Safe in a signal's handler."""
        self._is_over = True
        self._wake.set()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Begin nothing more, and wait so long for what is being sent; the rest is sent by the next server."""
        self.begin_stop()
        end = time.monotonic() + timeout_s
        self._thread.join(timeout_s)
        for thread in tuple(self._under_way):
            thread.join(max(0.0, end - time.monotonic()))

    def _run(self) -> None:
        is_begun = False
        while not self._is_over:
            self._wake.clear()
            try:
                if not is_begun:
                    self._begin()
                    is_begun = True
                rest_s = self._hand_out(_now_ms())
            except Exception:  # the edge of the thread: the next look may go better
                log.exception("Webhooks could not be looked after; trying again in %.0f s", TROUBLE_REST_S)
                rest_s = TROUBLE_REST_S
            self._wake.wait(rest_s)

    def _begin(self) -> None:
        """Take over what a former server was sending when it died; nobody waits for this where there is nothing."""
        with self._database.reading() as session:
            if outbox.next_due_ms(session) is None:
                return
        with self._database.writing() as session:
            outbox.release(session)
            session.commit()

    def _hand_out(self, now_ms: int) -> float | None:
        """Begin to send what is due; how long to rest after it, None for until somebody wakes us."""
        free = MOST_AT_ONCE - len(self._under_way)
        if free <= 0:
            return None
        with self._database.reading() as session:  # most of the time there is nothing, and nobody waits for that
            due_ms = outbox.next_due_ms(session)
        if due_ms is None:
            return None
        if due_ms > now_ms:
            return (due_ms - now_ms) / 1000
        with self._database.writing() as session:
            leased = outbox.lease(session, now_ms=now_ms, limit=free)
            session.commit()
        for delivery in leased:
            thread = threading.Thread(target=self._deliver, args=(delivery,), name="webhook", daemon=True)
            self._under_way.add(thread)
            thread.start()
        return 0.0 if leased else BLOCKED_REST_S

    def _deliver(self, delivery: Leased) -> None:
        try:
            outcome = attempt(delivery, allowed=self._allowed)
            with self._database.writing() as session:
                chance = random.random()  # noqa: S311 (spreads attempts over time)
                deliveries.record(session, delivery.id, outcome, first_wait_s=self._first_wait_s, chance=chance)
                session.commit()
        except Exception:  # the edge of the thread: when its lease is over, it is sent again
            log.exception("What came of the delivery %s could not be kept; it is sent again later", delivery.uid)
        finally:
            self._under_way.discard(threading.current_thread())
            self._wake.set()


def attempt(delivery: Leased, *, allowed: Sequence[Network]) -> Outcome:
    """Send a delivery once."""
    tried_ms = _now_ms()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"tracker/{version('tracker-runs')}",
        "Webhook-Id": delivery.uid,
        "Webhook-Timestamp": str(tried_ms // 1000),
        "Webhook-Signature": signing.sign(delivery.secret, delivery.uid, tried_ms // 1000, delivery.body),
    }
    begun = time.monotonic()
    answer, error = _answer(delivery, headers, allowed)
    took_ms = round((time.monotonic() - begun) * 1000)
    said = answer.body[: 4 * KEPT_CHARACTERS].decode(errors="replace")[:KEPT_CHARACTERS] if answer is not None else ""
    return Outcome(
        tried_ms=tried_ms,
        took_ms=took_ms,
        url=delivery.url,
        headers=list(headers.items()),
        status=answer.status if answer is not None else None,
        error=error,
        answer_headers=_cut(answer.headers) if answer is not None else [],
        answer_body=said,
    )


def _answer(delivery: Leased, headers: dict[str, str], allowed: Sequence[Network]) -> tuple[Answer | None, str | None]:
    try:
        return send("POST", delivery.url, headers=headers, body=delivery.body, allowed=allowed), None
    except Refused as refusal:
        return None, refusal.message
    except Unreached as failure:
        return None, str(failure)


def _cut(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name[:200], value[:KEPT_CHARACTERS]) for name, value in headers[:KEPT_HEADERS]]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
