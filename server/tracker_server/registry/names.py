"""What the server says of a name of a model or an alias of one that cannot be one, and the number in `v3`."""

from __future__ import annotations

import re

from tracker.naming import is_model, is_model_pointer
from tracker_server.errors import Refused

_VERSION = re.compile("v([0-9]{1,127})", re.IGNORECASE)


def check_model(name: str) -> None:
    """Raises Refused unless it is 1 to 128 letters, digits, `-`, `_` and `.`, the first a letter or digit."""
    if not is_model(name):
        raise Refused(
            "bad_model_name",
            f"{name[:200]!r} cannot name a model: a name has 1 to 128 letters, digits, '-', '_' and '.', and starts "
            "with a letter or a digit",
            field="model",
        )


def check_alias(alias: str) -> None:
    """Raises Refused unless it is made as a model's name is, and no reference already: not `latest`, not `v3`."""
    if is_model_pointer(alias):
        raise Refused(
            "bad_alias",
            f"{alias[:200]!r} cannot be an alias: 'latest' and versions such as 'v3' always point where they say; "
            "choose a name such as 'production'",
            field="alias",
        )
    if not is_model(alias):
        raise Refused(
            "bad_alias",
            f"{alias[:200]!r} cannot be an alias: an alias has 1 to 128 letters, digits, '-', '_' and '.', and starts "
            "with a letter or a digit",
            field="alias",
        )


def checked_tags(tags: list[str]) -> list[str]:
    """Without blanks around them, each once. Raises Refused for one of blanks."""
    stripped = [tag.strip() for tag in tags]
    if "" in stripped:
        raise Refused("invalid", "a tag of blanks alone says nothing; leave it out", field="tags")
    return list(dict.fromkeys(stripped))


def version_of(ref: str) -> int | None:
    """The number of a reference such as `v3`; None for any other."""
    found = _VERSION.fullmatch(ref)
    return int(found[1]) if found is not None else None
