"""What AMD GPUs are doing, by `amdsmi`, which comes with ROCm or from PyPI.

What always holds: the same as for NVIDIA's, and the same metrics. The library prints and fails when it is imported on a
machine without the driver, so it is imported only where the kernel has it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from tracker.gpu import GpuReading, Questions

KERNEL_DRIVER: Final = Path("/sys/module/amdgpu")
VISIBLE_DEVICES: Final = ("HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")  # the first that is set holds, as in HIP
_UNSUPPORTED: Final = frozenset({1, 2, 3, 5, 10})  # invalid, not supported, not written yet, no symbol, no permission
_MEGABYTE: Final = 2**20


class Amd:
    """AMD's driver. Made by `open_amd`. `visible` are numbers, separated by commas; None means all devices."""

    def __init__(
        self, amdsmi: Any, *, visible: str | None = None, process_ids: Callable[[], Collection[int]] = frozenset
    ) -> None:
        self._smi = amdsmi
        self._process_ids = process_ids
        self._devices = list(enumerate(amdsmi.amdsmi_get_processor_handles()))
        self._read = [
            (index, handle, self._questions())
            for index, handle in self._devices
            if visible is None or str(index) in [entry.strip() for entry in visible.split(",")]
        ]

    def read(self) -> list[GpuReading]:
        ids = self._process_ids()
        return [self._reading(index, handle, questions, ids) for index, handle, questions in self._read]

    def facts(self) -> list[dict[str, Any]]:
        return [self._facts_of(handle) for _, handle in self._devices]

    def _facts_of(self, handle: Any) -> dict[str, Any]:
        questions = self._questions()
        asic = questions.ask("amdsmi_get_gpu_asic_info", handle) or {}
        memory = questions.ask("amdsmi_get_gpu_vram_usage", handle) or {}
        driver = questions.ask("amdsmi_get_gpu_driver_info", handle) or {}
        more = {
            "uuid": questions.ask("amdsmi_get_gpu_device_uuid", handle),
            "pci_bus_id": questions.ask("amdsmi_get_gpu_device_bdf", handle),
        }
        return {
            "name": asic.get("market_name"),
            "memory_bytes": memory["vram_total"] * _MEGABYTE if memory else None,
            "driver": driver.get("driver_version"),
            **{key: value for key, value in more.items() if value is not None},
        }

    def _reading(self, index: int, handle: Any, questions: Questions, ids: Collection[int]) -> GpuReading:
        smi = self._smi
        questions.begin()
        use = questions.ask("amdsmi_get_gpu_activity", handle) or {}
        memory = questions.ask("amdsmi_get_gpu_vram_usage", handle) or {}
        errors = questions.ask("amdsmi_get_gpu_total_ecc_count", handle) or {}
        cap = questions.ask("amdsmi_get_power_cap_info", handle) or {}
        return GpuReading(
            index=index,
            utilization=_number(use.get("gfx_activity")),
            memory_busy_percent=_number(use.get("umc_activity")),
            memory_used_bytes=_number(memory.get("vram_used"), _MEGABYTE),
            memory_total_bytes=_number(memory.get("vram_total"), _MEGABYTE),
            temperature_c=self._temperature(handle, questions),
            power_w=_power(questions.ask("amdsmi_get_power_info", handle) or {}),
            power_limit_w=_number(cap.get("power_cap"), 1e-6),
            energy_j=_energy(questions.ask("amdsmi_get_energy_count", handle)),
            sm_clock_mhz=_clock(questions.ask("amdsmi_get_clock_info", handle, smi.AmdSmiClkType.GFX)),
            memory_clock_mhz=_clock(questions.ask("amdsmi_get_clock_info", handle, smi.AmdSmiClkType.MEM)),
            ecc_corrected_errors=_number(errors.get("correctable_count")),
            ecc_uncorrected_errors=_number(errors.get("uncorrectable_count")),
            process_memory_bytes=_process_memory(questions, handle, ids),
        )

    def _temperature(self, handle: Any, questions: Questions) -> float | None:
        """Of the hottest spot, which is what accelerators have; of the edge where there is no other sensor."""
        now = self._smi.AmdSmiTemperatureMetric.CURRENT
        for sensor in (self._smi.AmdSmiTemperatureType.HOTSPOT, self._smi.AmdSmiTemperatureType.EDGE):
            value = _number(questions.ask("amdsmi_get_temp_metric", handle, sensor, now))
            if value is not None:
                return value
        return None

    def _questions(self) -> Questions:
        return Questions(
            self._smi, self._smi.AmdSmiException, lambda error: getattr(error, "err_code", None),
            unsupported=_UNSUPPORTED,
        )  # fmt: skip


def open_amd(
    environ: Mapping[str, str], *, process_ids: Callable[[], Collection[int]] = frozenset, kernel: Path = KERNEL_DRIVER
) -> Amd | None:
    """The driver of this machine; None where there is none, or no library to ask it with."""
    if not kernel.exists():
        return None
    try:
        import amdsmi  # type: ignore[import-not-found, unused-ignore]
    except (ImportError, OSError, KeyError):  # a KeyError is how it says that libamd_smi.so is not there
        return None
    visible = next((environ[name] for name in VISIBLE_DEVICES if name in environ), None)
    try:
        amdsmi.amdsmi_init()
        return Amd(amdsmi, visible=visible, process_ids=process_ids)
    except amdsmi.AmdSmiException:
        return None


def _number(value: Any, factor: float = 1.0) -> float | None:
    """None for what the library calls "N/A"."""
    return float(value) * factor if isinstance(value, int | float) else None


def _power(told: Mapping[str, Any]) -> float | None:
    """Watts. Accelerators tell the power of now, older cards only a mean; what one does not tell is 0 or "N/A"."""
    values = [_number(told.get(name)) for name in ("current_socket_power", "average_socket_power")]
    return next((value for value in values if value), None)


def _energy(told: Mapping[str, Any] | None) -> float | None:
    """Joules: the counter's resolution is in microjoules."""
    return told["energy_accumulator"] * told["counter_resolution"] * 1e-6 if told else None


def _clock(told: Mapping[str, Any] | None) -> float | None:
    return _number(told.get("clk")) if told else None


def _process_memory(questions: Questions, handle: Any, ids: Collection[int]) -> float | None:
    processes = questions.ask("amdsmi_get_gpu_process_list", handle) if ids else None
    sizes = [process["memory_usage"]["vram_mem"] for process in processes or [] if process["pid"] in ids]
    return float(sum(sizes)) if sizes else None
