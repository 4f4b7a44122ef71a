"""What the API says of who is asking."""

from __future__ import annotations

from typing import Literal

import msgspec

from tracker_server.bounds import NamePart, Secret

Kind = Literal["person", "service"]


class Me(msgspec.Struct, frozen=True):
    """`is_signed_in` is always true on a server that asks nobody to sign in. `is_admin` is of the server.
    `is_visitor` is of who looks through a shared link: nobody in particular, who may see what it is of and no more.
    """

    name: str
    is_signed_in: bool
    needs_key: bool
    is_admin: bool
    has_password: bool
    is_visitor: bool = False


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either a name and a password, or a key."""

    name: NamePart = ""
    password: Secret = ""
    key: Secret = ""


class NewPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One's own new password; `old` is the one until now."""

    old: Secret
    password: Secret


class ServerFacts(msgspec.Struct, frozen=True):
    """`needs_key` is whether it asks who somebody is at all; `provider` what one may sign in through is called."""

    version: str
    needs_key: bool
    provider: str | None = None
