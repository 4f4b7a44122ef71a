"""What keeps an artifact version: the reasons for which it is not safe to delete.

What always holds: what keeps a version counts wherever it is, also in projects that the one who asks does not see; such
a one is told that there is something, and not its name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, gates
from tracker_server.artifacts.models import Artifact, ArtifactAlias, ArtifactVersion, RunArtifactLink
from tracker_server.gates.examples import KIND as EVALUATION
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.registry.models import RegisteredModel, RegisteredVersion
from tracker_server.retention.schema import Keeper
from tracker_server.runs.models import Run

AT_ONCE = 1000

Further = Callable[[Session, Sequence[int]], Iterable[tuple[int, Keeper]]]

_further: list[Further] = []


def keeps(find: Further) -> Further:
    """For a function by which another domain says which of some versions it keeps, and as what."""
    _further.append(find)
    return find


def of(session: Session, version_ids: Sequence[int]) -> defaultdict[int, list[Keeper]]:
    """Of each version what keeps it, the strongest first; nothing for one that is safe to delete."""
    found: defaultdict[int, list[Keeper]] = defaultdict(list)
    for start in range(0, len(version_ids), AT_ONCE):
        portion = version_ids[start : start + AT_ONCE]
        for version_id, name in _registered(session, portion):
            found[version_id].append(Keeper("model", name))
        for version_id, name in _judging(session, portion):
            found[version_id].append(Keeper("evidence", name))
        for version_id, name in _ruled(session, portion):
            found[version_id].append(Keeper("rule", name))
        for find in _further:
            for version_id, keeper in find(session, portion):
                found[version_id].append(keeper)
        aliases = sa.select(ArtifactAlias.version_id, ArtifactAlias.alias).where(ArtifactAlias.version_id.in_(portion))
        for version_id, alias in session.execute(aliases.order_by(ArtifactAlias.alias)):
            found[version_id].append(Keeper("alias", alias))
        for version_id, count in session.execute(_readers(portion), execution_options=EVERY_PROJECT):
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
            return f"{_told(keeper, 'model version')} is made of it"
        case "evidence":
            return f"{_told(keeper, 'model version')} is judged by it"
        case "rule":
            return f"a rule of {_told(keeper, 'model')} names it"
        case "leaderboard":
            return f"{_told(keeper, 'leaderboard')} ranks by it"
        case "alias":
            return f"it has the alias {keeper.name}"
        case "runs":
            return f"{keeper.name} {'run has' if keeper.name == '1' else 'runs have'} read it"
        case "newest":
            return "it is the newest"
        case "hand":
            return "somebody took it out of the trash"


def _told(keeper: Keeper, what: str) -> str:
    return f"the {what} {keeper.name}" if keeper.name else f"a {what} of another project"


def _registered(session: Session, ids: Sequence[int]) -> list[tuple[int, str]]:
    """The model versions that are made of these, by name."""
    version = RegisteredVersion
    statement = sa.select(version.artifact_version_id, version.model_id, version.version)
    return _named(session, statement.where(version.artifact_version_id.in_(ids)))


def _judging(session: Session, ids: Sequence[int]) -> list[tuple[int, str]]:
    """The model versions that rules judge by these: evaluations which the run has logged that a model came from."""
    link, version = RunArtifactLink, RegisteredVersion
    statement = (
        sa.select(link.version_id, version.model_id, version.version)
        .join(version, version.run_id == link.run_id)
        .join(ArtifactVersion, ArtifactVersion.id == link.version_id)
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .where(link.version_id.in_(ids), link.direction == "output", Artifact.kind == EVALUATION)
    )
    return _named(session, statement)


def _ruled(session: Session, ids: Sequence[int]) -> list[tuple[int, str]]:
    """The models of their project that have a rule by which a candidate is evaluated on one of these."""
    statement = (
        sa.select(ArtifactVersion.id, Artifact.project_id, Artifact.name, ArtifactVersion.version)
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .where(ArtifactVersion.id.in_(ids))
    )
    rows = session.execute(statement).all()
    by_data: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for model, data in gates.data_named(session, {row.project_id for row in rows}):
        by_data[model.project_id, data].append(model.id)
    found = [(row.id, by_data[row.project_id, f"{row.name}:v{row.version}"]) for row in rows]
    seen = sa.select(RegisteredModel.id, RegisteredModel.name)
    seen = seen.where(RegisteredModel.id.in_({model_id for _, model_ids in found for model_id in model_ids}))
    names = {row.id: row.name for row in session.execute(seen)}
    return [(version_id, names.get(model_id, "")) for version_id, model_ids in found for model_id in model_ids]


def _named(session: Session, statement: sa.Select[int, int, int]) -> list[tuple[int, str]]:
    """Of rows (version, model, number of the model's version) the versions, and what the model version is called."""
    rows = session.execute(statement, execution_options=EVERY_PROJECT).all()
    models = sorted({row[1] for row in rows})
    seen = sa.select(RegisteredModel.id, RegisteredModel.name).where(RegisteredModel.id.in_(models))
    names = {row[0]: row[1] for row in session.execute(seen)}
    ordered = sorted(rows, key=lambda row: (names.get(row[1], ""), row[1], row[2]))
    return [(row[0], f"{names[row[1]]}:v{row[2]}" if row[1] in names else "") for row in ordered]


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
