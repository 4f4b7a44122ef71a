"""Runs that are archived, and blobs that are to be removed

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_OUT_OF_THE_TRASH = {
    "sqlite_where": sa.text("deleted_ms IS NULL"),
    "postgresql_where": sa.text("deleted_ms IS NULL"),
}


def upgrade() -> None:
    op.add_column("runs", sa.Column("archived_ms", sa.BigInteger(), nullable=True))
    op.add_column("blobs", sa.Column("condemned_ms", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_blobs_condemned_ms"), "blobs", ["condemned_ms"])
    for name, columns in (
        ("ix_runs_project_created", ["project_id", "created_ms", "id", "archived_ms"]),
        ("ix_runs_project_status", ["project_id", "status", "heartbeat_ms", "archived_ms"]),
    ):
        op.drop_index(name, "runs")
        op.create_index(name, "runs", columns, **_OUT_OF_THE_TRASH)
