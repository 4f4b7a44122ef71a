"""What the API says of who is asking."""

from __future__ import annotations

import msgspec


class Me(msgspec.Struct, frozen=True):
    """`is_signed_in` is always true on a server that asks for no key."""

    name: str
    is_signed_in: bool
    needs_key: bool


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str


class ServerFacts(msgspec.Struct, frozen=True):
    version: str
    needs_key: bool
