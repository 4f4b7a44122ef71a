"""What media say of themselves, references in artifacts, versions in the trash, and runs that repeat others

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.drop_index("ix_media_run", "media")
    with op.batch_alter_table("media") as media:
        media.alter_column("digest", existing_type=sa.Text(), nullable=True)
        media.add_column(sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
        media.add_column(sa.Column("details", sa.Text(), nullable=False, server_default="{}"))
    op.create_index("ix_media_run", "media", ["run_id", "name", "step", "position", "kind"])
    op.create_table(
        "media_files",
        sa.Column("media_id", _BIG_ID, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["blobs.digest"], name=op.f("fk_media_files_digest")),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_media_files_media_id")),
        sa.PrimaryKeyConstraint("media_id", "path", name=op.f("pk_media_files")),
    )
    op.create_index("ix_media_files_digest", "media_files", ["digest"])

    op.create_table(
        "artifact_references",
        sa.Column("version_id", _BIG_ID, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["artifact_versions.id"], name=op.f("fk_artifact_references_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", "path", name=op.f("pk_artifact_references")),
    )
    op.add_column("artifacts", sa.Column("policy", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("artifact_versions", sa.Column("deleted_ms", sa.BigInteger(), nullable=True))
    op.add_column("artifact_versions", sa.Column("deleted_by", _BIG_ID, nullable=True))
    op.add_column("artifact_versions", sa.Column("deletion_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("artifact_versions", sa.Column("expires_ms", sa.BigInteger(), nullable=True))
    op.create_index("ix_artifact_versions_expires", "artifact_versions", ["expires_ms"])
    op.add_column("runs", sa.Column("reproduces", sa.Text(), nullable=True))
    op.create_index(op.f("ix_runs_reproduces"), "runs", ["reproduces"])
