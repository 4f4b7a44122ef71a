"""Which values of a metric are better, as a person says for a project

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "metric_goals",
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("set_by", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("set_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_metric_goals_project_id")),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_metric_goals_set_by")),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_metric_goals")),
    )
