"""What the API takes and tells of shared links."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tracker_server.bounds import Id, Secret

LONGEST_DAYS = 365


class Link(msgspec.Struct, frozen=True):
    """`run_id` is None where it shows the whole project; `run_name` where that run is gone too."""

    id: int
    run_id: str | None
    run_name: str | None
    note: str
    created_by: str
    created_ms: int
    expires_ms: int
    last_used_ms: int | None
    revoked_ms: int | None


class Links(msgspec.Struct, frozen=True):
    links: list[Link]


class NewLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`note` says whom it is for. It is good for so many days."""

    days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_DAYS)]
    run_id: Id | None = None
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


class LinkMade(msgspec.Struct, frozen=True):
    """`secret` is shown this once; it stands behind the `#` of the address `/share`."""

    link: Link
    secret: str


class LinkSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secret: Secret


class LinkOpened(msgspec.Struct, frozen=True):
    """Where the link leads."""

    project: str
    run_id: str | None
