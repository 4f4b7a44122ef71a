"""What the server says when it cannot do what was asked: one class a status, each with a code and a sentence.

Services raise these; the HTTP layer turns them into `{"error": {"code", "message", "field"?}}`. The sentence is made
to be shown to a person: it names the value, what was expected, and the way out.
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """`code` is for programs and never changes; `details` are further fields of the answer."""

    status = 400

    def __init__(self, code: str, message: str, *, field: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.details = details


class BadRequest(ApiError):
    """The request cannot be read."""

    status = 400


class Unauthorized(ApiError):
    """No key, or one that is not known."""

    status = 401


class Forbidden(ApiError):
    """The one who asks may not do this."""

    status = 403


class NotFound(ApiError):
    """There is no such thing, or the one who asks may not know of it."""

    status = 404


class Conflict(ApiError):
    """What is there now does not allow it; reading again and deciding anew does."""

    status = 409


class Gone(ApiError):
    """It was there, and was deleted for good."""

    status = 410


class Stalled(ApiError):
    """The rest of the request did not come."""

    status = 408


class TooLarge(ApiError):
    """More bytes than the limit."""

    status = 413


class AddressTooLong(ApiError):
    """The address itself has more characters than are read."""

    status = 414


class UnsupportedBody(ApiError):
    """The body is of a type, or is packed in a way, that is not read."""

    status = 415


class Refused(ApiError):
    """The request can be read, but what it says is not acceptable."""

    status = 422


class Unreadable(ApiError):
    """What is stored is damaged, or of a format that a newer version wrote."""

    status = 500


class Unavailable(ApiError):
    """Not now; later, after `retry_after_s`."""

    status = 503

    def __init__(self, code: str, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(code, message)
        self.retry_after_s = retry_after_s


class StorageFull(Unavailable):
    """The disk of the database or of the files is full; reading goes on, and so does writing once there is room."""

    status = 507

    def __init__(self) -> None:
        message = "the server's disk is full; nothing of this request was kept, and it can be sent again later"
        super().__init__("no_room", message, retry_after_s=15)  # somebody has to make room first


class Overloaded(Unavailable):
    """Too much waits already; later, after `retry_after_s`."""

    status = 429
