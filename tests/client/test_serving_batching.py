"""Requests that wait together are run together, and nobody's answer depends on a neighbour."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.processes import wait_until
from tracker.manifest import Field, Signature
from tracker.serving.batching import Batcher, can_join

FOREVER_S = 30.0


def rows(*values):
    return {"x": np.asarray(values, np.float32).reshape(-1, 1)}


def doubled(inputs):
    return {"y": 2 * inputs["x"]}


class Model:
    """Doubles what it is given, refuses what is negative, and stands still while `gate` is closed."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.calls = []

    def __call__(self, inputs):
        self.calls.append(len(inputs["x"]))
        assert self.gate.wait(FOREVER_S)
        if (inputs["x"] < 0).any():
            raise ValueError("it is negative")
        return doubled(inputs)


def batcher(model, **options):
    return Batcher(model, **{"max_batch": 8, "max_wait_s": 0.0} | options)


def ask(engine, inputs):
    engine.expect()
    return engine.run(inputs)


def together(engine, model, *asked):
    """The outcomes of these requests, which came while another one was being answered."""
    model.gate.clear()
    with ThreadPoolExecutor(len(asked) + 1) as pool:
        first = pool.submit(ask, engine, rows(0))
        wait_until(lambda: model.calls, "the first one runs")
        others = [pool.submit(ask, engine, inputs) for inputs in asked]
        wait_until(lambda: len(engine) == len(asked), "the others wait")
        model.gate.set()
        first.result(FOREVER_S)
        return [other.exception(FOREVER_S) or other.result()["y"].ravel().tolist() for other in others]


def test_a_lone_request_is_run_by_itself():
    model = Model()
    assert ask(batcher(model, max_wait_s=FOREVER_S), rows(1, 2))["y"].ravel().tolist() == [2, 4]
    assert model.calls == [2]


def test_requests_that_wait_are_one_call_and_each_gets_its_own_rows():
    model = Model()
    outcomes = together(batcher(model), model, rows(1), rows(2, 3), rows(4))
    assert sorted(outcomes) == [[2], [4, 6], [8]]
    assert model.calls == [1, 4]


def test_no_more_examples_run_together_than_are_allowed():
    model = Model()
    together(batcher(model, max_batch=2), model, *[rows(number) for number in range(5)])
    assert model.calls == [1, 2, 2, 1]


def test_a_request_that_the_model_refuses_spoils_no_neighbour():
    model = Model()
    outcomes = together(batcher(model), model, rows(1), rows(-1), rows(3))
    assert [outcome for outcome in outcomes if isinstance(outcome, list)] == [[2], [6]]
    assert [str(outcome) for outcome in outcomes if not isinstance(outcome, list)] == ["it is negative"]


def test_inputs_of_another_shape_are_another_call():
    model = Model()
    wide = {"x": np.ones((1, 2), np.float32)}
    assert sorted(together(batcher(model), model, rows(1), wide)) == [[2], [2, 2]]
    assert model.calls == [1, 1, 1]


def test_a_request_that_is_being_read_is_waited_for():
    model = Model()
    engine = batcher(model, max_wait_s=FOREVER_S)
    engine.expect()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, engine, rows(1))
        wait_until(lambda: len(engine) == 1, "the first one waits")
        engine.run(rows(2))
        first.result(FOREVER_S)
    assert model.calls == [2]


def test_one_that_could_not_be_read_is_waited_for_no_longer():
    model = Model()
    engine = batcher(model, max_wait_s=FOREVER_S)
    engine.expect()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, engine, rows(1))
        wait_until(lambda: len(engine) == 1, "the first one waits")
        engine.cancel()
        assert first.result(FOREVER_S)["y"].tolist() == [[2]]


def test_one_that_cannot_gather_others_leaves_the_lead_to_the_next():
    model = Model()
    engine = batcher(model, max_wait_s=float("inf"))  # which the system cannot wait for
    engine.expect()
    with pytest.raises(OverflowError):
        ask(engine, rows(1))
    engine.cancel()
    assert ask(engine, rows(2))["y"].tolist() == [[4]]
    assert model.calls == [1]


def test_outputs_without_a_row_for_each_example_are_never_cut(capsys):
    model = Model()
    engine = Batcher(lambda inputs: {"y": model(inputs)["y"].sum(keepdims=True)}, max_batch=8, max_wait_s=0.0)
    assert sorted(together(engine, model, rows(1), rows(2))) == [[2], [4]]
    assert "no longer joined" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shape", "is_batched", "is_joined"),
    [(("n", 3), True, True), ((None, 3), True, True), ((1, 3), True, False), (("n", 3), False, False),
     ((), True, False)],
    ids=["named", "free", "fixed", "dependent", "without axes"],
)  # fmt: skip
def test_only_free_first_axes_are_joined(shape, is_batched, is_joined):
    field = Field("x", "float32", shape)
    assert can_join(Signature((field,), (field,), is_batched)) is is_joined
