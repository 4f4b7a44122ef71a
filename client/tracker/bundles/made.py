"""What is between `making` and the makers, one a kind of model: what is asked of a maker, and what it gives.

What always holds: a maker writes below the folder that it is given and nowhere else, and raises `MakingError` only for
what the caller has to change; a form that does not work out is left out, with the reason.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tracker.bundles.values import InputError
from tracker.errors import TrackerError
from tracker.manifest import CODE, Form, Kind, Signature

NEEDED_BY_TRACKER = ("msgspec", "pyyaml")
"""What reading a manifest takes, whatever the form."""


FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG))
"""What an OSError says where a disk is full, or takes nothing."""


class MakingError(TrackerError, ValueError):
    """Why no bundle can be made of a model, in words that name the place and the way out."""


class ExampleError(MakingError, InputError):
    """The model cannot run the example. `field` is the input that is wrong, or empty where it is not known."""

    def __init__(self, name: str, message: str) -> None:
        InputError.__init__(self, name, message)


@dataclass(frozen=True)
class Tolerance:
    """Two outputs are equal where they differ by at most `absolute + relative * |stored|`."""

    absolute: float = 1e-5
    relative: float = 1e-4


@dataclass(frozen=True)
class Order:
    """What is asked of a maker: everything but the model. `files` are the caller's, by role, in the folder already.

    `axes` are those of the inputs that are free beside the first one: `{"tokens": {1: "length"}}`.
    """

    folder: Path
    example: Any = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    axes: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    tolerance: Tolerance = Tolerance()

    def paths(self) -> dict[str, Path | list[Path]]:
        """The files as `load(files)` gets them: one path, or a list where a role has several, or none; no code."""
        found: dict[str, Path | list[Path]] = {}
        for role, names in self.files.items():
            if role == CODE:
                continue
            paths = [self.folder.joinpath(*name.split("/")) for name in names]
            found[role] = paths[0] if len(paths) == 1 else paths
        return found


@dataclass
class Made:
    """What a maker gives: the files that it wrote by role, and what `tracker.yaml` says of them.

    `inputs` and `outputs` are the example's. `left_out` has, by form, why it is not there.
    """

    kind: Kind
    forms: list[Form] = field(default_factory=list)
    roles: dict[str, list[str]] = field(default_factory=dict)
    signature: Signature | None = None
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    left_out: dict[str, str] = field(default_factory=dict)

    def add_code(self, files: Mapping[str, bytes], folder: Path) -> None:
        """Write source files below `code/`, those of an earlier call aside."""
        here = self.roles.setdefault("code", [])
        for path, data in sorted(files.items()):
            name = f"code/{path}"
            target = folder.joinpath(*name.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            if name not in here:
                here.append(name)
        if not here:
            del self.roles["code"]

    def drop_code(self, folder: Path, given: Sequence[str] = ()) -> None:
        """Have the source files not be there, those that were `given` by the caller aside."""
        for name in set(self.roles.pop("code", ())) - set(given):
            folder.joinpath(*name.split("/")).unlink(missing_ok=True)


def check_disk(error: BaseException) -> None:
    """Raises OSError where the disk is full: no fault of the model's. Some libraries tell it in words alone."""
    said = re.search(r"\bos error (\d+)\b", str(error))
    number = error.errno if isinstance(error, OSError) else int(said[1]) if said else None
    if number in FULL:
        raise OSError(number, os.strerror(number)) from error


def cause(error: BaseException) -> str:
    """An error of somebody else's in one line, bounded."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {shortened(text, 400)}" if text else type(error).__name__


def shortened(text: str, size: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= size else f"{text[: size - 1]}…"
