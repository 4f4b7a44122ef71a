"""Images from arrays, tensors, PIL, matplotlib and files, with boxes and masks over them.

What always holds: an image has the pixels that were given, since its format is PNG unless another is asked for; a file
that browsers can show is kept byte for byte.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from tracker import kinds
from tracker.media.arrays import Held, hold, is_tensor, words
from tracker.media.piece import Encoded, Keep, Media, check_size, is_text, pillow, read_file, root_of
from tracker.naming import is_artifact
from tracker.notices import notice

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from tracker.media.arrays import Array

Format = Literal["png", "jpeg", "webp", "gif"]
Layout = Literal["hwc", "chw"]
Boxes: TypeAlias = Iterable[Any] | Mapping[str, Iterable[Any]]
Masks: TypeAlias = Mapping[str, Any]

FORMATS: Final = ("png", "jpeg", "webp", "gif")
MAX_BOXES: Final = 2000
MAX_MASKS: Final = 20
MAX_CLASSES: Final = 1000
MAX_SIDE: Final = 65_500
_CHANNELS: Final = (1, 3, 4)
_PLAIN_MODES: Final = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB")
_has_told_of_range = False


class Image(Media):
    """An image: an array, a tensor, a PIL image, a matplotlib figure, or the path of a file.

    Arrays are (height, width) or (height, width, channels) with 1, 3 or 4 channels, tensors of torch (channels, height,
    width); `layout` says so where it is neither. Integers are 0 to 255, other numbers 0 to 1, or `value_range`; what is
    outside of it is cut off, and a notice says so once.

    `boxes` are in pixels, (left, top, right, bottom) each, alone or as `{"box": …, "label": "cat", "score": 0.9}`, in
    one list or in several by name: `{"prediction": […], "truth": […]}`. `masks` are arrays of class ids, (height,
    width), by name; 0 is no class. `classes` names ids, of masks and of labels that are numbers.

    `format` is "png", "jpeg" or "webp", the latter two with a `quality` of 1 to 100.
    """

    def __init__(
        self,
        data: Any,
        caption: str = "",
        *,
        boxes: Boxes | None = None,
        masks: Masks | None = None,
        classes: Mapping[int, str] | Iterable[str] | None = None,
        layout: Layout | None = None,
        value_range: tuple[float, float] | None = None,
        format: Format | None = None,
        quality: int | None = None,
    ) -> None:
        super().__init__(caption)
        self._format = _checked_format(format, quality)
        self._quality = quality
        self._source = _source_of(data, layout, _checked_range(value_range))
        self._classes = checked_classes(classes)
        self._boxes = _checked_boxes(boxes, self._classes)
        self._masks = _checked_masks(masks, self._source.width, self._source.height)
        self.size_bytes = self._source.size_bytes + sum(mask.size_bytes for mask in self._masks.values())

    @property
    def width(self) -> int:
        """In pixels."""
        return self._source.width

    @property
    def height(self) -> int:
        """In pixels."""
        return self._source.height

    def encode(self, keep: Keep) -> Encoded:
        files = tuple(keep(_mask_file(mask), f"masks/{name}.png") for name, mask in self._masks.items())
        data, format = self._source.encode(self._format, self._quality)
        details = kinds.Image(
            format=format,
            width=self._source.width,
            height=self._source.height,
            boxes=self._boxes,
            masks=tuple(kinds.Mask(name, self._classes) for name in self._masks),
        )
        return Encoded("image", details, keep(data), files)


class _Source:
    """Pixels, in one of the forms in which they may be given."""

    def __init__(self, width: int, height: int, size_bytes: int) -> None:
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise ValueError(f"an image has 1 to {MAX_SIDE:,} pixels a side, got {width} x {height}")
        self.width = width
        self.height = height
        self.size_bytes = size_bytes

    def encode(self, format: Format | None, quality: int | None) -> tuple[bytes, Format]:
        chosen = format or "png"
        return written(self.picture(), chosen, quality), chosen

    def picture(self) -> Picture:
        raise NotImplementedError


class _Pixels(_Source):
    """An array or a tensor."""

    def __init__(self, held: Held, layout: Layout | None, value_range: tuple[float, float] | None) -> None:
        pillow("an image of an array")
        self._held = held
        self._layout: Layout = layout or "hwc"
        self._range = value_range
        shape = held.shape
        height, width = shape if len(shape) == 2 else shape[:2] if layout == "hwc" else shape[1:]
        super().__init__(width, height, held.size_bytes)

    def picture(self) -> Picture:
        pixels = as_bytes(self._held.read(), self._range)
        if pixels.ndim == 3 and self._layout == "chw":
            pixels = pixels.transpose(1, 2, 0)
        return picture_of(pixels)


class _Drawn(_Source):
    """An image of PIL, copied."""

    def __init__(self, picture: Picture, value_range: tuple[float, float] | None) -> None:
        pillow("an image of PIL")
        check_size("the image", picture.width * picture.height * max(1, len(picture.getbands())))
        self._picture = picture.copy()
        self._range = value_range
        super().__init__(picture.width, picture.height, picture.width * picture.height * len(picture.getbands()))

    def picture(self) -> Picture:
        if self._picture.mode in _PLAIN_MODES:
            return self._picture
        import numpy

        return picture_of(as_bytes(numpy.asarray(self._picture), self._range))


class _File(_Source):
    """The bytes of a file."""

    def __init__(self, data: bytes, where: str) -> None:
        self._data = data
        library = pillow("an image of a file")
        try:
            with library.open(io.BytesIO(data)) as opened:
                self._format = str(opened.format).lower()
                width, height = opened.size
        except library.DecompressionBombError as error:
            raise ValueError(f"{where} is too large for an image: {error}") from error
        except (OSError, ValueError, SyntaxError) as error:
            raise ValueError(f"{where} is no image that can be read; PNG, JPEG, WebP and GIF are ({error})") from error
        super().__init__(width, height, len(data))

    def encode(self, format: Format | None, quality: int | None) -> tuple[bytes, Format]:
        if self._format in FORMATS and format in (None, self._format) and quality is None:
            return self._data, self._format  # type: ignore[return-value]
        return super().encode(format, quality)

    def picture(self) -> Picture:
        import PIL.Image

        with PIL.Image.open(io.BytesIO(self._data)) as opened:
            opened.load()
            return opened.copy()


def _source_of(data: Any, layout: Layout | None, value_range: tuple[float, float] | None) -> _Source:
    if layout not in (None, "hwc", "chw"):
        raise ValueError(f"layout must be 'hwc' or 'chw', got {layout!r}")
    if isinstance(data, str | os.PathLike):
        return _File(read_file(data, "an image"), f"the file {os.fspath(data)}")
    if root_of(data) == "matplotlib":
        return _File(drawn_by_matplotlib(data, "png"), "the figure")
    if hasattr(data, "getbands") and hasattr(data, "tobytes"):
        return _Drawn(data, value_range)
    held = hold(data, "an image")
    return _Pixels(held, layout_of(held.shape, layout, is_channels_first=is_tensor(data)), value_range)


def layout_of(shape: tuple[int, ...], layout: Layout | None, *, is_channels_first: bool) -> Layout:
    """Where the channels are. Raises ValueError for a shape that no image has."""
    if len(shape) == 2 and all(shape):
        return "hwc"
    if len(shape) == 3 and all(shape):
        choices: dict[Layout, int] = {"hwc": shape[2], "chw": shape[0]}
        likely: tuple[Layout, ...] = ("chw", "hwc") if is_channels_first else ("hwc", "chw")
        for choice in (layout,) if layout else likely:
            if choices[choice] in _CHANNELS:
                return choice
    way_out = "give one of them at a time: [tracker.Image(each) for each in batch]" if len(shape) == 4 else (
        "its channels come last, or first with layout='chw'"
    )  # fmt: skip
    raise ValueError(
        f"an image has the shape (height, width) or (height, width, channels), with 1, 3 or 4 channels, got "
        f"{words(shape)}{f' and layout={layout!r}' if layout else ''}; {way_out}"
    )


def as_bytes(values: Array, value_range: tuple[float, float] | None) -> Array:
    """Values as 0 to 255. Floats are 0 to 1 unless a range is given; NaN is the least."""
    import numpy

    if values.dtype.kind == "b":
        return values.astype(numpy.uint8) * numpy.uint8(255)
    if values.dtype == numpy.uint8 and value_range is None:
        return values
    low, high = value_range or ((0.0, 1.0) if values.dtype.kind == "f" else (0.0, 255.0))
    _tell_of_range(values, low, high)
    scaled = (values.astype(numpy.float32) - low) * (255.0 / (high - low))
    scaled = numpy.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0)
    found: Array = numpy.clip(numpy.rint(scaled), 0, 255).astype(numpy.uint8)
    return found


def _tell_of_range(values: Array, low: float, high: float) -> None:
    """Values outside of it are no reason to end a training that has made them, but one to say so."""
    global _has_told_of_range
    least, most = float(values.min()), float(values.max())
    slack = (high - low) * 0.01
    if _has_told_of_range or (low - slack <= least and most <= high + slack):  # NaN is told too
        return
    _has_told_of_range = True
    notice(
        f"an image has values from {least:g} to {most:g}; what is outside of {low:g} to {high:g} is cut off. Give "
        "value_range=(low, high) to have them within it. Others like it are not told"
    )


def picture_of(pixels: Array) -> Picture:
    """An image of (height, width) or (height, width, channels) bytes."""
    import numpy
    import PIL.Image

    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return PIL.Image.fromarray(numpy.ascontiguousarray(pixels))


def written(picture: Picture, format: Format, quality: int | None) -> bytes:
    """The file of an image."""
    if format == "jpeg" and picture.mode not in ("L", "RGB"):
        picture = picture.convert("L" if picture.mode in ("1", "LA") else "RGB")
    elif picture.mode in ("CMYK", "YCbCr", "HSV", "LAB"):
        picture = picture.convert("RGB")
    file = io.BytesIO()
    options: dict[str, Any] = {"quality": quality} if quality is not None else {}
    if format == "png":
        options = {"compress_level": 4}  # of a photograph two thirds of the time of 6, for 1 % more bytes
    picture.save(file, format.upper(), **options)
    return file.getvalue()


def drawn_by_matplotlib(figure: Any, format: Literal["png", "svg"]) -> bytes:
    """A figure of matplotlib, or that of its axes, as a file.

    It is drawn at once and in the caller's thread, since matplotlib is not made for two threads and the figure is
    often closed right after.
    """
    owner = figure
    if not hasattr(owner, "savefig"):
        owner = getattr(figure, "figure", None)
    if owner is None or not hasattr(owner, "savefig"):
        raise TypeError(f"matplotlib has figures and axes to draw, got {type(figure).__name__}: {figure!r:.80}")
    import matplotlib

    file = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "tracker"}):  # the same figure gives the same bytes
        owner.savefig(file, format=format, metadata={"Date": None} if format == "svg" else None)
    return file.getvalue()


def checked_classes(classes: Mapping[int, str] | Iterable[str] | None) -> dict[int, str]:
    """Names by class id; a list of names counts from 0. Raises TypeError and ValueError."""
    if classes is None:
        return {}
    if isinstance(classes, str):
        raise TypeError(f"classes are names by id, or a list of names, got the text {classes!r:.80}")
    found = dict(classes) if isinstance(classes, Mapping) else dict(enumerate(classes))
    if len(found) > MAX_CLASSES:
        raise ValueError(f"at most {MAX_CLASSES} classes have names, got {len(found):,}")
    for number, name in found.items():
        if isinstance(number, bool) or not hasattr(number, "__index__") or number < 0:
            raise TypeError(f"a class id is a whole number from 0 on, got {number!r:.80}")
        if not isinstance(name, str) or len(name) > 250 or not is_text(name):
            raise TypeError(f"the class {number} has a name of at most 250 characters, got {name!r:.80}")
    return {int(number): name for number, name in found.items()}


def _checked_format(format: object, quality: object) -> Format | None:
    if format is not None and format not in ("png", "jpeg", "webp"):
        raise ValueError(f"an image's format is png, jpeg or webp, got {format!r}")
    if quality is not None:
        if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
            raise ValueError(f"quality is a whole number from 1 to 100, got {quality!r}")
        if format not in ("jpeg", "webp"):
            raise ValueError(f"quality={quality} is of format='jpeg' or format='webp'; a PNG has all of its pixels")
    return format


def _checked_range(value_range: object) -> tuple[float, float] | None:
    if value_range is None:
        return None
    try:
        low, high = (float(end) for end in value_range)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise TypeError(f"value_range is two numbers, (lowest, highest), got {value_range!r:.80}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"value_range is two finite numbers, the lower one first, got {value_range!r:.80}")
    return low, high


def _checked_boxes(boxes: Boxes | None, classes: Mapping[int, str]) -> tuple[kinds.Box, ...]:
    if boxes is None:
        return ()
    groups = boxes if isinstance(boxes, Mapping) else {"": boxes}
    found = []
    for group, those in groups.items():
        if not isinstance(group, str) or len(group) > 250:
            raise TypeError(f"several sets of boxes have names that are text, got {group!r:.80}")
        if isinstance(those, str | Mapping) or not hasattr(those, "__iter__"):
            raise TypeError(
                f"boxes are a list of (left, top, right, bottom), got {type(those).__name__}: {those!r:.80}"
            )
        found += [_box(box, group, classes) for box in those]
    if len(found) > MAX_BOXES:
        raise ValueError(f"an image has at most {MAX_BOXES:,} boxes, got {len(found):,}; keep those of the best score")
    return tuple(found)


def _box(box: Any, group: str, classes: Mapping[int, str]) -> kinds.Box:
    fields = dict(box) if isinstance(box, Mapping) else {"box": box}
    unknown = set(fields) - {"box", "label", "score"}
    if unknown or "box" not in fields:
        raise ValueError(f"a box is {{'box': (left, top, right, bottom), 'label': …, 'score': …}}, got {box!r:.120}")
    try:
        left, top, right, bottom = (float(edge) for edge in fields["box"])
    except (TypeError, ValueError):
        raise ValueError(f"a box has four numbers, (left, top, right, bottom), got {fields['box']!r:.120}") from None
    if not all(math.isfinite(edge) for edge in (left, top, right, bottom)):
        raise ValueError(f"a box has finite edges, got {fields['box']!r:.120}; leave out boxes that are NaN")
    if right < left or bottom < top:
        raise ValueError(
            f"a box is (left, top, right, bottom) in pixels, got {fields['box']!r:.120}, which ends before it begins; "
            "of (x, y, width, height) make (x, y, x + width, y + height)"
        )
    label, score = fields.get("label", ""), fields.get("score")
    if not isinstance(label, str):
        label = classes.get(int(label), str(int(label))) if hasattr(label, "__index__") else None
    if label is None or len(label) > 250 or not is_text(label):
        raise TypeError(f"a box's label is text of at most 250 characters or a class id, got {fields['label']!r:.80}")
    if score is not None and not math.isfinite(score := float(score)):
        raise ValueError(f"a box's score is a finite number, got {score!r}; leave it out where there is none")
    return kinds.Box((left, top, right, bottom), label, score, group)


def _checked_masks(masks: Masks | None, width: int, height: int) -> dict[str, Held]:
    if masks is None:
        return {}
    pillow("a mask")
    if not isinstance(masks, Mapping):
        raise TypeError(f"masks are arrays by name: {{'prediction': ids}}, got {type(masks).__name__}")
    if len(masks) > MAX_MASKS:
        raise ValueError(f"an image has at most {MAX_MASKS} masks, got {len(masks)}")
    found = {}
    for name, values in masks.items():
        if not isinstance(name, str) or not is_artifact(name):
            raise ValueError(f"a mask's name is that of a file: printable, without / : @ and \\, got {name!r:.80}")
        held = hold(values, f"the mask {name!r}")
        if held.kind == "f":
            raise TypeError(f"the mask {name!r} has class ids, which are whole numbers, got floats; give its argmax")
        if held.shape != (height, width):
            raise ValueError(
                f"the mask {name!r} has the image's height and width, ({height}, {width}), got {words(held.shape)}"
            )
        held.check(_check_ids)
        found[name] = held
    return found


def _check_ids(ids: Array) -> None:
    least, most = int(ids.min()), int(ids.max())
    if least < 0 or most > 65_535:
        raise ValueError(f"a mask's class ids are 0 to 65535, got {least} to {most}; 0 is no class")


def _mask_file(mask: Held) -> bytes:
    import numpy
    import PIL.Image

    ids = mask.read()
    _check_ids(ids)
    small = ids.astype(numpy.uint8 if int(ids.max()) < 256 else numpy.uint16)
    return written(PIL.Image.fromarray(numpy.ascontiguousarray(small)), "png", None)
