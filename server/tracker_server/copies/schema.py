"""What the API says of copies."""

from __future__ import annotations

import msgspec


class Taken(msgspec.Struct, frozen=True):
    """What of a project's copy could not be as it was on the other server, a sentence each."""

    left_out: list[str]
