"""What the API says of the media of a run."""

from __future__ import annotations

import msgspec


class Media(msgspec.Struct, frozen=True):
    """A piece of media. `frame_url` is a page of its own that shows it, for a sandboxed frame and nothing else."""

    id: int
    name: str
    kind: str
    step: int
    time_ms: int
    caption: str
    size_bytes: int
    frame_url: str


class MediaList(msgspec.Struct, frozen=True):
    media: list[Media]
