"""The data that leaderboards are of, which no policy lets go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, retention
from tracker_server.leaderboards.models import LeaderboardRow
from tracker_server.retention.schema import Keeper


@retention.keeps
def data(session: Session, version_ids: Sequence[int]) -> Iterator[tuple[int, Keeper]]:
    """Those of the versions that a leaderboard of their project names as its data."""
    version, artifact = artifacts.ArtifactVersion, artifacts.Artifact
    asked = (
        sa.select(version.id, artifact.project_id, artifact.name, version.version)
        .join(artifact, artifact.id == version.artifact_id)
        .where(version.id.in_(version_ids))
    )
    versions = session.execute(asked).all()
    boards = sa.select(LeaderboardRow.project_id, LeaderboardRow.name, LeaderboardRow.document)
    boards = boards.where(LeaderboardRow.project_id.in_({row.project_id for row in versions}))
    by_data = defaultdict(list)
    for project_id, name, document in session.execute(boards.order_by(LeaderboardRow.name)):
        of, _, number = (document.get("data") or "").rpartition(":v")
        if number.isdecimal():
            by_data[project_id, of, int(number)].append(name)
    for version_id, project_id, of, number in versions:
        for board in by_data[project_id, of, number]:
            yield version_id, Keeper("leaderboard", board)
