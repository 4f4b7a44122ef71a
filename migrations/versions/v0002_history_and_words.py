"""Segments, forks, definitions of metrics, and asking a run to stop

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("runs", sa.Column("fork_of", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("fork_step", sa.BigInteger(), nullable=True))
    op.add_column("runs", sa.Column("stop_requested_ms", sa.BigInteger(), nullable=True))
    op.add_column("runs", sa.Column("stop_requested_by", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("stop_reason", sa.Text(), nullable=True))
    op.create_index("ix_runs_fork_of", "runs", ["fork_of"])
    op.create_index("ix_runs_parent_id", "runs", ["parent_id"])
    op.add_column("writers", sa.Column("first_step", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("writers", sa.Column("started_ms", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("alerts", sa.Column("kind", sa.Text(), nullable=False, server_default="alert"))
    op.add_column("alerts", sa.Column("step", sa.BigInteger(), nullable=True))
    op.add_column("alerts", sa.Column("details", sa.Text(), nullable=False, server_default="{}"))
    op.create_table(
        "segments",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("after_step", sa.BigInteger(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("superseded_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_segments_run_id")),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_segments")),
    )
    op.create_table(
        "metric_definitions",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("step_metric", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("goal", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_metric_definitions_run_id")),
        sa.PrimaryKeyConstraint("run_id", "pattern", name=op.f("pk_metric_definitions")),
    )
