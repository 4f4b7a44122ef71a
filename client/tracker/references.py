"""Files that lie elsewhere, on a path, behind an address, in object storage: what is said of them there, and fetching.

What always holds: what was adopted is told apart from what has changed by sha256 where that is known, else by ETag and
size, never by size alone; a fetched file is at its final place only when it is the one that was adopted. So a manifest
cannot have whoever loads it copy a file of theirs that it does not know: a file of this machine is known by its sha256
alone, and one of which nothing is known is not fetched. A place that
cannot be looked at now (a network that is away, a refused key) says nothing of the file: that is TransportError, and
no verdict. A file that is gone is FileNotFoundError.

Object storage is read through `obstore`, with the settings that its command-line tools read from the environment
(`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, `GOOGLE_APPLICATION_CREDENTIALS`, …).
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import url2pathname

import msgspec

from tracker.errors import TrackerError, TransportError
from tracker.journal_files import make_private_folder
from tracker.manifest import Reference, Stored

if TYPE_CHECKING:
    import requests

SCHEMES: Final = ("file", "http", "https", "s3", "gs")

_PART_BYTES: Final = 1024 * 1024
_TIMEOUTS_S: Final = (10.0, 60.0)
"""Of connecting, and of each wait for more."""
UNSAID_BYTES: Final = 64 * 1024**3
"""How much is read at most of a file whose size neither the reference nor its place says: it may never end."""

_GONE: Final = (404, 410)
_SECRET: Final = re.compile(
    r"token(?!iz)|secret|passw|api[-_]?key|credential|signature|^auth(?!or)|^sig$", re.IGNORECASE
)
"""Parameters of addresses that open something to whoever has them."""


class ChangedError(TrackerError):
    """What lies at a reference is no longer what was adopted."""


class Found(msgspec.Struct, frozen=True):
    """What is known of a file at its place."""

    size_bytes: int | None = None
    etag: str | None = None
    sha256: str | None = None


def uri_of(place: str | os.PathLike[str]) -> str:
    """The address that a path or an address means. Raises ValueError for a scheme that is not read."""
    text = os.fspath(place)
    scheme = text.partition(":")[0].lower() if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text) else ""
    if not scheme or (scheme not in SCHEMES and os.path.exists(text)):
        return Path(text).expanduser().absolute().as_uri()
    if scheme not in SCHEMES:
        raise ValueError(
            f"{text!r:.200} is neither a path here nor one of {', '.join(f'{each}://' for each in SCHEMES)}"
        )
    parts = urlsplit(text)
    if scheme == "file":
        local_path(text)
    elif not parts.netloc or not name_of(text):
        raise ValueError(f"{text!r:.200} names no file: it has to look like {scheme}://place/of/file.pt")
    return text


def name_of(uri: str) -> str:
    """The file's own name, the last part of its address."""
    scheme = urlsplit(uri).scheme.lower()
    path = _key(uri) if scheme in ("s3", "gs") else unquote(urlsplit(uri).path)
    return path.rsplit("/", 1)[-1]


def local_path(uri: str) -> Path | None:
    """The path that a `file:` address names; None for another. Raises ValueError for a file of another machine."""
    parts = urlsplit(uri)
    if parts.scheme.lower() != "file":
        return None
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ValueError(f"{uri!r:.200} names no file of this machine: it has to look like file:///path/of/file.pt")
    return Path(url2pathname(parts.path))


