"""Keeping leaderboards, changing them, and finding them again.

What always holds: of a project's leaderboards no two have the same name; every one says which scores are better; who
changes one has seen the revision that they change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import LeaderboardCopied
from tracker_server import artifacts, db, runs
from tracker_server.auth.models import User
from tracker_server.errors import Conflict, NotFound, Refused
from tracker_server.leaderboards.models import LeaderboardRow
from tracker_server.leaderboards.schema import (
    BoardDefinition,
    Leaderboard,
    LeaderboardChanges,
    NewLeaderboard,
)
from tracker_server.metrics import naming
from tracker_server.runs import Project
from tracker_server.search import criteria
from tracker_server.search.schema import RunSearch

MAX_BOARDS: Final = 200
"""In one project."""

MAX_NAME: Final = 100

_DATA: Final = re.compile(r"[^\n:@]+:v[0-9]{1,9}")


@dataclass(frozen=True)
class Clock:
    """Now, and how long a run may be silent before it is lost."""

    now_ms: int
    lost_after_ms: int


def listed(session: Session, project: Project) -> list[Leaderboard]:
    """The leaderboards of a project, by name. One statement."""
    row = LeaderboardRow
    statement = sa.select(row, User.name).join(User, User.id == row.created_by).where(row.project_id == project.id)
    found = session.execute(statement.order_by(sa.func.lower(row.name), row.id))
    return [_described(board, project.name, by) for board, by in found]


def get(session: Session, project: Project, board_id: int) -> Leaderboard:
    """One of the project's. Raises NotFound."""
    row = _found(session, project, board_id)
    return _described(row, project.name, session.get_one(User, row.created_by).name)


def create(session: Session, project: Project, new: NewLeaderboard, *, actor_id: int, clock: Clock) -> Leaderboard:
    """Keep a leaderboard. Raises Refused for a definition that cannot be, Conflict where the name is taken."""
    definition = _checked(session, project, new.definition, clock)
    _check_room(session, project)
    now_ms = clock.now_ms
    board_id = _insert(session, project, new.name, definition, created_ms=now_ms, actor_id=actor_id, now_ms=now_ms)
    if board_id is None:
        raise _taken(new.name)
    return get(session, project, board_id)


def change(
    session: Session, project: Project, board_id: int, changes: LeaderboardChanges, *, clock: Clock
) -> Leaderboard:
    """Change what is given. Raises NotFound, Refused as `create` does, Conflict where it has another revision or the
    name is taken."""
    # of two that change one, or take one name, the second waits here for the first
    session.execute(sa.select(Project.id).where(Project.id == project.id).with_for_update())
    row = _found(session, project, board_id, for_update=True)
    if row.revision != changes.revision:
        raise Conflict(
            "changed_meanwhile",
            f"the leaderboard {row.name!r} was changed meanwhile: it is at revision {row.revision}, you saw "
            f"{changes.revision}; open it again and put your change to what is there",
            field="revision",
            revision=row.revision,
        )
    if isinstance(changes.name, str) and changes.name != row.name:
        namesake = sa.select(LeaderboardRow.id).where(
            LeaderboardRow.project_id == project.id, LeaderboardRow.name == changes.name
        )
        if session.scalar(namesake) is not None:
            raise _taken(changes.name)
        row.name = changes.name
    if isinstance(changes.definition, BoardDefinition):
        row.document = msgspec.to_builtins(_checked(session, project, changes.definition, clock))
    row.revision += 1
    row.changed_ms = clock.now_ms
    session.flush()
    return get(session, project, board_id)


def delete(session: Session, project: Project, board_id: int) -> None:
    """Delete a leaderboard for good; the runs on it stay as they are. Raises NotFound."""
    session.delete(_found(session, project, board_id, for_update=True))


def put_back(
    session: Session, project: Project, record: LeaderboardCopied, *, actor_id: int, now_ms: int
) -> str | None:
    """Keep a leaderboard of another server; a sentence where its name is taken here by one that says something else.

    Raises Refused for a record that no server has written.
    """
    definition = _of_record(record)
    namesake = sa.select(LeaderboardRow).where(
        LeaderboardRow.project_id == project.id, LeaderboardRow.name == record.name
    )
    here = session.scalar(namesake)
    if here is None:
        try:
            _check_room(session, project)
        except Refused as refused:
            return f"the leaderboard {record.name!r} was left out: {refused.message}"
        created_ms = record.created_ms
        _insert(session, project, record.name, definition, created_ms=created_ms, actor_id=actor_id, now_ms=now_ms)
        here = session.scalars(namesake).one()  # ours, or that of who was faster
    if msgspec.convert(here.document, BoardDefinition) == definition:
        return None
    return f"the leaderboard {record.name!r} was left out: one of that name here says something else"


