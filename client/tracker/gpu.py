"""What GPUs are doing: the shape of a reading, the metrics made of it, and NVIDIA's driver (NVML).

What always holds: no GPU, no driver, or a value that a device does not have is not an error and not worth a word; the
value is not there. What a device does not support is asked once. A device that is gone, or a driver that stumbles,
costs the values of that moment and no more. Everything that asks a driver stands behind `Driver`, so that recorded
readings can stand for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Protocol

import msgspec

from tracker.forking import importing

# numbers of NVML's interface: bindings that are older or newer than it name them differently
_UNSUPPORTED: Final = frozenset({2, 3, 4, 13})  # invalid argument, not supported, no permission, function not found
_LOST: Final = frozenset({15, 16})  # lost, needs a reset
_PCIE_SENT, _PCIE_RECEIVED = 0, 1
_CORRECTED, _UNCORRECTED = 0, 1
_SINCE_DRIVER_LOADED: Final = 0
_MEMORY_USE_SAMPLES: Final = 2
_THROTTLES: Final = {"power": 0x04 | 0x80, "thermal": 0x20 | 0x40, "hardware": 0x08}  # by software or hardware


class GpuReading(msgspec.Struct, frozen=True, kw_only=True):
    """One device at one moment; None for what it does not tell.

    `index` is the driver's number of the device; None is its place among the readings. Utilisation is in percent of
    the driver's last period: `memory_busy_percent` is how long memory was read or written, not how full it is.
    `energy_j` and the ECC errors are totals of the driver. `throttled` tells each cause that may slow the clocks down.
    What begins with `process` is of this process and those it started.
    """

    index: int | None = None
    utilization: float | None = None
    memory_busy_percent: float | None = None
    memory_used_bytes: float | None = None
    memory_total_bytes: float | None = None
    temperature_c: float | None = None
    fan_percent: float | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    energy_j: float | None = None
    sm_clock_mhz: float | None = None
    memory_clock_mhz: float | None = None
    throttled: Mapping[str, bool] | None = None
    ecc_corrected_errors: float | None = None
    ecc_uncorrected_errors: float | None = None
    pcie_sent_bytes_per_s: float | None = None
    pcie_received_bytes_per_s: float | None = None
    process_memory_bytes: float | None = None
    process_utilization_percent: float | None = None


_NO_METRICS: Final = frozenset({"index", "memory_total_bytes", "throttled"})
_TOTALS: Final = frozenset({"energy_j", "ecc_corrected_errors", "ecc_uncorrected_errors"})


class Driver(Protocol):
    """Something that knows the machine's GPUs."""

    def read(self) -> list[GpuReading]:
        """A reading of each device that this process may use, in the driver's order."""

    def facts(self) -> list[dict[str, Any]]:
        """What each device of the machine is: `name`, `memory_bytes`, `driver`, and more where it tells more."""


