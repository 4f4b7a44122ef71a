"""The versions of a project's models, each with the score that it had when it was registered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts
from tracker_server.leaderboards import scores
from tracker_server.leaderboards.evidence import Reason
from tracker_server.leaderboards.scores import Looked
from tracker_server.registry.models import ModelAlias, RegisteredModel, RegisteredVersion
from tracker_server.runs import Run
from tracker_server.runs.schema import MetricSummary

MAX_VERSIONS: Final = 5000
"""So many of the newest are looked at."""


@dataclass(frozen=True)
class Entry:
    """A version that is neither archived itself nor of an archived model. `reason` is why it does not count whatever
    its data, None where it does; without a `score` it has no say in the metric."""

    model: str
    version: int
    aliases: list[str]
    run_id: str | None
    size_bytes: int
    created_ms: int
    score: float | None
    reason: Reason | None

    @property
    def label(self) -> str:
        return f"{self.model} v{self.version}"


def read(session: Session, looked: Looked) -> list[Entry]:
    """Those whose run the filter leaves, the newest first; without a filter those of no run too. Three statements."""
    row = RegisteredVersion
    statement = (
        sa.select(row, RegisteredModel.name, artifacts.ArtifactVersion.size_bytes, Run.deleted_ms)
        .join(RegisteredModel, RegisteredModel.id == row.model_id)
        .join(artifacts.ArtifactVersion, artifacts.ArtifactVersion.id == row.artifact_version_id)
        .outerjoin(Run, Run.id == row.run_id)
        .where(RegisteredModel.project_id == looked.project.id, RegisteredModel.archived_ms.is_(None))
        .where(row.state != "archived")
        .order_by(row.id.desc())
        .limit(MAX_VERSIONS)
    )
    if looked.definition.filter.strip():
        statement = statement.where(row.run_id.in_(looked.matching))
    found = session.execute(statement).all()
    aliases = _aliases(session, looked)
    entries = []
    for version, model, size_bytes, deleted_ms in found:
        summary = _summary(version.metrics, looked.definition.metric)
        score = scores.of_summary(summary, looked.definition.value, looked.goal)
        if summary is not None:
            own = aliases.get(version.id, [])
            reason = _against(looked, score, deleted_ms)
            entries.append(
                Entry(model, version.version, own, version.run_id, size_bytes, version.created_ms, score, reason)
            )
    return entries


def _summary(metrics: Mapping[str, Any], name: str) -> MetricSummary | None:
    return msgspec.convert(metrics[name], MetricSummary) if name in metrics else None


def _against(looked: Looked, score: float | None, deleted_ms: int | None) -> Reason | None:
    if deleted_ms is not None:
        return Reason("run_deleted", "its run is in the trash")
    if score is None:
        return Reason("no_score", f"no value of {looked.definition.metric} that it was registered with is finite")
    return None


def _aliases(session: Session, looked: Looked) -> dict[int, list[str]]:
    statement = (
        sa.select(ModelAlias.version_id, ModelAlias.alias)
        .join(RegisteredModel, RegisteredModel.id == ModelAlias.model_id)
        .where(RegisteredModel.project_id == looked.project.id)
        .order_by(ModelAlias.alias)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for version_id, alias in session.execute(statement):
        found[version_id].append(alias)
    return found