def open_local(path: Path) -> BinaryIO:
    """A file of this machine, to be read. Raises FileNotFoundError, and TransportError where it may not be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a device or a pipe may never end
            raise FileNotFoundError
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"there is no file at {path}") from None
    except OSError as error:
        raise TransportError(f"{path} cannot be read: {error.strerror}") from error


def is_secret(uri: str) -> bool:
    """Whether an address has a password, a key or a signature in it, which a manifest is no place for."""
    parts = urlsplit(uri)
    is_web = parts.scheme.lower() in ("http", "https")
    is_signed = is_web and any(_SECRET.search(name) for name, _ in parse_qsl(parts.query))
    return bool(parts.username or parts.password) or is_signed  # a token may stand where the user's name does


def look(uri: str, *, is_read: bool = False, until: float | None = None) -> Found:
    """What its place says of a file now; with its sha256 where there is no ETag to know it by, or where it `is_read`.

    `until` is the time of `time.monotonic` by which that has to be done. Raises FileNotFoundError and TransportError.
    """
    head, _ = _of(uri)
    found = head(uri)
    if found.etag is not None and not is_read:
        return found
    return _read(uri, None, None, until)


class Told(Protocol):
    """A file of a version as a server tells of it, in whose words "" is what there is not."""

    @property
    def reference(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def etag(self) -> str: ...


def cannot_be_known(file: Told) -> bool:
    """Whether nothing tells that what lies at a reference is what was logged."""
    return bool(file.reference) and not file.digest and not file.etag


def recorded(path: str, uri: str, *, digest: str, size_bytes: int, etag: str) -> Reference:
    """The reference that a server tells of, in whose words "" and a size of 0 are what nobody has looked up."""
    is_known = size_bytes > 0 or digest == hashlib.sha256().hexdigest()
    return Reference(
        path=path, uri=uri, size_bytes=size_bytes if is_known else None, etag=etag or None, sha256=digest or None
    )


def adopt(path: str, uri: str, *, until: float | None = None) -> Reference:
    """The reference to a file as it is now, which is at `path` of the bundle."""
    found = look(uri, is_read=local_path(uri) is not None, until=until)
    return Reference(path=path, uri=uri, size_bytes=found.size_bytes, etag=found.etag, sha256=found.sha256)


def changed(reference: Reference, *, until: float | None = None) -> str | None:
    """Why what lies there is not what was adopted; None where it is. Raises TransportError."""
    why = _unknown(reference)
    if why is not None:
        return why
    try:
        found = look(reference.uri, is_read=reference.etag is None, until=until)
        why = _difference(reference, found)
        if why is not None and reference.sha256 is not None and found.sha256 is None:
            why = _difference(reference, look(reference.uri, is_read=True, until=until))
    except FileNotFoundError:
        return f"{reference.uri} is gone"
    return why


def fetch(reference: Reference, target: Path, *, until: float | None = None, scratch: Path | None = None) -> Stored:
    """Have the file at `target`, where it is the one that was adopted; what it is.

    What is not whole yet lies in `scratch`, a folder of the same disk, or else beside the target. Raises ChangedError
    for another file and for one of which the manifest does not say enough to know it, FileNotFoundError where it is
    gone, TransportError where it cannot be read now.
    """
    why = _unknown(reference)
    if why is not None:
        raise ChangedError(why)
    return _take(reference, target, until, scratch)


def copy(uri: str, target: Path) -> Stored:
    """Have whatever lies at an address at `target`; what it is. Raises FileNotFoundError and TransportError."""
    return _take(Reference(path=target.name, uri=uri), target, None, None)


def _take(reference: Reference, target: Path, until: float | None, scratch: Path | None) -> Stored:
    make_private_folder(target.parent)
    temporary = (scratch or target.parent) / f".{secrets.token_hex(8)}"
    try:
        found = _read(reference.uri, temporary, reference.size_bytes, until)
        why = _difference(reference, found)
        if why is not None:
            raise ChangedError(why)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    assert found.sha256 is not None  # a file that was read has both
    assert found.size_bytes is not None
    return Stored(found.sha256, found.size_bytes)


def _unknown(reference: Reference) -> str | None:
    """Why nothing would tell whether a file is the one that was adopted; None where something does."""
    if reference.sha256 is not None:
        return None
    if urlsplit(reference.uri).scheme.lower() == "file":
        return f"{reference.uri} is a file of this machine, and was adopted without a sha256: it is not read"
    if reference.etag is None:
        return f"{reference.uri} was adopted without an ETag or a sha256, so nothing tells whether it has changed"
    return None


def _difference(reference: Reference, found: Found) -> str | None:
    """What tells that they are two files. The sha256 decides where both have one: a copy may get another ETag.

    Raises TransportError where its place no longer says what would tell.
    """
    if reference.sha256 is not None and found.sha256 is not None:
        if reference.sha256 == found.sha256:
            return None
        return f"{reference.uri} has sha256 {found.sha256}, and had {reference.sha256} when it was adopted"
    if None not in (reference.size_bytes, found.size_bytes) and reference.size_bytes != found.size_bytes:
        return f"{reference.uri} has {found.size_bytes} bytes, and had {reference.size_bytes} when it was adopted"
    if reference.etag is not None and found.etag is None:
        raise TransportError(f"{reference.uri} has no ETag any more, so nothing tells whether it has changed")
    if reference.etag is not None and _strong(reference.etag) != _strong(found.etag):
        return f"{reference.uri} has the ETag {found.etag}, and had {reference.etag} when it was adopted"
    return None


def _strong(etag: str | None) -> str | None:
    """Without the mark of a weak one, which a proxy may add to the same file."""
    return None if etag is None else etag.removeprefix("W/")


def _read(uri: str, target: Path | None, most_bytes: int | None, until: float | None) -> Found:
    """All of a file, written to `target` or only hashed; no more than a part beyond `most_bytes` of it, or where its
    place does not say how long it is, beyond what is read of such a one.
    """
    _, opened = _of(uri)
    sha256 = hashlib.sha256()
    size_bytes = 0
    with opened(uri) as (said, parts), open(target or os.devnull, "wb") as copy:
        _check_said(uri, said, most_bytes, target)
        for part in parts:
            if until is not None and time.monotonic() > until:
                raise TransportError(f"{uri} was not read in time: {size_bytes} bytes came")
            size_bytes += len(part)
            if most_bytes is not None and size_bytes > most_bytes:
                raise ChangedError(f"{uri} has more than the {most_bytes} bytes that it had when it was adopted")
            if said.size_bytes is None and size_bytes > UNSAID_BYTES:
                raise TransportError(f"{uri} goes on after {size_bytes} bytes, and does not say how many it has")
            sha256.update(part)
            copy.write(part)
    if said.size_bytes is not None and said.size_bytes != size_bytes:
        raise TransportError(f"{uri} broke off after {size_bytes} bytes of {said.size_bytes}")
    return Found(size_bytes, said.etag, sha256.hexdigest())


def _check_said(uri: str, said: Found, most_bytes: int | None, target: Path | None) -> None:
    """Before a byte is read: what its place says that a file has must be what it had, and have room here."""
    if said.size_bytes is None:
        return
    if most_bytes is not None and said.size_bytes != most_bytes:
        raise ChangedError(f"{uri} has {said.size_bytes} bytes, and had {most_bytes} when it was adopted")
    if target is not None and said.size_bytes > (free_bytes := shutil.disk_usage(target.parent).free):
        raise TransportError(f"{uri} has {said.size_bytes} bytes, and {free_bytes} are free in {target.parent}")


_Head = Callable[[str], Found]
_Opened = Callable[[str], AbstractContextManager[tuple[Found, Iterable[Any]]]]


def _of(uri: str) -> tuple[_Head, _Opened]:
    """How a place is asked, and how it is read."""
    scheme = urlsplit(uri).scheme.lower()
    if scheme == "file":
        return _head_file, _open_file
    if scheme in ("http", "https"):
        return _head_web, _open_web
    if scheme in ("s3", "gs"):
        return _head_object, _open_object
    raise ValueError(f"{uri!r:.200} is none of {', '.join(f'{each}://' for each in SCHEMES)}")


def _head_file(uri: str) -> Found:
    with _open_file(uri) as (found, _):
        return found


@contextmanager
def _open_file(uri: str) -> Generator[tuple[Found, Iterator[bytes]]]:
    path = local_path(uri)
    assert path is not None  # as the scheme says
    with open_local(path) as source:
        yield Found(os.fstat(source.fileno()).st_size), iter(lambda: source.read(_PART_BYTES), b"")


def _head_web(uri: str) -> Found:
    """By HEAD; a place that does not answer that is asked for the file, and not listened to."""
    with _session() as session, _asking(uri):
        answer = session.head(uri, allow_redirects=True, timeout=_TIMEOUTS_S)
        if answer.ok:
            return _told(answer)
    with _open_web(uri) as (found, _):
        return found


@contextmanager
def _open_web(uri: str) -> Generator[tuple[Found, Iterator[bytes]]]:
    with _session() as session, _asking(uri), session.get(uri, stream=True, timeout=_TIMEOUTS_S) as answer:
        if answer.status_code in _GONE:
            raise FileNotFoundError(f"there is no file at {uri}: it answers {answer.status_code} {answer.reason}")
        if not answer.ok:
            raise TransportError(f"{uri} answers {answer.status_code} {answer.reason}")
        yield _told(answer), answer.iter_content(_PART_BYTES)


def _session() -> requests.Session:
    import requests  # 100 ms, for those who read addresses

    session = requests.Session()
    session.headers["Accept-Encoding"] = "identity"  # the size is then that of the file
    return session


@contextmanager
def _asking(uri: str) -> Generator[None]:
    import requests

    try:
        yield
    except requests.RequestException as error:
        text = " ".join(str(error).split())
        raise TransportError(f"{uri} cannot be reached ({type(error).__name__}: {text:.200})") from error


def _told(answer: requests.Response) -> Found:
    size = answer.headers.get("Content-Length", "")
    is_plain = answer.headers.get("Content-Encoding", "identity") == "identity"
    size_bytes = int(size) if is_plain and size.isascii() and size.isdigit() else None
    return Found(size_bytes, answer.headers.get("ETag", "")[:500] or None)


def _head_object(uri: str) -> Found:
    with _store(uri) as (obstore, store, key):
        return _meant(obstore.head(store, key))


@contextmanager
def _open_object(uri: str) -> Generator[tuple[Found, Iterable[Any]]]:
    with _store(uri) as (obstore, store, key):
        got = obstore.get(store, key)
        yield _meant(got.meta), got.stream(_PART_BYTES)


def _meant(meta: Any) -> Found:
    etag = meta["e_tag"]
    return Found(meta["size"], None if etag is None else str(etag)[:500])


_reader: int | None = None
"""The process that has read from object storage: obstore's threads are its own, and a fork would wait for them."""


