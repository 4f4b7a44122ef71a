"""What every piece of media is: a snapshot of what was given, and how it becomes bytes and details.

What always holds: whoever makes a piece has it checked, and copied where it could change, before the constructor
returns; `encode` runs off the training thread, and reads nothing but the copy.
"""

from __future__ import annotations

import importlib
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from tracker import kinds
from tracker.records import ArtifactFile

MAX_PIECE_BYTES: Final = 256 * 1024 * 1024
"""In memory, as it was given."""

MAX_CAPTION: Final = 2000


class Keep(Protocol):
    """Where bytes are put; the answer names them by their digest, and carries `path`."""

    def __call__(self, data: bytes, path: str = "") -> ArtifactFile: ...


class Encoded(msgspec.Struct, frozen=True):
    """What a record says of a piece. Without a blob its details say all."""

    kind: str
    details: kinds.Details
    blob: ArtifactFile | None = None
    files: tuple[ArtifactFile, ...] = ()


class Media(ABC):
    """One piece of media, to be logged at a step: `tracker.log({"samples": piece})`."""

    def __init__(self, caption: str = "") -> None:
        self.caption = checked_caption(caption)
        self.size_bytes = 0
        """How much memory it holds until it is encoded, about."""

    @abstractmethod
    def encode(self, keep: Keep) -> Encoded:
        """Make the bytes and have them kept. Raises ValueError for data that cannot be shown."""


def checked_caption(caption: object) -> str:
    """Text that a record can carry. Raises TypeError or ValueError."""
    if not isinstance(caption, str):
        raise TypeError(f"a caption must be text, got {type(caption).__name__}: {caption!r:.80}")
    if len(caption) > MAX_CAPTION:
        raise ValueError(
            f"a caption has at most {MAX_CAPTION:,} characters, got {len(caption):,}; log the rest as tracker.Text"
        )
    if "\0" in caption or not is_text(caption):
        raise ValueError(f"a caption is text without NUL and halves of surrogate pairs, got {caption!r:.80}")
    return caption


def is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_size(what: str, size_bytes: int) -> int:
    """The size, where a piece may have it. Raises ValueError."""
    if size_bytes > MAX_PIECE_BYTES:
        raise ValueError(
            f"{what} has {size_bytes:,} bytes, and a piece of media at most {MAX_PIECE_BYTES:,}; log a smaller part of "
            "it, or all of it as an artifact: tracker.log_artifact(path)"
        )
    return size_bytes


def read_file(path: str | os.PathLike[str], what: str) -> bytes:
    """The file's bytes, as they are now. Raises FileNotFoundError, other OSError, and ValueError for one too large."""
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"there is no file at {file}, of which {what} was to be made")
    check_size(f"the file {file}", file.stat().st_size)
    return file.read_bytes()


def required(module: str, what: str, *, extra: str = "media") -> Any:
    """An optional library. Raises ImportError that says what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{what} needs {module.partition('.')[0]}, which is not here: pip install 'tracker-runs[{extra}]'"
        ) from error


def pillow(what: str) -> Any:
    """PIL.Image with the formats that are written, so that no other thread has to import them. Raises ImportError."""
    found = required("PIL.Image", what)
    found.preinit()
    required("PIL.WebPImagePlugin", what)
    return found


def root_of(value: object) -> str:
    """The package that a value's type comes from, so that libraries are known without being imported."""
    return type(value).__module__.partition(".")[0]
