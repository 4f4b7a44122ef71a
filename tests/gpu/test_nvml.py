"""What the driver of a real NVIDIA GPU tells. Skipped where there is none."""

from __future__ import annotations

import math
import os

import pytest

from tracker.gpu import GpuProbe, open_nvml
from tracker.host import ProcessTree

nvml = open_nvml(visible=os.environ.get("CUDA_VISIBLE_DEVICES"), process_ids=ProcessTree().ids, with_pcie=True)

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(nvml is None or not nvml.facts(), reason="there is no NVIDIA GPU or no driver of one"),
]


@pytest.fixture
def probe():
    return GpuProbe(nvml)


def first_of(values, name):
    return next(value for metric, value in values.items() if metric.endswith(f"/{name}"))


def test_every_device_says_what_it_is():
    for facts in nvml.facts():
        assert facts["name"]
        assert facts["driver"]
        assert facts["memory_bytes"] > 2**30
        assert facts["uuid"].startswith(("GPU-", "MIG-"))


def test_all_values_are_finite_and_within_their_range(probe):
    values = probe.read()
    assert all(math.isfinite(value) for value in values.values())
    percents = [value for name, value in values.items() if name.endswith(("percent", "/utilization"))]
    assert percents
    assert all(0 <= value <= 100 for value in percents)
    assert 0 < first_of(values, "temperature_c") < 120


def test_reading_again_and_again_changes_no_set_of_metrics(probe):
    steady = [
        {name for name in probe.read() if "busy" not in name and "process" not in name}  # these come with samples
        for _ in range(3)
    ]
    assert steady[0] == steady[1] == steady[2]


def test_work_on_the_device_is_seen(probe):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch knows no CUDA")
    before = probe.read()
    a = torch.randn(8192, 8192, device="cuda")
    b = torch.empty_like(a)
    end = torch.cuda.Event()
    for _ in range(100):
        torch.matmul(a, a, out=b)
    end.record()
    used = first_of(probe.read(), "utilization")
    for _ in range(100):
        used = max(used, first_of(probe.read(), "utilization"))  # 40 ms each, most of it measuring PCIe
        if end.query() and used > 0:
            break
    end.synchronize()
    after = probe.read()
    assert used > 0
    assert first_of(after, "memory_used_bytes") - first_of(before, "memory_used_bytes") > 2 * a.nbytes * 0.9
    assert first_of(after, "energy_j") > 0
