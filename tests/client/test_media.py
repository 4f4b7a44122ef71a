"""What each kind of media becomes: its bytes, read by others' programs, and what its record says of it."""

from __future__ import annotations

import io
import json
import wave
from datetime import UTC, datetime

import numpy as np
import pandas
import PIL.Image
import polars
import pytest
import torch
from matplotlib.figure import Figure
from sklearn import metrics

import tracker
from tests.client.reading import read_all
from tracker import kinds
from tracker.journal_files import blobs_of
from tracker.records import Logged, MediaLogged

PIXELS = np.random.default_rng(0).integers(0, 255, (4, 6, 3), dtype=np.uint8)
ANSWERS = np.random.default_rng(1)


class Kept:
    """What a run has logged: its media, and their bytes."""

    def __init__(self, run):
        self._run = run

    def log(self, value):
        """The record of the one piece that this is; the run is over then."""
        (record,) = self.log_all({"it": value})
        return record

    def log_all(self, values, step=3):
        self._run.log(values, step=step)
        self._run.finish()
        found = [record for record in read_all(self._run.journal_path) if isinstance(record, MediaLogged)]
        for record in found:
            kinds.read(record.kind, record.details)  # it is what its schema says
        return found

    def bytes(self, digest):
        return (blobs_of(self._run.journal_path) / digest).read_bytes()

    def picture(self, digest):
        return np.asarray(PIL.Image.open(io.BytesIO(self.bytes(digest))))

    def table(self, digest):
        return json.loads(self.bytes(digest))


@pytest.fixture
def kept(start):
    return Kept(start(mode="offline"))


@pytest.mark.parametrize(
    ("data", "pixels"),
    [
        pytest.param(PIXELS, PIXELS, id="bytes"),
        pytest.param(PIXELS / 255, PIXELS, id="floats"),
        pytest.param(PIXELS.astype(np.int64), PIXELS, id="integers"),
        pytest.param(PIXELS[:, :, 0], PIXELS[:, :, 0], id="grey"),
        pytest.param(PIXELS[:, :, :1], PIXELS[:, :, 0], id="one channel"),
        pytest.param(torch.tensor(PIXELS).permute(2, 0, 1), PIXELS, id="tensor, channels first"),
        pytest.param(torch.tensor(PIXELS).permute(2, 0, 1) / 255, PIXELS, id="tensor of floats"),
        pytest.param(torch.ones(2, 2, dtype=torch.bfloat16), np.full((2, 2), 255), id="bfloat16"),
        pytest.param(np.array([[True, False]]), np.array([[255, 0]]), id="booleans"),
        pytest.param(PIL.Image.fromarray(PIXELS), PIXELS, id="PIL"),
    ],
)
def test_an_image_has_the_pixels_that_were_given(kept, data, pixels):
    record = kept.log(tracker.Image(data, "six by four"))
    assert np.array_equal(kept.picture(record.digest), pixels)
    height, width = pixels.shape[:2]
    assert record.details == {"format": "png", "width": width, "height": height}
    assert (record.kind, record.caption, record.step) == ("image", "six by four", 3)


def test_later_changes_of_an_array_do_not_change_what_was_logged(kept):
    pixels, rows, cell = PIXELS.copy(), [{"a": 1}], [1]
    image, table = tracker.Image(pixels), tracker.Table({"cell": [cell]})
    pixels[:] = 0
    cell.append(2)
    rows.clear()
    records = {record.name: record for record in kept.log_all({"image": image, "table": table})}
    assert np.array_equal(kept.picture(records["image"].digest), PIXELS)
    assert kept.table(records["table"].digest)["values"] == [[[1]]]


def test_boxes_and_masks_lie_over_an_image(kept):
    ids = np.zeros((4, 6), int)
    ids[0, 0] = 2
    image = tracker.Image(
        PIXELS,
        boxes={"truth": [(0, 1, 2, 3)], "guess": [{"box": np.arange(4), "label": 1, "score": np.float32(0.5)}]},
        masks={"ids": torch.tensor(ids), "large": ids * 500},
        classes=["sky", "road", "car"],
    )  # fmt: skip
    record = kept.log(image)
    assert record.details["boxes"] == [
        {"box": [0.0, 1.0, 2.0, 3.0], "group": "truth"},
        {"box": [0.0, 1.0, 2.0, 3.0], "label": "road", "score": 0.5, "group": "guess"},
    ]
    assert record.details["masks"][0] == {"name": "ids", "classes": {"0": "sky", "1": "road", "2": "car"}}
    masks = {file.path: kept.picture(file.digest) for file in record.files}
    assert np.array_equal(masks["masks/ids.png"], ids)
    assert masks["masks/large.png"][0, 0] == 1000


