"""What can go wrong between a client and its server, as the exceptions that the rest of the client tells apart.

What always holds: none of these reaches a training loop from `log()`. They end in the sender's thread, in
`tracker sync`, or in a call whose answer is the point of it, such as `use_model()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class TrackerError(Exception):
    """The base of every error of the tracker's client."""


class TransportError(TrackerError):
    """The server could not be reached or answered nonsense; the same request may succeed later."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DamagedError(TransportError):
    """Bytes came whole, and are not those that were asked for by their sha256."""


class RefusedError(TrackerError):
    """The server understood and said no; sending the same again changes nothing. `code` is the server's word for it.

    `details` are what else it says, such as the `problems` of a text of rules.
    """

    def __init__(self, message: str, *, code: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.details = dict(details or {})

    @property
    def is_of_an_older_server(self) -> bool:
        """Whether the server has no such route at all."""
        return self.code in ("not_found", "method_not_allowed")


class GapError(TrackerError):
    """The server lacks records before the ones that were sent; it wants `next_seq`."""

    def __init__(self, next_seq: int) -> None:
        super().__init__(f"the server has no record from number {next_seq} on")
        self.next_seq = next_seq


class MissingBlobsError(TrackerError):
    """Records name bytes that the server does not have: `digests`."""

    def __init__(self, digests: list[str]) -> None:
        super().__init__(f"the server lacks the bytes of {len(digests)} blobs")
        self.digests = digests


class NoActiveRunError(TrackerError, RuntimeError):
    """A module function was called while no run is active."""

    def __init__(self, what: str) -> None:
        super().__init__(f"tracker.{what} needs a run, and none is active; call tracker.init(project) first")
