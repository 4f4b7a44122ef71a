"""The data that runs read, side by side: artifact versions with the files that changed, and pointers of other tools.

What always holds: the first run is what the others are compared with; what one does not see is absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.artifacts import changes, schema
from tracker_server.artifacts.models import Artifact, ArtifactVersion, RunArtifactLink

MAX_CHANGES: Final = 100
MAX_POINTERS: Final = 1000
POINTERS_OF: Final = "dvc"
"""The key of a run's environment that holds what another tool keeps versions of, as `{"files": [Pointer]}`."""

_Read = dict[str, list[schema.ReadVersion]]


def compare(session: Session, wanted: schema.DataRequest) -> schema.DataComparison:
    """What each of the runs read. One statement for each two versions that differ, and a few."""
    asked = list(dict.fromkeys(wanted.runs))
    present = sa.select(runs.Run.id, runs.Run.environment).where(runs.Run.id.in_(asked), runs.Run.deleted_ms.is_(None))
    environments = {row[0]: row[1] for row in session.execute(present)}
    ids = [run_id for run_id in asked if run_id in environments]
    rows, left_out = _pointers([environments[run_id] for run_id in ids])
    return schema.DataComparison(
        runs=ids, artifacts=_artifacts(session, ids), pointers=rows, pointers_left_out=left_out
    )


def _artifacts(session: Session, ids: Sequence[str]) -> list[schema.DataRow]:
    link = RunArtifactLink
    statement = (
        sa.select(link.run_id, ArtifactVersion, Artifact.name, Artifact.kind, runs.Project.name)
        .join(ArtifactVersion, ArtifactVersion.id == link.version_id)
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .join(runs.Project, runs.Project.id == Artifact.project_id)
        .where(link.run_id.in_(ids), link.direction == "input")
        .order_by(runs.Project.name, Artifact.name, ArtifactVersion.version.desc())
    )
    found: dict[tuple[str, str, str], _Read] = {}
    for run_id, version, name, kind, project in session.execute(statement):
        found.setdefault((project, name, kind), {}).setdefault(run_id, []).append(
            schema.ReadVersion(
                id=version.id,
                version=version.version,
                digest=version.digest,
                size_bytes=version.size_bytes,
                file_count=version.file_count,
                is_deleted=version.deleted_ms is not None,
            )
        )
    return [
        schema.DataRow(
            project=project,
            name=name,
            kind=kind,
            read=[read.get(run_id, []) for run_id in ids],
            is_different=len({tuple(one.id for one in read.get(run_id, [])) for run_id in ids}) > 1,
            changes=_changes(session, ids, read),
        )
        for (project, name, kind), read in found.items()
    ]


def _changes(session: Session, ids: Sequence[str], read: _Read) -> list[schema.ReadChange]:
    """From the newest version that the first run read to the newest of each other."""
    base = read.get(ids[0])
    told: dict[int, tuple[schema.ChangeTotals, list[schema.FileChange]]] = {}
    found: list[schema.ReadChange] = []
    for run_id in ids[1:]:
        if base is None or run_id not in read or read[run_id][0].id == base[0].id:
            continue
        version, since = read[run_id][0].id, base[0].id
        if version not in told:
            listed = changes.first(session, version, since, MAX_CHANGES)
            told[version] = (changes.totals(session, version, since), listed)
        counted, listed = told[version]
        found.append(schema.ReadChange(run=run_id, version=version, since=since, totals=counted, changes=listed))
    return found


def _pointers(environments: Sequence[Any]) -> tuple[list[schema.PointerRow], int]:
    """A row for each path, those that differ first, and how many there were beyond `MAX_POINTERS`."""
    sides = [_pointers_of(environment) for environment in environments]
    rows = [
        schema.PointerRow(
            path=path,
            pointers=[side.get(path) for side in sides],
            is_different=len({_identity(side.get(path)) for side in sides}) > 1,
        )
        for path in sorted({path for side in sides for path in side})
    ]
    rows.sort(key=lambda row: not row.is_different)
    return rows[:MAX_POINTERS], max(0, len(rows) - MAX_POINTERS)


def _identity(pointer: schema.Pointer | None) -> tuple[str, str] | None:
    return (pointer.algorithm, pointer.hash) if pointer is not None else None


def _pointers_of(environment: Any) -> dict[str, schema.Pointer]:
    """By path; what is not of that shape, which another client may have written, is left out."""
    kept = environment.get(POINTERS_OF) if isinstance(environment, dict) else None
    files = kept.get("files") if isinstance(kept, dict) else None
    found: dict[str, schema.Pointer] = {}
    for file in files if isinstance(files, list) else []:
        try:
            pointer = msgspec.convert(file, schema.Pointer)
        except msgspec.ValidationError:
            continue
        found[pointer.path] = pointer
    return found