def test_a_file_is_kept_byte_for_byte(kept, tmp_path):
    path = tmp_path / "a.jpg"
    PIL.Image.fromarray(PIXELS).save(path)
    data = path.read_bytes()
    image = tracker.Image(path)
    path.unlink()
    record = kept.log(image)
    assert (kept.bytes(record.digest), record.details["format"]) == (data, "jpeg")


def test_values_outside_of_the_range_are_cut_off_and_told(kept, capsys):
    record = kept.log([tracker.Image(np.array([[-1.0, 0.5, 9.0]])), tracker.Image(np.array([[np.nan]]))][0])
    assert kept.picture(record.digest).tolist() == [[0, 128, 255]]
    assert "value_range=(low, high)" in capsys.readouterr().err


def test_a_list_is_kept_in_its_order_and_beside_numbers(kept):
    shades = [tracker.Image(np.full((2, 2), shade, np.uint8), str(shade)) for shade in (9, 8, 7)]
    records = kept.log_all({"val": {"shades": shades, "loss": 1}, "none": []}, step=5)
    assert [(one.name, one.step, one.position, one.caption) for one in records] == [
        ("val/shades", 5, 0, "9"), ("val/shades", 5, 1, "8"), ("val/shades", 5, 2, "7"),
    ]  # fmt: skip
    numbers = [record for record in read_all(kept._run.journal_path) if isinstance(record, Logged)]
    assert [(one.step, one.values) for one in numbers] == [(5, {"val/loss": 1.0})]


def test_sound_is_a_wave_file_with_its_shape(kept):
    samples = np.stack([np.linspace(-1, 1, 4000), np.zeros(4000)], axis=1)
    record = kept.log(tracker.Audio(samples, sample_rate_hz=8000))
    with wave.open(io.BytesIO(kept.bytes(record.digest))) as read:
        assert (read.getnchannels(), read.getframerate(), read.getnframes()) == (2, 8000, 4000)
    assert (record.details["seconds"], record.details["channels"]) == (0.5, 2)
    assert record.details["peaks"][0] == [-1.0, 0.0]
    assert len(record.details["peaks"]) == 500


@pytest.mark.parametrize("format", ["webp", "gif"])
def test_frames_become_a_file_that_moves(kept, format):
    frames = np.random.default_rng(0).integers(0, 255, (5, 8, 10, 3), dtype=np.uint8)
    record = kept.log(tracker.Video(torch.tensor(frames).permute(0, 3, 1, 2), fps=4, format=format))
    with PIL.Image.open(io.BytesIO(kept.bytes(record.digest))) as opened:
        assert (opened.n_frames, opened.size, opened.format) == (5, (10, 8), format.upper())
        opened.seek(1)
        opened.load()
        assert opened.info["duration"] == 250
    assert record.details == {"format": format, "width": 10, "height": 8, "frames": 5, "fps": 4.0}


def test_text_and_pages_are_kept_as_they_are(kept, tmp_path):
    (tmp_path / "a.md").write_text("# ä")
    records = kept.log_all(
        {
            "a": tracker.Text(tmp_path / "a.md", format="markdown"),
            "b": tracker.Text("x = 1", language="python"),
            "c": tracker.Html("<b>"),
        }
    )
    assert [(one.kind, one.details, kept.bytes(one.digest).decode()) for one in records] == [
        ("text", {"format": "markdown"}, "# ä"),
        ("text", {"format": "code", "language": "python"}, "x = 1"),
        ("html", {}, "<b>"),
    ]


