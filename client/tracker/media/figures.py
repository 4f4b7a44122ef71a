"""Figures of plotly, which stay interactive, and of matplotlib, which are drawn.

What always holds: what is done to a figure afterwards does not change what is logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from tracker import kinds
from tracker.media.images import Image, drawn_by_matplotlib
from tracker.media.piece import Encoded, Keep, Media, check_size, required, root_of

MAX_SVG_BYTES: Final = 8 * 1024 * 1024
_WIDTH = re.compile(rb'<svg\b[^>]*?\bwidth="([0-9.]+)(pt|px)?"', re.DOTALL)
_HEIGHT = re.compile(rb'<svg\b[^>]*?\bheight="([0-9.]+)(pt|px)?"', re.DOTALL)
_PX_IN_PT: Final = 96 / 72


class Figure(Media):
    """A figure of plotly (or its dict), kept interactive; or one of matplotlib, or its axes, as "svg" or "png".

    matplotlib draws at once, in the calling thread. Without a `format` that is SVG, or PNG where the SVG of many points
    would be over 8 MiB.
    """

    def __init__(self, figure: Any, caption: str = "", *, format: Literal["svg", "png"] | None = None) -> None:
        super().__init__(caption)
        if format not in (None, "svg", "png"):
            raise ValueError(f"matplotlib's figures become svg or png, got format={format!r}")
        self._plotly: Any = None
        self._image: Image | None = None
        self._svg = b""
        if root_of(figure) == "matplotlib":
            self._draw(figure, format)
            return
        if format is not None:
            raise ValueError(f"format={format!r} is for matplotlib; a figure of plotly stays interactive")
        self._writer = required("plotly.io", "a figure of plotly", extra="example")
        self._plotly = _copy_of_plotly(figure)
        self.size_bytes = check_size("the figure", _weight(self._plotly))

    def encode(self, keep: Keep) -> Encoded:
        if self._image is not None:
            return self._image.encode(keep)
        if self._svg:
            width, height = _length(_WIDTH, self._svg), _length(_HEIGHT, self._svg)
            return Encoded("svg", kinds.Svg(width=width, height=height), keep(self._svg))
        return Encoded("plotly", kinds.Plotly(), keep(self._writer.to_json(self._plotly, validate=False).encode()))

    def _draw(self, figure: Any, format: Literal["svg", "png"] | None) -> None:
        if format != "png":
            self._svg = drawn_by_matplotlib(figure, "svg")
            if format is None and len(self._svg) > MAX_SVG_BYTES:
                self._svg = b""
        if not self._svg:
            self._image = Image(figure)
        self.size_bytes = len(self._svg) if self._image is None else self._image.size_bytes


def is_plotly(value: object) -> bool:
    """Whether this is a figure of plotly."""
    return root_of(value) == "plotly" and hasattr(value, "to_dict") and hasattr(value, "to_json")


def _copy_of_plotly(figure: Any) -> dict[str, Any]:
    """The figure as a dict of its own. Raises TypeError for what is none."""
    if is_plotly(figure):
        return figure.to_dict()  # type: ignore[no-any-return]
    if isinstance(figure, Mapping) and isinstance(figure.get("data"), list | tuple):
        import copy

        return copy.deepcopy(dict(figure))
    raise TypeError(
        f"a figure is one of plotly (or its dict with 'data' and 'layout') or of matplotlib, got "
        f"{type(figure).__name__}: {figure!r:.80}"
    )


def _weight(value: Any) -> int:
    """About how much memory a figure takes: its arrays, encoded or not, and its texts."""
    if isinstance(value, Mapping):
        return sum(_weight(item) for item in value.values())
    if isinstance(value, list | tuple):
        return 8 * len(value) if value and isinstance(value[0], int | float) else sum(_weight(item) for item in value)
    if isinstance(value, str | bytes):
        return len(value)
    return int(getattr(value, "nbytes", 8))


def _length(pattern: re.Pattern[bytes], svg: bytes) -> float | None:
    """In CSS pixels."""
    found = pattern.search(svg[:4096])
    if found is None:
        return None
    return round(float(found[1]) * (_PX_IN_PT if found[2] == b"pt" else 1.0), 2)
