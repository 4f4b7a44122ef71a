"""A value on an accelerator is not waited for. A fake stands for the device: it has what an event has, an arrival."""

from __future__ import annotations

import threading

from tests.client.reading import read_all
from tracker.live_run import Run
from tracker.pending import Resolver
from tracker.records import Logged, RunStarted
from tracker.settings import Settings


class FakeCopies:
    def __init__(self, numbers):
        self.arrival = threading.Event()
        self._numbers = numbers

    def wait(self):
        self.arrival.wait(20)

    def numbers(self):
        return self._numbers


class CudaTensor:
    """Looks to the client as a scalar CUDA tensor does."""

    __module__ = "torch"
    is_cuda = True
    ndim = 0

    def is_complex(self):
        return False


def make_run(folder, copies):
    settings = Settings(url="http://127.0.0.1:1", api_key=None, directory=folder, mode="offline")
    started = RunStarted(1, "run1", "digits", "w1")
    return Run(settings, started, copy_tensors=lambda tensors: copies)


def logged(run):
    return [record for record in read_all(run.journal_path) if isinstance(record, Logged)]


def test_log_returns_before_the_value_has_arrived(tmp_path):
    copies = FakeCopies({"loss": 0.5})
    run = make_run(tmp_path, copies)
    run.log({"loss": CudaTensor(), "lr": 0.1}, step=3)
    assert logged(run) == []
    copies.arrival.set()
    run.finish()
    assert [(record.step, record.values) for record in logged(run)] == [(3, {"lr": 0.1, "loss": 0.5})]


def test_later_plain_values_do_not_wait_for_it(tmp_path):
    copies = FakeCopies({"loss": 0.5})
    run = make_run(tmp_path, copies)
    run.log({"loss": CudaTensor()})
    run.log({"lr": 0.1})
    assert [record.step for record in logged(run)] == [1]
    copies.arrival.set()
    run.finish()
    assert [record.step for record in logged(run)] == [1, 0]


def test_a_device_that_fails_costs_only_its_own_value(capsys):
    class Broken(FakeCopies):
        def numbers(self):
            raise RuntimeError("device lost")

    arrived = []
    resolver = Resolver()
    for copies in (Broken({}), FakeCopies({"b": 1.0})):
        copies.arrival.set()
        resolver.add(copies, arrived.append)
    assert resolver.close(20)
    assert arrived == [{"b": 1.0}]
    assert "device lost" in capsys.readouterr().err