@contextmanager
def _store(uri: str) -> Generator[tuple[Any, Any, str]]:
    """The library, the bucket and the name in it; whatever goes wrong is told in one line."""
    from datetime import timedelta

    try:
        import obstore
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise TrackerError(f'{uri} is read with obstore: pip install "tracker-runs[s3]"') from None
    global _reader
    if _reader not in (None, os.getpid()):
        raise TrackerError(
            f"{uri} cannot be read in a forked process, as the one before has read from object storage already; "
            'start processes by "spawn", or read nothing from there before they are forked'
        )
    _reader = os.getpid()
    scheme, _, rest = uri.partition("://")
    endpoint, config = _endpoint(scheme.lower())
    try:
        store = from_url(
            f"{scheme.lower()}://{rest.partition('/')[0]}",
            config=config,
            client_options={
                "connect_timeout": timedelta(seconds=_TIMEOUTS_S[0]), "timeout": timedelta(hours=6),
                "allow_http": endpoint.startswith("http://"),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
        )  # fmt: skip
        yield obstore, store, _key(uri)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file at {uri}") from None
    except (BaseError, PermissionError) as error:
        said = str(error).partition("\n")[0]
        raise TransportError(f"{uri} cannot be read: {said:.300}") from None


def _endpoint(scheme: str) -> tuple[str, Any]:
    """Where the environment says that the store is, if it does, and what the library has to be told of it."""
    if scheme == "s3":
        return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "", None
    emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")
    if not emulator:
        return "", None
    url = emulator if "://" in emulator else f"http://{emulator}"
    account = {"gcs_base_url": url, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    return url, {"service_account_key": msgspec.json.encode(account).decode()}


def _key(uri: str) -> str:
    """The name in the bucket, in which nothing stands for anything else."""
    return uri.partition("://")[2].partition("/")[2]
