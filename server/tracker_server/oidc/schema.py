"""What the API takes and tells of signing in through a provider."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tracker_server.bounds import Line


class Destination(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`to` is the page to come back to: a path of this server."""

    to: Annotated[str, msgspec.Meta(max_length=8000)] = "/"


class Address(msgspec.Struct, frozen=True):
    """Where the browser is to go, with a state that is good for ten minutes."""

    url: str


class Return(msgspec.Struct, frozen=True):
    """What the provider sends back: a code, or an error, with the state that it was given."""

    state: Line = ""
    code: Line = ""
    error: Line = ""
