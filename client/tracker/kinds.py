"""What each kind of media says of itself: the schema of `MediaLogged.details`, for the client and for the server.

The blob of a piece of media, where its kind has one, is a file of an ordinary format, so that it can be used without
this program. What always holds: the server keeps whatever details it is given and reads them here when they are to be
shown, so a kind or a field that it does not know never costs a run its record. Depends on msgspec alone.

    kind              blob                                  files
    image             PNG, JPEG, WebP or GIF                masks/<name>.png: 8 or 16 bit grey, a class id a pixel
    audio             WAV, MP3, Ogg or FLAC
    video             MP4, WebM, GIF or animated WebP
    text              UTF-8
    html              UTF-8
    svg               UTF-8
    plotly            a Plotly figure as JSON
    table             a `TableData` as JSON                 cells/…: media that stand in cells
    histogram         none
    pr_curve, roc     none
    confusion_matrix  none                                  examples.json: a `TableData` as JSON
    object3d          float32 numbers, little endian, one point after the other, `fields` of each
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

MAX_DETAILS_BYTES: Final = 512 * 1024
"""As JSON; what needs more is a blob."""

MAX_BINS: Final = 512
MAX_CURVE_POINTS: Final = 1000
MAX_CLASSES: Final = 1000
EXAMPLES: Final = "examples.json"
"""The file of a confusion matrix that has the examples: a table with the columns `actual` and `predicted`."""

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=250)]


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What one piece of media says of itself."""


class Box(msgspec.Struct, frozen=True, omit_defaults=True):
    """A box in an image: left, top, right and bottom in pixels, from the left upper corner."""

    box: tuple[float, float, float, float]
    label: str = ""
    score: float | None = None
    group: str = ""


