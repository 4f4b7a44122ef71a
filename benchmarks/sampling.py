"""What sampling the machine costs: the CPU time of the sampling thread, as a share of a core."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psutil

from benchmarks.figures import Ceiling, Figure
from tracker.host import ProcessTree
from tracker.live_run import Run
from tracker.records import RunStarted, SystemSampled
from tracker.settings import Settings
from tracker.system import Probe, Sampler, probes_of_this_machine

WORKERS = 16
FAST_S = 0.05
LONGEST_S = 120.0
# the first ones fill caches, once in a run
WARMING_UP = 3


def figures(*, repetitions: int, samples: int) -> list[Figure]:
    """The cost of a sample with its record in the journal, and of sampling every 10 s and every 1 s."""
    made = []
    for workers in (0, WORKERS):
        where = f"with {workers} child processes" if workers else "one process"
        with _child_processes(workers):
            costs_s = [_cost_s(samples) for _ in range(repetitions)]
            bare_s = [_bare_cost_s(samples) for _ in range(repetitions)]
        made += [
            Figure(f"sampling the machine every {interval_s} s, {where}", "% of a core",
                   [100 * cost_s / interval_s for cost_s in costs_s], goal,
                   ceiling=Ceiling("psutil alone", [100 * cost_s / interval_s for cost_s in bare_s]))
            for interval_s, goal in ((10, 0.5), (1, None))
        ]  # fmt: skip
        made.append(
            Figure(f"one sample of the machine, {where}", "ms CPU", [1000 * cost_s for cost_s in costs_s],
                   ceiling=Ceiling("psutil alone", [1000 * cost_s for cost_s in bare_s]))
        )  # fmt: skip
    return made


def _cost_s(samples: int) -> float:
    """The mean CPU time of a sample, with the probes of a run at the default interval and the pace of a fast one."""
    ends_s: list[float] = []
    enough = threading.Event()
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        settings = Settings(url="http://127.0.0.1:9", api_key=None, directory=Path(folder), mode="offline")
        run = Run(settings, RunStarted(time.time_ns() // 1_000_000, "bench", "bench", "w1"))

        def record(sample: SystemSampled) -> None:
            run.record_sample(sample)
            ends_s.append(time.thread_time())
            if len(ends_s) > samples + WARMING_UP:
                enough.set()

        sampler = Sampler(record, lambda: 0, interval_s=FAST_S, make_probes=_probes)
        try:
            if not enough.wait(LONGEST_S):
                raise RuntimeError(f"only {len(ends_s)} of {samples} samples came in {LONGEST_S:.0f} s")
        finally:
            sampler.close()
            run.finish()
    # from the end of one sample to the end of the next, so that waiting and keeping the pace count as well
    return statistics.mean(after - before for before, after in pairwise(ends_s[WARMING_UP : samples + WARMING_UP + 1]))


def _bare_cost_s(samples: int) -> float:
    """The mean CPU time of the same readings by psutil, at the same pace, which finds the caches as cold."""
    own, cost_s = psutil.Process(), 0.0
    for _ in range(samples):
        time.sleep(FAST_S)
        begun = time.thread_time()
        psutil.cpu_percent(percpu=True)
        psutil.virtual_memory()
        psutil.swap_memory()
        psutil.disk_usage("/")
        psutil.disk_io_counters()
        psutil.net_io_counters()
        for process in (own, *own.children(recursive=True)):
            with process.oneshot():
                process.cpu_times()
                process.memory_info()
                process.num_threads()
                process.num_fds()
        cost_s += time.thread_time() - begun
    return cost_s / samples


def _probes() -> list[Probe]:
    """As a run has them, but that looking for child processes costs nothing and so is done for each sample."""
    return probes_of_this_machine(tree=ProcessTree(cpu_clock=lambda: 0.0))


@contextmanager
def _child_processes(count: int) -> Iterator[None]:
    """Processes that do nothing, as the workers of a loader between two batches."""
    started = [subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.communicate(b"\n", timeout=30)
