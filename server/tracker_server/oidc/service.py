"""Attempts and identities.

What always holds: an attempt is good once, for ten minutes, in the browser that began it; an identity is one user for
ever, found by issuer and subject alone, so that nobody becomes somebody by taking over an address.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker_server import auth
from tracker_server.auth.models import User
from tracker_server.auth.service import digest
from tracker_server.errors import Conflict, Forbidden, Overloaded, Refused, Unauthorized
from tracker_server.oidc.models import Identity, OidcAttempt
from tracker_server.oidc.provider import Claims
from tracker_server.settings import Oidc

GOOD_MS: Final = 10 * 60 * 1000
MAX_WAITING: Final = 10_000
EVERYBODY: Final = "*"
MAX_NAME: Final = 100

_PAGE: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


@dataclass(frozen=True)
class Attempt:
    """One way to the provider. `state` is what the browser and the provider carry, and is kept nowhere."""

    state: str
    nonce: str
    verifier: str


def begin(session: Session, destination: str, now_ms: int) -> Attempt:
    """A new attempt. Raises Refused for a destination that is no page of ours, Overloaded where too many are open."""
    if _PAGE.fullmatch(destination) is None:
        raise Refused("invalid", f"{destination[:200]!r} is no page of this server; give its path", field="to")
    session.execute(sa.delete(OidcAttempt).where(OidcAttempt.created_ms <= now_ms - GOOD_MS))
    if (session.scalar(sa.select(sa.func.count()).select_from(OidcAttempt)) or 0) >= MAX_WAITING:
        raise Overloaded("too_many_attempts", "too many people are signing in; try again soon", retry_after_s=60)
    attempt = Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
    session.add(
        OidcAttempt(
            digest=digest(attempt.state),
            nonce=attempt.nonce,
            verifier=attempt.verifier,
            destination=destination,
            created_ms=now_ms,
        )
    )
    return attempt


def take(session: Session, state: str, cookie: str, now_ms: int) -> OidcAttempt:
    """The attempt that a browser comes back from, used up with that. Raises Unauthorized for none of its own."""
    found: OidcAttempt | None = None
    if state and secrets.compare_digest(state.encode(), cookie.encode()):
        is_it = (OidcAttempt.digest == digest(state), OidcAttempt.created_ms > now_ms - GOOD_MS)
        found = session.scalar(sa.delete(OidcAttempt).where(*is_it).returning(OidcAttempt))
    if found is None:
        raise Unauthorized(
            "stale_attempt", "this sign-in was not begun in this browser, or took too long; begin it again"
        )
    return found


def user_of(session: Session, settings: Oidc, claims: Claims, now_ms: int) -> User:
    """The user whom an identity is, made at the first sign-in. Raises Forbidden for who may not enter, and
    Conflict where somebody took the name or came as the same person at the same moment."""
    _check_domain(settings, claims)
    issuer = settings.issuer.rstrip("/")
    identity = session.get(Identity, (issuer, claims.sub), with_for_update=True)
    if identity is None:
        try:
            user = _create(session, claims, now_ms)
            session.add(Identity(issuer=issuer, subject=claims.sub, user_id=user.id, created_ms=now_ms))
            session.flush()
        except IntegrityError as error:  # on PostgreSQL, where two first sign-ins can be under way
            raise Conflict(
                "came_twice", "somebody came in for the first time at the same moment; sign in again"
            ) from error
        auth.record(session, "user.created", user.name, actor_id=user.id, now_ms=now_ms, by=settings.name)
        return user
    user = session.get_one(User, identity.user_id)
    if not user.is_active:
        raise Forbidden("inactive", f"{user.name} may not enter any more; an admin of this server can change that")
    return user


def _check_domain(settings: Oidc, claims: Claims) -> None:
    if EVERYBODY in settings.domains:
        return
    _, is_address, domain = (claims.verified_email or "").rpartition("@")
    if not is_address or domain.lower() not in settings.domains:
        raise Forbidden(
            "domain_not_allowed",
            f"people with an address at {', '.join(settings.domains)} may enter, and {settings.name} vouches for no "
            "such address of yours",
        )


def _create(session: Session, claims: Claims, now_ms: int) -> User:
    """A person by the name that the provider gives, or that name with a number where it is somebody's already."""
    email = claims.verified_email
    given = claims.preferred_username or (email or "").partition("@")[0] or claims.name or "somebody"
    base = "".join(character for character in given if character.isprintable() and character != "/").strip(" .")
    base = base[:MAX_NAME] or "somebody"
    taken = set(session.scalars(sa.select(User.name).where(User.name.startswith(base, autoescape=True))))
    names = (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3)))
    name = next(name for name in names if name not in taken)
    user = User(name=name, kind="person", email=email, is_active=True, created_ms=now_ms)
    session.add(user)
    session.flush()
    return user
