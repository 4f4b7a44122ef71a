"""Media: what a run logs besides numbers, each piece with a name, a step and a caption.

What always holds: a piece is checked and copied when it is made, and encoded later, off the training thread. Nothing of
numpy, Pillow, torch, plotly, matplotlib, pandas or polars is imported before it is needed; their values are known by
the module that their type comes from.
"""

from __future__ import annotations

from typing import Any

from tracker.media.audio import Audio
from tracker.media.clouds import Object3D
from tracker.media.curves import ROC, ConfusionMatrix, PRCurve
from tracker.media.figures import Figure, is_plotly
from tracker.media.histograms import Histogram
from tracker.media.images import Image
from tracker.media.piece import Encoded, Keep, Media, root_of
from tracker.media.tables import Table
from tracker.media.texts import Html, Text
from tracker.media.video import Video

__all__ = [
    "ROC",
    "Audio",
    "ConfusionMatrix",
    "Encoded",
    "Figure",
    "Histogram",
    "Html",
    "Image",
    "Keep",
    "Media",
    "Object3D",
    "PRCurve",
    "Table",
    "Text",
    "Video",
    "pieces",
]


def pieces(name: str, value: Any) -> list[Media]:
    """The media that a value of `log()` is: one piece, a list of them, a figure, an image of PIL.

    Raises TypeError for anything else.
    """
    if isinstance(value, list | tuple):
        return [_piece(f"{name}[{index}]", each) for index, each in enumerate(value)]
    return [_piece(name, value)]


def _piece(name: str, value: Any) -> Media:
    if isinstance(value, Table):
        return value.frozen()
    if isinstance(value, Media):
        return value
    if is_plotly(value) or root_of(value) == "matplotlib":
        return Figure(value)
    if root_of(value) == "PIL" and hasattr(value, "getbands"):
        return Image(value)
    raise TypeError(
        f"{name!r} is a {type(value).__name__}, which is no media: {value!r:.80}; make some of it: tracker.Image(…), "
        "tracker.Table(…), tracker.Histogram(…)"
    )
