"""Results by example: what a run logged of each example that its model was evaluated on.

An evaluation is an artifact of the kind `evaluation` with one CSV file: a column `example` (or `example of NAME:vN`,
the data), one `metric:NAME` for each metric and one `slice:NAME` for each way to part the examples. What always holds:
it is read within bounds, nothing of it is carried out, and what cannot be read says so (`Malformed`).
"""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts
from tracker_server.errors import NotFound
from tracker_server.gates.statistics import Compared
from tracker_server.narrowing import EVERY_PROJECT

KIND: Final = "evaluation"
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_EXAMPLES: Final = 200_000
MOST_COLUMNS: Final = 100
MOST_PARTS: Final = 200
MOST_LETTERS: Final = 200
_MOST_CELLS: Final = 2_000_000
_MOST_EVALUATIONS: Final = 50
"""So many of the newest of one run are looked at."""

Numbers = npt.NDArray[np.float64]


class Malformed(Exception):
    """Why a file cannot be read as an evaluation."""


@dataclass(frozen=True)
class Logged:
    """An evaluation as a run logged it. `data` is what it was made on (`imagenet-val:v4`), None where nobody said."""

    name: str
    version: int
    data: str | None
    metrics: Sequence[str]
    digest: str
    size_bytes: int

    @property
    def told(self) -> str:
        return f"{self.name}:v{self.version}"


@dataclass(frozen=True)
class Parts:
    """What part each example is in: its place in `names`."""

    names: tuple[str, ...]
    places: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Evaluation:
    """Columns by name, in order of `examples`. A score is NaN where the file has none."""

    examples: tuple[str, ...]
    metrics: dict[str, Numbers]
    slices: dict[str, Parts]


@dataclass(frozen=True, eq=False)
class Paired:
    """The scores of the examples that both have, and the parts of them by the columns of the candidate. `shown` keeps
    what came of comparing them, as long as they are kept themselves."""

    candidate: Numbers
    holder: Numbers
    slices: dict[str, Parts]
    shown: dict[tuple[int, float, float], Compared] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.candidate)

    @functools.cached_property
    def reach(self) -> float:
        """The largest difference that one example could make: 1 for scores between 0 and 1, else as far as they go."""
        both = np.concatenate([self.candidate, self.holder])
        if len(both) == 0 or (both.min() >= 0 and both.max() <= 1):
            return 1.0
        return float(both.max() - both.min()) or float(np.abs(both).max())


def logged_by(session: Session, run_ids: Sequence[str]) -> dict[str, list[Logged]]:
    """The evaluations of each run, newest first; in one statement."""
    link, version, artifact, file = (
        artifacts.RunArtifactLink, artifacts.ArtifactVersion, artifacts.Artifact, artifacts.ArtifactFile,
    )  # fmt: skip
    statement = (
        sa.select(link.run_id, artifact.name, version.version, version.details, file.digest, file.size_bytes)
        .join(version, version.id == link.version_id)
        .join(artifact, artifact.id == version.artifact_id)
        .join(file, file.version_id == version.id)
        .where(link.run_id.in_(run_ids), link.direction == "output", artifact.kind == KIND, version.file_count == 1)
        .order_by(link.time_ms.desc(), version.id.desc())
        .limit(_MOST_EVALUATIONS * len(run_ids))
        .execution_options(**EVERY_PROJECT)
    )
    found: dict[str, list[Logged]] = {run_id: [] for run_id in run_ids}
    for run_id, name, number, details, digest, size_bytes in session.execute(statement):
        data, listed = details.get("data"), details.get("metrics")
        names = tuple(str(one) for one in listed) if isinstance(listed, list) else ()
        found[run_id].append(Logged(name, number, data if isinstance(data, str) else None, names, digest, size_bytes))
    return found


def read(logged: Logged) -> Evaluation:
    """The file of an evaluation. Raises Malformed."""
    if logged.size_bytes > MOST_BYTES:
        raise Malformed(f"{logged.told} has more than {MOST_BYTES // 2**20} MiB")
    try:
        return _read(logged.digest, _path(logged))
    except Malformed as error:
        raise Malformed(f"{logged.told} cannot be read: {error}") from None


def _path(logged: Logged) -> Path:
    try:
        return artifacts.blob_store().path(logged.digest)
    except NotFound:
        raise Malformed(f"the file of {logged.told} is not on the server") from None


