"""Other trackers beside ours, in the same run on the same machine: `python -m benchmarks --peers`.

The same work end to end: ten metrics a step, until every point can be read back. Each works into an empty folder of
this machine that is deleted afterwards, with its defaults otherwise, and with its server where it has one. It logs for
a few seconds at most, so a slow one logs fewer points. A proxy that does not exist keeps it from the network. A peer
that is not installed, or fails, says so in its row: no figure is made up. No process of a peer outlives its turn.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import tables
from benchmarks.figures import Machine
from benchmarks.peer_training import PEERS, SERVER, Peer
from benchmarks.processes import ROOT, ended, size_of
from tests.processes import Server, environment, free_port

ENVIRONMENTS = "TRACKER_BENCH_PEERS"
"""Names the folder of the peers' environments, one each; `make bench-peers` sets it. Without it, there is only ours."""

CALLS = {"tracker, served": 1_000_000, "tracker, offline": 1_000_000}
CALLS_OF_OTHERS = 100_000
QUICK_CALLS = 100
SECONDS = 8.0
GOAL = 10.0
NOWHERE = "http://127.0.0.1:9"
LONGEST_S = 240.0
LONGEST_START_S = 60.0
LONGEST_STOP_S = 20.0
QUIET = {
    "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "ALL_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost",
    "DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "WANDB_MODE": "offline", "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False", "AIM_UI_TELEMETRY_ENABLED": "0", "TRACKIO_WRITE_TOKEN": "bench",
}  # fmt: skip
COLUMNS = ("calls", "import_ms", "start_ms", "p50_us", "p99_us", "points_per_s", "bytes_a_point", "read_ms")
HEAD = (
    "tracker", "version", "calls of 10", "import", "start", "log() p50", "p99", "points/s until readable",
    "bytes/point on disk", "one series read back", "read back by",
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One peer: the median of each column, or why there is none."""

    peer: str
    version: str = ""
    reads_by: str = ""
    medians: dict[str, float] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    failure: str = ""


class PeerFailed(Exception):
    """A peer's process did not get to its end; the message is its last line, or says that it took too long."""


@dataclass(frozen=True)
class Comparison:
    """All peers in one run, and where it was taken."""

    command: str
    repetitions: int
    machine: Machine
    peers: Sequence[Measured]


def compare(*, repetitions: int, is_quick: bool) -> Comparison:
    """Every peer in turn."""
    machine = Machine()
    measured = [_measure_one(name, peer, repetitions, is_quick) for name, peer in PEERS.items()]
    return Comparison(f"python -m benchmarks --peers{' --quick' * is_quick}", repetitions, machine, measured)


def read(file: Path) -> Comparison:
    """The comparison that was kept last; FileNotFoundError where there is none."""
    return msgspec.json.decode(file.read_bytes(), type=Comparison)


def write(file: Path, comparison: Comparison) -> None:
    """Keep it, in place of the last one."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(comparison), indent=2) + b"\n")


def rendered(comparison: Comparison, *, in_markdown: bool) -> str:
    """A row for each peer, and below it ours over the fastest one that serves, and how it was measured."""
    rows = [HEAD, *(_row(one) for one in comparison.peers)]
    drawn = tables.in_markdown(rows) if in_markdown else tables.in_columns(rows)
    how = f"`{comparison.command}`, medians of {comparison.repetitions}, {comparison.machine}"
    return f"{drawn}\n\n{_verdict(comparison.peers)}\n{how}"


def lead(measured: Sequence[Measured]) -> tuple[float, str] | None:
    """How many times the points a second of the fastest other tracker with a server, and its name; None without one."""
    rates = {one.peer: one.medians["points_per_s"] for one in measured if one.medians and "served" in one.peer}
    ours = rates.pop("tracker, served", None)
    if ours is None or not rates:
        return None
    fastest = max(rates, key=rates.__getitem__)
    return ours / rates[fastest], fastest


def _verdict(measured: Sequence[Measured]) -> str:
    found = lead(measured)
    if found is None:
        return "No other tracker with a server could be measured: ours stands beside none."
    times, fastest = found
    verdict = "✓" if times >= GOAL else "✗"
    return f"Ours takes in {times:.1f} × the points a second of {fastest} (goal ≥ {GOAL:g} {verdict})."


def _row(one: Measured) -> tuple[str, ...]:
    if one.failure:
        return one.peer, one.version, f"not measured: {one.failure}"
    units = dict(zip(COLUMNS, ("", " ms", " ms", " µs", " µs", "", "", " ms"), strict=True))
    cells = [tables.number(one.medians[name]) + unit if name in one.medians else "" for name, unit in units.items()]
    return one.peer, one.version, *cells, one.reads_by


def _measure_one(name: str, peer: Peer, repetitions: int, is_quick: bool) -> Measured:
    print(f"measuring {name}…", file=sys.stderr, flush=True)
    calls = QUICK_CALLS if is_quick else CALLS.get(name, CALLS_OF_OTHERS)
    python = _python_of(peer)
    if not _is_installed(python, peer):
        return Measured(name, failure="not installed here")
    try:
        taken = [_take(python, name, calls) for _ in range(repetitions)]
    except PeerFailed as error:
        return Measured(name, failure=str(error))
    values = {column: [float(one[column]) for one in taken if one[column] is not None] for column in COLUMNS}
    medians = {column: statistics.median(found) for column, found in values.items() if found}
    return Measured(name, taken[0]["version"], taken[0]["reads_by"], medians, values)


def _python_of(peer: Peer) -> str:
    """The one of the peer's own environment; ours is that which runs this."""
    folder = os.environ.get(ENVIRONMENTS)
    if peer.module == "tracker" or not folder:
        return sys.executable
    return str(Path(folder, peer.distribution, "bin", "python"))


def _is_installed(python: str, peer: Peer) -> bool:
    found = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({peer.module!r}) is None)"
    return Path(python).exists() and not subprocess.run([python, "-c", found], cwd=ROOT, check=False).returncode


