"""Policies of artifacts: which versions stay by themselves, and putting the others into the trash.

What always holds: a policy never takes away what something keeps (see `keepers`), nor what it cannot judge, and what it
takes away lies in the trash, with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, corrections
from tracker_server.artifacts.models import Artifact, ArtifactVersion
from tracker_server.errors import NotFound, Refused
from tracker_server.metrics.models import Series
from tracker_server.retention import keepers
from tracker_server.retention.schema import Fates, Policy, VersionFate
from tracker_server.runs.models import Project

DAY_MS = 24 * 3600 * 1000
MOST_SHOWN = 1000

_FIELDS = tuple(field.name for field in msgspec.structs.fields(Policy))


def artifact_of(session: Session, project: Project, name: str, *, for_update: bool = False) -> Artifact:
    """The artifact of that name. Raises NotFound."""
    statement = sa.select(Artifact).where(Artifact.project_id == project.id, Artifact.name == name)
    if for_update:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(statement)
    if found is None:
        raise NotFound("unknown_artifact", f"the project {project.name!r} has no artifact {name[:200]!r}")
    return found


def read(artifact: Artifact) -> Policy:
    """The policy of an artifact; one that keeps everything where it has none."""
    return msgspec.convert({name: artifact.policy[name] for name in _FIELDS if name in artifact.policy}, Policy)


def check(policy: Policy) -> None:
    """Raises Refused for the best by no metric, and for a metric without how many of the best."""
    if (policy.keep_best is not None) != bool(policy.metric):
        raise Refused(
            "bad_policy",
            'the best are the best by a metric: give both keep_best and metric ("val/acc"), or neither',
            field="metric" if policy.keep_best is not None else "keep_best",
        )


def fates(session: Session, artifact: Artifact, policy: Policy, *, now_ms: int) -> Fates:
    """What becomes of each version under a policy. Raises Refused for a policy that is none."""
    check(policy)
    judged = _judged(session, artifact, policy, now_ms)
    going = [fate for fate in judged if fate.fate == "goes"]
    shown = judged[:MOST_SHOWN]
    unsized = artifacts.unsized_counts(session, [fate.id for fate in shown])
    told = [msgspec.structs.replace(fate, unsized_count=unsized[fate.id]) for fate in shown]
    return Fates(policy, told, len(judged), len(going), sum(fate.size_bytes for fate in going))


def choose(session: Session, project: Project, name: str, policy: Policy, *, actor_id: int, now_ms: int) -> Fates:
    """Give the artifact this policy, and put into the trash what it lets go; what becomes of each, as before that."""
    check(policy)
    artifact = artifact_of(session, project, name, for_update=True)
    told = msgspec.to_builtins(policy)
    if policy != read(artifact):
        kept = {"pinned": artifact.policy["pinned"]} if "pinned" in artifact.policy else {}
        artifact.policy = {**({} if policy == Policy() else told), **kept}
        details = {"artifact": name, **told}
        corrections.record(
            session, project.id, "artifact.policy", actor_id=actor_id, now_ms=now_ms, details=details
        )  # fmt: skip
    session.flush()
    found = fates(session, artifact, policy, now_ms=now_ms)
    tidy(session, artifact, now_ms=now_ms)
    return found


def tidy(session: Session, artifact: Artifact, *, now_ms: int) -> int:
    """Put into the trash what the artifact's policy lets go; how many versions."""
    policy = read(artifact)
    if policy == Policy():
        return 0
    judged = _judged(session, artifact, policy, now_ms)
    gone = [fate for fate in judged if fate.fate == "goes"]
    by_reason = defaultdict(list)
    for fate in gone:
        by_reason[fate.reason].append(fate.id)
    for reason, ids in by_reason.items():
        moved = {"deleted_ms": now_ms, "deleted_by": None, "deletion_reason": reason}
        for start in range(0, len(ids), keepers.AT_ONCE):
            here = ArtifactVersion.id.in_(ids[start : start + keepers.AT_ONCE])
            session.execute(sa.update(ArtifactVersion).where(here).values(**moved))
    if gone:
        session.expire_all()
    return len(gone)


