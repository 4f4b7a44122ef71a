"""Acts that are carried out once, however often they are sent: the answers kept under their `Idempotency-Key`.

What always holds: an answer is kept in the transaction of its act, so there is one exactly where the act was carried
out; of two requests with one key that come at once, the second waits for the first's transaction. Neither the key nor
the request can be told from what is kept: the key as its digest, the request as one that is keyed with the key itself.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from flask import Request, Response
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracker_server.db import Base, insert
from tracker_server.errors import Conflict, Refused

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
"""Says of an answer that it is the one that was kept."""

KEPT_MS: Final = 24 * 3600 * 1000
REMOVED_AT_ONCE: Final = 20
"""By each act at most. It brings one, so the table does not grow for ever, and nobody waits for a large removal."""

LONGEST_KEY: Final = 200
_KEY: Final = re.compile(f"[!-~]{{1,{LONGEST_KEY}}}")

_UNDER_WAY: Final = 0
_SHOWN_ONCE: Final = -1


class KeptAnswer(Base):
    """What an act was answered. `status` is 0 until there is an answer, and -1 for one that is not shown twice."""

    __tablename__ = "kept_answers"

    key_digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    request_digest: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[int]
    content_type: Mapped[str] = mapped_column(sa.Text, default="")
    body: Mapped[bytes] = mapped_column(sa.LargeBinary, default=b"")
    created_ms: Mapped[int] = mapped_column(sa.BigInteger, index=True)


@dataclass(frozen=True)
class Act:
    """A request that names itself by a key: whose it is and what it asks for, as digests."""

    key_digest: str
    request_digest: str
    now_ms: int


def act_of(request: Request, body: Any, key: str, *, actor_id: int, now_ms: int) -> Act:
    """The act that a request with this key is, and its body as it was read. Raises Refused for what can be no key.

    Whose it is goes by what they asked with too: one API key does not get what another of the same person was answered.
    """
    if _KEY.fullmatch(key) is None:
        raise Refused(
            "bad_idempotency_key",
            f"{HEADER} must be 1 to {LONGEST_KEY} printable ASCII characters without a space, got {len(key)}: "
            f"{key[:40]!r}; a random one for each act does",
            field=HEADER,
        )
    asked = (request.method, request.path, request.query_string, body)
    request_digest = hmac.new(key.encode(), msgspec.json.encode(asked), "sha256")
    whose = f"{actor_id}:{request.headers.get('Authorization', '')}:{key}"
    return Act(hashlib.sha256(whose.encode()).hexdigest(), request_digest.hexdigest(), now_ms)


def begin(session: Session, act: Act) -> Response | None:
    """The answer that the act was given; None where it is to be carried out, and then kept with `keep`.

    Raises Refused where the key was given to another request, Conflict where the answer held a secret.
    """
    _remove_old(session, act)
    row = {"key_digest": act.key_digest, "request_digest": act.request_digest, "created_ms": act.now_ms}
    row |= {"status": _UNDER_WAY, "content_type": "", "body": b""}
    # Where another transaction has put its row there, this waits for its end; the row is then read by a new statement.
    claim = insert(session, KeptAnswer).values(row).on_conflict_do_nothing().returning(KeptAnswer.key_digest)
    if session.scalar(claim) is not None:
        return None
    return _replayed(session.scalars(sa.select(KeptAnswer).filter_by(key_digest=act.key_digest)).one(), act)


def keep(session: Session, act: Act, response: Response, *, shows_secret: bool) -> None:
    """Keep what the act is answered, but for secrets and failures: those are shown once, and asked for again."""
    here = KeptAnswer.key_digest == act.key_digest
    if response.status_code >= 400:
        session.execute(sa.delete(KeptAnswer).where(here))
        return
    if shows_secret or "Set-Cookie" in response.headers:
        session.execute(sa.update(KeptAnswer).where(here).values(status=_SHOWN_ONCE))
        return
    body = zlib.compress(response.get_data(), 1)
    answer = {"status": response.status_code, "content_type": response.content_type or "", "body": body}
    session.execute(sa.update(KeptAnswer).where(here).values(answer))


def _remove_old(session: Session, act: Act) -> None:
    """Remove a few of those that are kept no longer, and this act's own among them: it would stand in the way."""
    is_old = KeptAnswer.created_ms <= act.now_ms - KEPT_MS
    oldest = sa.select(KeptAnswer.key_digest).where(is_old).order_by(KeptAnswer.created_ms).limit(REMOVED_AT_ONCE)
    found = session.scalars(oldest.with_for_update(skip_locked=True)).all()
    session.execute(sa.delete(KeptAnswer).where(is_old, KeptAnswer.key_digest.in_([*found, act.key_digest])))


def _replayed(kept: KeptAnswer, act: Act) -> Response:
    if kept.request_digest != act.request_digest:
        raise Refused(
            "idempotency_key_used",
            f"this {HEADER} was given to another request within the last 24 hours; give each act a key of its own",
            field=HEADER,
        )
    if kept.status == _SHOWN_ONCE:
        raise Conflict(
            "answered_once",
            "this request was carried out before, and its answer held a secret that is shown once; if that answer was "
            "lost, revoke what was made and ask anew with another " + HEADER,
        )
    response = Response(zlib.decompress(kept.body), kept.status, headers={REPLAYED: "true"})
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Type"] = kept.content_type
    return response
