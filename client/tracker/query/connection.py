"""Asking a server: typed answers, and the errors that tell a reader what to mend.

What always holds: nothing is asked, and requests (100 ms) is not even imported, before the first question; one question
is on its way at a time. One that got no answer is asked again, which does no harm: a change has the same key each time,
by which the server knows what it has carried out.
"""

from __future__ import annotations

import functools
import io
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from tracker import downloading
from tracker.errors import RefusedError, TransportError
from tracker.version import client_version

if TYPE_CHECKING:
    from tracker.transport import Transport

T = TypeVar("T")

_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 10.0
_WRONG_ARGUMENT: Final = frozenset(
    {
        "unknown_sort_key",
        "unknown_column",
        "unknown_group_key",
        "two_groupings",
        "too_many_words",
        "invalid",
        "bad_model_name",
        "bad_alias",
        "bad_data",
        "no_goal",
    }
)


class NotFoundError(RefusedError, LookupError):
    """The server has no such project, run or model."""


class Connection:
    """A conversation with one server, for any number of threads."""

    def __init__(self, url: str, api_key: str | None, *, attempts: int = 2) -> None:
        self.url = url
        self._api_key = api_key
        self._attempts = attempts
        self._lock = threading.Lock()
        self._transport: Transport | None = None

    def ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        parameters: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
    ) -> T:
        """The answer as `kind`. Raises ValueError for an argument that the server finds wrong, NotFoundError."""
        key = None if method == "GET" else secrets.token_hex(16)
        asked: dict[str, Any] = {"parameters": parameters, "body": body, "key": key}
        try:
            answer = self._tried(lambda transport: transport.ask(method, path, **asked))
        except RefusedError as error:
            raise self._of_an_older_server(error) or _explained(error) from None
        try:
            return msgspec.convert(answer, kind)
        except msgspec.ValidationError as error:
            raise TransportError(f"what {self.url} answered about {path} cannot be understood: {error}") from error

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer as it came."""
        return self.ask("POST", path, dict[str, Any], body=body)

    def stream(self, path: str, parameters: dict[str, Any], take: Callable[[Iterator[bytes]], tuple[T, int]]) -> T:
        """What `take` makes of the bytes of a stream of points; it says besides how many points these were.

        Called again where the stream broke off. Raises TransportError where it is not as long as the server said.
        """

        def fetch(transport: Transport) -> T:
            expected, pieces = transport.stream_points(path, parameters)
            found, count = take(pieces)
            if count != expected:
                raise TransportError(f"{self.url} sent {count} points of {expected}, and broke off")
            return found

        try:
            return self._tried(fetch)
        except RefusedError as error:
            raise _explained(error) from None

    def fetch(self, path: str) -> bytes:
        """An answer that is no JSON, as it came."""

        def read(transport: Transport) -> bytes:
            target = io.BytesIO()
            transport.download(path, target)
            return target.getvalue()

        try:
            return self._tried(read)
        except RefusedError as error:
            raise self._of_an_older_server(error) or _explained(error) from None

    def carry_out(self, jobs: Sequence[downloading.Job]) -> None:
        """Do each of these, several at once over connections of their own; one that breaks off is begun again.

        The first failure ends it and is raised.
        """
        from tracker.transport import Transport

        def begun_again(job: downloading.Job, transport: Transport) -> None:
            self._patiently(lambda: job(transport))

        try:
            with closing(Transport(self.url, self._api_key)) as transport:
                downloading.carry_out(transport, [functools.partial(begun_again, job) for job in jobs])
        except RefusedError as error:
            raise _explained(error) from None

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
                self._transport = None

    def _of_an_older_server(self, error: RefusedError) -> RefusedError | None:
        """What to say of a server that has no such route at all."""
        if not error.is_of_an_older_server:
            return None
        message = (
            f"{self.url} does not know this request ({error}): it is older than this client, {client_version()}; bring "
            "it to the same version"
        )
        return RefusedError(message, code=error.code)

    def _tried(self, act: Callable[[Transport], T]) -> T:
        return self._patiently(lambda: self._once(act))

    def _patiently(self, act: Callable[[], T]) -> T:
        for _ in range(self._attempts - 1):
            try:
                return act()
            except TransportError as error:
                time.sleep(min(error.retry_after_s or _PAUSE_S, _LONGEST_PAUSE_S))
        return act()

    def _once(self, act: Callable[[Transport], T]) -> T:
        with self._lock:
            if self._transport is None:
                from tracker.transport import Transport

                self._transport = Transport(self.url, self._api_key)
            return act(self._transport)


def _explained(error: RefusedError) -> Exception:
    if error.code == "bad_filter":  # says where in the filter, but not that it is about one
        return ValueError(f"the filter, {error}")
    if error.code in _WRONG_ARGUMENT:
        return ValueError(str(error))
    if error.code.startswith("unknown_"):
        return NotFoundError(str(error), code=error.code)
    return error
