"""One conversation with the server over HTTP: requests, and what its answers mean.

What always holds: a method returns what the server said, or raises one of four errors of `tracker.errors`:
TransportError (try again later), RefusedError (never again), GapError and MissingBlobsError (mend and send again).
An answer that no tracker server would give, such as a proxy's HTML page, counts as not reached.

This module imports requests, which costs 100 ms; only threads and commands that talk to the server import it.
"""

from __future__ import annotations

import hashlib
import os
import struct
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote, urlsplit

import msgspec
import requests

from tracker.digests import Digest
from tracker.errors import DamagedError, GapError, MissingBlobsError, RefusedError, TransportError
from tracker.version import client_version

_PART_BYTES: Final = 1024 * 1024
_SENT_BYTES: Final = 128 * 1024
"""How much of a file goes out at once: less costs more calls, and all of it has to leave within the connect timeout."""

RESUMED_FROM_BYTES: Final = 8 * 1024 * 1024
"""A larger file goes on where it broke off; a smaller one is sent again sooner than that is asked for."""

_SETTLED_BYTES_PER_S: Final = 50e6
"""A server reads again what came before, and has a file on its disk, at least so fast before it answers."""

_STORED_BYTES_PER_S: Final = 500e3
"""A busy server stores a long record, such as the list of an artifact's 100,000 files, at least so fast."""

_HEAD: Final = struct.Struct("<32sI")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_POINTS: Final = "X-Tracker-Points"
_WAIT_STATUSES: Final = (408, 425, 429)


class Receipt(msgspec.Struct, frozen=True):
    """The server's answer to frames: everything before `next_seq` is stored for good.

    `commands` are for the run's process: objects with a `kind`. They may come again with every answer. `flush_after_s`
    is for how long the server, which may have many runs to listen to, would like the next records to be gathered.
    """

    next_seq: int
    commands: list[dict[str, Any]] = []
    flush_after_s: float = 0.0


OnBytes = Callable[[int], object]
"""Told of so many more bytes that have gone, or of fewer where they go again."""


class _Body:
    """A file as the body of a request, in parts of our size: http.client would read it by 16 KiB.

    All parts are read into one buffer, as each of them has left before the next one is asked for.
    """

    def __init__(self, source: IO[bytes], size_bytes: int, on_sent: OnBytes | None = None) -> None:
        self._source = source
        self._size_bytes = size_bytes
        self._on_sent = on_sent
        self._buffer = memoryview(bytearray(min(_SENT_BYTES, max(1, size_bytes))))

    def __len__(self) -> int:
        return self._size_bytes

    def __iter__(self) -> Iterator[memoryview | bytes]:
        return iter(self.read, b"")

    def read(self, _size: int = -1) -> memoryview | bytes:
        count = self._source.readinto(self._buffer)  # type: ignore[attr-defined]
        if self._on_sent is not None:
            self._on_sent(count)
        return self._buffer[:count] if count else b""


