"""Moving images from frames and files.

What always holds: frames become an animated WebP or GIF, since neither needs more than Pillow; a file is kept byte for
byte.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from tracker import kinds
from tracker.media.arrays import Held, hold, is_tensor, words
from tracker.media.images import Layout, as_bytes, layout_of, picture_of
from tracker.media.piece import Encoded, Keep, Media, check_size, pillow, read_file

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Format = Literal["mp4", "webm", "gif", "webp"]

MAX_FRAMES: Final = 10_000
MAX_SIDE: Final = 16_383  # of WebP
MAX_FPS: Final = 240.0


class Video(Media):
    """A video: frames, (frames, height, width, channels), or the path of an MP4, WebM, GIF or animated WebP file.

    Frames are as in `Image`: tensors of torch have (frames, channels, height, width). They are shown `fps` a second,
    and become an animated "webp" or "gif" with a `quality` of 1 to 100.
    """

    def __init__(
        self,
        data: Any,
        caption: str = "",
        *,
        fps: float | None = None,
        format: Literal["webp", "gif"] | None = None,
        quality: int = 80,
        layout: Layout | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(caption)
        self._file = b""
        if isinstance(data, str | os.PathLike):
            if fps is not None or format is not None:
                raise ValueError("a file is kept as it is, with its own frame rate; leave out fps and format")
            self._file = read_file(data, "a video")
            self._format: Format = _format_of(self._file, os.fspath(data))
            self.size_bytes = len(self._file)
            return
        pillow("a video of frames")
        if format not in (None, "webp", "gif"):
            raise ValueError(f"frames become a webp or a gif, got format={format!r}; for MP4, give the path of a file")
        if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
            raise ValueError(f"quality is a whole number from 1 to 100, got {quality!r}")
        self._format = format or "webp"
        self._quality = quality
        self._fps = _checked_fps(fps)
        self._range = value_range
        self._held = _frames(data)
        shape = self._held.shape
        if len(shape) == 3:
            self._layout: Layout = "hwc"
        else:
            self._layout = layout_of(shape[1:], layout, is_channels_first=is_tensor(_first(data)))
        self._height, self._width = shape[2:4] if self._layout == "chw" else shape[1:3]
        if max(self._height, self._width) > MAX_SIDE:
            raise ValueError(f"a video has at most {MAX_SIDE:,} pixels a side, got {self._width} x {self._height}")
        self.size_bytes = self._held.size_bytes

    def encode(self, keep: Keep) -> Encoded:
        if self._file:
            return Encoded("video", _details_of(self._file, self._format), keep(self._file))
        frames = as_bytes(self._held.read(), self._range)
        if self._layout == "chw":
            frames = frames.transpose(0, 2, 3, 1)
        first, *others = [_picture(frame) for frame in frames]
        file = io.BytesIO()
        options: dict[str, Any] = {"quality": self._quality, "method": 2} if self._format == "webp" else {}
        first.save(
            file,
            self._format.upper(),
            save_all=True,
            append_images=others,
            duration=max(1, round(1000 / self._fps)),
            loop=0,
            **options,
        )
        details = kinds.Video(
            format=self._format, width=self._width, height=self._height, frames=len(frames), fps=self._fps
        )
        return Encoded("video", details, keep(file.getvalue()))


def _checked_fps(fps: object) -> float:
    if fps is None:
        return 10.0
    if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps <= MAX_FPS or not math.isfinite(fps):
        raise ValueError(
            f"fps is how many frames are shown in a second, above 0 and up to {MAX_FPS:g}, got {fps!r:.80}"
        )
    return float(fps)


def _frames(data: Any) -> Held:
    if isinstance(data, Sequence) and data and hasattr(data[0], "getbands"):
        import numpy

        check_size("the video", sum(each.width * each.height * 4 for each in data))
        data = [numpy.asarray(each.convert("RGB")) for each in data]
    elif isinstance(data, Sequence) and data and is_tensor(data[0]):
        import torch

        data = torch.stack(list(data))
    held = hold(data, "a video")
    shape = held.shape
    if len(shape) not in (3, 4) or not all(shape):
        raise ValueError(
            f"a video has the shape (frames, height, width) or (frames, height, width, channels), got {words(shape)}; "
            "of several make several: [tracker.Video(each) for each in batch]"
        )
    if shape[0] > MAX_FRAMES:
        raise ValueError(f"a video has at most {MAX_FRAMES:,} frames, got {shape[0]:,}; leave some out: frames[::10]")
    return held


def _first(data: Any) -> Any:
    return data[0] if isinstance(data, Sequence) else data


def _picture(frame: Any) -> Picture:
    picture = picture_of(frame)
    return picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")


def _format_of(data: bytes, where: str) -> Format:
    """By what the file begins with. Raises ValueError for one that browsers do not play."""
    if data[4:8] == b"ftyp":
        return "mp4"
    if data[:4] == b"\x1aE\xdf\xa3":
        return "webm"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    raise ValueError(f"the file {where} is no MP4, WebM, GIF or WebP; give the frames, or convert it with ffmpeg")


def _details_of(data: bytes, format: Format) -> kinds.Video:
    """What a file says of itself, as far as it can be read with little."""
    if format in ("mp4", "webm"):
        return kinds.Video(format=format)
    try:
        import PIL.Image

        with PIL.Image.open(io.BytesIO(data)) as opened:
            duration_ms = opened.info.get("duration", 0)
            return kinds.Video(
                format=format,
                width=opened.width,
                height=opened.height,
                frames=getattr(opened, "n_frames", 1),
                fps=1000 / duration_ms if duration_ms else None,
            )
    except (ImportError, OSError, ValueError):
        return kinds.Video(format=format)
