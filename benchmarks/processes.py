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
from typing import Any

from tests.processes import Server, environment

ROOT = Path(__file__).resolve().parent.parent
LONGEST_S = 900


@contextmanager
def fresh_server() -> Iterator[Server]:
    """A server on an empty folder on disk, stopped and deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder, Server(Path(folder) / "server") as server:
        yield server


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


def run_python(arguments: list[str]) -> None:
    """Run a bare Python to its end."""
    subprocess.run(
        [sys.executable, *arguments], check=True, timeout=60, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    )
