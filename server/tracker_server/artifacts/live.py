"""Which versions count: the one place that says so, for everything that lists versions or chooses one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tracker_server.artifacts.models import ArtifactVersion


def is_live(version: Any = ArtifactVersion) -> sa.ColumnElement[bool]:
    """Whether a version is not in the trash. `latest` and lists are of these alone; one in the trash has its page, so
    that it can be looked at before it is taken out or goes for good. `version` may be an alias of the table.
    """
    found: sa.ColumnElement[bool] = version.deleted_ms.is_(None)
    return found
