"""Histograms and norms of tensors, as they are computed on a CPU and as on a device that is not waited for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tracker import kinds, spread

torch = pytest.importorskip("torch")

NAN, INF = math.nan, math.inf
CASES = {
    "many values": lambda: torch.randn(200_000, generator=torch.Generator().manual_seed(3)),
    "few values": lambda: torch.tensor([1.0, 2.0, 2.0, 4.0]),
    "one value": lambda: torch.ones(7),
    "zeros": lambda: torch.zeros(5),
    "nearly one value": lambda: torch.tensor([0.0, 1e-45, 2e-45]),
    "near one another": lambda: torch.tensor([1.0, 1.0 + 1e-6, 1.0 + 2e-6]),
    "some not finite": lambda: torch.tensor([NAN, 1.0, INF, 3.0, -INF, NAN]),
    "none finite": lambda: torch.tensor([NAN, INF]),
    "half precision": lambda: torch.linspace(-2, 5, 300).half(),
    "bfloat16": lambda: torch.linspace(-2, 5, 300).bfloat16(),
    "double precision": lambda: torch.linspace(-2, 5, 300, dtype=torch.float64),
    "tiny": lambda: torch.tensor([1e-30, -3e-30, 2e-30]),
    "huge": lambda: torch.tensor([1e30, -3e30, 2e30]),
    "as far as it goes": lambda: torch.tensor([-3e38, 0.0, 1.0, 3e38]),
}


@pytest.fixture(params=CASES, ids=lambda name: name)
def values(request):
    return CASES[request.param]()


def test_every_value_is_counted_where_it_is(values):
    found = spread.on_host(values, 64)
    exact = values.double().numpy()
    finite = exact[np.isfinite(exact)]
    histogram = found.histogram()
    assert sum(histogram.counts) == finite.size
    assert (histogram.nan_count, histogram.infinite_count) == (np.isnan(exact).sum(), np.isinf(exact).sum())
    assert kinds.read("histogram", kinds.write(histogram)) == histogram
    assert all(np.diff(histogram.edges) > 0)
    if finite.size:
        assert histogram.edges[0] <= finite.min() <= finite.max() <= histogram.edges[-1]
        within = np.diff(np.searchsorted(np.sort(finite), histogram.edges))
        assert abs(np.cumsum(within)[:-1] - np.cumsum(histogram.counts)[:-1]).max() <= max(2, finite.size * 1e-5)
    with np.errstate(invalid="ignore"):
        assert found.norm == pytest.approx(np.linalg.norm(exact), rel=1e-5, nan_ok=True)


def test_a_device_computes_what_the_host_does(values):
    there = spread.unpacked(
        spread.on_device(values, 64).tolist(), values.numel(), float(torch.finfo(torch.float32).tiny)
    )
    here = spread.on_host(values, 64)
    assert (there.least, there.greatest, there.nan_count, there.infinite_count) == (
        here.least, here.greatest, here.nan_count, here.infinite_count,
    )  # fmt: skip
    assert there.norm == pytest.approx(here.norm, rel=1e-5, nan_ok=True)
    assert sum(there.counts) == sum(here.counts)
    assert abs(np.cumsum(there.counts) - np.cumsum(here.counts)).max() <= max(1, values.numel() * 1e-5)


@pytest.mark.parametrize("bins", [1, 256, 257, 512])
def test_there_are_as_many_bins_as_asked_for(bins):
    counts = spread.on_host(torch.linspace(0, 1, 100_000), bins).counts
    assert (len(counts), sum(counts)) == (bins, 100_000)
    assert max(counts) - min(counts) <= 2 + 100_000 / bins * 0.01


def test_other_layouts_count_by_the_values_they_hold():
    sparse = torch.sparse_coo_tensor([[0, 0, 2]], [1.0, 2.0, 5.0], (4,), check_invariants=True)
    tensors = {
        "sparse": sparse,
        "complex": torch.tensor([1 + 2j, 3 - 4j]),
        "channels last": torch.arange(24.0).reshape(1, 2, 3, 4).to(memory_format=torch.channels_last),
        "scalar": torch.tensor(3.0, requires_grad=True),
        "empty": torch.zeros(0, 3),
    }
    copies = spread.measure(tensors, 4)
    copies.wait()
    found = copies.numbers()
    assert {name: (each.least, each.greatest, sum(each.counts)) for name, each in found.items()} == {
        "sparse": (3.0, 5.0, 2),
        "complex": (-4.0, 3.0, 4),
        "channels last": (0.0, 23.0, 24),
        "scalar": (3.0, 3.0, 1),
    }