def tidy_after(session: Session, made: ArtifactVersion, *, now_ms: int) -> None:
    """Do so for the artifact of a version that has just been logged."""
    artifact = session.get(Artifact, made.artifact_id)
    if artifact is not None and artifact.policy:
        tidy(session, artifact, now_ms=now_ms)


def _judged(session: Session, artifact: Artifact, policy: Policy, now_ms: int) -> list[VersionFate]:
    """The versions that are not in the trash, newest first."""
    live = sa.select(ArtifactVersion).where(ArtifactVersion.artifact_id == artifact.id, artifacts.is_live())
    versions = session.scalars(live.order_by(ArtifactVersion.version.desc())).all()
    kept = keepers.of(session, [version.id for version in versions])
    values = _values(session, versions, policy)
    best = _best(values, policy)
    last = {version.id for version in versions[: policy.keep_last or 0]}
    judged = []
    for version in versions:
        fate, reason, expires_ms = _fate(version, policy, values, best, last, now_ms)
        if kept[version.id]:
            fate, reason, expires_ms = "kept", "; ".join(map(keepers.in_words, kept[version.id])), None
        judged.append(
            VersionFate(
                id=version.id,
                version=version.version,
                created_ms=version.created_ms,
                size_bytes=version.size_bytes,
                value=values.get(version.id),
                keepers=kept[version.id],
                fate=fate,
                reason=reason,
                expires_ms=expires_ms,
            )
        )
    return judged


def _fate(
    version: ArtifactVersion, policy: Policy, values: dict[int, float], best: set[int], last: set[int], now_ms: int
) -> tuple[Any, str, int | None]:
    if policy == Policy():
        return "stays", "no policy lets it go", None
    if version.id in best:
        return "stays", f"among the best {policy.keep_best} by {policy.metric}", None
    if version.id in last:
        return "stays", f"among the newest {policy.keep_last}", None
    if policy.keep_best is not None and version.id not in values:
        return "stays", f"it has no value of {policy.metric} to be judged by", None
    not_kept = _not_kept(policy)
    if policy.ttl_days is None:
        return "goes", not_kept, None
    expires_ms = version.created_ms + int(policy.ttl_days * DAY_MS)
    if expires_ms > now_ms:
        return "expires", f"{not_kept}, and less than {policy.ttl_days:g} days old", expires_ms
    return "goes", f"{not_kept}, and {policy.ttl_days:g} days old", None


def _not_kept(policy: Policy) -> str:
    best = f"not among the best {policy.keep_best} by {policy.metric}" if policy.keep_best is not None else ""
    last = f"not among the newest {policy.keep_last}" if policy.keep_last is not None else ""
    return " and ".join(filter(None, (best, last))) or "nothing keeps it"


def _values(session: Session, versions: Sequence[ArtifactVersion], policy: Policy) -> dict[int, float]:
    """What each version is judged by: the metric in its metadata, else the best that its run has logged."""
    if policy.keep_best is None:
        return {}
    statistic = Series.max if policy.goal == "max" else Series.min
    run_ids = {version.run_id for version in versions if version.run_id is not None}
    of_runs: dict[str, float] = {}
    for start in range(0, len(run_ids), keepers.AT_ONCE):
        portion = sorted(run_ids)[start : start + keepers.AT_ONCE]
        is_it = (Series.run_id.in_(portion), Series.name == policy.metric, Series.segment == 0, statistic.is_not(None))
        found = sa.select(Series.run_id, statistic).where(*is_it).order_by(Series.run_id, Series.label.desc())
        of_runs.update({run_id: float(value) for run_id, value in session.execute(found) if value is not None})
    values: dict[int, float] = {}
    for version in versions:
        own = version.details.get(policy.metric) if isinstance(version.details, dict) else None
        if isinstance(own, int | float) and not isinstance(own, bool) and own == own:
            values[version.id] = float(own)
        elif version.run_id in of_runs:
            values[version.id] = of_runs[version.run_id]
    return values


def _best(values: dict[int, float], policy: Policy) -> set[int]:
    """Of equal ones the newer are the better."""
    sign = -1 if policy.goal == "max" else 1
    ordered = sorted(values, key=lambda version_id: (sign * values[version_id], -version_id))
    return set(ordered[: policy.keep_best or 0])
