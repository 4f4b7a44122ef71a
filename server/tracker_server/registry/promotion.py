"""The candidate beside the holder: all that somebody needs to see before an alias is moved."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, runs
from tracker_server.errors import Refused
from tracker_server.registry import names, reading, trail
from tracker_server.registry.models import RegisteredModel, RegisteredVersion
from tracker_server.registry.schema import ConfigChange, MetricChange, PromotionPreview, PromotionQuery
from tracker_server.registry.service import holder_of
from tracker_server.registry.versions import (
    Evidence,
    evidence_at_registration,
    evidence_of,
    get_model,
    get_version,
    registered_as,
    registrable,
)
from tracker_server.runs.schema import MetricSummary


class _Candidate(NamedTuple):
    """What is to hold the alias. `version` is None for an artifact version that is not the model's yet."""

    version: RegisteredVersion | None
    source: artifacts.ArtifactVersion
    evidence: Evidence


def preview(session: Session, model_name: str, query: PromotionQuery) -> PromotionPreview:
    """What promoting would do, for a model or a version that may not exist yet.

    Raises NotFound for a version or artifact version that is not there, Refused for a bad name, for an artifact
    version without files, and unless exactly one of the two is named.
    """
    names.check_model(model_name)
    names.check_alias(query.alias)
    model = session.scalar(sa.select(RegisteredModel).where(RegisteredModel.name == model_name))
    candidate = _candidate(session, model_name, model, query)
    holder = holder_of(session, model, query.alias) if model is not None else None
    before = evidence_at_registration(holder) if holder is not None else None
    artifact = session.get_one(artifacts.Artifact, candidate.source.artifact_id)
    run = session.get(runs.Run, candidate.source.run_id) if candidate.source.run_id is not None else None
    is_shown = run is not None and run.deleted_ms is None
    return PromotionPreview(
        model=model_name,
        alias=query.alias,
        model_exists=model is not None,
        next_version=model.next_version if model is not None else 1,
        holder=reading.describe_version(session, holder) if holder is not None else None,
        holder_since=reading.alias_holder(session, model, query.alias) if model is not None else None,
        candidate=reading.describe_version(session, candidate.version) if candidate.version is not None else None,
        candidate_artifact=f"{artifact.name}:v{candidate.source.version}",
        candidate_size_bytes=candidate.source.size_bytes,
        candidate_run=run.id if run is not None and is_shown else None,
        candidate_run_name=run.name if run is not None and is_shown else None,
        metrics=_metric_changes(before.metrics if before is not None else {}, candidate.evidence.metrics),
        config=_config_changes(before.config, candidate.evidence.config) if before is not None else [],
        may_roll_back=model is not None
        and holder is not None
        and trail.holders(session, model, query.alias).former is not None,
    )


def _candidate(session: Session, model_name: str, model: RegisteredModel | None, query: PromotionQuery) -> _Candidate:
    if (query.version is None) == (query.artifact_version_id is None):
        raise Refused(
            "invalid", "a promotion is of either a `version` or an `artifact_version_id`; name one", field="version"
        )
    version: RegisteredVersion | None
    if query.version is not None:
        version = get_version(session, model or get_model(session, model_name), query.version)
        source = artifacts.get_version(session, version.artifact_version_id)
    else:
        source = registrable(session, query.artifact_version_id or 0)
        version = registered_as(session, model, source) if model is not None else None
    evidence = evidence_at_registration(version) if version is not None else evidence_of(session, source)
    return _Candidate(version, source, evidence)


def _metric_changes(holder: dict[str, MetricSummary], candidate: dict[str, MetricSummary]) -> list[MetricChange]:
    """Every metric of either, by name."""
    return [
        MetricChange(name, holder.get(name), candidate.get(name), _relative(holder.get(name), candidate.get(name)))
        for name in sorted(holder.keys() | candidate.keys())
    ]


def _relative(holder: MetricSummary | None, candidate: MetricSummary | None) -> float | None:
    """The change of the last value as a part of the holder's; None where there is none, or where the holder's is 0."""
    before = holder.last if holder is not None else None
    after = candidate.last if candidate is not None else None
    if before is None or after is None or before == 0:
        return None
    relative = (after - before) / abs(before)
    return relative if math.isfinite(relative) else None


def _config_changes(holder: dict[str, Any], candidate: dict[str, Any]) -> list[ConfigChange]:
    """Every key whose value differs, by key."""
    return [
        ConfigChange(key, holder.get(key), candidate.get(key), key in holder, key in candidate)
        for key in sorted(holder.keys() | candidate.keys())
        if (key in holder) != (key in candidate) or not _is_same(holder[key], candidate[key])
    ]


def _is_same(one: Any, other: Any) -> bool:
    """Equal, and not only as Python has it: true is not 1, and NaN is NaN."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(one == other or (one != one and other != other))
