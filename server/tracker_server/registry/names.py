"""What may name a model, an alias of one, and a version: the one place that decides it."""

from __future__ import annotations

import re

from tracker_server.errors import Refused

_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VERSION = re.compile("v([0-9]{1,127})", re.IGNORECASE)


def check_model(name: str) -> None:
    """Raises Refused unless it is 1 to 128 letters, digits, `-`, `_` and `.`, the first a letter or digit."""
    if not _NAME.fullmatch(name):
        raise Refused(
            "bad_model_name",
            f"{name[:200]!r} cannot name a model: a name has 1 to 128 letters, digits, '-', '_' and '.', and starts "
            "with a letter or a digit",
            field="model",
        )


def check_alias(alias: str) -> None:
    """Raises Refused unless it is made as a model's name is, and no reference already: not `latest`, not `v3`."""
    if alias.lower() == "latest" or _VERSION.fullmatch(alias):
        raise Refused(
            "bad_alias",
            f"{alias[:200]!r} cannot be an alias: 'latest' and versions such as 'v3' always point where they say; "
            "choose a name such as 'production'",
            field="alias",
        )
    if not _NAME.fullmatch(alias):
        raise Refused(
            "bad_alias",
            f"{alias[:200]!r} cannot be an alias: an alias has 1 to 128 letters, digits, '-', '_' and '.', and starts "
            "with a letter or a digit",
            field="alias",
        )


def version_of(ref: str) -> int | None:
    """The number of a reference such as `v3`; None for any other."""
    found = _VERSION.fullmatch(ref)
    return int(found[1]) if found is not None else None
