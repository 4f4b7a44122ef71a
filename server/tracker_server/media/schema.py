"""What the API says of the media of a run, and what it is asked for."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from tracker_server.bounds import Id, Line, Name, NamePart

MAX_PAGE: Final = 200
MAX_RUNS_AT_ONCE: Final = 12
MAX_NAMES_AT_ONCE: Final = 50
MAX_STEPS: Final = 2000

Step = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class MediaFileEntry(msgspec.Struct, frozen=True):
    """A further file of a piece of media, by its path: a mask, a cell of a table."""

    path: str
    size_bytes: int


class Media(msgspec.Struct, frozen=True):
    """A piece of media. `details` are what its kind says of itself (`tracker/kinds.py`).

    `is_abridged` says that `details` and `files` are left out of a list for their size: they are in the answer for this
    piece alone. `content_url` is its bytes, `thumbnail_url` a smaller image of an image, and `frame_url` a page of its
    own that shows it, for a sandboxed frame and nothing else; each null where there is none.
    """

    id: int
    run: str
    name: str
    kind: str
    step: int
    position: int
    time_ms: int
    caption: str
    size_bytes: int
    details: dict[str, Any]
    files: list[MediaFileEntry]
    is_abridged: bool
    content_url: str | None
    thumbnail_url: str | None
    frame_url: str | None


class MediaList(msgspec.Struct, frozen=True):
    """A page, in order of name, step and position; `next_cursor` is null at the end."""

    media: list[Media]
    next_cursor: str | None


class MediaQuery(msgspec.Struct, frozen=True):
    """`from_step` and `to_step` belong to the range."""

    name: NamePart | None = None
    kind: NamePart | None = None
    from_step: Step | None = None
    to_step: Step | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)] = 100
    cursor: Line | None = None


class MediaName(msgspec.Struct, frozen=True):
    """How many pieces of a kind a run logged by a name, and from which step to which."""

    name: str
    kind: str
    count: int
    first_step: int
    last_step: int


class MediaNames(msgspec.Struct, frozen=True):
    names: list[MediaName]


class StepsQuery(msgspec.Struct, frozen=True):
    name: NamePart | None = None


class MediaSteps(msgspec.Struct, frozen=True):
    """The steps at which there is something, in order: all `count` of them, or some with the first and the last."""

    steps: list[int]
    count: int


class MediaAtRequest(msgspec.Struct, frozen=True):
    """What is seen of these names in these runs at a step; without one, at the newest."""

    runs: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=MAX_RUNS_AT_ONCE)]
    names: Annotated[list[Name], msgspec.Meta(min_length=1, max_length=MAX_NAMES_AT_ONCE)]
    step: Step | None = None


class MediaGroup(msgspec.Struct, frozen=True):
    """The first of the `count` pieces that a run logged by a name at one step."""

    run: str
    name: str
    step: int
    count: int
    media: list[Media]


class MediaAt(msgspec.Struct, frozen=True):
    """A group for each run and name that has something at the step or before it: of the greatest such step."""

    groups: list[MediaGroup]


class ContentQuery(msgspec.Struct, frozen=True):
    """`file` is the path of a further file. With `v`, the beginning of the digest, the bytes are kept for ever."""

    file: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    v: Id = ""


class ThumbnailQuery(msgspec.Struct, frozen=True):
    """`width` in pixels; an image that is smaller keeps its size."""

    width: Annotated[int, msgspec.Meta(ge=64, le=512)] = 256
    v: Id = ""


class FrameQuery(msgspec.Struct, frozen=True):
    theme: Literal["light", "dark"] = "light"
