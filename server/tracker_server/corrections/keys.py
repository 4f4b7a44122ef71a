"""Keys of a project that no run of it has any more."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.metrics.models import Series
from tracker_server.runs.models import ConfigValue, ProjectKey, Run


def forget(session: Session, project_id: int, metrics: Collection[str] | None = None) -> None:
    """Take the names of these metrics, or (None) of everything, from the project's keys where no run has them.

    What is in the trash with its run counts as there; what was deleted by itself does not.
    """
    here = Run.project_id == project_id
    is_series = (Series.name == ProjectKey.name, Series.run_id == Run.id, Series.segment >= 0, here)
    gone = [ProjectKey.kind != "config", ~sa.exists().where(*is_series)]
    if metrics is not None:
        for name in metrics:
            _delete(session, project_id, ProjectKey.name == name, *gone)
        return
    is_config = (ConfigValue.key == ProjectKey.name, ConfigValue.run_id == Run.id, here)
    _delete(session, project_id, *gone)
    _delete(session, project_id, ProjectKey.kind == "config", ~sa.exists().where(*is_config))


def _delete(session: Session, project_id: int, *where: sa.ColumnElement[bool]) -> None:
    statement = sa.delete(ProjectKey).where(ProjectKey.project_id == project_id, *where)
    session.execute(statement, execution_options={"synchronize_session": False})