@pytest.mark.parametrize(
    ("data", "columns", "values"),
    [
        pytest.param(
            pandas.DataFrame(
                {
                    "n": pandas.array([1, None], dtype="Int64"),
                    "x": [1.5, float("nan")],
                    "t": ["a", None],
                    "when": pandas.to_datetime(["2020-01-01", None]),
                }
            ),
            ["number", "number", "text", "time"],
            [[1, None], [1.5, "NaN"], ["a", None], [1577836800000, None]],
            id="pandas",
        ),
        pytest.param(
            polars.DataFrame({"n": [1, None], "x": [float("inf"), None], "t": ["a", None], "b": [True, None]}),
            ["number", "number", "text", "boolean"],
            [[1, None], ["Infinity", None], ["a", None], [True, None]],
            id="polars",
        ),
        pytest.param([{"a": 1}, {"b": "x"}], ["number", "text"], [[1, None], [None, "x"]], id="rows by name"),
        pytest.param({"a": np.arange(2), "b": torch.ones(2)}, ["number", "number"], [[0, 1], [1, 1]], id="columns"),
        pytest.param({"id": [2**60, 1]}, ["text"], [["1152921504606846976", "1"]], id="huge integers"),
        pytest.param({"m": [1, "a"]}, ["json"], [[1, "a"]], id="mixed"),
        pytest.param({"d": [datetime(2020, 1, 1, tzinfo=UTC)]}, ["time"], [[1577836800000]], id="times"),
        pytest.param({"e": []}, ["text"], [[]], id="no rows"),
    ],
)
def test_a_table_has_the_values_that_were_given(kept, data, columns, values):
    record = kept.log(tracker.Table(data))
    found = kept.table(record.digest)
    assert [column["type"] for column in found["columns"]] == columns
    assert found["values"] == values
    assert record.details == {"columns": found["columns"], "row_count": len(values[0])}


def test_an_index_that_says_something_is_a_column(kept):
    record = kept.log(tracker.Table(pandas.DataFrame({"x": [1]}, index=pandas.Index(["a"], name="key"))))
    assert kept.table(record.digest)["values"] == [["a"], [1]]


def test_cells_hold_media_and_equal_ones_are_one_file(kept):
    table = tracker.Table(columns=["image", "curve", "n"])
    table.add(tracker.Image(PIXELS, "first", masks={"m": np.ones((4, 6), int)}), tracker.Histogram([1, 2]), 1)
    table.add(PIL.Image.fromarray(PIXELS), None, 2)
    record = kept.log(table)
    assert sorted(file.path for file in record.files) == ["cells/00000.png", "cells/00000/masks/m.png"]
    first, second = kept.table(record.digest)["values"][0]
    assert (first["file"], first["kind"], first["caption"]) == ("cells/00000.png", "image", "first")
    assert second["file"] == "cells/00000.png"
    assert kept.table(record.digest)["values"][1][0]["details"]["counts"][0] == 1


def test_rows_added_after_logging_belong_to_what_is_logged_next(start):
    run = start(mode="offline")
    table = tracker.Table(columns=["n"])
    table.add(1)
    run.log({"t": table})
    table.add(2)
    run.log({"t": table})
    run.finish()
    found = [record for record in read_all(run.journal_path) if isinstance(record, MediaLogged)]
    assert [one.details["row_count"] for one in found] == [1, 2]


def test_a_histogram_counts_what_is_no_number_by_itself(kept):
    values = np.array([0.0, 1.0, 1.0, np.nan, np.inf, -np.inf])
    record = kept.log(tracker.Histogram(values, bins=2))
    assert record.details == {
        "edges": [0.0, 0.5, 1.0], "counts": [1.0, 2.0], "nan_count": 1, "infinite_count": 2,
    }  # fmt: skip
    assert (record.digest, record.size_bytes) == ("", 0)


@pytest.mark.parametrize(
    "values", [np.zeros(5), np.full(3, 1e300), np.array([np.nan]), np.array([-1e308, 1e308]), np.ones(2, bool)]
)
def test_a_histogram_of_any_values_has_edges_that_rise(kept, values):
    details = kept.log(tracker.Histogram(values)).details
    assert all(low < high for low, high in zip(details["edges"], details["edges"][1:], strict=False))
    assert sum(details["counts"]) + details.get("nan_count", 0) == len(values)


