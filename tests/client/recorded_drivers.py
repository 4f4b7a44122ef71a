"""Drivers' libraries played back from a file: a function for each that the file has answers of."""

from __future__ import annotations

import json
from collections import Counter
from enum import Enum
from pathlib import Path
from types import SimpleNamespace

READINGS = Path(__file__).with_name("readings")


class Recorded:
    """`devices[n][function]` is what device n answers, for tests to change. `asked` counts the questions."""

    def __init__(self, name):
        document = json.loads((READINGS / name).read_text())
        self.system = document["system"]
        self.devices = document["devices"]
        self.asked = Counter()

    def answer(self, device, question):
        self.asked[question] += 1
        answer = self.devices[device].get(question, {"error": 3})
        if isinstance(answer, dict) and "error" in answer:
            raise self.error(answer["error"])
        return answer


class RecordedNvml(Recorded):
    """The module `pynvml`. A handle is the number of its device, or the UUID of a slice that a test has added."""

    NVML_TEMPERATURE_GPU = 0
    NVML_CLOCK_SM = 1
    NVML_CLOCK_MEM = 2

    class NVMLError(Exception):
        def __init__(self, value):
            super().__init__(f"NVML error {value}")
            self.value = value

    error = NVMLError

    def nvmlDeviceGetCount(self):
        return sum("slice" not in device for device in self.devices)

    def nvmlDeviceGetHandleByIndex(self, index):
        if "lost" in self.devices[index]:
            raise self.NVMLError(15)
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid):
        return next(place for place, device in enumerate(self.devices) if device.get("slice") == uuid)

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, handle):
        return self.devices[handle]["slice_of"]

    def nvmlDeviceGetIndex(self, handle):
        return handle

    def nvmlDeviceGetProcessUtilization(self, handle, since):
        samples = self.answer(handle, "nvmlDeviceGetProcessUtilization")
        return [SimpleNamespace(**sample) for sample in samples if sample["timeStamp"] > since]

    def nvmlDeviceGetSamples(self, handle, kind, since):
        value_type, samples = self.answer(handle, f"nvmlDeviceGetSamples {kind}")
        return value_type, [as_object(sample) for sample in samples if sample["timeStamp"] > since]

    def __getattr__(self, function):
        if function in self.system:
            return lambda: self.system[function]
        if not any(question.split()[0] == function for device in self.devices for question in device):
            raise AttributeError(function)
        return lambda handle, *arguments: as_object(self.answer(handle, " ".join([function, *map(str, arguments)])))


class RecordedAmd(Recorded):
    """The module `amdsmi`."""

    AmdSmiClkType = Enum("AmdSmiClkType", ["GFX", "MEM"])
    AmdSmiTemperatureType = Enum("AmdSmiTemperatureType", ["EDGE", "HOTSPOT"])
    AmdSmiTemperatureMetric = Enum("AmdSmiTemperatureMetric", ["CURRENT"])

    class AmdSmiException(Exception):
        def __init__(self, err_code):
            super().__init__(f"amdsmi error {err_code}")
            self.err_code = err_code

    error = AmdSmiException

    def amdsmi_get_processor_handles(self):
        return list(range(len(self.devices)))

    def __getattr__(self, function):
        if not function.startswith("amdsmi_get_"):
            raise AttributeError(function)
        return lambda handle, *kinds: self.answer(handle, " ".join([function, *(kind.name for kind in kinds)]))


def as_object(answer):
    """NVML answers with structures."""
    if isinstance(answer, dict):
        return SimpleNamespace(**{name: as_object(value) for name, value in answer.items()})
    return [as_object(item) for item in answer] if isinstance(answer, list) else answer
