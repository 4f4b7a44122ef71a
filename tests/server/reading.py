"""Readers that do what hostile files make readers do; the main module of a process of `confined`."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

import msgspec

from tracker_server import confined
from tracker_server.errors import Refused


class Task(msgspec.Struct, frozen=True):
    what: str


class Found(msgspec.Struct, frozen=True):
    text: str


def do(paths: tuple[Path, ...], task: Task) -> Found:
    """One thing, by its name."""
    match task.what:
        case "read":
            return Found(paths[0].read_text())
        case "pid":
            return Found(str(os.getpid()))
        case "environment":
            return Found(" ".join(sorted(os.environ)))
        case "modules":
            return Found(" ".join(sorted(sys.modules)))
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "sleep":
            time.sleep(60)
        case "spin":
            while True:
                pass
        case "eat":
            return Found("x" * 8 * 1024**3)
        case "shout":
            return Found("x" * 64 * 1024**2)
        case "print":
            print("x" * 100_000, flush=True)
            return Found("printed")
        case "write":
            (paths[0].parent / "written").write_text("x")
        case "connect":
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        case "program":
            os.system("true")
        case "open":
            files = [paths[0].open() for _ in range(1000)]
            return Found(str(len(files)))
        case "refuse":
            raise Refused("bad_filter", "there is no column x", field="filter", position=3)
        case "doubt":
            raise confined.Unreadable("its footer lies")
        case "panic":
            raise SystemExit("as native code does")
    raise AssertionError(task.what)


if __name__ == "__main__":
    confined.serve({"trial.do": confined.reader(Task, do)})