@functools.lru_cache(maxsize=4)
def _read(digest: str, path: Path) -> Evaluation:
    """By its digest: what it names never changes."""
    with path.open(encoding="utf-8", newline="") as file:
        try:
            return _parsed(csv.reader(file, strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise Malformed(f"it is not CSV in UTF-8 ({error})") from None


def _parsed(rows: Iterator[list[str]]) -> Evaluation:
    header = next(rows, [])
    kinds = [cell.split(":", 1)[0] for cell in header]
    if not header or (header[0] != "example" and not header[0].startswith("example of ")):
        raise Malformed("its first column is not `example`")
    if len(header) > MOST_COLUMNS or len(set(header)) < len(header):
        raise Malformed(f"it has two columns of one name, or more than {MOST_COLUMNS}")
    if any(kind not in ("metric", "slice") for kind in kinds[1:]):
        raise Malformed("its columns after `example` are not all `metric:NAME` or `slice:NAME`")
    cells = _cells(rows, len(header))
    columns = list(zip(*cells, strict=True)) or [()] * len(header)
    if len(set(columns[0])) < len(columns[0]):
        raise Malformed("an example stands in it twice")
    named = [(kind, name.partition(":")[2], column) for kind, name, column in zip(kinds, header, columns, strict=True)]
    return Evaluation(
        tuple(columns[0]),
        {name: _scores(name, column) for kind, name, column in named[1:] if kind == "metric"},
        {name: _parts(column) for kind, name, column in named[1:] if kind == "slice"},
    )


def _cells(rows: Iterator[list[str]], width: int) -> list[list[str]]:
    cells = []
    for number, row in enumerate(rows, start=1):
        if not row:
            continue
        if len(row) != width:
            raise Malformed(f"example {number} has {len(row)} cells, not {width}")
        cells.append(row)
        if len(cells) > MOST_EXAMPLES or len(cells) * width > _MOST_CELLS:
            raise Malformed(f"it has more than {MOST_EXAMPLES} examples, or {_MOST_CELLS} cells")
    return cells


def _scores(name: str, column: Sequence[str]) -> Numbers:
    try:
        found = np.array([float(cell) if cell else math.nan for cell in column])
    except ValueError as error:
        raise Malformed(f"a score of {name} is no number ({str(error)[:100]})") from None
    found[~np.isfinite(found)] = math.nan
    return found


def _parts(column: Sequence[str]) -> Parts:
    names = {name: place for place, name in enumerate(sorted(set(column)))}
    if any(len(name) > MOST_LETTERS for name in names):
        raise Malformed(f"a slice has a name of more than {MOST_LETTERS} characters")
    return Parts(tuple(names), np.array([names[name] for name in column], dtype=np.int32))


def pair(candidate: Logged, holder: Logged, metric: str) -> Paired:
    """The scores of a metric for the examples that both have one of. Raises Malformed."""
    sides = ((candidate.digest, _path(candidate)), (holder.digest, _path(holder)))
    for logged in (candidate, holder):
        if metric not in read(logged).metrics:
            raise Malformed(f"{logged.told} has no scores of {metric}")
    return _pair(*sides, metric)


@functools.lru_cache(maxsize=16)
def _pair(ours: tuple[str, Path], theirs: tuple[str, Path], metric: str) -> Paired:
    candidate, holder = _read(*ours), _read(*theirs)
    places = {example: place for place, example in enumerate(holder.examples)}
    both = [(place, places[example]) for place, example in enumerate(candidate.examples) if example in places]
    here, there = np.array(both, dtype=np.intp).reshape(-1, 2).T
    scores, others = candidate.metrics[metric][here], holder.metrics[metric][there]
    has_both = ~np.isnan(scores) & ~np.isnan(others)
    parts = {name: Parts(own.names, own.places[here][has_both]) for name, own in candidate.slices.items()}
    return Paired(scores[has_both], others[has_both], parts)


@functools.lru_cache(maxsize=32)
def parts(both: Paired, by: str) -> dict[str, Paired]:
    """The parts that one column makes of the examples, by its values in order. Raises Malformed."""
    if by not in both.slices:
        there = ", ".join(both.slices) or "none"
        raise Malformed(f"the candidate's evaluation has no slices by {by}; it has {there}")
    own = both.slices[by]
    present = [int(place) for place in np.unique(own.places)]
    if len(present) > MOST_PARTS:
        raise Malformed(f"{by} has {len(present)} values; at most {MOST_PARTS} parts are looked at")
    masks = {own.names[place]: own.places == place for place in present}
    return {name: Paired(both.candidate[mask], both.holder[mask], {}) for name, mask in masks.items()}
