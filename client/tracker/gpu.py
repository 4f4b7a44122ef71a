"""What NVIDIA GPUs are doing, by NVML.

What always holds: no GPU, no driver, or a value that a device does not have is not an error and not worth a word; the
value is not there. Everything that asks the driver stands behind `Driver`, so that recorded readings can stand for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec


class GpuReading(msgspec.Struct, frozen=True, kw_only=True):
    """One device at one moment; None for what it does not tell. Utilisation is in percent of the last sample period."""

    utilization: float | None = None
    memory_used_bytes: float | None = None
    memory_total_bytes: float | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    sm_clock_mhz: float | None = None
    memory_clock_mhz: float | None = None


class Driver(Protocol):
    """Something that knows the machine's GPUs."""

    def read(self) -> list[GpuReading]:
        """A reading of each device, in the driver's order."""

    def facts(self) -> list[dict[str, Any]]:
        """What each device is: `name`, `memory_bytes`, `driver`."""


class GpuProbe:
    """Readings as metrics: `system/gpu.0/utilization` and so on."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def read(self) -> dict[str, float]:
        """The metrics of all devices now."""
        values: dict[str, float] = {}
        for index, reading in enumerate(self._driver.read()):
            for name in reading.__struct_fields__:
                value = getattr(reading, name)
                if value is not None and name != "memory_total_bytes":
                    values[f"system/gpu.{index}/{name}"] = value
            if reading.memory_used_bytes is not None and reading.memory_total_bytes:
                share = reading.memory_used_bytes / reading.memory_total_bytes
                values[f"system/gpu.{index}/memory_percent"] = 100.0 * share
        return values


class Nvml:
    """The driver itself. Made by `open_nvml`."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]

    def read(self) -> list[GpuReading]:
        return [self._reading(handle) for handle in self._handles]

    def facts(self) -> list[dict[str, Any]]:
        version = self._ask(lambda: _text(self._nvml.nvmlSystemGetDriverVersion()))
        return [
            {
                "name": self._ask(lambda handle=handle: _text(self._nvml.nvmlDeviceGetName(handle))),  # type: ignore[misc]
                "memory_bytes": self._ask(lambda handle=handle: self._nvml.nvmlDeviceGetMemoryInfo(handle).total),  # type: ignore[misc]
                "driver": version,
            }
            for handle in self._handles
        ]

    def _reading(self, handle: Any) -> GpuReading:
        nvml = self._nvml
        memory = self._ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
        return GpuReading(
            utilization=self._ask(lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)),
            memory_used_bytes=float(memory.used) if memory else None,
            memory_total_bytes=float(memory.total) if memory else None,
            temperature_c=self._ask(lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))),
            power_w=self._ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000.0),
            sm_clock_mhz=self._ask(lambda: float(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM))),
            memory_clock_mhz=self._ask(lambda: float(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM))),
        )

    def _ask(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except self._nvml.NVMLError:
            return None


def open_nvml() -> Nvml | None:
    """The driver of this machine; None where there is none. Loads a library and may take some 10 ms."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        return Nvml(pynvml)
    except pynvml.NVMLError:
        return None


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
