"""The process that reads: its limits, and the loop in which it is asked.

What always holds: the limits stand before the first file is opened, and no reader can raise them. Nothing of this runs
in the server.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec

from tracker_server.confined import wire
from tracker_server.errors import ApiError

MEMORY_BYTES = 3 * 1024**3
"""Of address space, beyond the size of the files themselves, which may be mapped."""

MAX_OPEN_FILES = 64
IDLE_S = 120.0
MAX_REASON = 500

_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "pty.")
"""Beginnings of what Python tells an audit hook before it does it."""

Q = TypeVar("Q", bound=msgspec.Struct)


class Unreadable(Exception):
    """The file is not what it should be; the text says in what."""


@dataclass(frozen=True)
class Reader:
    """A function that reads files, with the struct that says what of them."""

    query: type[msgspec.Struct]
    function: Callable[[tuple[Path, ...], Any], msgspec.Struct]


def reader(query: type[Q], function: Callable[[tuple[Path, ...], Q], msgspec.Struct]) -> Reader:
    """A reader, whose function takes what its query type says."""
    return Reader(query, function)


def serve(readers: Mapping[str, Reader]) -> NoReturn:
    """Be the process that reads with these readers, until nobody asks any more: the end of its module."""
    asked_fd, told_fd = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)  # whatever a library prints is no answer
    _confine()
    with suppress(wire.Ended, wire.TooLate):  # the server is gone, or has not asked for long
        wire.send(told_fd, wire.Ready())
        while True:
            asked = msgspec.msgpack.decode(wire.receive(asked_fd, time.monotonic() + IDLE_S), type=wire.Asked)
            answer = _answer(readers, asked)
            _send(told_fd, answer)
            if isinstance(answer, wire.Failed) and answer.is_last:
                break
    sys.stdout.flush()
    os._exit(0)  # threads of native code are not waited for


def _send(fd: int, answer: wire.Said) -> None:
    try:
        wire.send(fd, answer)
    except ValueError as error:
        wire.send(fd, wire.Failed(str(error)))


def _answer(readers: Mapping[str, Reader], asked: wire.Asked) -> wire.Said:
    try:
        found = readers[asked.reader]
        query = msgspec.msgpack.decode(asked.query, type=found.query)
        paths = tuple(Path(path) for path in asked.paths)
        _allow(asked.cpu_s, sum(path.stat().st_size for path in paths))
        return wire.Answered(msgspec.Raw(msgspec.msgpack.encode(found.function(paths, query))))
    except ApiError as error:
        return wire.Refusal(error.status, error.code, error.message, error.field, error.details)
    except Unreadable as error:
        return wire.Failed(str(error)[:MAX_REASON])
    except MemoryError:
        return wire.Failed("reading it takes more memory than one file is given", is_last=True)
    except Exception as error:  # a reader's library says by any exception that it cannot read this
        return wire.Failed(f"{type(error).__name__}: {error}"[:MAX_REASON])
    except BaseException as error:  # a panic of native code is no Exception, and leaves behind who knows what
        return wire.Failed(f"{type(error).__name__}: {error}"[:MAX_REASON], is_last=True)


def _confine() -> None:
    """Give up what reading needs not. Each where the system has it: the limits of time stand in any case."""
    with suppress(OSError):
        os.nice(5)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory ends, it ends here
    if sys.version_info >= (3, 12):
        with suppress(OSError):
            os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)  # a network of its own, in which there is nobody
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, limit))
    sys.addaudithook(_refuse)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"a process that reads files may not do {event}")


def _allow(cpu_s: float, file_bytes: int) -> None:
    """The limits of one question: what was spent before does not count."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(spent.ru_utime + spent.ru_stime + cpu_s) + 1
    for kind, limit in ((resource.RLIMIT_CPU, soft), (resource.RLIMIT_AS, MEMORY_BYTES + file_bytes)):
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))
