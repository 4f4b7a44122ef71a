"""Watching a module on a CUDA device waits for nothing. Skipped where there is no CUDA device."""

from __future__ import annotations

import pytest

from tests.client.reading import read_all
from tracker import kinds, spread
from tracker.records import Logged, MediaLogged

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device, or this torch knows none"),
]


@pytest.fixture
def waiting_is_an_error():
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    yield
    torch.cuda.set_sync_debug_mode("default")


def network():
    return torch.nn.Sequential(torch.nn.Linear(512, 512), torch.nn.ReLU(), torch.nn.Linear(512, 4)).cuda()


def test_watching_waits_for_nothing_and_logs_what_the_host_would(run, waiting_is_an_error):
    model = network()
    inputs = torch.randn(64, 512, device="cuda")
    run.watch(model, "all", log_freq=1)
    model(inputs).square().mean().backward()
    run.log({"lr": 0.1})
    torch.cuda.set_sync_debug_mode("default")
    expected = {name: spread.on_host(each.grad.flatten().cpu(), 64) for name, each in model.named_parameters()}
    run.finish()
    media = {record.name: record for record in read_all(run.journal_path) if isinstance(record, MediaLogged)}
    assert len(media) == 8
    for name, each in expected.items():
        found = kinds.read("histogram", media[f"gradients/{name}"].details)
        assert found.edges == pytest.approx(each.histogram().edges)
        assert sum(abs(a - b) for a, b in zip(found.counts, each.counts, strict=True)) <= 4  # values at an edge
    norms = [record.values for record in read_all(run.journal_path) if isinstance(record, Logged)][-1]
    assert norms["gradients/norm"] == pytest.approx(sum(each.norm**2 for each in expected.values()) ** 0.5, rel=1e-4)


def test_the_scale_of_a_scaler_is_not_waited_for(run):
    model, scaler = network(), torch.amp.GradScaler("cuda", init_scale=2.0**10)
    inputs = torch.randn(64, 512, device="cuda")
    run.watch(model, None, log_freq=1, scaler=scaler)
    scaler.scale(model(inputs).square().mean()).backward()  # which makes the scale's tensor
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    scaler.scale(model(inputs).square().mean()).backward()
    run.log({"lr": 0.1})
    torch.cuda.set_sync_debug_mode("default")
    norm = torch.cat([each.grad.flatten() for each in model.parameters()]).norm().item() / 2.0**10
    run.finish()
    (logged,) = [
        record for record in read_all(run.journal_path) if isinstance(record, Logged) and "lr" not in record.values
    ]
    assert logged.values["gradients/norm"] == pytest.approx(norm, rel=1e-4)


@pytest.mark.parametrize("strict", [True, False], ids=["deterministic", "any algorithm"])
def test_a_large_tensor_is_counted_to_the_last_value(strict):
    values = torch.zeros(3 * 2**24 + 5, device="cuda", dtype=torch.bfloat16)
    values[-1] = 1.0
    torch.use_deterministic_algorithms(strict)
    try:
        copies = spread.measure({"embedding": values}, 64)
        copies.wait()
        assert torch.are_deterministic_algorithms_enabled() is strict
    finally:
        torch.use_deterministic_algorithms(False)
    found = copies.numbers()["embedding"]
    assert (found.counts[0], found.counts[-1], found.norm) == (3 * 2**24 + 4, 1, 1.0)
