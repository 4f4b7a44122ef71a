"""The candidate and what holds the alias, as far as rules look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from tracker_server import artifacts, metrics
from tracker_server.registry.models import RegisteredVersion
from tracker_server.runs.schema import MetricSummary


@dataclass(frozen=True, eq=False)
class Side:
    """A version, or an artifact version that is none yet (`version` is None). `metrics` are those of its run, of the
    moment when it was registered."""

    version: int | None
    artifact_version_id: int
    run_id: str | None
    metrics: dict[str, MetricSummary]
    tags: Sequence[str]
    card: dict[str, Any]

    @property
    def name(self) -> str:
        return f"v{self.version}" if self.version is not None else "the candidate"


def side_of(session: Session, source: RegisteredVersion | artifacts.ArtifactVersion) -> Side:
    """What there is to judge of a version, or of an artifact version that would become one."""
    if isinstance(source, RegisteredVersion):
        logged = msgspec.convert(source.metrics, dict[str, MetricSummary])
        return Side(source.version, source.artifact_version_id, source.run_id, logged, source.tags, source.card)
    found = metrics.last(session, [source.run_id])[source.run_id] if source.run_id is not None else {}
    logged = {name: summary for name, summary in found.items() if summary.kind == "metric"}
    return Side(None, source.id, source.run_id, logged, (), {})


def value_of(side: Side, metric: str) -> float | None:
    """The value of a metric that stands for the run; None where no finite one was logged."""
    return summary_value(side.metrics.get(metric))


def summary_value(summary: MetricSummary | None) -> float | None:
    """The value that stands for a run."""
    return None if summary is None else summary.value
