"""What media say of themselves, references in artifacts, versions in the trash, and runs that repeat others

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


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
        sa.Column("path", _BYTEWISE, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["artifact_versions.id"], name=op.f("fk_artifact_references_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", "path", name=op.f("pk_artifact_references")),
    )
    _keep_folders()
    op.add_column("artifacts", sa.Column("policy", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("artifact_versions", sa.Column("deleted_ms", sa.BigInteger(), nullable=True))
    op.add_column("artifact_versions", sa.Column("deleted_by", _BIG_ID, nullable=True))
    op.add_column("artifact_versions", sa.Column("deletion_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("artifact_versions", sa.Column("expires_ms", sa.BigInteger(), nullable=True))
    op.create_index("ix_artifact_versions_expires", "artifact_versions", ["expires_ms"])
    op.add_column("runs", sa.Column("reproduces", sa.Text(), nullable=True))
    op.create_index(op.f("ix_runs_reproduces"), "runs", ["reproduces"])


def _keep_folders() -> None:
    """The folders of the versions that are there, and paths in the order of their bytes, in which folders are read."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE artifact_files ALTER COLUMN path TYPE text COLLATE "C"')
    made = op.create_table(
        "artifact_folders",
        sa.Column("version_id", _BIG_ID, nullable=False),
        sa.Column("parent", _BYTEWISE, nullable=False),
        sa.Column("name", _BYTEWISE, nullable=False),
        sa.Column("file_count", sa.Integer(), nullable=False),
        sa.Column("own_count", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["artifact_versions.id"], name=op.f("fk_artifact_folders_version_id")),
        sa.PrimaryKeyConstraint("version_id", "parent", "name", name=op.f("pk_artifact_folders")),
    )
    for version_id in op.get_bind().scalars(sa.text("SELECT id FROM artifact_versions ORDER BY id")).all():
        if rows := _folders_of(version_id):
            op.bulk_insert(made, rows)


def _folders_of(version_id: int) -> list[dict[str, object]]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    files = sa.text("SELECT path, size_bytes FROM artifact_files WHERE version_id = :version_id")
    for path, size_bytes in op.get_bind().execute(files, {"version_id": version_id}):
        parts = path.split("/")[:-1]
        for depth in range(len(parts) + 1):
            found = counts["/".join(parts[:depth])]
            found[0] += 1
            found[1] += depth == len(parts)
            found[2] += size_bytes
    return [
        {
            "version_id": version_id,
            "parent": folder.rpartition("/")[0],
            "name": folder.rpartition("/")[2],
            "file_count": file_count,
            "own_count": own_count,
            "size_bytes": size_bytes,
        }
        for folder, (file_count, own_count, size_bytes) in counts.items()
    ]
