"""results.json: the latest measurement of each part on each database, with the command that took it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks import plots
from benchmarks.figures import Measurement


@dataclass(frozen=True)
class Results:
    """What the file holds."""

    measurements: list[Measurement]


def read(file: Path) -> list[Measurement]:
    """What has been measured so far, nothing where there is no file."""
    if not file.exists():
        return []
    return msgspec.json.decode(file.read_bytes(), type=Results).measurements


def merged(before: Sequence[Measurement], now: Sequence[Measurement]) -> list[Measurement]:
    """A part that was measured again is replaced, in its place."""
    found = {(one.backend, one.part): one for one in [*before, *now]}
    return list(found.values())


def write(file: Path, measurements: Sequence[Measurement]) -> None:
    """The file, and its two drawings beside it."""
    document = {"measurements": [one.document() for one in measurements]}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    plots.draw_growth(measurements, file.with_name("growth.svg"))
    plots.draw_results(measurements, file.with_suffix(".svg"))
