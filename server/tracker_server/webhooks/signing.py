"""The signature of a delivery, in the form of Standard Webhooks, for which receivers find libraries.

What always holds: the signature is over the id, the moment and the body as they are sent, so that none of them can be
another's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

SECRET_BYTES: Final = 32
_PREFIX: Final = "whsec_"


def secret_of(key: bytes) -> str:
    """The key as it is told."""
    return _PREFIX + base64.b64encode(key).decode()


def sign(secret: str, uid: str, time_s: int, body: bytes) -> str:
    """The value of the header `Webhook-Signature`."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.digest(key, f"{uid}.{time_s}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()