class GpuProbe:
    """Readings as metrics: `system/gpu.0/utilization` and so on. Totals count from the first reading."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._firsts: dict[str, float] = {}

    def read(self) -> dict[str, float]:
        """The metrics of all devices now."""
        values: dict[str, float] = {}
        for place, reading in enumerate(self._driver.read()):
            prefix = f"system/gpu.{place if reading.index is None else reading.index}"
            for name in reading.__struct_fields__:
                value = None if name in _NO_METRICS else getattr(reading, name)
                if value is not None:
                    metric = f"{prefix}/{name}"
                    values[metric] = self._since_first(metric, value) if name in _TOTALS else value
            for cause, is_active in (reading.throttled or {}).items():
                values[f"{prefix}/throttled.{cause}"] = float(is_active)
            if reading.memory_used_bytes is not None and reading.memory_total_bytes:
                share = reading.memory_used_bytes / reading.memory_total_bytes
                values[f"{prefix}/memory_percent"] = 100.0 * share
        return values

    def _since_first(self, metric: str, total: float) -> float:
        first = self._firsts.setdefault(metric, total)
        if total < first:  # the driver was loaded anew, and counts from zero
            first = self._firsts[metric] = 0.0
        return total - first


class Questions:
    """What one device is asked. What it does not support is remembered; once it is lost, no more until `begin`.

    The codes are those of the driver's errors, `code` finds one in an exception. Any other error costs one answer.
    """

    def __init__(
        self,
        library: Any,
        error: type[Exception],
        code: Callable[[Exception], int | None],
        *,
        unsupported: Collection[int],
        lost: Collection[int] = (),
    ) -> None:
        self._library = library
        self._error = error
        self._code = code
        self._unsupported_codes = unsupported
        self._lost_codes = lost
        self._unsupported: set[tuple[object, ...]] = set()
        self._is_lost = False

    def begin(self) -> None:
        """Start the questions of a new reading: what was lost may be back."""
        self._is_lost = False

    def ask(self, function: str, *arguments: Any, since: tuple[Any, ...] = ()) -> Any:
        """The answer; None without one. Other `arguments` make another question, another `since` does not."""
        question = (function, *arguments[1:])  # the first is the device, always the same
        if self._is_lost or question in self._unsupported:
            return None
        call = getattr(self._library, function, None)
        if call is None:  # bindings that are older than the question
            self._unsupported.add(question)
            return None
        try:
            return call(*arguments, *since)
        except self._error as error:
            code = self._code(error)
        if code in self._unsupported_codes:
            self._unsupported.add(question)
        self._is_lost = code in self._lost_codes
        return None


class Nvml:
    """NVIDIA's driver. Made by `open_nvml`.

    `visible` is what CUDA_VISIBLE_DEVICES says, None means all devices. `process_ids` are those whose memory and use
    are told. With PCIe, a reading takes 40 ms longer for each device, which the thread sleeps.
    """

    def __init__(
        self,
        nvml: Any,
        *,
        visible: str | None = None,
        process_ids: Callable[[], Collection[int]] = frozenset,
        with_pcie: bool = False,
    ) -> None:
        self._nvml = nvml
        self._process_ids = process_ids
        self._driver = self._questions()
        self._handles = self._found()
        slices = dict.fromkeys(self._handles) if visible is None else self._visible(visible)
        self._devices = [
            _NvmlDevice(nvml, self._questions(), index, self._handles[index], slices[index], with_pcie=with_pcie)
            for index in sorted(slices)
        ]

    def read(self) -> list[GpuReading]:
        ids = self._process_ids()
        return [device.read(ids) for device in self._devices]

    def facts(self) -> list[dict[str, Any]]:
        driver = _text(self._driver.ask("nvmlSystemGetDriverVersion"))
        version = self._driver.ask("nvmlSystemGetCudaDriverVersion")  # the newest that it knows, 12080 for 12.8
        cuda = {"cuda": f"{version // 1000}.{version % 1000 // 10}"} if version else {}
        return [self._facts_of(handle) | {"driver": driver} | cuda for handle in self._handles.values()]

    def _facts_of(self, handle: Any) -> dict[str, Any]:
        questions = self._questions()
        memory = questions.ask("nvmlDeviceGetMemoryInfo", handle)
        capability = questions.ask("nvmlDeviceGetCudaComputeCapability", handle)
        bus = questions.ask("nvmlDeviceGetPciInfo", handle)
        more = {
            "uuid": self._uuid(handle),
            "pci_bus_id": _text(bus.busId) if bus else None,
            "compute_capability": ".".join(map(str, capability)) if capability else None,
        }
        return {
            "name": _text(questions.ask("nvmlDeviceGetName", handle)),
            "memory_bytes": memory.total if memory else None,
            **{key: value for key, value in more.items() if value is not None},
        }

    def _found(self) -> dict[int, Any]:
        """The devices by number, without any that is lost already."""
        handles = {}
        for index in range(self._nvml.nvmlDeviceGetCount()):
            try:
                handles[index] = self._nvml.nvmlDeviceGetHandleByIndex(index)
            except self._nvml.NVMLError:
                continue
        return handles

    def _visible(self, text: str) -> dict[int, Any]:
        """The numbers of the named devices, with the MIG slice where one is named."""
        slices: dict[int, Any] = {}
        for entry in text.split(","):
            device = self._named(entry.strip())
            if device is None:  # CUDA too heeds nothing from there on
                break
            slices[device[0]] = device[1]
        return slices

    def _named(self, entry: str) -> tuple[int, Any] | None:
        if entry.startswith("MIG-"):
            return self._slice(entry)
        if entry.startswith("GPU-"):
            uuids = {index: self._uuid(handle) or "" for index, handle in self._handles.items()}
            return next(((index, None) for index, uuid in uuids.items() if uuid.startswith(entry)), None)
        index = int(entry) if entry.isdecimal() else -1
        return (index, None) if index in self._handles else None

    def _slice(self, uuid: str) -> tuple[int, Any] | None:
        handle = self._driver.ask("nvmlDeviceGetHandleByUUID", uuid)
        whole = None if handle is None else self._driver.ask("nvmlDeviceGetDeviceHandleFromMigDeviceHandle", handle)
        index = None if whole is None else self._driver.ask("nvmlDeviceGetIndex", whole)
        return (index, handle) if index in self._handles else None

    def _uuid(self, handle: Any) -> str | None:
        return _text(self._questions().ask("nvmlDeviceGetUUID", handle))

    def _questions(self) -> Questions:
        return Questions(
            self._nvml, self._nvml.NVMLError, lambda error: getattr(error, "value", None),
            unsupported=_UNSUPPORTED, lost=_LOST,
        )  # fmt: skip


class _NvmlDevice:
    """One device. Where this process has a MIG slice of it, memory and processes are the slice's."""

    def __init__(
        self, nvml: Any, questions: Questions, index: int, handle: Any, mig_slice: Any, *, with_pcie: bool
    ) -> None:
        self._nvml = nvml
        self._questions = questions
        self._index = index
        self._handle = handle
        self._own = handle if mig_slice is None else mig_slice
        self._with_pcie = with_pcie
        self._memory_seen_until_us = 0
        self._processes_seen_until_us = 0

    def read(self, process_ids: Collection[int]) -> GpuReading:
        nvml = self._nvml
        self._questions.begin()
        use = self._ask("nvmlDeviceGetUtilizationRates")
        memory = self._questions.ask("nvmlDeviceGetMemoryInfo", self._own)
        return GpuReading(
            index=self._index,
            utilization=float(use.gpu) if use else None,
            memory_busy_percent=self._memory_busy(),
            memory_used_bytes=float(memory.used) if memory else None,
            memory_total_bytes=float(memory.total) if memory else None,
            temperature_c=_scaled(self._ask("nvmlDeviceGetTemperature", nvml.NVML_TEMPERATURE_GPU)),
            fan_percent=_scaled(self._ask("nvmlDeviceGetFanSpeed")),
            power_w=_scaled(self._ask("nvmlDeviceGetPowerUsage"), 1e-3),
            power_limit_w=_scaled(self._ask("nvmlDeviceGetEnforcedPowerLimit"), 1e-3),
            energy_j=_scaled(self._ask("nvmlDeviceGetTotalEnergyConsumption"), 1e-3),
            sm_clock_mhz=_scaled(self._ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_SM)),
            memory_clock_mhz=_scaled(self._ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_MEM)),
            throttled=self._throttled(),
            ecc_corrected_errors=self._ecc_errors(_CORRECTED),
            ecc_uncorrected_errors=self._ecc_errors(_UNCORRECTED),
            pcie_sent_bytes_per_s=self._pcie(_PCIE_SENT),
            pcie_received_bytes_per_s=self._pcie(_PCIE_RECEIVED),
            process_memory_bytes=self._process_memory(process_ids),
            process_utilization_percent=self._process_utilization(process_ids),
        )

    def _ask(self, function: str, *arguments: Any) -> Any:
        return self._questions.ask(function, self._handle, *arguments)

    def _memory_busy(self) -> float | None:
        """The mean of the driver's samples since the last reading; old ones never come again."""
        answer = self._questions.ask(
            "nvmlDeviceGetSamples", self._handle, _MEMORY_USE_SAMPLES, since=(self._memory_seen_until_us,)
        )
        samples = answer[1] if answer else []
        if not samples:
            return None
        self._memory_seen_until_us = max(int(sample.timeStamp) for sample in samples)
        return min(100.0, sum(float(sample.sampleValue.uiVal) for sample in samples) / len(samples))

    def _throttled(self) -> dict[str, bool] | None:
        reasons = self._ask("nvmlDeviceGetCurrentClocksEventReasons")
        if reasons is None:  # its name until CUDA 12.3
            reasons = self._ask("nvmlDeviceGetCurrentClocksThrottleReasons")
        return None if reasons is None else {cause: bool(reasons & bits) for cause, bits in _THROTTLES.items()}

    def _ecc_errors(self, kind: int) -> float | None:
        return _scaled(self._ask("nvmlDeviceGetTotalEccErrors", kind, _SINCE_DRIVER_LOADED))

    def _pcie(self, direction: int) -> float | None:
        if not self._with_pcie:
            return None
        return _scaled(self._ask("nvmlDeviceGetPcieThroughput", direction), 1000.0)

    def _process_memory(self, ids: Collection[int]) -> float | None:
        """None where none of ours is there: in a container the driver may number processes as its host does."""
        processes = self._questions.ask("nvmlDeviceGetComputeRunningProcesses", self._own) if ids else None
        sizes = [process.usedGpuMemory for process in processes or [] if process.pid in ids]
        told = [size for size in sizes if size is not None]
        return float(sum(told)) if told else None

    def _process_utilization(self, ids: Collection[int]) -> float | None:
        """The mean of the driver's samples since the last reading, of our processes together."""
        if not ids:
            return None
        since = (self._processes_seen_until_us,)
        samples = self._questions.ask("nvmlDeviceGetProcessUtilization", self._handle, since=since)
        shares: dict[int, list[int]] = {}
        for sample in samples or []:
            self._processes_seen_until_us = max(self._processes_seen_until_us, int(sample.timeStamp))
            if sample.pid in ids and sample.smUtil <= 100:
                shares.setdefault(sample.pid, []).append(sample.smUtil)
        return min(100.0, sum(sum(of_one) / len(of_one) for of_one in shares.values())) if shares else None


def open_nvml(
    *,
    visible: str | None = None,
    process_ids: Callable[[], Collection[int]] = frozenset,
    with_pcie: bool = False,
) -> Nvml | None:
    """The driver of this machine; None where there is none. Loads a library and may take some 10 ms."""
    try:
        with importing():
            import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        return Nvml(pynvml, visible=visible, process_ids=process_ids, with_pcie=with_pcie)
    except pynvml.NVMLError:
        return None


def _scaled(value: Any, factor: float = 1.0) -> float | None:
    return None if value is None else float(value) * factor


def _text(value: str | bytes | None) -> str | None:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
