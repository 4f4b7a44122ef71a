"""The bytes of media, as a browser may be told of them.

What always holds: only images, audio and video of the formats that are known are told as what they are; all else that
people log is bytes to be saved. Nothing is read here: a browser is told not to guess, and to run nothing.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.kinds import CONTENT_TYPES
from tracker_server.errors import NotFound
from tracker_server.media.models import MediaFile, MediaItem

BYTES: Final = "application/octet-stream"

OF_ENDINGS: Final = {
    **CONTENT_TYPES["video"],
    **CONTENT_TYPES["audio"],
    **CONTENT_TYPES["image"],
    "jpg": "image/jpeg",
}
"""What a further file is, by the ending of its path; a GIF or WebP is an image, whether it moves or not."""

TYPES: Final = tuple(sorted({*OF_ENDINGS.values(), BYTES}))


def type_of(item: MediaItem) -> str:
    """What a browser is told of the bytes of a piece."""
    format_ = item.details.get("format") if isinstance(item.details, dict) else None
    return CONTENT_TYPES.get(item.kind, {}).get(str(format_), BYTES)


def type_of_file(path: str) -> str:
    """What it is told of a further file."""
    return OF_ENDINGS.get(path.rpartition(".")[2].lower(), BYTES)


def digest_of(session: Session, item: MediaItem, path: str | None) -> str:
    """The blob of a piece, or of one of its further files. Raises NotFound."""
    if path is None:
        if item.digest is None:
            raise NotFound("no_content", f"media {item.id} has no bytes: its details say all of it")
        return item.digest
    here = (MediaFile.media_id == item.id, MediaFile.path == path)
    digest = session.scalar(sa.select(MediaFile.digest).where(*here))
    if digest is None:
        raise NotFound("unknown_file", f"media {item.id} has no file {path[:200]!r}", field="file")
    return digest


def name_of(item: MediaItem, path: str | None) -> str:
    """What its file is called where it is saved; a header takes no control characters."""
    return "".join(one if one.isprintable() else "_" for one in _name_of(item, path))


def _name_of(item: MediaItem, path: str | None) -> str:
    details: dict[str, Any] = item.details if isinstance(item.details, dict) else {}
    if path is not None:
        return path.rpartition("/")[2] or "file"
    ending = {"text": "txt", "html": "html", "svg": "svg", "plotly": "json", "table": "json"}.get(item.kind)
    return f"{item.name.rpartition('/')[2] or item.kind}-{item.step}.{ending or str(details.get('format', 'bin'))[:8]}"
