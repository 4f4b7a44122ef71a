"""`log_evaluation` keeps results by example as rules of a model read them, and refuses what they would not read."""

from __future__ import annotations

import pandas as pd
import pytest

from tracker.records import ArtifactLogged


def kept(server) -> tuple[ArtifactLogged, str]:
    """The record and the file of the one evaluation that has arrived."""
    (logged,) = server.records(ArtifactLogged)
    (file,) = logged.files
    assert file.path == "evaluation.csv"
    return logged, server.blobs[file.digest].decode()


def test_scores_and_slices_arrive_as_one_file(server, start):
    run = start()
    logged = run.log_evaluation(
        "val",
        {"val/acc": {"a": 1, "b": False}, "val/loss": {"a": 0.5, "c": float("nan")}},
        slices={"light": {"a": "day", "b": "night"}},
        data="imagenet-val:v4",
    )
    run.finish()
    record, text = kept(server)
    assert (record.name, record.kind, logged.name) == ("val", "evaluation", "val")
    assert record.metadata == {
        "metrics": ["val/acc", "val/loss"], "slices": ["light"], "examples": 3, "data": "imagenet-val:v4",
    }  # fmt: skip
    assert text.splitlines() == [
        "example of imagenet-val:v4,metric:val/acc,metric:val/loss,slice:light",
        "a,1.0,0.5,day",
        "b,0.0,,night",
        "c,,nan,",
    ]


def test_a_frame_has_examples_as_its_index(server, start):
    run = start()
    run.log_evaluation("val", pd.DataFrame({"acc": [1.0, 0.0]}, index=[7, 8]))
    run.finish()
    assert kept(server)[1] == "example,metric:acc\n7,1.0\n8,0.0\n"


@pytest.mark.parametrize(
    ("scores", "options", "error", "says"),
    [
        ([1, 2], {}, TypeError, "scores are a mapping by name, then by example"),
        ({"acc": [1, 2]}, {}, TypeError, "scores of 'acc' are a mapping by example, got list"),
        ({"acc": {"a": "1"}}, {}, TypeError, "the score of 'a' in 'acc' is a number, got '1'"),
        ({"acc": {"a": None}}, {}, TypeError, "the score of 'a' in 'acc' is a number, got None"),
        ({}, {}, ValueError, "at least one metric and one example"),
        ({"acc": {}}, {}, ValueError, "at least one metric and one example"),
        ({"": {"a": 1}}, {}, ValueError, "names of 1 to 500 printable characters"),
        ({"acc": {"a\n": 1}}, {}, ValueError, "an id of 1 to 500 printable characters"),
        ({"acc": {1: 1, "1": 0}}, {}, ValueError, "the example '1' stands in 'acc' twice"),
        ({"acc": {"a": 1}}, {"data": "val@clean"}, ValueError, "data names one version of an artifact"),
        ({"acc": {"a": 1}}, {"slices": {"light": "day"}}, TypeError, "slices of 'light' are a mapping"),
        ({f"m{n}": {"a": 1} for n in range(100)}, {}, ValueError, "at most 99 metrics and slices, got 100"),
        ({"acc": dict.fromkeys(range(200_001), 1)}, {}, ValueError, "at most 200,000 examples"),
    ],
)
def test_what_could_not_be_read_is_an_error(start, scores, options, error, says):
    with pytest.raises(error, match=says):
        start(mode="offline").log_evaluation("val", scores, **options)


def test_a_name_that_cannot_be_one_is_an_error(start):
    with pytest.raises(ValueError, match="an artifact's name must have 1 to 128"):
        start(mode="offline").log_evaluation("a/b", {"acc": {"a": 1}})
