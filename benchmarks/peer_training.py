"""The same training with one tracker or another: logs ten metrics a step, reads a series back, prints what that cost.

    python -m benchmarks.peer_training <peer> <calls> <seconds> <folder>

Run in a process of its own, by a Python in which the peer is installed; it imports nothing of this project but, for our
own turn, `tracker`. It logs until it has made so many calls, or for so many seconds, whichever ends first. Everything
is kept in `folder`, or by the server whose address is in PEER_SERVER; the environment allows no network.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import random
import statistics
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

METRICS = 10
NAMES = [f"train/metric_{number}" for number in range(METRICS)]
VARIANTS = 100_003
"""So many different rows that whatever packs columns meets no value again in one of its blocks."""

READS = 3
PIXELS = 2000
LONGEST_WAIT_S = 60.0
SERVER = "PEER_SERVER"


@dataclass(frozen=True)
class Started:
    """A run that is being logged: `read` gives how many points of a metric came back, None where none can be had."""

    log: Callable[[dict[str, float], int], object]
    finish: Callable[[], object]
    read: Callable[[str], int] | None


@dataclass(frozen=True)
class Peer:
    """How a program uses it. `reads_by` names what gives a series back, or says why nothing does."""

    module: str
    distribution: str
    start: Callable[[Any, Path], Started]
    reads_by: str


def measure(peer: Peer, calls: int, seconds: float, folder: Path) -> dict[str, Any]:
    """What starting, logging, storing and reading back cost. Raises RuntimeError where points do not come back."""
    rows = _losses()
    clock = time.perf_counter
    begun = clock()
    module = importlib.import_module(peer.module)
    imported = clock()
    run = peer.start(module, folder)
    started = clock()
    bytes_before = _bytes_in(folder)
    first = clock()
    costs = _log(run, rows, calls, seconds)
    run.finish()
    readable = _readable_at(run, len(costs)) if run.read else clock()
    reading = [_seconds(run.read) for _ in range(READS)] if run.read else []
    costs.sort()
    return {
        "version": metadata.version(peer.distribution),
        "reads_by": peer.reads_by,
        "calls": len(costs),
        "import_ms": 1000 * (imported - begun),
        "start_ms": 1000 * (started - imported),
        "p50_us": costs[len(costs) // 2] / 1e3,
        "p99_us": costs[len(costs) * 99 // 100] / 1e3,
        "points_per_s": METRICS * len(costs) / (readable - first),
        "read_ms": 1000 * statistics.median(reading) if reading else None,
        "bytes_before": bytes_before,
    }


def _losses() -> list[dict[str, float]]:
    """Noisy ones as a float32 model gives them, all of them made before any clock runs."""
    chance, as_float32 = random.Random(7), struct.Struct("f")
    made = []
    for number in range(VARIANTS):
        height = math.exp(-3 * number / VARIANTS)
        noisy = [height + chance.gauss(0.0, 0.01) for _ in NAMES]
        made.append({name: as_float32.unpack(as_float32.pack(y))[0] for name, y in zip(NAMES, noisy, strict=True)})
    return made


def _log(run: Started, rows: list[dict[str, float]], calls: int, seconds: float) -> list[int]:
    """Nanoseconds of each call."""
    clock = time.perf_counter_ns
    end = clock() + int(seconds * 1e9)
    costs = []
    for step in range(calls):
        row = rows[step % VARIANTS]
        before = clock()
        run.log(row, step)
        after = clock()
        costs.append(after - before)
        if after > end:
            break
    return costs


def _readable_at(run: Started, count: int) -> float:
    """When all points could be read: the start of the first reading that found them in every metric."""
    assert run.read is not None
    end = time.perf_counter() + LONGEST_WAIT_S
    found = -1
    while time.perf_counter() < end:
        asked = time.perf_counter()
        found = run.read(NAMES[-1])
        if found == count and all(run.read(name) == count for name in NAMES):
            return asked
        time.sleep(0.05)
    raise RuntimeError(f"{LONGEST_WAIT_S:.0f} s after the end {found} of {count} points can be read")


def _seconds(read: Callable[[str], int]) -> float:
    begun = time.perf_counter()
    read(NAMES[0])
    return time.perf_counter() - begun


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _start_tracker(tracker: Any, _folder: Path) -> Started:
    import requests

    run = tracker.init("bench", finish_timeout_s=600)
    http = requests.Session()

    def read(name: str) -> int:
        body = {"runs": [run.id], "metrics": [name], "points": PIXELS}
        address, program = f"{os.environ['TRACKER_URL']}/api/v1/series", {"X-Tracker-Client": "benchmark"}
        found = http.post(address, json=body, headers=program, timeout=60).json()["series"]
        return int(found[0]["count"]) if found else 0

    is_served = os.environ.get("TRACKER_MODE") != "offline"
    return Started(lambda row, step: run.log(row, step=step), run.finish, read if is_served else None)


def _start_mlflow(mlflow: Any, _folder: Path) -> Started:
    mlflow.set_tracking_uri(os.environ[SERVER])
    mlflow.set_experiment("bench")
    run_id = mlflow.start_run().info.run_id
    client = mlflow.MlflowClient()

    def read(name: str) -> int:
        return len(client.get_metric_history(run_id, name))

    return Started(lambda row, step: mlflow.log_metrics(row, step=step), mlflow.end_run, read)


def _start_wandb(wandb: Any, folder: Path) -> Started:
    run = wandb.init(project="bench", mode="offline", dir=str(folder))
    return Started(lambda row, step: run.log(row, step=step), run.finish, None)


def _start_tensorboardx(tensorboard: Any, folder: Path) -> Started:
    reading = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    writer = tensorboard.SummaryWriter(logdir=str(folder / "events"))

    def log(row: dict[str, float], step: int) -> None:
        for name, value in row.items():
            writer.add_scalar(name, value, step)

    def read(name: str) -> int:
        events = reading.EventAccumulator(str(folder / "events"), size_guidance={"scalars": 0})
        events.Reload()
        return len(events.Scalars(name))

    return Started(log, writer.close, read)


def _start_trackio(trackio: Any, _folder: Path) -> Started:
    run = trackio.init(project="bench")
    storage = importlib.import_module("trackio.sqlite_storage").SQLiteStorage

    def read(name: str) -> int:
        return len(storage.get_metric_values("bench", run.name, name))

    return Started(lambda row, step: trackio.log(row, step=step), trackio.finish, read)


def _start_trackio_served(trackio: Any, _folder: Path) -> Started:
    client = importlib.import_module("trackio.remote_client").RemoteClient(os.environ[SERVER])
    run = trackio.init(project="bench", server_url=os.environ[SERVER])

    def read(name: str) -> int:
        return len(client.predict("bench", run.name, name, api_name="/get_metric_values"))

    return Started(lambda row, step: trackio.log(row, step=step), trackio.finish, read)


def _start_aim(aim: Any, folder: Path) -> Started:
    path = str(folder / "aim")
    run = aim.Run(repo=path, experiment="bench")
    context = importlib.import_module("aim.storage.context").Context({})
    indexing = importlib.import_module("aim.sdk.index_manager").RepoIndexManager

    def finish() -> None:
        run.close()
        indexing.get_index_manager(aim.Repo(path)).index(run.hash)  # as `aim up` does, or no run is found

    def read(name: str) -> int:
        stored = aim.Repo(path).get_run(run.hash)
        metric = stored and stored.get_metric(name, context)
        return len(metric.values.sparse_list()[0]) if metric else 0

    return Started(lambda row, step: run.track(row, step=step), finish, read)


_OURS = "POST /api/v1/series, 2,000 points"
_TRACKIO_SERVED = "its server's get_metric_values"

PEERS: dict[str, Peer] = {
    "tracker, served": Peer("tracker", "tracker-runs", _start_tracker, _OURS),
    "tracker, offline": Peer("tracker", "tracker-runs", _start_tracker, "nothing reads a journal back before its sync"),
    "mlflow, served": Peer("mlflow", "mlflow", _start_mlflow, "MlflowClient.get_metric_history"),
    "trackio, served": Peer("trackio", "trackio", _start_trackio_served, _TRACKIO_SERVED),
    "trackio, local": Peer("trackio", "trackio", _start_trackio, "SQLiteStorage.get_metric_values"),
    "aim, local": Peer("aim", "aim", _start_aim, "Repo.get_run(…).get_metric(…)"),
    "tensorboardX, local": Peer("tensorboardX", "tensorboardX", _start_tensorboardx, "tensorboard's EventAccumulator"),
    "wandb, offline": Peer("wandb", "wandb", _start_wandb, "nothing public reads an offline run back before its sync"),
}

if __name__ == "__main__":
    done = measure(PEERS[sys.argv[1]], int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
    print("\n" + json.dumps(done), flush=True)
    os._exit(0)  # some peers keep threads that wait for a network
