"""Clouds of points in space.

What always holds: a point is a few float32 numbers, in the order of `fields`; see `kinds.Object3D`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from tracker import kinds
from tracker.media.arrays import Held, hold, words
from tracker.media.images import checked_classes
from tracker.media.piece import Encoded, Keep, Media

if TYPE_CHECKING:
    from tracker.media.arrays import Array

MAX_POINTS: Final = 2_000_000


class Object3D(Media):
    """A cloud of points: an array of (points, 3) with x, y and z, or (points, 6) with red, green and blue as well.

    `colors` are (points, 3), integers of 0 to 255 or numbers of 0 to 1; `intensity` and `classes` are one number a
    point. `class_names` names class ids.
    """

    def __init__(
        self,
        points: Any,
        caption: str = "",
        *,
        colors: Any = None,
        intensity: Any = None,
        classes: Any = None,
        class_names: Mapping[int, str] | Iterable[str] | None = None,
    ) -> None:
        super().__init__(caption)
        self._points = hold(points, "a cloud of points")
        shape = self._points.shape
        if len(shape) != 2 or shape[1] not in (3, 6) or not shape[0]:
            raise ValueError(
                f"a cloud of points has the shape (points, 3) or, with colours, (points, 6), got {words(shape)}; other "
                "numbers of a point go to intensity=… or classes=…"
            )
        if shape[0] > MAX_POINTS:
            raise ValueError(
                f"a cloud has at most {MAX_POINTS:,} points, got {shape[0]:,}; leave some out: points[::10]"
            )
        if colors is not None and shape[1] == 6:
            raise ValueError("points of the shape (points, 6) have their colours; leave out colors")
        self._colors = _beside(colors, "colors", (shape[0], 3))
        self._intensity = _beside(intensity, "intensity", (shape[0],))
        self._classes = _beside(classes, "classes", (shape[0],))
        if self._classes is not None and self._classes.kind == "f":
            raise TypeError("classes are whole numbers, one a point, got floats; give their argmax")
        self._class_names = checked_classes(class_names)
        if self._class_names and self._classes is None:
            raise ValueError("class_names are of classes=…, which were not given")
        held = (self._points, self._colors, self._intensity, self._classes)
        self.size_bytes = sum(each.size_bytes for each in held if each is not None)
        self._points.check(_check_finite)

    def encode(self, keep: Keep) -> Encoded:
        import numpy

        points = self._points.read()
        _check_finite(points)
        fields: list[Any] = ["x", "y", "z"]
        parts = [points[:, :3]]
        if points.shape[1] == 6 or self._colors is not None:
            fields += ["r", "g", "b"]
            colors = points[:, 3:] if self._colors is None else self._colors.read()
            parts.append(_as_colors(colors))
        if self._intensity is not None:
            fields.append("intensity")
            parts.append(numpy.nan_to_num(self._intensity.read())[:, None])
        if self._classes is not None:
            fields.append("class")
            parts.append(self._classes.read()[:, None])
        table = numpy.concatenate([part.astype("<f4") for part in parts], axis=1)
        details = kinds.Object3D(count=len(points), fields=tuple(fields), classes=self._class_names)
        return Encoded("object3d", details, keep(table.tobytes()))


def _beside(values: Any, what: str, shape: tuple[int, ...]) -> Held | None:
    if values is None:
        return None
    held = hold(values, what)
    if held.shape != shape:
        raise ValueError(f"{what} of {shape[0]:,} points have the shape {words(shape)}, got {words(held.shape)}")
    return held


def _check_finite(points: Array) -> None:
    import numpy

    is_finite = numpy.isfinite(points).all(axis=1)
    if not bool(is_finite.all()):
        count = int(len(points) - is_finite.sum())
        raise ValueError(f"points are finite, got {count:,} with NaN or infinity; leave them out")


def _as_colors(colors: Array) -> Array:
    """0 to 255; floats of at most 1 are shares of it."""
    import numpy

    is_share = colors.dtype.kind == "b" or (colors.dtype.kind == "f" and float(numpy.nanmax(colors)) <= 1.0)
    colors = numpy.nan_to_num(colors.astype(numpy.float32))
    found: Array = numpy.clip(colors * 255 if is_share else colors, 0, 255)
    return found