def test_a_plotly_figure_stays_one_and_a_matplotlib_figure_is_drawn(kept):
    import plotly.graph_objects as go

    drawn = Figure(figsize=(3, 2))
    drawn.subplots().plot([1, 2])
    plotly = go.Figure(go.Scatter(y=np.arange(3)))
    records = {
        one.name: one
        for one in kept.log_all(
            {
                "p": plotly,
                "d": {"f": tracker.Figure({"data": []})},
                "s": drawn,
                "i": tracker.Figure(drawn, format="png"),
            }
        )
    }
    assert {name: one.kind for name, one in records.items()} == {
        "p": "plotly", "d/f": "plotly", "s": "svg", "i": "image",
    }  # fmt: skip
    assert json.loads(kept.bytes(records["p"].digest))["data"][0]["type"] == "scatter"
    assert kept.bytes(records["s"].digest).startswith(b"<?xml")
    assert records["s"].details == {"width": 288.0, "height": 192.0}


LABELS = ANSWERS.integers(0, 2, 5000)
SCORES = np.round(ANSWERS.random(5000) * 0.5 + LABELS * 0.2, 3)  # with ties


def test_curves_have_the_areas_that_scikit_learn_finds(start):
    run = start(mode="offline")
    found = Kept(run).log_all({"pr": tracker.PRCurve(LABELS, SCORES), "roc": tracker.ROC(LABELS, SCORES)})
    (pr,), (roc,) = (one.details["curves"] for one in found)
    assert pr["area"] == pytest.approx(metrics.average_precision_score(LABELS, SCORES), abs=1e-12)
    assert roc["area"] == pytest.approx(metrics.roc_auc_score(LABELS, SCORES), abs=1e-12)
    assert roc["positive_count"] == int(LABELS.sum())
    assert len(pr["x"]) == len(pr["y"]) == len(pr["thresholds"]) <= 1000
    assert (roc["x"][0], roc["y"][0], roc["x"][-1], roc["y"][-1]) == (0, 0, 1, 1)


def test_the_points_of_a_curve_are_those_that_scikit_learn_finds(kept):
    labels, scores = [0, 0, 1, 1, 1], [0.1, 0.4, 0.35, 0.8, 0.4]
    (roc,) = kept.log(tracker.ROC(labels, scores)).details["curves"]
    false, true, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    assert roc["x"] == pytest.approx(false.tolist(), abs=1e-6)
    assert roc["y"] == pytest.approx(true.tolist(), abs=1e-6)


def test_each_class_has_a_curve_against_the_others(kept):
    labels = ["a", "b", "a", "c"]
    scores = torch.tensor([[0.9, 0.0, 0.1], [0.5, 0.3, 0.2], [0.4, 0.3, 0.3], [0.1, 0.1, 0.8]])
    curves = kept.log(tracker.PRCurve(labels, scores, classes=["a", "b", "c", "d"])).details["curves"]
    assert [one["label"] for one in curves] == ["a", "b", "c"]
    assert curves[0]["area"] == pytest.approx(metrics.average_precision_score([1, 0, 1, 0], scores[:, 0]))


def test_a_hundred_classes_fit_a_record(kept):
    scores = ANSWERS.random((3000, 100))
    record = kept.log(tracker.ROC(ANSWERS.integers(0, 100, 3000), scores, classes=[f"class {n}" for n in range(100)]))
    assert len(record.details["curves"]) == 100


def test_a_confusion_matrix_counts_and_opens_its_examples(kept):
    actual, predicted = torch.tensor([0, 1, 1, 2]), np.array([0, 2, 1, 2])
    matrix = tracker.ConfusionMatrix(actual, predicted, labels=["a", "b", "c"], examples={"n": [5, 6, 7, 8]})
    record = kept.log(matrix)
    assert record.details["counts"] == metrics.confusion_matrix(actual, predicted).tolist()
    (file,) = record.files
    assert (file.path, record.details["has_examples"]) == ("examples.json", True)
    found = kept.table(file.digest)
    assert [column["name"] for column in found["columns"]] == ["actual", "predicted", "n"]
    assert found["values"] == [["a", "b", "b", "c"], ["a", "c", "b", "c"], [5, 6, 7, 8]]


@pytest.mark.parametrize(
    ("actual", "predicted", "labels"),
    [
        pytest.param(["cat", "dog"], ["dog", "dog"], ["cat", "dog"], id="names"),
        pytest.param([0, 2], [0, 0], ["0", "1", "2"], id="ids with a hole"),
        pytest.param([-1, 1], [1, 1], ["-1", "1"], id="negative ids"),
        pytest.param([True, False], [True, True], ["0", "1"], id="booleans"),
    ],
)
def test_classes_without_labels_are_named_by_themselves(kept, actual, predicted, labels):
    details = kept.log(tracker.ConfusionMatrix(actual, predicted)).details
    assert details["labels"] == labels
    assert sum(map(sum, details["counts"])) == 2


