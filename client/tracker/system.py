"""What the machine is doing while a run is alive: sampled by one thread, recorded as series `system/…`.

What always holds: sampling costs nothing in the training thread and keeps within a budget in its own; samples never
pile up; a probe that fails takes no other with it; every value is a finite number. What a machine does not have is not
there, without a word.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from tracker import amd, apple, gpu
from tracker.host import HostProbe, ProcessTree
from tracker.notices import notice
from tracker.records import SystemSampled

SHORTEST_INTERVAL_S: Final = 0.05
_FIRST_SAMPLE_S: Final = 1.0
_USUAL_INTERVAL_S: Final = 10.0
_USUAL_SHARE: Final = 0.005  # of a core
_FAST_SHARE: Final = 0.05  # whoever asks for more than usual agrees to pay for it
_MAX_FAILURES: Final = 3
_PCIE_FROM_S: Final = 5.0  # below it, the driver would measure most of the time


class Probe(Protocol):
    """Something that can be read again and again."""

    def read(self) -> dict[str, float]:
        """Metrics by name, as they are now."""


class Pace:
    """When to sample: at multiples of the interval since the start, of a longer one while a sample costs too much.

    `cost_s` is the CPU time of a sample, smoothed. A time that has passed is skipped, so samples never pile up.
    """

    def __init__(self, interval_s: float, *, now: float) -> None:
        self.interval_s = max(SHORTEST_INTERVAL_S, interval_s)
        self.cost_s = 0.0
        self._is_first = True
        self._share = _USUAL_SHARE if self.interval_s >= _USUAL_INTERVAL_S else _FAST_SHARE
        self._next_at = now + min(_FIRST_SAMPLE_S, self.interval_s)

    @property
    def kept_interval_s(self) -> float:
        """The interval that the cost allows."""
        return max(self.interval_s, self.cost_s / self._share)

    @property
    def is_thinned(self) -> bool:
        """Whether samples come noticeably less often than was asked for."""
        return self.kept_interval_s > 1.2 * self.interval_s

    def wait_s(self, now: float) -> float:
        """How long it is until the next sample."""
        return max(0.0, self._next_at - now)

    def sampled(self, now: float, cost_s: float) -> None:
        """Take note of a sample that ended at `now`. The first costs what it does not cost again."""
        if not self._is_first:
            self.cost_s += 0.2 * (cost_s - self.cost_s)
        self._is_first = False
        missed = math.floor(max(0.0, now - self._next_at) / self.kept_interval_s)
        self._next_at += (1 + missed) * self.kept_interval_s


class Sampler:
    """The sampling thread. Samples soon after its start, then every `interval_s`, and once more when it is closed.

    An interval below 0.05 s is taken as that. `make_probes` is called in the thread.
    """

    def __init__(
        self,
        record: Callable[[SystemSampled], object],
        last_step: Callable[[], int],
        *,
        interval_s: float,
        make_probes: Callable[[], Sequence[Probe]] | None = None,
    ) -> None:
        self._record = record
        self._last_step = last_step
        self._interval_s = interval_s
        self._make_probes = make_probes or partial(probes_of_this_machine, interval_s)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tracker-system", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take the last sample and end."""
        self._ended.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        try:
            self._sample_until_ended([_Watched(probe) for probe in self._make_probes()])
        except Exception as error:  # the edge of the thread: training does not depend on what the machine tells
            notice(f"the machine is not sampled any more ({type(error).__name__}: {error})")

    def _sample_until_ended(self, probes: Sequence[_Watched]) -> None:
        pace = Pace(self._interval_s, now=time.monotonic())
        has_told = False
        is_over = False
        while not is_over and not all(probe.is_given_up for probe in probes):
            is_over = self._ended.wait(pace.wait_s(time.monotonic()))
            begun = time.thread_time()
            self._sample(probes)
            pace.sampled(time.monotonic(), time.thread_time() - begun)
            if pace.is_thinned and not has_told:
                has_told = True
                notice(
                    f"a sample of this machine costs {1000 * pace.cost_s:.1f} ms of CPU time, "
                    f"so it is sampled every {pace.kept_interval_s:.2g} s instead of every {pace.interval_s:g} s"
                )
        for probe in probes:
            probe.close()

    def _sample(self, probes: Sequence[_Watched]) -> None:
        read = [item for probe in probes for item in probe.read().items()]
        values = {name: float(value) for name, value in read if math.isfinite(value)}
        if values:
            self._record(SystemSampled(max(0, self._last_step()), time.time_ns() // 1_000_000, values))


class _Watched:
    """A probe that is given up when it fails again and again, with one line that says so."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._failures = 0
        self._error: Exception | None = None

    @property
    def is_given_up(self) -> bool:
        return self._failures >= _MAX_FAILURES

    def read(self) -> dict[str, float]:
        """What the probe tells; nothing when it fails."""
        if self.is_given_up:
            return {}
        try:
            values = self._probe.read()
        except Exception as error:  # the edge of a probe: what one cannot read, others can
            self._failures += 1
            self._error = error
            if self.is_given_up:
                self._tell()
            return {}
        self._failures = 0
        return values

    def close(self) -> None:
        """Tell of a failure that there was no time to tell of."""
        if self._failures and not self.is_given_up:
            self._tell()

    def _tell(self) -> None:
        name = type(self._probe).__name__
        notice(f"{name} does not sample the machine any more ({type(self._error).__name__}: {self._error})")


def probes_of_this_machine(interval_s: float = _USUAL_INTERVAL_S, *, tree: ProcessTree | None = None) -> list[Probe]:
    """The host, and its GPUs where there are some: NVIDIA's, or else AMD's or Apple's. What fails is left out."""
    tree = tree or ProcessTree()
    made: list[Probe] = []
    ways: list[Callable[[], Probe | None]] = [lambda: HostProbe(tree=tree), lambda: _gpu_probe(tree, interval_s)]
    for make in ways:
        try:
            probe = make()
        except Exception as error:  # the edge of a probe, as when it is read
            notice(f"a part of this machine is not sampled ({type(error).__name__}: {error})")
            continue
        if probe is not None:
            made.append(probe)
    return made


def _gpu_probe(tree: ProcessTree, interval_s: float) -> Probe | None:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    nvml = gpu.open_nvml(visible=visible, process_ids=tree.ids, with_pcie=interval_s >= _PCIE_FROM_S)
    driver = nvml or amd.open_amd(os.environ, process_ids=tree.ids)
    return apple.open_apple() if driver is None else gpu.GpuProbe(driver)
