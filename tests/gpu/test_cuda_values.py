"""Logging a CUDA tensor waits for nothing. Skipped where there is no CUDA device."""

from __future__ import annotations

import statistics
import time

import pytest

from tests.client.reading import read_all
from tracker.records import Logged

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device, or this torch knows none"),
]

STEPS = 200


def logged(run):
    return [record for record in read_all(run.journal_path) if isinstance(record, Logged)]


def busy(a):
    """Work for some 100 ms and more, queued in far less."""
    for _ in range(100):
        a = torch.matmul(a, a).clamp_(-1, 1)
    return a


def test_log_returns_while_the_device_still_computes_the_value(run):
    a = torch.randn(8192, 8192, device="cuda")
    run.log({"loss": busy(a).mean()}, step=0)  # whatever is set up once, is set up here
    torch.cuda.synchronize()
    loss = busy(a).mean()
    computed = torch.cuda.Event()
    computed.record()
    run.log({"loss": loss}, step=1)
    assert not computed.query()
    expected = loss.item()
    run.finish()
    assert logged(run)[1].values == {"loss": pytest.approx(expected)}


def test_a_value_is_the_one_at_the_time_of_logging(run):
    loss = torch.zeros((), device="cuda")
    for step in range(100):
        loss += 1.0  # in place: the next step overwrites what was logged
        run.log({"loss": loss}, step=step)
    run.finish()
    assert [record.values["loss"] for record in logged(run)] == [step + 1.0 for step in range(100)]


def test_a_training_step_takes_no_longer_with_logging(run):
    """Within a tenth: steps of a small network, so that waiting for the device would show."""
    network = torch.nn.Sequential(
        *[layer for _ in range(8) for layer in (torch.nn.Linear(2048, 2048), torch.nn.ReLU())], torch.nn.Linear(2048, 1)
    ).cuda()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    x, y = torch.randn(4096, 2048, device="cuda"), torch.randn(4096, 1, device="cuda")

    def seconds(log):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        for _ in range(STEPS):
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.mse_loss(network(x), y)
            loss.backward()
            optimizer.step()
            log(loss)
        torch.cuda.synchronize()
        return time.perf_counter() - begun

    ways = {"silent": lambda loss: None, "logging": lambda loss: run.log({"loss": loss}), "waiting": torch.Tensor.item}
    for log in ways.values():
        seconds(log)
    took = {name: statistics.median(seconds(log) for _ in range(5)) / STEPS for name, log in ways.items()}
    print({name: f"{1e6 * second:.0f} µs a step" for name, second in took.items()})
    assert took["logging"] < 1.1 * took["silent"]
