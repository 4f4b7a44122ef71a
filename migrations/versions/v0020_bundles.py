"""Bundles, what verifying them found, who holds which version, and leaderboards

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "bundles",
        sa.Column("version_id", _BIG_ID, nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_bundles_version_id")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_bundles")),
    )
    op.create_table(
        "verifications",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("version_id", _BIG_ID, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("checked", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", _BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_verifications_actor_id")),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_verifications_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
    )
    op.create_index("ix_verifications_version", "verifications", ["version_id", "id"])
    op.create_table(
        "consumers",
        sa.Column("model_id", _BIG_ID, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version_id", _BIG_ID, nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("actor_id", _BIG_ID, nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_consumers_actor_id")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_consumers_model_id")),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_consumers_version_id")),
        sa.PrimaryKeyConstraint("model_id", "id", name=op.f("pk_consumers")),
    )
    op.create_index(op.f("ix_consumers_version_id"), "consumers", ["version_id"])
    op.create_table(
        "leaderboards",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("project_id", _BIG_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", _BIG_ID, nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_leaderboards_created_by")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_leaderboards_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaderboards")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_leaderboards_project_id_name")),
    )