def test_a_cloud_is_its_numbers_in_the_order_of_its_fields(kept):
    points = ANSWERS.random((10, 3))
    record = kept.log(
        tracker.Object3D(points, colors=np.full((10, 3), 0.5), classes=np.arange(10), class_names={1: "tree"})
    )
    assert record.details == {
        "count": 10, "fields": ["x", "y", "z", "r", "g", "b", "class"], "classes": {"1": "tree"},
    }  # fmt: skip
    found = np.frombuffer(kept.bytes(record.digest), "<f4").reshape(10, 7)
    assert np.allclose(found[:, :3], points)
    assert found[3].tolist()[3:] == [127.5, 127.5, 127.5, 3.0]


def test_equal_bytes_are_sent_once(server, start):
    run = start()
    for _ in range(3):
        run.log({"image": [tracker.Image(PIXELS), tracker.Image(PIXELS)]})
    run.finish()
    found = server.records(MediaLogged)
    assert (len(found), len({one.digest for one in found}), len(server.blobs)) == (6, 1, 1)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        pytest.param(lambda: tracker.Image(np.zeros((2, 3, 3, 3))), ValueError, "; give one of", id="batch"),
        pytest.param(lambda: tracker.Image(np.zeros((5, 5, 2))), ValueError, r"1, 3 or 4 channels", id="two channels"),
        pytest.param(lambda: tracker.Image(np.zeros((0, 5))), ValueError, r"got \(0, 5\)", id="no pixels"),
        pytest.param(lambda: tracker.Image(np.array(["a"])), TypeError, "numbers or booleans", id="array of text"),
        pytest.param(lambda: tracker.Image(torch.zeros(2, dtype=torch.cfloat)), TypeError, "real", id="complex"),
        pytest.param(lambda: tracker.Image("/nowhere.png"), FileNotFoundError, "no file at /nowhere.png", id="no file"),
        pytest.param(lambda: tracker.Image(__file__), ValueError, "no image that can be read", id="no image"),
        pytest.param(lambda: tracker.Image(PIXELS, 3), TypeError, "a caption must be text, got int", id="caption"),
        pytest.param(lambda: tracker.Image(PIXELS, format="bmp"), ValueError, "png, jpeg or webp", id="format"),
        pytest.param(lambda: tracker.Image(PIXELS, boxes=[(1, 2, 3)]), ValueError, "four numbers", id="short box"),
        pytest.param(
            lambda: tracker.Image(PIXELS, boxes=[(1, 2, float("nan"), 4)]), ValueError, "finite edges", id="NaN box"
        ),
        pytest.param(lambda: tracker.Image(PIXELS, boxes=[(5, 5, 2, 2)]), ValueError, "width, height", id="turned box"),
        pytest.param(
            lambda: tracker.Image(PIXELS, masks={"m": np.zeros((6, 4), int)}), ValueError, r"\(4, 6\), got \(6, 4\)",
            id="mask of another shape",
        ),
        pytest.param(lambda: tracker.Image(PIXELS, masks={"m": np.zeros((4, 6))}), TypeError, "argmax", id="mask"),
        pytest.param(
            lambda: tracker.Image(PIXELS, masks={"../m": np.zeros((4, 6), int)}), ValueError, "'../m'", id="mask's name"
        ),
        pytest.param(
            lambda: tracker.Image(np.broadcast_to(np.uint8(0), (20_000, 20_000))), ValueError, "artifact", id="size"
        ),
        pytest.param(lambda: tracker.Audio(np.zeros(5)), ValueError, "sample_rate_hz=16_000", id="no rate"),
        pytest.param(
            lambda: tracker.Audio(np.zeros((2, 500)), sample_rate_hz=9), ValueError, "samples.T", id="channels first"
        ),
        pytest.param(lambda: tracker.Audio(np.array([np.nan]), sample_rate_hz=9), ValueError, "finite", id="NaN"),
        pytest.param(lambda: tracker.Audio(__file__), ValueError, "no WAV, MP3", id="no sound"),
        pytest.param(lambda: tracker.Video(np.zeros((2, 3))), ValueError, r"got \(2, 3\)", id="no video"),
        pytest.param(lambda: tracker.Video(PIXELS[None], fps=0), ValueError, "fps .* got 0", id="fps"),
        pytest.param(lambda: tracker.Text(3), TypeError, "pathlib.Path, got int: 3", id="no text"),
        pytest.param(lambda: tracker.Table([[1, 2], [1]], columns=["a", "b"]), ValueError, "row 1 has 1 ", id="ragged"),
        pytest.param(lambda: tracker.Table({"a": [1], "b": [1, 2]}), ValueError, "'a' has 1, 'b' has 2", id="columns"),
        pytest.param(lambda: tracker.Table([[1]]), ValueError, "columns=", id="no names"),
        pytest.param(lambda: tracker.Table([[1, 2]], columns=["a", "a"]), ValueError, "'a' twice", id="a name twice"),
        pytest.param(lambda: tracker.Table(3), TypeError, "got int: 3", id="no table"),
        pytest.param(lambda: tracker.Table(columns=["a"]).add(1, 2), ValueError, "got 2", id="a row too long"),
        pytest.param(lambda: tracker.Histogram(counts=[1, 2], edges=[0, 1]), ValueError, "3 edges, got 2", id="edges"),
        pytest.param(lambda: tracker.Histogram(counts=[1], edges=[1, 0]), ValueError, "rise", id="falling edges"),
        pytest.param(lambda: tracker.Histogram([1], bins=0), ValueError, "1 to 512 bins, got 0", id="bins"),
        pytest.param(lambda: tracker.Histogram([]), ValueError, "at least one value", id="of nothing"),
        pytest.param(lambda: tracker.ROC([0, 1], [0.5]), ValueError, r"\(1,\), got \(2,\)", id="labels"),
        pytest.param(lambda: tracker.ROC([0, 2], [0.5, 1]), ValueError, "0 and 1, got 0 to 2", id="a third"),
        pytest.param(lambda: tracker.PRCurve([0, 1], [0.5, np.nan]), ValueError, "finite", id="NaN score"),
        pytest.param(lambda: tracker.PRCurve(curves={"a": ([0, 2], [0, 1])}), ValueError, "got 0 to 2", id="points"),
        pytest.param(
            lambda: tracker.ConfusionMatrix([0, 1], np.zeros((2, 2))), ValueError, "argmax", id="scores as classes"
        ),
        pytest.param(
            lambda: tracker.ConfusionMatrix([0], [0], examples={"n": [1, 2]}), ValueError, "2 rows", id="examples"
        ),
        pytest.param(
            lambda: tracker.ConfusionMatrix(["x"], ["y"], labels=["x"]), ValueError, "'y' is none of labels", id="label"
        ),
        pytest.param(lambda: tracker.ConfusionMatrix(counts=np.ones((2, 3))), ValueError, "square", id="counts"),
        pytest.param(lambda: tracker.Object3D(np.zeros((3, 4))), ValueError, r"got \(3, 4\)", id="cloud"),
        pytest.param(lambda: tracker.Object3D([[0, 0, np.nan]]), ValueError, "1 with NaN", id="NaN point"),
        pytest.param(lambda: tracker.Table(columns={"a": [1]}), TypeError, "are the data", id="columns of data"),
        pytest.param(lambda: tracker.Figure(3), TypeError, "got int: 3", id="no figure"),
    ],
)  # fmt: skip
def test_a_wrong_argument_raises_at_once_and_says_what_is_right(make, error, says):
    with pytest.raises(error, match=says):
        make()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        pytest.param({"a": [1.0, 2.0]}, r"'a\[0\]' is a float, which is no media", id="numbers in a list"),
        pytest.param({"a": [tracker.Text("x"), None]}, r"'a\[1\]' is a NoneType", id="one of them is none"),
        pytest.param({"a": "text"}, r"'a' must be a number.*tracker.Text", id="text"),
        pytest.param({"a": pandas.DataFrame({"x": [1, 2]})}, r"tracker.Table", id="a frame"),
        pytest.param({"a": np.zeros((2, 2))}, r"tracker.Image", id="an array"),
    ],
)
def test_what_is_no_media_raises_before_anything_is_logged(start, values, says):
    run = start(mode="offline")
    with pytest.raises(TypeError, match=says):
        run.log({"loss": 1.0, **values})
    run.finish()
    assert not [record for record in read_all(run.journal_path) if isinstance(record, Logged | MediaLogged)]