class Mask(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mask over an image, in the file `masks/<name>.png`; `classes` names its class ids. 0 is no class."""

    name: Name
    classes: dict[int, str] = {}


class Image(Details, frozen=True, kw_only=True, omit_defaults=True):
    """Width and height in pixels. `group` of a box says which of several sets it is of, such as "prediction"."""

    format: Literal["png", "jpeg", "webp", "gif"]
    width: Count
    height: Count
    boxes: tuple[Box, ...] = ()
    masks: tuple[Mask, ...] = ()


class Audio(Details, frozen=True, kw_only=True, omit_defaults=True):
    """`peaks` are the least and greatest amplitude, -1 to 1, of equal parts of the whole: a waveform to draw."""

    format: Literal["wav", "mp3", "ogg", "flac"]
    sample_rate_hz: Count | None = None
    seconds: float | None = None
    channels: Count | None = None
    peaks: tuple[tuple[float, float], ...] = ()


class Video(Details, frozen=True, kw_only=True, omit_defaults=True):
    format: Literal["mp4", "webm", "gif", "webp"]
    width: Count | None = None
    height: Count | None = None
    frames: Count | None = None
    fps: float | None = None


class Text(Details, frozen=True, kw_only=True, omit_defaults=True):
    """`language` is that of code, by the names that highlighters use ("python")."""

    format: Literal["plain", "markdown", "code"] = "plain"
    language: str = ""


class Html(Details, frozen=True, kw_only=True):
    pass


class Svg(Details, frozen=True, kw_only=True, omit_defaults=True):
    """Drawn by matplotlib, say. Width and height in CSS pixels where they are known."""

    width: float | None = None
    height: float | None = None


class Plotly(Details, frozen=True, kw_only=True):
    pass


ColumnType = Literal["number", "text", "boolean", "time", "json", "media"]


class Column(msgspec.Struct, frozen=True):
    """A column of a table. `time` is Unix milliseconds; a cell of type `media` is a `Cell` or null."""

    name: Name
    type: ColumnType


class Cell(msgspec.Struct, frozen=True, omit_defaults=True):
    """Media in a cell of a table: the path of its file among the media's, and what its kind says of itself."""

    file: str
    kind: str
    details: dict[str, Any] = {}
    caption: str = ""


class Table(Details, frozen=True, kw_only=True):
    columns: tuple[Column, ...]
    row_count: Count


class TableData(msgspec.Struct, frozen=True):
    """The blob of a table: `columns` as in its details, and of each column its values from the first row to the last.

    NaN and the infinities are the texts "NaN", "Infinity" and "-Infinity" in a column of numbers; null is a missing
    value in any.
    """

    columns: tuple[Column, ...]
    values: list[list[Any]]
    format: int = 1


class Histogram(Details, frozen=True, kw_only=True, omit_defaults=True):
    """`counts[i]` values lie from `edges[i]` to below `edges[i + 1]`, the last edge included. What was neither is
    counted: `nan_count`, `infinite_count`."""

    edges: Annotated[tuple[float, ...], msgspec.Meta(min_length=2, max_length=MAX_BINS + 1)]
    counts: Annotated[tuple[float, ...], msgspec.Meta(min_length=1, max_length=MAX_BINS)]
    nan_count: Count = 0
    infinite_count: Count = 0


class Curve(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line, of one class say. `area` is what lies under it, `positive_count` how many examples are of the class."""

    label: str
    x: Annotated[tuple[float, ...], msgspec.Meta(max_length=MAX_CURVE_POINTS)]
    y: Annotated[tuple[float, ...], msgspec.Meta(max_length=MAX_CURVE_POINTS)]
    thresholds: Annotated[tuple[float, ...], msgspec.Meta(max_length=MAX_CURVE_POINTS)] = ()
    area: float | None = None
    positive_count: Count | None = None


class PRCurve(Details, frozen=True, kw_only=True):
    """x is recall, y precision; `area` is the average precision."""

    curves: tuple[Curve, ...]


class ROC(Details, frozen=True, kw_only=True):
    """x is the false positive rate, y the true positive rate."""

    curves: tuple[Curve, ...]


class ConfusionMatrix(Details, frozen=True, kw_only=True, omit_defaults=True):
    """`counts[i][j]` examples of the class `labels[i]` were taken for `labels[j]`. With `has_examples` they are in the
    file `examples.json`."""

    labels: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MAX_CLASSES)]
    counts: tuple[tuple[float, ...], ...]
    has_examples: bool = False


class Object3D(Details, frozen=True, kw_only=True, omit_defaults=True):
    """A cloud of `count` points, each the numbers of `fields`; colours are 0 to 255, `class` is a whole number."""

    count: Count
    fields: tuple[Literal["x", "y", "z", "r", "g", "b", "intensity", "class"], ...]
    classes: dict[int, str] = {}


KINDS: Final[dict[str, type[Details]]] = {
    "image": Image,
    "audio": Audio,
    "video": Video,
    "text": Text,
    "html": Html,
    "svg": Svg,
    "plotly": Plotly,
    "table": Table,
    "histogram": Histogram,
    "pr_curve": PRCurve,
    "roc": ROC,
    "confusion_matrix": ConfusionMatrix,
    "object3d": Object3D,
}

CONTENT_TYPES: Final[dict[str, dict[str, str]]] = {
    "image": {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"},
    "audio": {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "flac": "audio/flac"},
    "video": {"mp4": "video/mp4", "webm": "video/webm", "gif": "image/gif", "webp": "image/webp"},
}
"""What a browser is told of a blob, by kind and format. Nothing else of what people log is shown as what it is."""


def read(kind: str, details: dict[str, Any]) -> Details:
    """The details of a kind. Raises ValueError (msgspec.ValidationError is one) for a kind or details that are none."""
    if kind not in KINDS:
        raise ValueError(f"media of the kind {kind[:80]!r} is not known; known are {', '.join(KINDS)}")
    found = msgspec.convert(details, KINDS[kind], strict=False)
    if isinstance(found, Histogram) and len(found.edges) != len(found.counts) + 1:
        raise ValueError(f"a histogram of {len(found.counts)} bins has one edge more, not {len(found.edges)}")
    if isinstance(found, ConfusionMatrix) and {len(found.labels)} != {len(found.counts), *map(len, found.counts)}:
        raise ValueError(f"a confusion matrix of {len(found.labels)} classes has as many rows, and columns in each")
    return found


def write(details: Details) -> dict[str, Any]:
    """Details as a record carries them. Raises ValueError where they are too large for one."""
    plain: dict[str, Any] = msgspec.to_builtins(details, str_keys=True)
    size_bytes = len(msgspec.json.encode(plain))
    if size_bytes > MAX_DETAILS_BYTES:
        raise ValueError(f"what describes this media has {size_bytes} bytes, at most {MAX_DETAILS_BYTES} are kept")
    return plain