def _take(python: str, name: str, calls: int) -> dict[str, Any]:
    """One repetition. What is on disk is weighed once all processes have ended, less what was there before logging."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        with _environment_of(python, name, folder) as env:
            command = [python, "-m", "benchmarks.peer_training", name, str(calls), str(SECONDS), str(folder)]
            printed = _run(command, env)
        done: dict[str, Any] = json.loads(printed.splitlines()[-1])
        grown = size_of(folder) - done["bytes_before"]
    return {**done, "bytes_a_point": grown / (10 * done["calls"])}


@contextmanager
def _environment_of(python: str, name: str, folder: Path) -> Iterator[dict[str, str]]:
    """Of a home that is empty, without a way to the network, and with the peer's server where it has one."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    home = str(folder)
    env = {**kept, **QUIET, "HOME": home, "TRACKIO_DIR": home, "WANDB_DIR": home, "TMPDIR": home}
    if name in SERVERS:
        port = free_port()
        command, path = SERVERS[name](python, folder, port)
        address = f"http://127.0.0.1:{port}"
        with _serving(command, {**env, "TRACKIO_DIR": f"{folder}/server"}, f"{address}{path}", folder):
            yield {**env, SERVER: f"{address}/?write_token=bench" if "trackio" in name else address}
    elif name == "tracker, served":
        with ended(Server(folder / "server")) as server, server:
            yield {**env, **_ours(server.url, folder)}
            server.stop()
    elif name == "tracker, offline":
        yield {**env, **_ours(NOWHERE, folder), "TRACKER_MODE": "offline"}
    else:
        yield env


def _serve_mlflow(python: str, folder: Path, port: int) -> tuple[list[str], str]:
    command = [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    store = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts"]
    return [*command, *store], "/health"


def _serve_trackio(python: str, _folder: Path, port: int) -> tuple[list[str], str]:
    code = f"import trackio; trackio.show(open_browser=False, block_thread=True, host='127.0.0.1', server_port={port})"
    return [python, "-c", code], "/"


SERVERS: dict[str, Callable[[str, Path, int], tuple[list[str], str]]] = {
    "mlflow, served": _serve_mlflow,
    "trackio, served": _serve_trackio,
}
"""The command of each server, and a page of it that answers once it is up."""


@contextmanager
def _serving(command: list[str], env: dict[str, str], address: str, folder: Path) -> Iterator[None]:
    """A peer's server, until it has ended as it was asked to, or is killed for not ending."""
    log = folder / "peer-server.log"
    with log.open("ab") as written, _started(command, env=env, cwd=folder, stdout=written, stderr=written) as server:
        end = time.monotonic() + LONGEST_START_S
        while not _answers(address):
            if server.poll() is not None or time.monotonic() > end:
                raise PeerFailed(f"its server does not answer: {_last_line(log.read_text(errors='replace'))}")
            time.sleep(0.1)
        yield
        os.killpg(server.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            server.wait(LONGEST_STOP_S)


@contextmanager
def _started(command: list[str], **how: Any) -> Iterator[subprocess.Popen[str]]:
    """A process in a group of its own; what is left of the group in the end is killed, so also when interrupted."""
    process = subprocess.Popen(command, start_new_session=True, text=True, errors="replace", **how)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _ours(url: str, folder: Path) -> dict[str, str]:
    return {name: value for name, value in environment(url, folder).items() if name.startswith("TRACKER_")}


def _run(command: list[str], env: dict[str, str]) -> str:
    """What it printed; PeerFailed where its status is not 0, or it does not end."""
    with _started(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            printed, complained = process.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            raise PeerFailed(f"it has not ended after {LONGEST_S:.0f} s") from None
    if process.returncode != 0:
        raise PeerFailed(_last_line(complained) or _last_line(printed) or f"exit status {process.returncode}")
    return str(printed)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1][:200]
