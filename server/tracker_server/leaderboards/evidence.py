"""What data a run was evaluated on, and whether that is what a leaderboard asks for.

An evaluation is an artifact of the kind `evaluation` that the run has logged. The newest that has scores of the metric
counts; where none has, the newest that names its data. Two references mean the same data where the versions that they
name have the same contents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, db, runs
from tracker_server.gates import EVALUATION
from tracker_server.leaderboards.schema import RefusalCode
from tracker_server.leaderboards.scores import Looked
from tracker_server.runs import Run

_MOST_EVALUATIONS: Final = 50
"""So many of the newest of one run are looked at, as rules of models do."""


class Reason(NamedTuple):
    """Why something does not count."""

    code: RefusalCode
    words: str


@dataclass(frozen=True)
class Evaluated:
    """An evaluation that a run logged. `data` is what it was made on, None where it does not say."""

    run_id: str
    run_name: str
    created_ms: int
    told: str
    data: str | None
    has_metric: bool


class Evidence:
    """The evaluations of the runs that a leaderboard looks at. In two statements; none where it asks for no data."""

    def __init__(self, session: Session, looked: Looked) -> None:
        self._wanted = looked.definition.data
        self._metric = looked.definition.metric
        self._by_run = _evaluations(session, looked) if self._wanted is not None else {}
        self._same = _same_data(session, looked.project, self._wanted, self._by_run)

    def against(self, run_id: str | None) -> Reason | None:
        """Why the run's score does not count; None where it does."""
        if self._wanted is None:
            return None
        ask = f"log one with tracker.log_evaluation(…, data={self._wanted!r})"
        found = self._by_run.get(run_id) if run_id is not None else None
        if found is None:
            return Reason("no_evaluation", f"it has logged no evaluation, so nobody knows its data; {ask}")
        if found.data is None:
            return Reason("no_data", f"its evaluation {found.told} does not say what data it used; {ask}")
        if found.data not in self._same:
            return Reason("other_data", f"it was evaluated on {found.data[:200]}, not on {self._wanted}")
        return None

    def without_score(self, scored: set[str]) -> list[tuple[Evaluated, Reason]]:
        """Runs that have scores of the metric by example, and have logged no value of it."""
        words = (
            f"its evaluation has scores of {self._metric} by example, and the run logged no value; log their mean too"
        )
        return [
            (found, Reason("no_score", words))
            for run_id, found in self._by_run.items()
            if found.has_metric and run_id not in scored
        ]


def _evaluations(session: Session, looked: Looked) -> dict[str, Evaluated]:
    """The one of each run that counts."""
    link, version, artifact = artifacts.RunArtifactLink, artifacts.ArtifactVersion, artifacts.Artifact
    place = sa.func.row_number().over(partition_by=link.run_id, order_by=(link.time_ms.desc(), version.id.desc()))
    logged = (
        sa.select(link.run_id, artifact.name, version.version, version.details.label("details"), place.label("place"))
        .join(version, version.id == link.version_id)
        .join(artifact, artifact.id == version.artifact_id)
        .where(artifact.kind == EVALUATION, version.file_count == 1, link.direction == "output")
        .where(link.run_id.in_(looked.matching))
        .subquery()
    )
    statement = (
        sa.select(Run.id, Run.name, Run.created_ms, logged.c.name, logged.c.version, logged.c.details)
        .join(logged, logged.c.run_id == Run.id)
        .where(logged.c.place <= _MOST_EVALUATIONS)
        .order_by(Run.created_ms.desc(), Run.id, logged.c.place)
    )
    by_run: dict[str, list[Evaluated]] = defaultdict(list)
    for run_id, run_name, created_ms, name, number, details in session.execute(statement):
        data, listed = _said(details)
        by_run[run_id].append(
            Evaluated(run_id, run_name, created_ms, f"{name}:v{number}", data, looked.definition.metric in listed)
        )
    return {run_id: _counting(found) for run_id, found in by_run.items()}


def _said(details: Any) -> tuple[str | None, Sequence[Any]]:
    """The data and the metrics that an evaluation names."""
    said = details if isinstance(details, dict) else {}
    data, listed = said.get("data"), said.get("metrics")
    return data if isinstance(data, str) else None, listed if isinstance(listed, list) else ()


def _counting(found: Sequence[Evaluated]) -> Evaluated:
    of_metric = next((one for one in found if one.has_metric), None)
    return of_metric or next((one for one in found if one.data is not None), found[0])


def _same_data(session: Session, project: runs.Project, wanted: str | None, by_run: dict[str, Evaluated]) -> set[str]:
    """Those of the references that mean what is wanted."""
    if wanted is None:
        return set()
    parted = {told: told.rpartition(":v") for told in {wanted, *(one.data for one in by_run.values() if one.data)}}
    named = {
        told: (db.as_stored(name), int(number))
        for told, (name, _, number) in parted.items()
        if name and _is_number(number)
    }
    names = sorted({name for name, _ in named.values()})
    version, artifact = artifacts.ArtifactVersion, artifacts.Artifact
    statement = (
        sa.select(artifact.name, version.version, version.digest)
        .join(artifact, artifact.id == version.artifact_id)
        .where(artifact.project_id == project.id, artifact.name.in_(sa.select(db.listed(names).c.value)))
    )
    digests = {(name, number): digest for name, number, digest in session.execute(statement)}
    meant = digests.get(named[wanted]) if wanted in named else None
    same = {told for told, key in named.items() if meant is not None and digests.get(key) == meant}
    return {wanted, *same}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9
