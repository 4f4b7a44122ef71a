"""What the machine is doing while a run is alive: sampled by one thread, recorded as series `system/…`.

What always holds: sampling costs nothing in the training thread, and what cannot be read (no disk counters in a
container, no GPU) is not there, without a word. Rates are over the time since the sample before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from tracker import gpu
from tracker.notices import notice
from tracker.records import SystemSampled

_FIRST_SAMPLE_S: Final = 1.0


class Probe(Protocol):
    """Something that can be read again and again."""

    def read(self) -> dict[str, float]:
        """Metrics by name, as they are now."""


class HostProbe:
    """CPU, memory, disk, network and this process, by psutil."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        import psutil  # 29 ms that only the sampling thread pays

        self._psutil: Any = psutil
        self._clock = clock
        self._process: Any = psutil.Process()
        self._counters = self._count()
        self._counted_at = clock()
        psutil.cpu_percent()  # what these two give is since the call before
        self._process.cpu_percent()

    def read(self) -> dict[str, float]:
        memory = self._psutil.virtual_memory()
        values = {
            "system/cpu.percent": float(self._psutil.cpu_percent()),
            "system/memory.percent": float(memory.percent),
            "system/memory.used_bytes": float(memory.used),
        }
        return values | self._process_values() | self._rates()

    def _process_values(self) -> dict[str, float]:
        with self._process.oneshot():
            return {
                "system/process.cpu_percent": float(self._process.cpu_percent()),
                "system/process.memory_bytes": float(self._process.memory_info().rss),
                "system/process.threads": float(self._process.num_threads()),
            }

    def _rates(self) -> dict[str, float]:
        counters = self._count()
        now = self._clock()
        passed_s = now - self._counted_at
        before, self._counters, self._counted_at = self._counters, counters, now
        if passed_s <= 0:
            return {}
        return {name: max(0.0, count - before[name]) / passed_s for name, count in counters.items() if name in before}

    def _count(self) -> dict[str, float]:
        counters: dict[str, float] = {}
        try:
            disk, network = self._psutil.disk_io_counters(), self._psutil.net_io_counters()
        except (OSError, RuntimeError):  # some containers hide /proc/diskstats
            return counters
        if disk is not None:
            counters["system/disk.read_bytes_per_s"] = float(disk.read_bytes)
            counters["system/disk.written_bytes_per_s"] = float(disk.write_bytes)
        if network is not None:
            counters["system/network.sent_bytes_per_s"] = float(network.bytes_sent)
            counters["system/network.received_bytes_per_s"] = float(network.bytes_recv)
        return counters


class Sampler:
    """The sampling thread. Samples soon after its start, then every `interval_s`, and once more when it is closed."""

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
        self._make_probes = make_probes or probes_of_this_machine
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tracker-system", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take the last sample and end."""
        self._ended.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        try:
            probes = self._make_probes()
            is_over = self._ended.wait(min(_FIRST_SAMPLE_S, self._interval_s))
            self._sample(probes)
            while not is_over:
                is_over = self._ended.wait(self._interval_s)
                self._sample(probes)
        except Exception as error:  # the edge of the thread: training does not depend on what the machine tells
            notice(f"the machine is not sampled any more ({type(error).__name__}: {error})")

    def _sample(self, probes: Sequence[Probe]) -> None:
        values = {name: value for probe in probes for name, value in probe.read().items()}
        if values:
            self._record(SystemSampled(max(0, self._last_step()), time.time_ns() // 1_000_000, values))


def probes_of_this_machine() -> list[Probe]:
    """The host, and its NVIDIA GPUs where there are some."""
    driver = gpu.open_nvml()
    return [HostProbe()] if driver is None else [HostProbe(), gpu.GpuProbe(driver)]
