"""Precision-recall curves, ROC curves and confusion matrices, from labels and scores or given ready.

What always holds: an example counts as positive where its score is at least the threshold, and examples of equal score
change sides together. Areas are of all points, also where fewer are kept to be drawn.

    ROC             false positive rate FP / (FP + TN) over true positive rate TP / (TP + FN); the area is the integral
                    by trapezoids, which is the chance that a positive scores above a negative (Fawcett, "An
                    introduction to ROC analysis", 2006)
    precision       TP / (TP + FP) over recall TP / (TP + FN); the area is the average precision, the sum of
                    (recall_n - recall_n-1) * precision_n without interpolation (Manning, Raghavan and Schütze,
                    "Introduction to Information Retrieval", 2008, 8.4; why not trapezoids: Davis and Goadrich, 2006)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tracker import kinds
from tracker.media.arrays import Held, hold, words
from tracker.media.images import checked_classes
from tracker.media.piece import Encoded, Keep, Media, is_text
from tracker.media.tables import Table, encoded_data
from tracker.records import ArtifactFile

if TYPE_CHECKING:
    from tracker.media.arrays import Array

MAX_CURVES: Final = 100
MAX_MATRIX_CLASSES: Final = 400
"""What describes a larger one would not fit a record."""

_ALL_POINTS: Final = 15_000
"""Of all curves of one piece that are given: what describes them has to fit a record."""

_DRAWN_POINTS: Final = 2_000
_LEAST_POINTS: Final = 50
"""Of all curves that are made here, and of one of them: with equal distances along the curve more are not seen."""


class _Curves(Media):
    """Curves of one class against the others, by class."""

    _axes = ("x", "y")

    def __init__(
        self,
        labels: Any = None,
        scores: Any = None,
        caption: str = "",
        *,
        classes: Sequence[str] | Mapping[int, str] | None = None,
        curves: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(caption)
        name = type(self).__name__
        if (curves is None) == (labels is None) or (labels is None) != (scores is None):
            raise ValueError(f"{name} is made of labels and scores, or of curves={{name: ({', '.join(self._axes)})}}")
        self._curves: tuple[kinds.Curve, ...] = ()
        if curves is not None:
            self._curves = _given(curves, self._axes)
            return
        self._names = checked_classes(classes)
        self._scores = hold(scores, "scores")
        self._labels = hold(_ids_of(labels, self._names), "labels")
        self.size_bytes = self._scores.size_bytes + self._labels.size_bytes
        shape = self._scores.shape
        if len(shape) not in (1, 2) or not all(shape):
            raise ValueError(f"scores have the shape (examples,) or (examples, classes), got {words(shape)}")
        if self._labels.shape != shape[:1]:
            raise ValueError(
                f"labels of {shape[0]:,} scores have the shape {words(shape[:1])}, got {words(self._labels.shape)}"
            )
        if len(shape) == 2 and shape[1] > MAX_CURVES:
            raise ValueError(
                f"{name} has at most {MAX_CURVES} curves, got {shape[1]:,} classes; give those of the classes that "
                "matter: labels == 3, scores[:, 3]"
            )
        self._scores.check(_check_scores)
        self._labels.check(lambda ids: _check_labels(ids, shape))

    def encode(self, keep: Keep) -> Encoded:
        raise NotImplementedError

    def _made(self) -> tuple[kinds.Curve, ...]:
        if self._curves:
            return self._curves
        scores, labels = self._scores.read(), self._labels.read()
        _check_scores(scores)
        _check_labels(labels, scores.shape)
        if scores.ndim == 1:
            return (self._curve(labels.astype(bool), scores, self._names.get(1, "positive"), kinds.MAX_CURVE_POINTS),)
        count = scores.shape[1]
        most = min(kinds.MAX_CURVE_POINTS, max(_LEAST_POINTS, _DRAWN_POINTS // count))
        return tuple(
            self._curve(labels == index, scores[:, index], self._names.get(index, str(index)), most)
            for index in range(count)
        )

    def _curve(self, is_positive: Array, scores: Array, label: str, most: int) -> kinds.Curve:
        raise NotImplementedError


class PRCurve(_Curves):
    """Precision over recall.

    `labels` are 0 and 1 with one score an example, or class ids with scores (examples, classes), which makes a curve of
    each class against the others. Or `curves` that are there: `{"cat": (recall, precision)}`, thresholds as a third.
    """

    _axes = ("recall", "precision")

    def encode(self, keep: Keep) -> Encoded:
        return Encoded("pr_curve", kinds.PRCurve(curves=self._made()))

    def _curve(self, is_positive: Array, scores: Array, label: str, most: int) -> kinds.Curve:
        import numpy

        positives, thresholds, true, false = _at_thresholds(is_positive, scores)
        if not positives:
            return kinds.Curve(label, (), (), (), None, 0)
        recall = true / positives
        precision = true / (true + false)
        area = float(numpy.sum(numpy.diff(recall, prepend=0.0) * precision))
        return _thinned(label, recall, precision, thresholds, area, positives, most)


class ROC(_Curves):
    """True positive rate over false positive rate; `labels`, `scores` and `curves` are as in `PRCurve`."""

    _axes = ("false_positive_rate", "true_positive_rate")

    def encode(self, keep: Keep) -> Encoded:
        return Encoded("roc", kinds.ROC(curves=self._made()))

    def _curve(self, is_positive: Array, scores: Array, label: str, most: int) -> kinds.Curve:
        import numpy

        positives, thresholds, true, false = _at_thresholds(is_positive, scores)
        negatives = len(scores) - positives
        if not positives or not negatives:
            return kinds.Curve(label, (), (), (), None, positives)
        x = numpy.concatenate([[0.0], false / negatives])
        y = numpy.concatenate([[0.0], true / positives])
        thresholds = numpy.concatenate([[thresholds[0] + 1.0], thresholds])  # above every score
        area = float(numpy.sum(numpy.diff(x) * (y[1:] + y[:-1]) / 2))
        return _thinned(label, x, y, thresholds, area, positives, most)


class ConfusionMatrix(Media):
    """Which classes were taken for which: `actual` and `predicted`, class ids or names, one of each an example.

    Or `counts[i][j]`, how many of `labels[i]` were taken for `labels[j]`. `labels` name the classes in their order.
    `examples`, a table (or what one is made of) with a row for each example, open from the cells.
    """

    def __init__(
        self,
        actual: Any = None,
        predicted: Any = None,
        caption: str = "",
        *,
        labels: Sequence[str] | None = None,
        counts: Any = None,
        examples: Any = None,
    ) -> None:
        super().__init__(caption)
        if (counts is None) == (actual is None) or (actual is None) != (predicted is None):
            raise ValueError("a confusion matrix is made of actual and predicted classes, or of counts and labels")
        self._labels = _checked_labels(labels)
        self._counts: tuple[tuple[float, ...], ...] = ()
        self._examples: Table | None = None
        if counts is not None:
            if examples is not None:
                raise ValueError("examples go with actual and predicted, which say what cell each is in")
            self._counts, self._labels = _given_counts(counts, self._labels)
            return
        self._actual, self._predicted = _classes_of(actual, "actual"), _classes_of(predicted, "predicted")
        if len(self._actual) != len(self._predicted):
            raise ValueError(
                f"there are {len(self._actual):,} actual classes and {len(self._predicted):,} predicted ones"
            )
        if examples is not None:
            self._examples = (examples if isinstance(examples, Table) else Table(examples)).frozen()
            _check_examples(self._examples, len(self._actual))
        self.size_bytes = 16 * len(self._actual) + (self._examples.size_bytes if self._examples else 0)
        if self._actual.is_here and self._predicted.is_here:
            _labels_for(self._actual.read(), self._predicted.read(), self._labels)

    def encode(self, keep: Keep) -> Encoded:
        if self._counts:
            return Encoded("confusion_matrix", kinds.ConfusionMatrix(labels=self._labels, counts=self._counts))
        actual, predicted = self._actual.read(), self._predicted.read()
        labels = _labels_for(actual, predicted, self._labels)
        at_actual, at_predicted = (_positions(classes, labels, self._labels) for classes in (actual, predicted))
        rows = [[0] * len(labels) for _ in labels]
        for row, column in zip(at_actual, at_predicted, strict=True):
            rows[row][column] += 1
        files: tuple[ArtifactFile, ...] = ()
        if self._examples is not None:
            files = _examples_files(
                self._examples, [labels[i] for i in at_actual], [labels[i] for i in at_predicted], keep
            )
        details = kinds.ConfusionMatrix(
            labels=labels, counts=tuple(map(tuple, rows)), has_examples=self._examples is not None
        )
        return Encoded("confusion_matrix", details, files=files)


def _at_thresholds(is_positive: Array, scores: Array) -> tuple[int, Array, Array, Array]:
    """How many positives there are, and at each score from the highest on: how many true and false ones are found."""
    import numpy

    order = numpy.argsort(-scores.astype(numpy.float64), kind="stable")
    scores, is_positive = scores[order].astype(numpy.float64), is_positive[order]
    ends = numpy.append(numpy.flatnonzero(numpy.diff(scores)), len(scores) - 1)
    true = numpy.cumsum(is_positive)[ends].astype(numpy.float64)
    return int(is_positive.sum()), scores[ends], true, ends + 1 - true


def _thinned(label: str, x: Array, y: Array, thresholds: Array, area: float, positives: int, most: int) -> kinds.Curve:
    """At most so many of the points, at equal distances along the curve, with the first and the last."""
    import numpy

    if len(x) > most:
        way = numpy.concatenate([[0.0], numpy.cumsum(numpy.abs(numpy.diff(x)) + numpy.abs(numpy.diff(y)))])
        kept = numpy.unique(numpy.searchsorted(way, numpy.linspace(0.0, way[-1], most)).clip(0, len(x) - 1))
        x, y, thresholds = x[kept], y[kept], thresholds[kept]
    return kinds.Curve(
        label,
        tuple(numpy.round(x, 6).tolist()),
        tuple(numpy.round(y, 6).tolist()),
        tuple(float(f"{value:.6g}") for value in thresholds.tolist()),
        area,
        positives,
    )


def _ids_of(labels: Any, names: Mapping[int, str]) -> Any:
    """Labels that are names of classes as their ids."""
    if not isinstance(labels, list | tuple) or not any(isinstance(label, str) for label in labels):
        return labels
    ids = {name: number for number, name in names.items()}
    unknown = [label for label in labels if label not in ids]
    if unknown:
        raise ValueError(f"the label {unknown[0]!r:.80} is none of classes={list(ids)!r:.120}")
    return [ids[label] for label in labels]


def _check_scores(scores: Array) -> None:
    import numpy

    if scores.dtype.kind == "f" and not bool(numpy.isfinite(scores).all()):
        raise ValueError("scores are finite numbers, got NaN or infinity among them; leave such examples out")


def _check_labels(labels: Array, shape: tuple[int, ...]) -> None:
    least, most = float(labels.min()), float(labels.max())
    count = shape[1] if len(shape) == 2 else 2
    if least < 0 or most >= count or (labels.dtype.kind == "f" and not bool((labels == labels.round()).all())):
        what = f"class ids from 0 to {count - 1}" if len(shape) == 2 else "0 and 1"
        raise ValueError(f"labels are {what}, got {least:g} to {most:g}")


def _given(curves: object, axes: tuple[str, str]) -> tuple[kinds.Curve, ...]:
    if not isinstance(curves, Mapping) or not curves:
        raise TypeError(f"curves are points by name: {{'cat': ({', '.join(axes)})}}, got {type(curves).__name__}")
    if len(curves) > MAX_CURVES:
        raise ValueError(f"there are at most {MAX_CURVES} curves in one figure, got {len(curves):,}")
    most = min(kinds.MAX_CURVE_POINTS, _ALL_POINTS // len(curves))
    found = []
    for label, points in curves.items():
        if not isinstance(label, str) or not 0 < len(label) <= 250 or not is_text(label):
            raise ValueError(f"a curve has a name of 1 to 250 characters, got {label!r:.80}")
        if isinstance(points, str) or not isinstance(points, Sequence) or len(points) not in (2, 3):
            raise TypeError(f"the curve {label!r} is ({', '.join(axes)}) or ({', '.join(axes)}, thresholds)")
        columns = [_shares(values, f"{axis} of {label!r}") for axis, values in zip(axes, points, strict=False)]
        thresholds = _floats(points[2], f"thresholds of {label!r}") if len(points) == 3 else ()
        if len({len(column) for column in (*columns, thresholds or columns[0])}) != 1:
            raise ValueError(f"the curve {label!r} has equally many of each, got {[len(each) for each in points]}")
        if len(columns[0]) > most:
            raise ValueError(f"the curve {label!r} has at most {most:,} points here, got {len(columns[0]):,}")
        found.append(kinds.Curve(label, columns[0], columns[1], thresholds))
    return tuple(found)


def _floats(values: Any, what: str) -> tuple[float, ...]:
    array = hold(values, what).read()
    if array.ndim != 1:
        raise ValueError(f"{what} are a list of numbers, got the shape {words(array.shape)}")
    found = tuple(float(value) for value in array.tolist())
    if any(value != value or value in (float("inf"), float("-inf")) for value in found):
        raise ValueError(f"{what} are finite numbers, got NaN or infinity among them")
    return found


def _shares(values: Any, what: str) -> tuple[float, ...]:
    found = _floats(values, what)
    if found and (min(found) < 0 or max(found) > 1):
        raise ValueError(f"{what} are 0 to 1, got {min(found):g} to {max(found):g}")
    return found


def _checked_labels(labels: Sequence[str] | None) -> tuple[str, ...]:
    if labels is None:
        return ()
    if isinstance(labels, str):
        raise TypeError(f"labels are a list of names, got the text {labels!r:.80}")
    found = tuple(str(label) for label in labels)
    if not found or len(set(found)) != len(found):
        raise ValueError(f"labels name each class once, got {list(found)!r:.120}")
    if any(len(label) > 250 or not is_text(label) for label in found):
        raise ValueError("a label has at most 250 characters")
    return _few(found)


def _few(labels: tuple[str, ...]) -> tuple[str, ...]:
    if len(labels) > MAX_MATRIX_CLASSES:
        raise ValueError(
            f"a confusion matrix has at most {MAX_MATRIX_CLASSES} classes, got {len(labels):,}; count some together"
        )
    return labels


class _Classes:
    """The class of each example: ids, or names."""

    def __init__(self, held: Held | None, names: list[str]) -> None:
        self._held = held
        self._names = names
        self.is_here = held is None or held.is_here

    def __len__(self) -> int:
        return len(self._names) if self._held is None else self._held.shape[0]

    def read(self) -> list[Any]:
        return self._names if self._held is None else self._held.read().tolist()


def _classes_of(values: Any, what: str) -> _Classes:
    plain = values.tolist() if getattr(getattr(values, "dtype", None), "kind", "") in ("U", "O") else values
    if hasattr(plain, "tolist") and not hasattr(plain, "shape"):
        plain = plain.tolist()
    if isinstance(plain, list | tuple) and any(isinstance(value, str) for value in plain):
        return _Classes(None, [str(value) for value in plain])
    held = hold(plain, what)
    if len(held.shape) != 1 or not held.shape[0]:
        way_out = "; of scores, give their argmax(1)" if len(held.shape) == 2 else ""
        raise ValueError(f"{what} is one class for each example, got the shape {words(held.shape)}{way_out}")
    if held.kind == "f":
        raise TypeError(f"{what} has class ids or names, got floats; give whole numbers")
    return _Classes(held, [])


def _labels_for(actual: list[Any], predicted: list[Any], given: tuple[str, ...]) -> tuple[str, ...]:
    """The labels of all classes. Raises ValueError where one has none."""
    found = set(actual) | set(predicted)
    if isinstance(next(iter(found)), str):
        unknown = sorted(map(str, found - set(given))) if given else []
        if unknown:
            raise ValueError(f"the class {unknown[0]!r:.80} is none of labels={list(given)!r:.120}")
        return given or _few(tuple(sorted(map(str, found))))
    least, most = min(found), max(found)
    if given:
        if least < 0 or most >= len(given):
            raise ValueError(f"class ids of {len(given)} labels are 0 to {len(given) - 1}, got {least} to {most}")
        return given
    if least >= 0 and most < MAX_MATRIX_CLASSES:
        return tuple(str(number) for number in range(int(most) + 1))
    return _few(tuple(str(number) for number in sorted(found)))


def _positions(classes: list[Any], labels: tuple[str, ...], given: tuple[str, ...]) -> list[int]:
    """Where among the labels each class stands: ids of given labels are their places."""
    where: dict[Any, int] = {label: index for index, label in enumerate(labels)}
    if given and not isinstance(classes[0], str):
        return [int(number) for number in classes]
    return [where[str(int(each) if isinstance(each, bool) else each)] for each in classes]


def _given_counts(counts: Any, labels: tuple[str, ...]) -> tuple[tuple[tuple[float, ...], ...], tuple[str, ...]]:
    held = hold(counts, "counts")
    table = held.read()
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.size:
        raise ValueError(f"counts are square, a row for each actual class, got the shape {words(held.shape)}")
    labels = labels or tuple(str(number) for number in range(len(table)))
    if len(labels) != len(table):
        raise ValueError(f"there are {len(table)} classes in counts and {len(labels)} labels")
    _few(labels)
    rows = tuple(tuple(int(value) if value == int(value) else float(value) for value in row) for row in _finite(table))
    return rows, labels


def _finite(table: Array) -> list[list[float]]:
    import numpy

    if not bool(numpy.isfinite(table.astype(float)).all()) or float(table.min()) < 0:
        raise ValueError("counts are finite and not negative, got one that is not")
    return table.tolist()  # type: ignore[no-any-return]


def _check_examples(table: Table, count: int) -> None:
    if table.row_count != count:
        raise ValueError(f"there are {count:,} examples, and the table of them has {table.row_count:,} rows")
    taken = {"actual", "predicted"} & set(table.column_names)
    if taken:
        raise ValueError(f"the columns 'actual' and 'predicted' are added to examples; rename {sorted(taken)[0]!r}")


def _examples_files(table: Table, actual: list[str], predicted: list[str], keep: Keep) -> tuple[ArtifactFile, ...]:
    data, cells = table.data(keep)
    said = (kinds.Column("actual", "text"), kinds.Column("predicted", "text"))
    whole = kinds.TableData((*said, *data.columns), [actual, predicted, *data.values])
    return (keep(encoded_data(whole), kinds.EXAMPLES), *cells)
