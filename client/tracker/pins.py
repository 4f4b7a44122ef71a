"""Which version of an artifact a reference means while a run is reproduced: the one that the first run read.

`tracker reproduce` names a file by TRACKER_INPUTS: {"project/name": "v3"}. A reference that names a version itself is
taken at its word.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import msgspec

from tracker.errors import TrackerError

INPUTS: Final = "TRACKER_INPUTS"
_VERSION: Final = re.compile("v[0-9]+")


def pinned(project: str, name: str, pointer: str) -> str:
    """What `pointer` ("latest", an alias, "v3") is to be taken for. Raises TrackerError where the file is none."""
    path = os.environ.get(INPUTS)
    if not path or _VERSION.fullmatch(pointer):
        return pointer
    try:
        versions = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError) as error:
        raise TrackerError(f"{INPUTS} names {path}, which cannot be read as versions of artifacts: {error}") from error
    return versions.get(f"{project}/{name}", pointer)