def _of_record(record: LeaderboardCopied) -> BoardDefinition:
    try:
        definition = msgspec.convert(record.document, BoardDefinition)
    except msgspec.ValidationError as error:
        raise Refused("bad_record", f"the leaderboard {record.name!r:.200} cannot be read: {error}") from None
    if definition.goal is None or not 0 < len(record.name) <= MAX_NAME:
        raise Refused("bad_record", f"a leaderboard named {record.name!r:.200} without a goal cannot be")
    return definition


def _checked(session: Session, project: Project, definition: BoardDefinition, clock: Clock) -> BoardDefinition:
    """The definition with its goal."""
    goal = definition.goal or runs.metric_goals(session, project.id).of(definition.metric)
    if goal is None:
        raise Refused(
            "no_goal",
            f"nobody has said whether a high or a low {definition.metric!r} is better: choose one here, or set the "
            "metric's goal in the project",
            field="goal",
        )
    if definition.data is not None:
        _check_data(session, project, definition.data)
    criteria.run_ids(
        session,
        project,
        RunSearch(filter=definition.filter),
        naming.of_project(session, project.id),
        now_ms=clock.now_ms,
        lost_after_ms=clock.lost_after_ms,
    )  # raises for a filter that is none
    return msgspec.structs.replace(definition, goal=goal)


def _check_data(session: Session, project: Project, reference: str) -> None:
    if not _DATA.fullmatch(reference):
        raise Refused(
            "bad_data",
            "data names one version of an artifact, such as 'digits-val:v3', as an alias may move; got "
            f"{reference!r:.200}",
            field="data",
        )
    name, _, version = reference.rpartition(":")
    statement = (
        sa.select(artifacts.ArtifactVersion.id)
        .join(artifacts.Artifact, artifacts.Artifact.id == artifacts.ArtifactVersion.artifact_id)
        .where(artifacts.Artifact.project_id == project.id, artifacts.Artifact.name == name)
        .where(artifacts.is_meant(version))
    )
    if session.scalar(statement) is None:
        raise Refused(
            "unknown_data",
            f"the project {project.name!r} has no artifact version {reference!r:.200}; log the data as an artifact "
            "first",
            field="data",
        )


def _check_room(session: Session, project: Project) -> None:
    count = session.scalar(sa.select(sa.func.count()).where(LeaderboardRow.project_id == project.id)) or 0
    if count >= MAX_BOARDS:
        raise Refused(
            "too_many_leaderboards",
            f"the project {project.name!r} has {count} leaderboards, and at most {MAX_BOARDS}; delete one first",
        )


def _insert(
    session: Session,
    project: Project,
    name: str,
    definition: BoardDefinition,
    *,
    created_ms: int,
    actor_id: int,
    now_ms: int,
) -> int | None:
    """The id of what was kept; None where the name is taken."""
    values = {
        "project_id": project.id,
        "name": name,
        "document": msgspec.to_builtins(definition),
        "revision": 1,
        "created_ms": created_ms,
        "created_by": actor_id,
        "changed_ms": now_ms,
    }
    statement = db.insert(session, LeaderboardRow).values(values)
    kept = statement.on_conflict_do_nothing(index_elements=["project_id", "name"]).returning(LeaderboardRow.id)
    made: int | None = session.execute(kept).scalar()
    return made


def _found(session: Session, project: Project, board_id: int, *, for_update: bool = False) -> LeaderboardRow:
    row = session.get(LeaderboardRow, board_id, with_for_update=for_update or None) if board_id < 2**63 else None
    if row is None or row.project_id != project.id:
        raise NotFound(
            "unknown_leaderboard",
            f"the project {project.name!r} has no leaderboard {str(board_id)[:30]}: it was deleted, or the link is "
            "mistyped",
        )
    return row


def _taken(name: str) -> Conflict:
    return Conflict("leaderboard_exists", f"this project has a leaderboard {name!r} already", field="name")


def _described(row: LeaderboardRow, project: str, created_by: str) -> Leaderboard:
    return Leaderboard(
        id=row.id,
        project=project,
        name=row.name,
        definition=msgspec.convert(row.document, BoardDefinition),
        revision=row.revision,
        created_ms=row.created_ms,
        created_by=created_by,
        changed_ms=row.changed_ms,
    )
