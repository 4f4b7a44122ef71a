"""Small images of large ones, made when they are first asked for and kept in a folder of a bounded size.

What always holds: an image whose pixels would not fit the memory set aside for it is refused before any of them is
read; of one that moves only the first picture is read; few are made at once, and what is asked for besides waits. The
folder may be removed at any time.
"""

from __future__ import annotations

import io
import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracker_server.errors import Overloaded, Refused

if TYPE_CHECKING:
    from PIL import Image

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
MAX_PIXELS: Final = 24_000_000
"""Decoded, 96 MiB at four bytes each. A JPEG of more is read at a fraction of its size."""

MAX_JPEG_PIXELS: Final = 4 * MAX_PIXELS
"""What is read of a JPEG whose colours come one after the other has six bytes for each of its pixels."""

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_CACHE_BYTES: Final = 512 * 1024 * 1024
MADE_AT_ONCE: Final = 2
LONGEST_WAIT_S: Final = 15.0
TALLEST: Final = 4
"""A thumbnail is at most so many times as tall as it is wide."""

_TOUCHED_EVERY_S: Final = 3600.0
_making = threading.BoundedSemaphore(MADE_AT_ONCE)


class Thumbnails:
    """Thumbnails in a folder, by the digest of the image and the width. Its methods may be called by any thread."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._size_bytes: int | None = None

    def get(self, digest: str, width: int, source: Path) -> bytes:
        """The image in the file `source`, no wider than `width`, as WebP.

        Raises Refused for what is no image, is broken or too large, and Overloaded where many are made already.
        """
        place = self._folder / digest[:2] / f"{digest}-{width}.webp"
        with suppress(OSError):
            found = place.read_bytes()
            if time.time() - place.stat().st_mtime > _TOUCHED_EVERY_S:
                os.utime(place)  # what is looked at goes last
            return found
        if not _making.acquire(timeout=LONGEST_WAIT_S):
            raise Overloaded("busy", "many images are being made smaller; ask again in a moment", retry_after_s=2)
        try:
            made = shrink(source, width)
        finally:
            _making.release()
        self._keep(place, made)
        return made

    def forget(self, digest: str) -> None:
        """Remove what was made of an image whose bytes are removed."""
        for place in (self._folder / digest[:2]).glob(f"{digest}-*.webp"):
            place.unlink(missing_ok=True)

    def _keep(self, place: Path, made: bytes) -> None:
        """Keep it; a disk that is full keeps nothing, and is no reason not to show it."""
        arriving = place.with_name(f".{secrets.token_hex(8)}")
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                arriving.write_bytes(made)
                arriving.replace(place)
            finally:
                arriving.unlink(missing_ok=True)
            self._note(len(made))

    def _note(self, size_bytes: int) -> None:
        with self._lock:
            if self._size_bytes is None:
                self._size_bytes = sum(size for _, size, _ in self._kept())
            else:
                self._size_bytes += size_bytes
            if self._size_bytes > self._max_bytes:
                self._size_bytes = self._clear()

    def _clear(self) -> int:
        """Remove what was not looked at for longest, down to three quarters; the bytes that are left."""
        kept = sorted(self._kept())
        size_bytes = sum(size for _, size, _ in kept)
        for _, size, path in kept:
            if size_bytes <= self._max_bytes * 3 // 4:
                break
            path.unlink(missing_ok=True)
            size_bytes -= size
        return size_bytes

    def _kept(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self._folder.glob("*/*.webp"):
            with suppress(FileNotFoundError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return found


def shrink(source: Path, width: int) -> bytes:
    """The image in a file, no wider than `width` pixels, as WebP; the first picture of one that moves.

    Raises Refused for what is no image, is broken or too large.
    """
    from PIL import Image, ImageOps

    if source.stat().st_size > MAX_FILE_BYTES:
        raise _too_large(f"{source.stat().st_size:,} bytes", f"{MAX_FILE_BYTES:,}")
    try:
        with Image.open(source, formats=FORMATS) as image:
            _check_whole(image)
            image.draft("RGB", (width * 2, width * 2))  # a JPEG is read at a fraction of its size
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(f"{image.width:,} × {image.height:,} pixels", f"{MAX_PIXELS:,}")
            small = _of_eight_bits(image)
            small.thumbnail((width, width * TALLEST), Image.Resampling.LANCZOS, reducing_gap=2.0)
            small = ImageOps.exif_transpose(small)
            made = io.BytesIO()
            small.save(made, "WEBP", quality=82, method=2)
            return made.getvalue()
    except Refused:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large("far more pixels", f"{MAX_PIXELS:,}") from error
    except Exception as error:  # decoders of hostile files raise whatever comes to them
        raise Refused(
            "bad_image", f"this image cannot be read ({type(error).__name__}: {str(error)[:200]}); it can be downloaded"
        ) from error


def _check_whole(image: Image.Image) -> None:
    """Raises Refused for a JPEG that is held whole while it is read at a fraction of its size, and has no room."""
    most = MAX_PIXELS if image.info.get("progressive") else MAX_JPEG_PIXELS
    if image.format == "JPEG" and image.width * image.height > most:
        raise _too_large(f"{image.width:,} × {image.height:,} pixels", f"{most:,}")


def _of_eight_bits(image: Image.Image) -> Image.Image:
    """The image in a mode that WebP has, loaded."""
    if image.mode.startswith("I"):  # 16 bit grey; 32 bit where the decoder says so
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("RGB", "RGBA"):
        image.load()
        return image
    has_alpha = image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def _too_large(found: str, most: str) -> Refused:
    return Refused(
        "too_large_to_show",
        f"the image has {found}, and of more than {most} no thumbnail is made; it can be downloaded",
    )