class Transport:
    """A session with one server. Used by one thread at a time. A timeout is the longest silence, in seconds."""

    def __init__(
        self, url: str, api_key: str | None, *, connect_timeout_s: float = 5.0, read_timeout_s: float = 30.0
    ) -> None:
        self.url = url
        self._api_key = api_key
        self._timeout = (connect_timeout_s, read_timeout_s)
        self._session = requests.Session()
        self._session.headers["X-Tracker-Client"] = f"python/{client_version()}"
        self._session.auth = self._sign  # a callable, so that a ~/.netrc cannot put another key in its place
        self._session.trust_env = urlsplit(url).hostname not in _LOOPBACK  # no proxy on the way to this machine

    def post_journal(
        self, run_id: str, writer: str, frames: bytes, *, allow_gaps: bool = False, resume: str | None = None
    ) -> Receipt:
        """Send frames, or none to ask. `resume` takes the place of the resume mode in the journal's first record."""
        parameters = {"writer": writer}
        parameters |= {"allow_gaps": "1"} if allow_gaps else {}
        parameters |= {"resume": resume} if resume else {}
        headers = {"Content-Type": "application/octet-stream"}
        path = f"/runs/{quote(run_id, safe='')}/journal"
        timeout = (self._timeout[0], self._timeout[1] + len(frames) / _STORED_BYTES_PER_S)
        options: dict[str, Any] = {"params": parameters, "data": frames, "headers": headers, "timeout": timeout}
        answer = self._json(self._request("POST", path, **options))
        return Receipt(_whole_number(answer, "next_seq"), _commands(answer), _flush_after_s(answer))

    def another(self) -> Transport:
        """A session of its own with the same server, for another thread."""
        return Transport(self.url, self._api_key, connect_timeout_s=self._timeout[0], read_timeout_s=self._timeout[1])

    def upload_blob(self, digest: str, path: Path, on_sent: OnBytes | None = None) -> None:
        """Send the bytes of a blob, streamed, from where an earlier attempt broke off.

        Raises OSError where the file cannot be read.
        """
        with path.open("rb", buffering=0) as source:
            size_bytes = os.fstat(source.fileno()).st_size
            arrived = min(size_bytes, self._arrived(digest)) if size_bytes >= RESUMED_FROM_BYTES else 0
            try:
                self._upload_rest(digest, source, size_bytes, arrived, on_sent)
            except RefusedError as error:
                if not arrived or error.code not in ("other_offset", "digest_mismatch"):
                    raise
                if on_sent is not None:
                    on_sent(-arrived)
                self._upload_rest(digest, source, size_bytes, 0, on_sent)  # what had come was not what is here

    def _arrived(self, digest: str) -> int:
        """How much the server has of bytes that are not whole yet; a server of an earlier version keeps none."""
        try:
            return _whole_number(self._json(self._request("GET", f"/blobs/{digest}/arrived")), "arrived_bytes")
        except RefusedError as error:
            if error.code != "not_found":
                raise
            return 0

    def _upload_rest(
        self, digest: str, source: IO[bytes], size_bytes: int, offset: int, on_sent: OnBytes | None
    ) -> None:
        source.seek(offset)
        if on_sent is not None:
            on_sent(offset)
        sent = 0

        def note(count: int) -> None:
            nonlocal sent
            sent += count
            if on_sent is not None:
                on_sent(count)

        parameters = {"offset": offset} if offset else {}
        headers = {"Content-Type": "application/octet-stream"}
        timeout = (self._timeout[0], self._timeout[1] + size_bytes / _SETTLED_BYTES_PER_S)
        try:
            body = _Body(source, size_bytes - offset, note)
            path = f"/blobs/{digest}"
            self._json(self._request("PUT", path, params=parameters, data=body, headers=headers, timeout=timeout))
        except (TransportError, RefusedError):
            if on_sent is not None:
                on_sent(-sent - offset)
            raise

    def upload_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Send small blobs in one request. A server of an earlier version refuses that as `not_found`."""
        framed = ((_HEAD.pack(bytes.fromhex(digest), len(data)), data) for digest, data in blobs.items())
        body = b"".join(part for blob in framed for part in blob)
        headers = {"Content-Type": "application/octet-stream"}
        self._json(self._request("POST", "/blobs/bulk", data=body, headers=headers))

    def download_blobs(self, sizes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
        """The bytes of small blobs of these sizes, asked for at once, each as soon as it has come.

        Raises DamagedError for one that is another. A server of an earlier version has no such route.
        """
        response = self._request("POST", "/blobs/fetch", json={"digests": list(sizes)}, stream=True)
        if not response.ok:
            self._json(response)
        with closing(_parts(response, self.url, _SENT_BYTES // 2)) as parts:
            yield from _unframed(parts, sizes, self.url)

    def download_blob(self, digest: str, target: IO[bytes], on_bytes: OnBytes | None = None) -> None:
        """Write the bytes of a blob to `target` as they arrive; DamagedError where their sha256 is not `digest`.

        What `target` has before where it stands came before, and is not asked for again: it has to be readable then.
        """
        offset = target.tell()
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        response = self._request("GET", f"/blobs/{digest}", headers=headers, stream=True)
        if not response.ok:
            self._json(response)
        if offset and response.status_code != 206:
            offset = 0
            target.seek(0)
            target.truncate()
        with Digest() as sha256:
            if offset:
                target.seek(0)
                for part in iter(lambda: target.read(min(_PART_BYTES, offset - target.tell())), b""):
                    sha256.update(part)
            if on_bytes is not None:
                on_bytes(offset)
            for part in _parts(response, self.url, _SENT_BYTES // 2):
                sha256.update(part)
                target.write(part)
                if on_bytes is not None:
                    on_bytes(len(part))
            found = sha256.hexdigest()
        if found != digest:
            raise DamagedError(f"what {self.url} sent as blob {digest} has the sha256 {found}")

    def upload_from(self, digest: str, source: IO[bytes], size_bytes: int) -> None:
        """Send the bytes of a blob from where `source` stands."""
        headers = {"Content-Type": "application/octet-stream"}
        self._json(self._request("PUT", f"/blobs/{digest}", data=_Body(source, size_bytes), headers=headers))

    def download(self, path: str, target: IO[bytes]) -> None:
        """Write the bytes of an answer to `target` as they arrive."""
        response = self._request("GET", path, stream=True)
        if not response.ok:
            self._asked(response)
        for part in _parts(response, self.url):
            target.write(part)

    def post_bytes(self, path: str, body: bytes) -> dict[str, Any]:
        """The JSON that a request with these bytes is answered with."""
        headers = {"Content-Type": "application/octet-stream"}
        return self._asked(self._request("POST", path, data=body, headers=headers))

    def stream_points(self, path: str, parameters: dict[str, Any]) -> tuple[int, Iterator[bytes]]:
        """How many points an answer in MessagePack has, and its bytes as they arrive."""
        headers = {"Accept": "application/vnd.msgpack"}
        response = self._request("GET", path, params=parameters, headers=headers, stream=True)
        if not response.ok or not response.headers.get(_POINTS, "").isdecimal():
            self._asked(response)
            raise TransportError(f"{self.url} gave an answer that is not a stream of points")
        return int(response.headers[_POINTS]), _parts(response, self.url)

    def resolve_model(self, name: str, ref: str) -> dict[str, Any]:
        """What a model reference points at now: its version, its artifact and the artifact's files."""
        return self._json(self._request("GET", f"/models/{quote(name, safe='')}/resolve", params={"ref": ref}))

    def resolve_artifact(self, project: str, name: str, ref: str) -> dict[str, Any]:
        """What a reference to an artifact points at now: its version, with the files."""
        path = f"/projects/{quote(project, safe='')}/artifact"
        return self._json(self._request("GET", path, params={"ref": f"{name}:{ref}"}))

    def ask(
        self,
        method: str,
        path: str,
        *,
        parameters: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> dict[str, Any]:
        """The JSON that another request is answered with, {} for none. Raises TransportError or RefusedError alone.

        A change that is sent again with the `key` that it had is not carried out again.
        """
        headers = {"Idempotency-Key": key} if key is not None else {}
        response = self._request(method, path, params=parameters, json=body, headers=headers)
        return {} if response.status_code == 204 else self._asked(response)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._api_key:
            request.headers["Authorization"] = f"Bearer {self._api_key}"
        return request

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            return self._session.request(
                method, f"{self.url}/api/v1{path}", allow_redirects=False, **{"timeout": self._timeout, **options}
            )
        except requests.RequestException as error:
            raise TransportError(f"{self.url} cannot be reached ({_reason(error)})") from error

    def _asked(self, response: requests.Response) -> dict[str, Any]:
        """The answer's JSON object where no journal was sent."""
        try:
            return self._json(response)
        except GapError:  # says what is missing of a journal; asked otherwise, it is a run that is not there
            said = msgspec.json.decode(response.content)["error"]
            raise RefusedError(str(said.get("message", "")), code=str(said["code"])) from None

    def _json(self, response: requests.Response) -> dict[str, Any]:
        """The answer's JSON object, or the error that the answer stands for."""
        try:
            body = msgspec.json.decode(response.content)
        except (msgspec.DecodeError, requests.RequestException):
            body = None
        if response.ok and response.status_code < 300 and isinstance(body, dict):
            return body
        raise self._error(response, body)

    def _error(self, response: requests.Response, body: object) -> Exception:
        status = response.status_code
        error = body.get("error") if isinstance(body, dict) else None
        said = error if isinstance(error, dict) and isinstance(error.get("code"), str) else {}
        code = str(said.get("code", ""))
        if code == "gap":
            return GapError(_whole_number(said, "next_seq"))
        if code == "unknown_run":
            return GapError(0)
        if code == "missing_blobs":
            return MissingBlobsError([str(digest) for digest in said.get("digests", ())])
        message = str(said.get("message") or f"status {status}")
        is_refusal = (400 <= status < 500 and status not in _WAIT_STATUSES and bool(code)) or status == 401
        if is_refusal:
            details = {name: value for name, value in said.items() if name not in ("code", "message", "request_id")}
            return RefusedError(message, code=code or "unauthorized", details=details)
        what = f"answered {message}" if code else f"gave an answer that is not a tracker server's (status {status})"
        return TransportError(f"{self.url} {what}", retry_after_s=_retry_after_s(response))


def _parts(response: requests.Response, url: str, part_bytes: int = _PART_BYTES) -> Generator[bytes]:
    try:
        yield from response.iter_content(part_bytes)
    except requests.RequestException as error:
        raise TransportError(f"{url} cannot be reached ({_reason(error)})") from error
    finally:
        response.close()


def _unframed(parts: Iterator[bytes], sizes: Mapping[str, int], url: str) -> Iterator[tuple[str, bytes]]:
    """The blobs of an answer, in the order in which they were asked for; no more is kept than one of them has."""
    pending = bytearray()

    def take(count: int) -> bytes:
        while len(pending) < count:
            part = next(parts, b"")
            if not part:
                raise TransportError(f"{url} cannot be reached (its answer broke off)")
            pending.extend(part)
        taken = bytes(pending[:count])
        del pending[:count]
        return taken

    for digest, size_bytes in sizes.items():
        named, length = _HEAD.unpack(take(_HEAD.size))
        if named.hex() != digest:
            raise TransportError(f"{url} gave an answer that is not the blobs that were asked for")
        if length != size_bytes:
            raise DamagedError(f"what {url} sent as blob {digest} has {length} bytes, not {size_bytes}")
        data = take(length)
        found = hashlib.sha256(data).hexdigest()
        if found != digest:
            raise DamagedError(f"what {url} sent as blob {digest} has the sha256 {found}")
        yield digest, data


def _whole_number(answer: dict[str, Any], key: str) -> int:
    value = answer.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TransportError(f"the server's answer has no {key}: {answer!r:.200}")
    return value


def _commands(answer: dict[str, Any]) -> list[dict[str, Any]]:
    commands = answer.get("commands")
    return [command for command in commands if isinstance(command, dict)] if isinstance(commands, list) else []


def _flush_after_s(answer: dict[str, Any]) -> float:
    """What the answer says of gathering, 0 where that is nothing: a server of an earlier version has no such wish."""
    value = answer.get("flush_after_ms")
    return value / 1000 if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0.0


def _retry_after_s(response: requests.Response) -> float | None:
    """What an answer says of when to come again: a number of seconds, or a date; None where it says neither."""
    value = response.headers.get("Retry-After", "")
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _reason(error: requests.RequestException) -> str:
    """Why a request failed, without the addresses of objects that the libraries put into their messages."""
    if isinstance(error, requests.Timeout):
        return "it does not answer"
    text = str(error)
    if "refused" in text:
        return "connection refused"
    if "resolve" in text or "Name or service" in text:
        return "its name is unknown"
    return type(error).__name__
