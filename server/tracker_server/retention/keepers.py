"""What keeps an artifact version: the reasons for which it is not safe to delete."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts
from tracker_server.artifacts.models import Artifact, ArtifactAlias, ArtifactVersion, RunArtifactLink
from tracker_server.registry.models import RegisteredModel, RegisteredVersion
from tracker_server.retention.schema import Keeper
from tracker_server.runs.models import Run

AT_ONCE = 1000


def of(session: Session, version_ids: Sequence[int]) -> defaultdict[int, list[Keeper]]:
    """Of each version what keeps it, the strongest first; nothing for one that is safe to delete."""
    found: defaultdict[int, list[Keeper]] = defaultdict(list)
    for start in range(0, len(version_ids), AT_ONCE):
        portion = version_ids[start : start + AT_ONCE]
        for version_id, name in _registered(session, portion):
            found[version_id].append(Keeper("model", name))
        aliases = sa.select(ArtifactAlias.version_id, ArtifactAlias.alias).where(ArtifactAlias.version_id.in_(portion))
        for version_id, alias in session.execute(aliases.order_by(ArtifactAlias.alias)):
            found[version_id].append(Keeper("alias", alias))
        for version_id, count in session.execute(_readers(portion)):
            found[version_id].append(Keeper("runs", str(count)))
        for version_id in _pinned(session, portion):
            found[version_id].append(Keeper("hand", ""))
        for version_id in session.scalars(_newest(portion)):
            found[version_id].append(Keeper("newest", ""))
    return found


def in_words(keeper: Keeper) -> str:
    """Why it stays, as the rest of a sentence: "it has the alias production"."""
    match keeper.kind:
        case "model":
            return f"the model version {keeper.name} is made of it"
        case "alias":
            return f"it has the alias {keeper.name}"
        case "runs":
            return f"{keeper.name} {'run has' if keeper.name == '1' else 'runs have'} read it"
        case "newest":
            return "it is the newest"
        case "hand":
            return "somebody took it out of the trash"


def _registered(session: Session, ids: Sequence[int]) -> list[tuple[int, str]]:
    statement = (
        sa.select(RegisteredVersion.artifact_version_id, RegisteredModel.name, RegisteredVersion.version)
        .join(RegisteredModel, RegisteredModel.id == RegisteredVersion.model_id)
        .where(RegisteredVersion.artifact_version_id.in_(ids))
        .order_by(RegisteredModel.name, RegisteredVersion.version)
    )
    return [(row[0], f"{row[1]}:v{row[2]}") for row in session.execute(statement)]


def _readers(ids: Sequence[int]) -> sa.Select[int, int]:
    link = RunArtifactLink
    return (
        sa.select(link.version_id, sa.func.count(link.run_id.distinct()))
        .join(Run, Run.id == link.run_id)
        .where(link.version_id.in_(ids), link.direction == "input", Run.deleted_ms.is_(None))
        .group_by(link.version_id)
    )


def _newest(ids: Sequence[int]) -> sa.Select[int]:
    of_these = sa.select(ArtifactVersion.artifact_id).where(ArtifactVersion.id.in_(ids))
    newest = (
        sa.select(ArtifactVersion.artifact_id, sa.func.max(ArtifactVersion.version).label("version"))
        .where(ArtifactVersion.artifact_id.in_(of_these), artifacts.is_live())
        .group_by(ArtifactVersion.artifact_id)
        .subquery()
    )
    is_it = (ArtifactVersion.artifact_id == newest.c.artifact_id) & (ArtifactVersion.version == newest.c.version)
    return sa.select(ArtifactVersion.id).join(newest, is_it).where(ArtifactVersion.id.in_(ids))


def _pinned(session: Session, ids: Sequence[int]) -> list[int]:
    """Those that a person took out of the trash, which their artifact remembers by their numbers."""
    statement = (
        sa.select(ArtifactVersion.id, ArtifactVersion.version, Artifact.policy)
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .where(ArtifactVersion.id.in_(ids), Artifact.policy != {})
    )
    return [row[0] for row in session.execute(statement) if row[1] in row[2].get("pinned", ())]
