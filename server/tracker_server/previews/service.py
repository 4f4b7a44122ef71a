"""What is in a file of an artifact version.

What always holds: nothing in a file is run, unpickled or unpacked, and no more of it is read than `source` allows. What
cannot be read is told as text or as bytes, with the reason; no file makes a preview fail.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tracker_server.previews import archives, images, notebooks, onnx_graph, tensors, texts
from tracker_server.previews.recognising import HEAD_BYTES, Recognised, frame_type, recognised
from tracker_server.previews.schema import Preview, PreviewKind
from tracker_server.previews.source import Source, Unreadable

MAX_SHOWN_IMAGE_BYTES: Final = 64 * 1024 * 1024
MAX_FRAMED_BYTES: Final = 16 * 1024 * 1024
HEX_BYTES: Final = 512
BOMB_BYTES: Final = 1024**3
BOMB_RATIO: Final = 200

_READERS: Final[dict[PreviewKind, tuple[str, Callable[[Source, str], Any]]]] = {
    "image": ("image", images.read),
    "tensors": ("tensors", tensors.read),
    "archive": ("archive", archives.read),
    "onnx": ("onnx", lambda source, _: onnx_graph.read(source)),
    "notebook": ("notebook", lambda source, _: notebooks.read(source)),
}
"""By kind: the field of a preview that tells of it, and what reads it."""

_TEXTS: Final[tuple[PreviewKind, ...]] = ("json", "yaml", "markdown")


def of_file(file: Path, path: str) -> Preview:
    """What is in a file, which has this path in its version."""
    with file.open("rb") as opened:
        source = Source(opened, file.stat().st_size)
        head = source.up_to(0, HEAD_BYTES)
        found = recognised(head, path)
        if found is None or found.kind in _TEXTS:
            return _text(source, path, kind=found.kind if found else None) or _bytes(source, path, "")
        if found.kind == "binary":
            return _bytes(source, path, found.note)
        return _read(source, path, found)


def html_output(file: Path, cell: int, output: int) -> str | None:
    """The HTML or SVG of an output of a notebook; None where there is none."""
    with file.open("rb") as opened:
        try:
            found = notebooks.read(Source(opened, file.stat().st_size)).cells[cell].outputs[output]
        except (Unreadable, IndexError):
            return None
    return found.text if found.kind == "html" else None


def content_type(file: Path, path: str) -> str | None:
    """As what the bytes may be shown by a browser; None where they may only be saved."""
    with file.open("rb") as opened:
        source = Source(opened, file.stat().st_size)
        head = source.up_to(0, HEAD_BYTES)
        found = recognised(head, path)
        if found is not None and found.content_type is not None:
            return found.content_type
        if found is not None and found.kind not in (*_TEXTS, "table", "notebook"):
            return None
        encoding = texts.encoding_of(head, is_whole=source.size_bytes <= HEAD_BYTES)
        return None if encoding is None else f"text/plain; charset={encoding[1].lower()}"


def _read(source: Source, path: str, found: Recognised) -> Preview:
    if found.kind == "image" and source.size_bytes > MAX_SHOWN_IMAGE_BYTES:
        note = f"An image of {source.size_bytes:,} bytes is not drawn in a page; it can be downloaded."
        return Preview(kind="too_large", path=path, size_bytes=source.size_bytes, note=note)
    part: dict[str, Any] = {}
    if found.kind in _READERS:
        name, read = _READERS[found.kind]
        try:
            part = {name: read(source, found.format)}
        except Unreadable as error:
            return _not_what_it_says(source, path, found, error)
    return Preview(
        kind=found.kind,
        path=path,
        size_bytes=source.size_bytes,
        note=found.note or _warning(part, source.size_bytes),
        content_type=found.content_type,
        **part,
    )


def _warning(part: dict[str, Any], size_bytes: int) -> str:
    archive = part.get("archive")
    if archive is None or archive.size_bytes < max(BOMB_BYTES, BOMB_RATIO * size_bytes):
        return ""
    return (
        f"By its own list this would be {archive.size_bytes:,} bytes when unpacked, out of {size_bytes:,}: either the "
        "list lies, or the archive is made to fill a disk."
    )


def _not_what_it_says(source: Source, path: str, found: Recognised, error: Unreadable) -> Preview:
    name = found.format or found.kind
    note = f"This looks like {name}, but is shown as it is: {error}."
    source = source.again()
    return _text(source, path, note=note) or _bytes(source, path, note)


def _text(source: Source, path: str, *, kind: PreviewKind | None = None, note: str = "") -> Preview | None:
    """A file as text; None where it is none."""
    size_bytes = source.size_bytes
    is_whole = size_bytes <= texts.MAX_TEXT_BYTES
    text = texts.read(source.up_to(0, texts.MAX_TEXT_BYTES), path, is_whole=is_whole)
    if text is None:
        return None
    framed = frame_type(path) if size_bytes <= MAX_FRAMED_BYTES and not note else None
    return Preview(
        kind=kind or ("code" if text.language else "text"),
        path=path,
        size_bytes=size_bytes,
        note=note or ("The file is empty." if size_bytes == 0 else ""),
        content_type="text/plain",
        frame_url="" if framed else None,
        text=text,
    )


def _bytes(source: Source, path: str, note: str) -> Preview:
    head = source.up_to(0, HEX_BYTES)
    return Preview(kind="binary", path=path, size_bytes=source.size_bytes, note=note, head_hex=head.hex())
