"""`run.config` and `run.summary` record every change."""

from __future__ import annotations

import argparse
import enum
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.client.reading import read_all
from tracker.records import ConfigChanged, SummaryChanged


@pytest.fixture
def offline(start):
    return start(mode="offline")


def changes(run, kind=ConfigChanged):
    return [record.values for record in read_all(run.journal_path) if isinstance(record, kind)]


@dataclass
class Optimizer:
    name: str = "adam"
    betas: tuple[float, float] = (0.9, 0.999)


@dataclass
class Settings:
    lr: float = 0.1
    optimizer: Optimizer = field(default_factory=Optimizer)


class Phase(enum.Enum):
    WARM = "warm"


def test_values_are_read_as_items_and_as_attributes(offline):
    offline.config.update(lr=0.1, model={"layers": [1, 2]})
    assert offline.config["lr"] == offline.config.lr == 0.1
    assert offline.config.model.layers == [1, 2]
    assert changes(offline) == [{"lr": 0.1, "model": {"layers": [1, 2]}}]


def test_a_change_deep_inside_is_recorded_by_its_top_level_key(offline):
    offline.config.model = {"head": {"width": 8}}
    offline.config.model.head.width = 16
    assert changes(offline)[-1] == {"model": {"head": {"width": 16}}}


@pytest.mark.parametrize(
    "given",
    [Settings(), argparse.Namespace(lr=0.1, optimizer=Optimizer()), {"lr": 0.1, "optimizer": vars(Optimizer())}],
    ids=["dataclass", "argparse", "mapping"],
)
def test_the_usual_forms_of_a_config_are_taken(start, given):
    run = start(mode="offline", config=given)
    assert changes(run) == [{"lr": 0.1, "optimizer": {"name": "adam", "betas": [0.9, 0.999]}}]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param(Path("data/train"), "data/train", id="path"),
        pytest.param(Phase.WARM, "warm", id="enum"),
        pytest.param(np.int32(4), 4, id="numpy integer"),
        pytest.param(np.array([1.5, 2.0]), [1.5, 2.0], id="numpy array"),
        pytest.param({"b", "a"}, ["a", "b"], id="set"),
        pytest.param(None, None, id="None"),
        pytest.param("x" * 100_000, "x" * 100_000, id="long text"),
        pytest.param(2**70, float(2**70), id="huge integer"),
    ],
)
def test_values_become_json_like(offline, value, kept):
    offline.config.update(key=value)
    assert changes(offline) == [{"key": kept}]


def test_what_is_not_json_like_is_an_error_that_names_its_place(offline):
    with pytest.raises(TypeError, match=r"config\.model\.layers\[1\] must be JSON-like .* got object; .*str\(\)"):
        offline.config.update(model={"layers": [1, object()]})
    assert changes(offline) == []


def test_a_missing_attribute_says_what_there_is(offline):
    offline.config.lr = 0.1
    with pytest.raises(AttributeError, match="config has no 'rate'; it has lr"):
        _ = offline.config.rate


def test_a_summary_is_recorded(offline):
    offline.summary["best"] = np.float32(0.5)
    offline.summary.update(note="ok", done=True)
    assert changes(offline, SummaryChanged) == [{"best": 0.5}, {"note": "ok", "done": True}]


def test_a_summary_takes_no_lists(offline):
    with pytest.raises(TypeError, match=r"summary 'best' must be a number, text, a boolean or None, got list"):
        offline.summary["best"] = [1]
