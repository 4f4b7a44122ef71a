"""Where the version that is served comes from: a model's alias or version on the tracking server, or a folder.

What always holds: a version that was fetched once is here and needs no server; only what an alias points at can change.
The process that forks the workers fetches nothing itself: what reads object storage has threads, which no fork bears.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from tracker import arguments, manifest, settings
from tracker.bundles import fetching
from tracker.bundles.consumers import Report
from tracker.bundles.folder import BundleError
from tracker.errors import RefusedError, TrackerError, TransportError
from tracker.settings import Settings
from tracker.transport import Transport

_READ_S: Final = 10.0
"""How long an answer about where the alias points may take."""


class Version(NamedTuple):
    """A version whose files are here. `number` is None for a folder's."""

    model: str
    number: int | None
    folder: Path


class Source(Protocol):
    """What is served."""

    model: str
    pointer: str | None
    """The alias or the version that was asked for; None for a folder."""
    follows: bool
    """Whether another version may come to be what is meant."""
    url: str | None
    """Of the tracking server; None where there is none."""

    def first(self) -> Version:
        """The version that is meant, fetched; while the server is away, the one that was meant when it was last asked
        for. Raises ValueError, TransportError, RefusedError, TrackerError."""

    def number(self) -> int | None:
        """The version that is meant now, as the server says. Raises TransportError, RefusedError."""

    def fetch(self, number: int | None) -> Version:
        """That version, fetched."""

    def report(self, address: str) -> Report | None:
        """What tells the tracking server which version this process holds; None where there is no such server."""


def named(what: str, *, url: str | None, known_as: str | None = None) -> Source:
    """What the command line means: a folder that has a `tracker.yaml`, or else `name@alias` or `name:v3`.

    A folder is `known_as` the version that it was packaged from. Raises ValueError, BundleError.
    """
    folder = Path(what).expanduser()
    if (folder / manifest.FILE_NAME).is_file():
        return Folder(folder.resolve(), *_version(known_as))
    if known_as is not None:
        raise ValueError(f"a version is known as what it is; {known_as!r} is for a folder, and {what!r} is none")
    if folder.is_dir() and not _is_reference(what):
        raise BundleError(f"{what} has no {manifest.FILE_NAME}, so it is no bundle; tracker.log_model makes one")
    if not _is_reference(what):
        raise ValueError(
            f"{what!r} is neither a folder with a {manifest.FILE_NAME} nor a model such as digits@production"
        )
    return Registered(what, settings.load(url=url))


def _is_reference(what: str) -> bool:
    try:
        arguments.model_reference(what)
    except ValueError:
        return False
    return True


def _version(ref: str | None) -> tuple[str | None, int | None]:
    """The model and the number of `name:v3`; of a name alone, no number."""
    if ref is None or ":" not in ref:
        return (None if ref is None else arguments.model(ref)), None
    name, pointer = arguments.model_reference(ref)
    if not pointer[1:].isdecimal():
        raise ValueError(f"a folder is known as a version such as {name}:v3, got {ref!r}")
    return name, int(pointer[1:])


class Folder:
    """A bundle in a folder, which is what it is."""

    def __init__(self, folder: Path, model: str | None = None, number: int | None = None) -> None:
        self.pointer: str | None = None
        self.follows = False
        self.url: str | None = None
        self.model = model or folder.name
        self._folder = folder
        self._number = number

    def first(self) -> Version:
        return self.fetch(self._number)

    def number(self) -> int | None:
        return self._number

    def fetch(self, number: int | None) -> Version:
        return Version(self.model, self._number, self._folder)

    def report(self, address: str) -> Report | None:
        return None


class Registered:
    """A version of a registered model, by alias or number."""

    def __init__(self, ref: str, chosen: Settings) -> None:
        self.model, pointer = arguments.model_reference(ref)
        self.pointer: str | None = pointer
        self.url: str | None = chosen.url
        self.follows = not (pointer[:1] == "v" and pointer[1:].isdecimal())
        self._settings = chosen
        self._transport: Transport | None = None

    def first(self) -> Version:
        ref = f"{self.model}@{self.pointer}" if self.follows else f"{self.model}:{self.pointer}"
        return _apart(lambda: self._fetched(ref))

    def number(self) -> int | None:
        if self._transport is None:  # of this process: a worker has none of its parent's connections
            self._transport = Transport(self._settings.url, self._settings.api_key, read_timeout_s=_READ_S)
        assert self.pointer is not None
        version = self._transport.resolve_model(self.model, self.pointer).get("version")
        if not isinstance(version, int) or isinstance(version, bool):
            raise TransportError(f"{self.url} did not say which version {self.model}@{self.pointer} is")
        return version

    def fetch(self, number: int | None) -> Version:
        return self._fetched(f"{self.model}:v{number}")

    def report(self, address: str) -> Report:
        return Report(self._settings, self.model, str(self.pointer), kind="serve", address=address)

    def _fetched(self, ref: str) -> Version:
        resolved, bundle = fetching.fetch(ref, self._settings)
        return Version(self.model, resolved.version, bundle.folder)


class _Outcome(msgspec.Struct, frozen=True):
    """What a process that fetched tells the one that waits for it: the version, or what went wrong."""

    version: tuple[str, int | None, str] | None = None
    wrong: Literal["value", "transport", "refused", "other"] = "other"
    said: str = ""
    code: str = ""


def _apart(fetch: Callable[[], Version]) -> Version:
    """What `fetch` gives, called in a process of its own. Raises what that raises, by its words."""
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(fetch, sending))
    process.start()
    sending.close()
    try:
        outcome = msgspec.json.decode(receiving.recv_bytes(), type=_Outcome)
    except EOFError:
        raise TrackerError("the process that fetched the version ended before it was there") from None
    finally:
        receiving.close()
        process.terminate()
        process.join()
    if outcome.version is not None:
        model, number, folder = outcome.version
        return Version(model, number, Path(folder))
    if outcome.wrong == "refused":
        raise RefusedError(outcome.said, code=outcome.code)
    raise {"value": ValueError, "transport": TransportError}.get(outcome.wrong, TrackerError)(outcome.said)


def _tell(fetch: Callable[[], Version], sending: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who waits for this ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        version = fetch()
        outcome = _Outcome((version.model, version.number, str(version.folder)))
    except (TrackerError, OSError, ValueError) as error:
        outcome = _failed(error)
    sending.send_bytes(msgspec.json.encode(outcome))


def _failed(error: Exception) -> _Outcome:
    said = str(error)
    if isinstance(error, RefusedError):
        return _Outcome(wrong="refused", said=said, code=error.code)
    if isinstance(error, TransportError):
        return _Outcome(wrong="transport", said=said)
    return _Outcome(wrong="value" if isinstance(error, ValueError) else "other", said=said)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
