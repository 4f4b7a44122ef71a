"""Other trackers beside ours, in the same run on the same machine: `python -m benchmarks --peers`.

Each works into an empty folder of this machine that is deleted afterwards, with its defaults otherwise: one that makes
a database when it first starts pays for that. A proxy that does not exist keeps it from the network. A peer that is not
installed, or fails, says so in its row: no figure is made up.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.peer_training import MODULES
from benchmarks.processes import ROOT, fresh_server
from tests.processes import environment

PYTHON_OF_PEERS = ROOT / ".venv-peers" / "bin" / "python"
PEERS = ("tracker, server up", "tracker, offline", *(name for name in MODULES if name != "tracker"))
NOWHERE = "http://127.0.0.1:9"
LONGEST_S = 600.0
QUIET = {
    "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "ALL_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost",
    "DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "WANDB_MODE": "offline", "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False", "AIM_UI_TELEMETRY_ENABLED": "0",
}  # fmt: skip
COLUMNS = ("import_ms", "init_ms", "p50_us", "p99_us", "total_s")


@dataclass(frozen=True)
class Measured:
    """One peer: the median of each column, or why there is none."""

    peer: str
    version: str = ""
    medians: dict[str, float] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    failure: str = ""


class PeerFailed(Exception):
    """A peer's process did not get to its end; the message is its last line."""


def measure(*, repetitions: int, calls: int) -> list[Measured]:
    """Every peer in turn, in the Python of `make bench-peers` where there is one."""
    python = str(PYTHON_OF_PEERS) if PYTHON_OF_PEERS.exists() else sys.executable
    return [_measure_one(python, peer, repetitions, calls) for peer in PEERS]


def table(measured: Sequence[Measured], calls: int) -> str:
    """A row for each peer."""
    head = ("tracker", "version", "import", "start", "log() p50", "log() p99", f"{calls:,} calls and finish")
    rows = [head, *(_row(one) for one in measured)]
    widths = [max(len(row[column]) for row in rows if column < len(row) - 1) for column in range(len(head) - 1)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=False)) for row in rows]
    return "\n".join([lines[0], "─" * len(lines[0]), *lines[1:]])


def _row(one: Measured) -> tuple[str, ...]:
    if one.failure:
        return one.peer, one.version, f"not measured: {one.failure}"
    units = ("ms", "ms", "µs", "µs", "s")
    cells = (f"{_number(one.medians[column])} {unit}" for column, unit in zip(COLUMNS, units, strict=True))
    return one.peer, one.version, *cells


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _measure_one(python: str, peer: str, repetitions: int, calls: int) -> Measured:
    print(f"measuring {peer}…", file=sys.stderr, flush=True)
    name = peer.partition(",")[0]
    try:
        if not _is_installed(python, name):
            return Measured(peer, failure="not installed here")
        taken = [_take(python, name, peer, calls) for _ in range(repetitions)]
    except (PeerFailed, subprocess.TimeoutExpired) as error:
        return Measured(peer, failure=str(error))
    values = {column: [float(one[column]) for one in taken] for column in COLUMNS}
    medians = {column: statistics.median(column_values) for column, column_values in values.items()}
    return Measured(peer, taken[0]["version"], medians, values)


def _is_installed(python: str, name: str) -> bool:
    found = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({MODULES[name]!r}) is None)"
    return subprocess.run([python, "-c", found], cwd=ROOT, check=False, timeout=60).returncode == 0


def _take(python: str, name: str, peer: str, calls: int) -> dict[str, Any]:
    with _environment_of(peer) as (env, folder):
        bare_s, _ = _run([python, "-c", "pass"], env)
        import_s, _ = _run([python, "-c", f"import {MODULES[name]}"], env)
        _, printed = _run([python, "-m", "benchmarks.peer_training", name, str(calls), str(folder)], env)
    done: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return {**done, "import_ms": 1000 * (import_s - bare_s)}


@contextmanager
def _environment_of(peer: str) -> Iterator[tuple[dict[str, str], Path]]:
    """Of a home that is empty, and without a way to the network."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
        env = {**kept, **QUIET, "HOME": made, "TRACKIO_DIR": made, "WANDB_DIR": made, "TMPDIR": made}
        if peer == "tracker, server up":
            with fresh_server() as server:
                yield {**env, **_ours(server.url, folder)}, folder
        elif peer == "tracker, offline":
            yield {**env, **_ours(NOWHERE, folder), "TRACKER_MODE": "offline"}, folder
        else:
            yield env, folder


def _ours(url: str, folder: Path) -> dict[str, str]:
    return {name: value for name, value in environment(url, folder).items() if name.startswith("TRACKER_")}


def _run(command: list[str], env: dict[str, str]) -> tuple[float, str]:
    """Seconds until it ended, and what it printed; PeerFailed with its last line where its status is not 0."""
    begun = time.perf_counter()
    done = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=LONGEST_S, check=False
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()
        raise PeerFailed(said[-1][:200])
    return time.perf_counter() - begun, done.stdout
