"""CPU, memory, disks, network and processes of this machine, by psutil, and by the limits of the container.

What always holds: what cannot be read (no disk counters, a process that has just ended) is not there, without a word.
Rates are over the time since the reading before. Looking for child processes, the one thing that costs with the size of
the machine, takes at most a thousandth of a core.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from tracker import settings
from tracker.forking import importing

MAX_CORES: Final = 64
_LOOKUP_SHARE: Final = 0.001


class ProcessTree:
    """This process and those below it. `lookup` finds them, as psutil's `children` does."""

    def __init__(
        self,
        lookup: Callable[[], Sequence[Any]] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        cpu_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        with importing():
            import psutil  # 29 ms that only the sampling thread pays

        self.root: Any = psutil.Process()
        self._lookup = lookup or self._children
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._below: Sequence[Any] = ()
        self._next_at = clock()

    def below(self) -> Sequence[Any]:
        """The processes that this one started, directly or not, as they were a short while ago."""
        if self._clock() >= self._next_at:
            begun = self._cpu_clock()
            self._below = self._lookup()
            self._next_at = self._clock() + (self._cpu_clock() - begun) / _LOOKUP_SHARE
        return self._below

    def ids(self) -> frozenset[int]:
        """Their numbers and that of this process."""
        return frozenset({self.root.pid, *(process.pid for process in self.below())})

    def _children(self) -> Sequence[Any]:
        import psutil

        try:
            return self.root.children(recursive=True)  # type: ignore[no-any-return]
        except psutil.Error:
            return ()


class Cgroup:
    """The limits of the container, as version 2 of control groups tells them; the tightest of all levels holds."""

    def __init__(self, root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> None:
        levels = _levels(root, membership)
        limits = [(limit, level) for level in levels if (limit := _number_in(level / "memory.max")) is not None]
        cores = [(share, level) for level in levels if (share := _cores_in(level / "cpu.max")) is not None]
        self._memory = min(limits, default=None)
        self._cpu = min(cores, default=None)

    @property
    def cores(self) -> float | None:
        """How many cores' time there is; None without a limit."""
        return self._cpu[0] if self._cpu else None

    def cpu_s(self) -> float | None:
        """The time that all processes under the limit have used."""
        used_us = _stat_in(self._cpu[1] / "cpu.stat", "usage_usec") if self._cpu else None
        return None if used_us is None else used_us / 1e6

    def memory(self) -> tuple[float, float] | None:
        """Bytes in use and the limit. Pages of files that were not used lately do not count: they are given back."""
        if self._memory is None:
            return None
        limit, level = self._memory
        used = _number_in(level / "memory.current")
        if used is None:
            return None
        return max(0.0, used - (_stat_in(level / "memory.stat", "inactive_file") or 0.0)), limit


class _Usage(msgspec.Struct, frozen=True):
    """What one process uses now; `cpu_s` since it began."""

    cpu_s: float
    memory_bytes: int
    threads: int
    open_files: int | None


class HostProbe:
    """The machine and this process as metrics. A limit of the container takes the place of what the machine has."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        tree: ProcessTree | None = None,
        cgroup: Cgroup | None = None,
        folders: Mapping[str, Path] | None = None,
        max_cores: int = MAX_CORES,
    ) -> None:
        with importing():
            import psutil

        self._psutil: Any = psutil
        self._clock = clock
        self._tree = tree or ProcessTree(clock=clock)
        self._cgroup = cgroup or Cgroup()
        self._folders = _on_different_disks(_folders() if folders is None else folders)
        self._max_cores = max_cores
        self._cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        self._has_had_children = False
        psutil.cpu_percent(percpu=True)  # what it gives is since the call before
        self._read_at = clock()
        self._counters = self._count()
        self._cpu_s = self._cgroup.cpu_s()
        own = self._usage(self._tree.root)
        self._usages = {} if own is None else {self._tree.root.pid: own}

    def read(self) -> dict[str, float]:
        now = self._clock()
        passed_s, self._read_at = now - self._read_at, now
        return {
            **self._cpu(passed_s),
            **self._memory(),
            **self._processes(passed_s),
            **self._disks(),
            **self._rates(passed_s),
        }

    def _cpu(self, passed_s: float) -> dict[str, float]:
        percents = self._psutil.cpu_percent(percpu=True)
        values = {"system/cpu.percent": sum(percents) / max(1, len(percents))} | self._cpu_of_cores(percents)
        before, self._cpu_s = self._cpu_s, self._cgroup.cpu_s()
        if before is not None and self._cpu_s is not None and self._cgroup.cores and passed_s > 0:
            share = (self._cpu_s - before) / passed_s / self._cgroup.cores
            values["system/cpu.percent"] = min(100.0, max(0.0, 100.0 * share))
        if hasattr(os, "getloadavg"):
            values["system/load.1_min"] = os.getloadavg()[0]
        return values

    def _cpu_of_cores(self, percents: Sequence[float]) -> dict[str, float]:
        """Of the cores that this process may use; of many only the extremes, since nobody reads so many charts."""
        every = range(len(percents))
        cores = [core for core in self._cores or every if core in every]
        if len(cores) <= self._max_cores:
            return {f"system/cpu/core.{core}.percent": percents[core] for core in cores}
        used = [percents[core] for core in cores]
        return {"system/cpu/idlest_core.percent": min(used), "system/cpu/busiest_core.percent": max(used)}

    def _memory(self) -> dict[str, float]:
        memory = self._psutil.virtual_memory()
        values = {"system/memory.percent": memory.percent, "system/memory.used_bytes": memory.used}
        limited = self._cgroup.memory()
        if limited is not None and limited[1] < memory.total:
            used, limit = limited
            values = {"system/memory.percent": 100.0 * used / limit, "system/memory.used_bytes": used}
        return values | self._swap()

    def _swap(self) -> dict[str, float]:
        try:
            swap = self._psutil.swap_memory()
        except (OSError, RuntimeWarning):  # some containers hide /proc/vmstat, and some programs raise warnings
            return {}
        return {"system/swap.percent": swap.percent, "system/swap.used_bytes": swap.used} if swap.total else {}

    def _processes(self, passed_s: float) -> dict[str, float]:
        below = self._tree.below()
        self._has_had_children |= bool(below)
        usages = {process.pid: usage for process in (self._tree.root, *below) if (usage := self._usage(process))}
        before, self._usages = self._usages, usages
        cpu = {
            pid: 100.0 * max(0.0, usage.cpu_s - before[pid].cpu_s) / passed_s
            for pid, usage in usages.items()
            if pid in before and passed_s > 0
        }
        own = self._tree.root.pid
        values = _process_values("system/process", [usages[own]] if own in usages else [], cpu.get(own))
        if self._has_had_children:
            values["system/process_tree.processes"] = len(usages)
            values |= _process_values("system/process_tree", list(usages.values()), sum(cpu.values()))
        return values

    def _usage(self, process: Any) -> _Usage | None:
        try:
            with process.oneshot():
                times = process.cpu_times()
                files = process.num_fds() if hasattr(process, "num_fds") else None
                memory_bytes = process.memory_info().rss
                return _Usage(times.user + times.system, memory_bytes, process.num_threads(), files)
        except (self._psutil.Error, OSError):  # it has just ended, or is another user's
            return None

    def _disks(self) -> dict[str, float]:
        values = {}
        for name, folder in self._folders.items():
            try:
                disk = self._psutil.disk_usage(str(folder))
            except OSError:
                continue
            values[f"system/{name}.percent"] = disk.percent
            values[f"system/{name}.free_bytes"] = disk.free
        return values

    def _rates(self, passed_s: float) -> dict[str, float]:
        before, self._counters = self._counters, self._count()
        if passed_s <= 0:
            return {}
        return {
            name: max(0.0, count - before[name]) / passed_s for name, count in self._counters.items() if name in before
        }

    def _count(self) -> dict[str, float]:
        counters: dict[str, float] = {}
        try:
            disk, network = self._psutil.disk_io_counters(), self._psutil.net_io_counters()
        except (OSError, RuntimeError):  # some containers hide /proc/diskstats
            return counters
        if disk is not None:
            counters["system/disk.read_bytes_per_s"] = disk.read_bytes
            counters["system/disk.written_bytes_per_s"] = disk.write_bytes
        if network is not None:
            counters["system/network.sent_bytes_per_s"] = network.bytes_sent
            counters["system/network.received_bytes_per_s"] = network.bytes_recv
        return counters


def _process_values(prefix: str, usages: Sequence[_Usage], cpu_percent: float | None) -> dict[str, float]:
    """The sum over processes; memory that they share is counted for each of them."""
    if not usages:
        return {}
    values: dict[str, float] = {
        f"{prefix}.memory_bytes": sum(usage.memory_bytes for usage in usages),
        f"{prefix}.threads": sum(usage.threads for usage in usages),
    }
    files = [usage.open_files for usage in usages if usage.open_files is not None]
    if files:
        values[f"{prefix}.open_files"] = sum(files)
    if cpu_percent is not None:
        values[f"{prefix}.cpu_percent"] = cpu_percent
    return values


def _folders() -> dict[str, Path]:
    """The folder that training works in, and the one that journals lie in."""
    folders = {}
    with contextlib.suppress(OSError):  # a folder that is gone
        folders["disk"] = Path.cwd()
    with contextlib.suppress(ValueError):  # settings that an argument of init() has overruled
        folders["journals_disk"] = settings.load().directory
    return folders


def _on_different_disks(folders: Mapping[str, Path]) -> dict[str, Path]:
    """Without those that lie on the disk of one before."""
    kept: dict[str, Path] = {}
    seen = set()
    for name, folder in folders.items():
        try:
            device = folder.stat().st_dev
        except OSError:
            continue
        if device not in seen:
            seen.add(device)
            kept[name] = folder
    return kept


def _levels(root: Path, membership: Path) -> list[Path]:
    """The group of this process and those above it; a path that is not there is the one outside of the container."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    inside = next((line[3:].lstrip("/") for line in lines if line.startswith("0::")), None)
    if inside is None:
        return []
    leaf = root / inside
    return [level for level in (leaf, *leaf.parents) if level.is_relative_to(root) and level.is_dir()]


def _number_in(file: Path) -> float | None:
    try:
        return float(file.read_text())
    except (OSError, ValueError):  # "max" is no limit
        return None


def _cores_in(file: Path) -> float | None:
    try:
        quota_us, period_us = file.read_text().split()
        return float(quota_us) / float(period_us)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _stat_in(file: Path, key: str) -> float | None:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{key} ")), None)
