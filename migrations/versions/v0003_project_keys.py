"""The config keys and metric names of each project

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KNOWN = (
    "INSERT INTO project_keys (project_id, kind, name)"
    " SELECT DISTINCT runs.project_id, 'config', config_values.key"
    " FROM config_values JOIN runs ON runs.id = config_values.run_id",
    "INSERT INTO project_keys (project_id, kind, name)"
    " SELECT DISTINCT runs.project_id, series.kind, series.name FROM series JOIN runs ON runs.id = series.run_id",
)


def upgrade() -> None:
    op.create_table(
        "project_keys",
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_keys_project_id")),
        sa.PrimaryKeyConstraint("project_id", "kind", "name", name=op.f("pk_project_keys")),
        sqlite_with_rowid=False,
    )
    for statement in _KNOWN:
        op.execute(statement)
