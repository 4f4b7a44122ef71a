"""How much power an Apple chip takes, by `zeus_apple_silicon` where it is installed. It needs no root.

What always holds: a part that the chip does not tell of is not there. Utilisation and memory of the GPU are told by no
library that is kept up and needs no root, so they are not there either; memory is the machine's own.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from typing import Any, Final

_PARTS: Final = {  # as the library names the counters, all in millijoules
    "gpu_mj": "system/gpu.0/power_w",
    "cpu_total_mj": "system/cpu.power_w",
    "dram_mj": "system/memory.power_w",
    "ane_mj": "system/neural_engine.power_w",
}


class AppleProbe:
    """Watts of each part since the reading before, and the GPU's joules since the first. Made by `open_apple`."""

    def __init__(self, energy: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._energy = energy
        self._clock = clock
        self._read_at = clock()
        self._first = self._before = self._counters()

    def read(self) -> dict[str, float]:
        now, counters = self._clock(), self._counters()
        passed_s, self._read_at = now - self._read_at, now
        before, self._before = self._before, counters
        values = {
            _PARTS[part]: max(0.0, (count - before[part]) / 1000 / passed_s)
            for part, count in counters.items()
            if part in before and passed_s > 0
        }
        if "gpu_mj" in counters and "gpu_mj" in self._first:
            values["system/gpu.0/energy_j"] = (counters["gpu_mj"] - self._first["gpu_mj"]) / 1000
        return values

    def _counters(self) -> dict[str, int]:
        told = self._energy()
        return {part: count for part in _PARTS if (count := getattr(told, part, None)) is not None}


def open_apple() -> AppleProbe | None:
    """The probe of this machine; None where this is no Apple chip, or there is no library to ask it with."""
    if (platform.system(), platform.machine()) != ("Darwin", "arm64"):
        return None
    try:
        from zeus_apple_silicon import AppleEnergyMonitor  # type: ignore[import-not-found, unused-ignore]

        return AppleProbe(AppleEnergyMonitor().get_cumulative_energy)
    except (ImportError, RuntimeError):  # a RuntimeError is how it says that the system does not let it read
        return None
