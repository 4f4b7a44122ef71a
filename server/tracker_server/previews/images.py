"""The size of an image, from its own header; no pixel is decoded."""

from __future__ import annotations

import struct
from typing import Final

from tracker_server.previews.schema import PreviewImage
from tracker_server.previews.source import Source, Unreadable

MAX_PIXELS: Final = 100_000_000
MAX_SEGMENTS: Final = 1000

_PNG_MODES: Final = {0: "grey", 2: "RGB", 3: "palette", 4: "grey, alpha", 6: "RGBA"}
_JPEG_MODES: Final = {1: "grey", 3: "YCbCr", 4: "CMYK"}
_JPEG_SIZES: Final = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def read(source: Source, file_format: str) -> PreviewImage:
    """What the header says. Raises Unreadable where it is none, and for more pixels than a page should draw."""
    reader = {"png": _png, "jpeg": _jpeg, "gif": _gif, "webp": _webp}.get(file_format)
    found = PreviewImage(format=file_format, width=None, height=None, mode=None) if reader is None else reader(source)
    if (found.width or 0) * (found.height or 0) > MAX_PIXELS:
        raise Unreadable(
            f"an image of {found.width:,} × {found.height:,} pixels is not drawn in a page; the most is {MAX_PIXELS:,}"
        )
    return found


def _png(source: Source) -> PreviewImage:
    name, width, height, depth, mode = source.numbers(">4sIIBB", 12)
    if name != b"IHDR":
        raise Unreadable("a PNG begins with its size, this one does not")
    bits = f", {depth} bit" if depth != 8 else ""
    return PreviewImage(format="png", width=width, height=height, mode=f"{_PNG_MODES.get(mode, '?')}{bits}")


def _gif(source: Source) -> PreviewImage:
    width, height = source.numbers("<HH", 6)
    return PreviewImage(format="gif", width=width, height=height, mode="palette")


def _jpeg(source: Source) -> PreviewImage:
    place = 2
    for _ in range(MAX_SEGMENTS):
        mark, kind, size = source.numbers(">BBH", place)
        if mark != 0xFF:
            break
        if kind in _JPEG_SIZES:
            height, width, channels = source.numbers(">HHB", place + 5)
            return PreviewImage(format="jpeg", width=width, height=height, mode=_JPEG_MODES.get(channels))
        place += 1 if kind == 0xFF else 2 + size
    raise Unreadable("this JPEG does not say how large it is")


def _webp(source: Source) -> PreviewImage:
    kind = source.at(12, 4)
    if kind == b"VP8X":
        flags, width, height = struct.unpack("<I3s3s", source.at(20, 10))
        mode = "RGBA" if flags & 0x10 else "RGB"
        return PreviewImage(format="webp", width=_int24(width) + 1, height=_int24(height) + 1, mode=mode)
    if kind == b"VP8L":
        (bits,) = source.numbers("<I", 21)
        return PreviewImage(format="webp", width=(bits & 0x3FFF) + 1, height=(bits >> 14 & 0x3FFF) + 1, mode="RGBA")
    if kind == b"VP8 ":
        width, height = source.numbers("<HH", 26)
        return PreviewImage(format="webp", width=width & 0x3FFF, height=height & 0x3FFF, mode="RGB")
    raise Unreadable("this WebP does not say how large it is")


def _int24(data: bytes) -> int:
    return int.from_bytes(data, "little")
