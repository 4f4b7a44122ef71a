"""What a version keeps of its run besides metrics and config: the code, the data and the cost, as they are at a moment.

What always holds: what is kept is complete whoever registers; who reads it is told of no project that is hidden from
them. What the client did not capture is None.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, runs
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.registry.schema import Code, Cost, UsedData

DATA_KINDS = ("dataset", "data")
"""The kinds of artifacts that are data, also where the run has made them itself."""

_GPU = re.compile(r"(system/(?:.*/)?gpu\.\d+)/")


def code_of(run: runs.Run) -> Code:
    """The state of the code, how it was started and with which packages."""
    environment: dict[str, Any] = run.environment
    git = _table(environment.get("git"))
    patch, command = _text(git.get("patch")), environment.get("command")
    is_dirty = git.get("is_dirty")
    return Code(
        commit=_text(git.get("commit")),
        branch=_text(git.get("branch")),
        remote=_text(git.get("remote")),
        is_dirty=is_dirty if isinstance(is_dirty, bool) else None,
        patch_digest=hashlib.sha256(patch.encode(errors="replace")).hexdigest() if patch else None,
        command=shlex.join(str(word) for word in command) if isinstance(command, list) else _text(command),
        script=_text(environment.get("script")),
        python=_text(_table(environment.get("python")).get("version")) or _text(environment.get("python")),
        packages=_packages(environment.get("packages")),
    )


def cost_of(run: runs.Run, metric_names: Iterable[str]) -> Cost:
    """How long the run took, or has taken so far, and how long its GPUs were its own.

    Its GPUs are those that it has measured; without any such metric, those that its machine has.
    """
    ended_ms = run.finished_ms if run.finished_ms is not None else run.heartbeat_ms
    duration_ms = max(0, ended_ms - run.started_ms)
    measured = {found[1] for name in metric_names if (found := _GPU.match(name)) is not None}
    devices = run.environment.get("gpus")
    gpu_count = len(measured) or (len(devices) if isinstance(devices, list) else None)
    return Cost(duration_ms, gpu_count, duration_ms * gpu_count if gpu_count is not None else None)


def data_of(session: Session, run: runs.Run) -> list[UsedData]:
    """What the run has read, and the data that it has made, by name; of projects that are hidden too."""
    link, version, artifact = artifacts.RunArtifactLink, artifacts.ArtifactVersion, artifacts.Artifact
    statement = (
        sa.select(version.id, runs.Project.name, artifact.name, version.version, artifact.kind, version.digest)
        .join(link, link.version_id == version.id)
        .join(artifact, artifact.id == version.artifact_id)
        .join(runs.Project, runs.Project.id == artifact.project_id)
        .where(link.run_id == run.id, sa.or_(link.direction == "input", artifact.kind.in_(DATA_KINDS)))
        .order_by(artifact.name, version.version, version.id)
        .distinct()
        .execution_options(**EVERY_PROJECT)
    )
    return [UsedData(*row) for row in session.execute(statement)]


def seen(session: Session, kept: Sequence[list[UsedData]]) -> list[list[UsedData]]:
    """The data of each version, without what is of a project that is hidden; in two statements at most.

    What is no longer there has no `artifact_version_id`.
    """
    found = [one for data in kept for one in data]
    projects = _found(session, runs.Project.name, {one.project for one in found})
    ids = _found(session, artifacts.ArtifactVersion.id, {one.artifact_version_id for one in found} - {None})
    return [
        [
            one if one.artifact_version_id in ids else msgspec.structs.replace(one, artifact_version_id=None)
            for one in data
            if one.project in projects
        ]
        for data in kept
    ]


def _found(session: Session, column: Any, values: Collection[Any]) -> set[Any]:
    return set(session.scalars(sa.select(column).where(column.in_(sorted(values))))) if values else set()


def _packages(packages: Any) -> dict[str, str] | None:
    """Versions by name, of a list of requirements too; None where they were not captured."""
    if isinstance(packages, dict):
        return {str(name): str(version) for name, version in sorted(packages.items())}
    if not isinstance(packages, list):
        return None
    parted = (str(line).partition("==") for line in packages)
    return {name: version for name, _, version in sorted(parted)}


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
