"""What `log()` takes, and what it says to anything else."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from tests.client.reading import read_all
from tracker.records import Logged, MediaLogged


@pytest.fixture
def offline(start):
    return start(mode="offline")


def logged(run):
    return [record for record in read_all(run.journal_path) if isinstance(record, Logged)]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        pytest.param(1, 1.0, id="int"),
        pytest.param(True, 1.0, id="bool"),
        pytest.param(np.float32(0.5), 0.5, id="numpy float32"),
        pytest.param(np.float64(0.5), 0.5, id="numpy float64"),
        pytest.param(np.int64(7), 7.0, id="numpy integer"),
        pytest.param(np.bool_(True), 1.0, id="numpy bool"),
        pytest.param(np.array(3), 3.0, id="numpy array without dimensions"),
        pytest.param(torch.tensor(2.5, requires_grad=True), 2.5, id="tensor with a gradient"),
        pytest.param(torch.tensor(2, dtype=torch.int32), 2.0, id="integer tensor"),
        pytest.param(torch.tensor(1.5, dtype=torch.bfloat16), 1.5, id="bfloat16 tensor"),
        pytest.param(10**400, math.inf, id="integer beyond any float"),
        pytest.param(-math.inf, -math.inf, id="infinity"),
    ],
)
def test_numbers_of_any_make_become_floats(offline, value, number):
    offline.log({"loss": value})
    assert logged(offline)[0].values == {"loss": number}


def test_nan_is_a_value(offline):
    offline.log({"loss": math.nan})
    assert math.isnan(logged(offline)[0].values["loss"])


def test_nested_mappings_become_names_with_slashes(offline):
    offline.log({"train": {"loss": 1.0, "acc": {"top1": 2}}, "lr": 3.0})
    assert logged(offline)[0].values == {"train/loss": 1.0, "train/acc/top1": 2.0, "lr": 3.0}


def test_ten_thousand_names_in_one_call_are_kept(offline):
    offline.log({f"layer{index}/norm": float(index) for index in range(10_000)})
    assert len(logged(offline)[0].values) == 10_000


@pytest.mark.parametrize(
    ("metrics", "error", "says"),
    [
        pytest.param({"loss": "low"}, TypeError, r"'loss' must be a number.*got str: 'low'", id="text"),
        pytest.param({"a": {"b": None}}, TypeError, r"'a/b' must be a number.*NoneType", id="nested None"),
        pytest.param({"w": np.zeros((2, 3))}, TypeError, r"'w' is a ndarray of shape \(2, 3\)", id="array"),
        pytest.param({"w": torch.zeros(4)}, TypeError, r"'w' is a Tensor of shape \(4,\)", id="tensor"),
        pytest.param({"z": 1j}, TypeError, r"'z' must be a number.*complex", id="complex"),
        pytest.param({"": 1.0}, ValueError, "empty", id="empty name"),
        pytest.param({"a\0b": 1.0}, ValueError, "NUL", id="NUL in a name"),
        pytest.param({"x" * 501: 1.0}, ValueError, "at most 500", id="long name"),
        pytest.param({"x" * 300: {"y" * 300: 1.0}}, ValueError, "at most 500", id="long nested name"),
        pytest.param({3: 1.0}, TypeError, "must be text, got int: 3", id="number as a name"),
        pytest.param([("loss", 1.0)], TypeError, "takes a mapping", id="list"),
    ],
)
def test_anything_else_is_an_error_that_names_it(offline, metrics, error, says):
    with pytest.raises(error, match=says):
        offline.log(metrics)
    assert logged(offline) == []


@pytest.mark.parametrize("step", [1.5, "3", True], ids=repr)
def test_a_step_that_is_no_integer_is_an_error(offline, step):
    with pytest.raises(TypeError, match="step must be an integer"):
        offline.log({"loss": 1.0}, step=step)


def test_an_integer_beyond_2_to_53_is_kept_as_the_nearest_float(offline):
    offline.log({"tokens": 2**53 + 1})
    assert logged(offline)[0].values == {"tokens": float(2**53)}


def test_steps_count_up_and_may_be_set_anywhere(offline):
    for step in (None, None, 10, None, -4, None, 10, np.int64(12)):
        offline.log({"loss": 0.0}, step=step)
    assert [record.step for record in logged(offline)] == [0, 1, 10, 11, -4, -3, 10, 12]


def test_a_plotly_figure_becomes_media_of_the_same_step(offline):
    offline.log({"confusion": go.Figure(go.Bar(y=[1, 2])), "loss": 1.0}, step=5)
    offline.finish()
    media = next(record for record in read_all(offline.journal_path) if isinstance(record, MediaLogged))
    blob = offline.journal_path.with_suffix(".blobs") / media.digest
    assert (media.step, media.kind, media.size_bytes) == (5, "plotly", blob.stat().st_size)
    assert logged(offline)[0].step == 5
