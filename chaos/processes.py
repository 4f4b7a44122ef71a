"""The processes of a scenario: a server in a folder of its own, training processes, the command line."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import processes_of
from tests.processes import Server, environment, tracker, wait_until

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tracker-chaos-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def fresh_server() -> Iterator[Server]:
    """A server on an empty folder, ended and deleted afterwards."""
    with fresh_folder() as folder, Server(folder / "server") as server:
        yield server


def train(url: str, folder: Path, what: str, *words: str, **more: str) -> subprocess.Popen[str]:
    """Start a piece of `chaos.training`, with its journals in `folder`."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "chaos.training", what, *words],
        env=environment(url, folder, PYTHONPATH=path, **more), cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def end(processes: list[subprocess.Popen[str]]) -> None:
    """Leave none of them behind."""
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    """What a process printed first. Raises AssertionError with its errors where it ended before."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise AssertionError(f"the training process ended before it began: {process.communicate()[1]}")
    return line


def is_ready(server: Server) -> bool:
    try:
        with urllib.request.urlopen(f"{server.url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def seconds_until_ready(server: Server) -> float:
    """Start a server that is not running; how long it took until it was ready for requests."""
    begun = time.monotonic()
    server.start()
    wait_until(lambda: is_ready(server), "the server is ready")
    return time.monotonic() - begun


def memory_of(server: Server) -> int:
    """Bytes that are the server's alone: without the pages of files, which the system may take back."""
    infos = [process.memory_info() for process in processes_of(server)]
    return sum(info.rss - info.shared for info in infos)


def fsck(server: Server) -> list[str]:
    """What `tracker fsck` finds wrong with the data of a server: nothing, where all is well."""
    done = tracker(["fsck", "--data", str(server.data)], dict(os.environ), timeout_s=600)
    return [] if done.returncode == 0 else [f"fsck ends with status {done.returncode}: {done.stdout}{done.stderr}"]
