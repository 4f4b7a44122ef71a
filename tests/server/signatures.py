"""A delivery's signature as a receiver checks it: by what `docs/webhooks.md` says, without the server's code."""

from __future__ import annotations

import base64
import hmac
import time

from tests.server.receiving import Received


def is_signed(received: Received, secret: str) -> bool:
    """Whether it comes from who has the secret, and was sent just now."""
    headers = {name.lower(): value for name, value in received.headers.items()}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    is_recent = abs(time.time() - int(headers["webhook-timestamp"])) < 300
    return is_recent and hmac.compare_digest(wanted, headers["webhook-signature"])
