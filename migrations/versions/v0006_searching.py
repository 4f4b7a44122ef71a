"""Indexes that hold all that filters and sorting look at, in order of the runs

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    for name in ("ix_series_name_last", "ix_series_name_min", "ix_series_name_max"):
        op.drop_index(name, "series")
    for name in ("ix_config_values_number", "ix_config_values_text"):
        op.drop_index(name, "config_values")
    op.create_index(
        "ix_series_statistics",
        "series",
        [
            "name",
            "run_id",
            "label",
            "segment",
            "last",
            "min",
            "max",
            "finite_sum",
            "finite_count",
            "count",
            "last_step",
        ],
        **_where("segment = 0"),
    )
    op.create_index("ix_config_values_key", "config_values", ["key", "run_id", "number", "text"])
    op.create_index("ix_config_values_number", "config_values", ["number", "run_id"], **_where("number IS NOT NULL"))
    op.create_index("ix_config_values_text", "config_values", ["text", "run_id"], **_where("text IS NOT NULL"))
    op.create_index(
        "ix_runs_project_id",
        "runs",
        ["project_id", "id", "created_ms", "archived_ms", "deleted_ms"],
        **_where("deleted_ms IS NULL"),
    )
