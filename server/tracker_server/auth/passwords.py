"""Passwords: hashing and checking them (Argon2id, RFC 9106), and which are good enough.

What always holds: a check of an unknown name takes as long as one of a known name; one runs at a time, since each takes
64 MiB for a twentieth of a second.
"""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tracker_server.errors import Refused

SHORTEST = 10
LONGEST = 1000

_hasher = PasswordHasher()
_turn = threading.Lock()
_NOBODYS = _hasher.hash(secrets.token_urlsafe(16))


def generate() -> str:
    """A random password of 120 bits."""
    return secrets.token_urlsafe(15)


def hashed(password: str, *, name: str) -> str:
    """The hash to keep of a person's new password. Raises Refused for one that would be guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused(
            "bad_password",
            f"a password has {SHORTEST} to {LONGEST} characters, this one has {len(password)}; a few words will do",
            field="password",
        )
    if password.casefold() == name.casefold() or len(set(password)) < 4:
        raise Refused(
            "bad_password", "that password would be the first to be guessed; choose another", field="password"
        )
    with _turn:
        return _hasher.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether this is the password that a hash was kept of; None is nobody's, and nothing fits it."""
    with _turn:
        try:
            return _hasher.verify(kept or _NOBODYS, password[: LONGEST + 1]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False
