"""The same training with one tracker or another: logs ten metrics a step and prints, as JSON, what that cost it.

    python -m benchmarks.peer_training <peer> <calls> <folder>

Run in a process of its own, by a Python in which the peer is installed; it imports nothing of this project but, for our
own turn, `tracker`. Everything is kept in `folder`: the environment that `benchmarks.peers` gives allows no network.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

METRICS = 10
VARIANTS = 1009
MODULES = {
    "tracker": "tracker",
    "mlflow": "mlflow",
    "wandb": "wandb",
    "tensorboardX": "tensorboardX",
    "trackio": "trackio",
    "aim": "aim",
}
"""The module that a program imports for each peer."""

DISTRIBUTIONS = {**MODULES, "tracker": "tracker-ml"}

Log = Callable[[dict[str, float], int], None]
Started = tuple[Log, Callable[[], object]]


def measure(peer: str, calls: int, folder: Path) -> dict[str, Any]:
    """Milliseconds of starting, microseconds of a call, and seconds from the first call until all is put away."""
    chance = random.Random(7)
    rows = [{f"train/metric_{number}": chance.random() for number in range(METRICS)} for _ in range(VARIANTS)]
    module = importlib.import_module(MODULES[peer])
    clock = time.perf_counter_ns
    begun = clock()
    log, finish = STARTS[peer](module, folder)
    started = clock()
    costs = []
    first = clock()
    for step in range(calls):
        row = rows[step % VARIANTS]
        before = clock()
        log(row, step)
        costs.append(clock() - before)
    finish()
    ended = clock()
    costs.sort()
    return {
        "version": metadata.version(DISTRIBUTIONS[peer]),
        "init_ms": (started - begun) / 1e6,
        "p50_us": costs[len(costs) // 2] / 1e3,
        "p99_us": costs[len(costs) * 99 // 100] / 1e3,
        "total_s": (ended - first) / 1e9,
    }


def _start_tracker(tracker: Any, _folder: Path) -> Started:
    run = tracker.init("bench", finish_timeout_s=600)
    return lambda row, step: run.log(row, step=step), run.finish


def _start_mlflow(mlflow: Any, folder: Path) -> Started:
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment("bench")
    mlflow.start_run()
    return lambda row, step: mlflow.log_metrics(row, step=step), mlflow.end_run


def _start_wandb(wandb: Any, folder: Path) -> Started:
    run = wandb.init(project="bench", mode="offline", dir=str(folder))
    return lambda row, step: run.log(row, step=step), run.finish


def _start_tensorboardx(tensorboard: Any, folder: Path) -> Started:
    writer = tensorboard.SummaryWriter(logdir=str(folder / "events"))

    def log(row: dict[str, float], step: int) -> None:
        for name, value in row.items():
            writer.add_scalar(name, value, step)

    return log, writer.close


def _start_trackio(trackio: Any, _folder: Path) -> Started:
    trackio.init(project="bench")
    return lambda row, step: trackio.log(row, step=step), trackio.finish


def _start_aim(aim: Any, folder: Path) -> Started:
    run = aim.Run(repo=str(folder / "aim"), experiment="bench")
    return lambda row, step: run.track(row, step=step), run.close


STARTS: dict[str, Callable[[Any, Path], Started]] = {
    "tracker": _start_tracker,
    "mlflow": _start_mlflow,
    "wandb": _start_wandb,
    "tensorboardX": _start_tensorboardx,
    "trackio": _start_trackio,
    "aim": _start_aim,
}

if __name__ == "__main__":
    print("\n" + json.dumps(measure(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
