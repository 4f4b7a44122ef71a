"""What a file is, by its first bytes and then by its name.

The bytes count before the name wherever a format has a mark, so that nothing is shown as what it only calls itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from tracker_server.previews.schema import PreviewKind

HEAD_BYTES: Final = 1024

_TABLES: Final = {".csv", ".tsv", ".tab", ".jsonl", ".ndjson"}
_FRAMED: Final = {".html": "text/html", ".htm": "text/html", ".xhtml": "text/html", ".svg": "image/svg+xml"}
_BY_NAME: Final[dict[str, PreviewKind]] = {
    ".json": "json", ".geojson": "json", ".yaml": "yaml", ".yml": "yaml", ".md": "markdown", ".markdown": "markdown",
    ".ipynb": "notebook", ".onnx": "onnx", ".safetensors": "tensors",
    **dict.fromkeys(_TABLES, "table"),
}  # fmt: skip

_TAR_MARK: Final = slice(257, 262)
_PICKLES: Final = {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".bin"}


@dataclass(frozen=True)
class Recognised:
    """`format` names one of several formats of a kind; `content_type` is what the bytes may be shown as."""

    kind: PreviewKind
    format: str = ""
    content_type: str | None = None
    note: str = ""


def recognised(head: bytes, path: str) -> Recognised | None:
    """What the marks in the first bytes, or else the name, say; None where only reading it as text can tell."""
    return _marked(head, PurePosixPath(path).suffix.lower()) or _named(head, path) or _not_read(head)


def frame_type(path: str) -> str | None:
    """As what a text is shown in a sandboxed frame; None where it is not."""
    return _FRAMED.get(PurePosixPath(path).suffix.lower())


def _named(head: bytes, path: str) -> Recognised | None:
    name = PurePosixPath(path).name.lower()
    suffix = PurePosixPath(name).suffix
    kind = _BY_NAME.get(suffix)
    if kind is not None:
        return Recognised(kind, suffix.removeprefix("."))
    if suffix in (".parquet", ".pq") and head[:4] == b"PAR1":
        return Recognised("table", "parquet")
    if suffix in (".mp3", ".aac") and head[:1] == b"\xff" and head[1:2] >= b"\xe0":
        return Recognised("audio", "mp3", "audio/mpeg")
    if suffix in _PICKLES and head[:1] == b"\x80" and b"\x02" <= head[1:2] <= b"\x05":
        return _pickle()
    return None


def _marked(head: bytes, suffix: str) -> Recognised | None:
    for mark, kind, file_format, content_type in _MARKS:
        if head.startswith(mark):
            return Recognised(kind, file_format, content_type)
    if head[:4] == b"RIFF":
        return {
            b"WAVE": Recognised("audio", "wav", "audio/wav"),
            b"WEBP": Recognised("image", "webp", "image/webp"),
        }.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _iso_media(head[8:12])
    if head[:4] == b"OggS":
        is_video = suffix == ".ogv" or b"theora" in head[:64]
        return Recognised("video", "ogg", "video/ogg") if is_video else Recognised("audio", "ogg", "audio/ogg")
    if head[_TAR_MARK] == b"ustar":
        return Recognised("archive", "tar")
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06"):
        return _zip(suffix)
    return None


def _not_read(head: bytes) -> Recognised | None:
    return next((Recognised("binary", note=note) for mark, note in _NOT_READ if head.startswith(mark)), None)


def _iso_media(brand: bytes) -> Recognised:
    if brand in (b"avif", b"avis"):
        return Recognised("image", "avif", "image/avif")
    if brand in (b"M4A ", b"M4B "):
        return Recognised("audio", "m4a", "audio/mp4")
    return Recognised("video", "mp4", "video/mp4")


def _zip(suffix: str) -> Recognised:
    if suffix == ".npz":
        return Recognised("tensors", "npz")
    note = ""
    if suffix in _PICKLES:
        note = (
            "This looks like a checkpoint of PyTorch: an archive with a pickle in it. Reading a pickle runs what is in "
            "it, so only the list of its files is shown; safetensors can be looked into."
        )
    return Recognised("archive", "zip", note=note)


def _pickle() -> Recognised:
    return Recognised(
        "binary", note="This is a pickle. Reading one runs what is in it, so nothing of it is read; save it as "
        "safetensors, or as NumPy arrays, to have it shown."
    )  # fmt: skip


_MARKS: Final[tuple[tuple[bytes, PreviewKind, str, str | None], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "image", "png", "image/png"),
    (b"\xff\xd8\xff", "image", "jpeg", "image/jpeg"),
    (b"GIF87a", "image", "gif", "image/gif"),
    (b"GIF89a", "image", "gif", "image/gif"),
    (b"fLaC", "audio", "flac", "audio/flac"),
    (b"ID3", "audio", "mp3", "audio/mpeg"),
    (b"\x1a\x45\xdf\xa3", "video", "webm", "video/webm"),
    (b"%PDF-", "pdf", "pdf", None),
    (b"\x93NUMPY", "tensors", "npy", None),
    (b"GGUF", "tensors", "gguf", None),
    (b"\x1f\x8b", "archive", "tar.gz", None),
)

_NOT_READ: Final = (
    (b"\xfd7zXZ\x00", "This is compressed by xz, which is not unpacked for a preview."),
    (b"BZh", "This is compressed by bzip2, which is not unpacked for a preview."),
    (b"\x28\xb5\x2f\xfd", "This is compressed by Zstandard, which is not unpacked for a preview."),
    (b"PAR1", "This is a Parquet file; named with .parquet at its end, its rows are shown."),
    (b"7z\xbc\xaf\x27\x1c", "This is a 7z archive, which is not listed."),
    (b"\x89HDF\r\n\x1a\n", "This is an HDF5 file (Keras, or h5py), which is not looked into."),
    (b"SQLite format 3\x00", "This is an SQLite database, which is not opened."),
    (b"\x7fELF", "This is a program or a library for Linux."),
)
