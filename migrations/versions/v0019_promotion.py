"""Promotion: rules, proposals, what a version keeps of its moment, and the chain of the trail

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ENTRIES_AT_ONCE = 1000


def upgrade() -> None:
    _widen_models()
    _make_rules_and_proposals()
    _chain_the_trail()


def _widen_models() -> None:
    op.add_column("models", sa.Column("tags", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("models", sa.Column("main_metric", sa.Text(), nullable=True))
    op.add_column("models", sa.Column("archived_ms", sa.BigInteger(), nullable=True))
    op.add_column("model_versions", sa.Column("tags", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("model_versions", sa.Column("state", sa.Text(), nullable=False, server_default="active"))
    op.add_column("model_versions", sa.Column("state_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("model_versions", sa.Column("code", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("model_versions", sa.Column("data", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("model_versions", sa.Column("cost", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("model_versions", sa.Column("card", sa.Text(), nullable=False, server_default="{}"))


def _make_rules_and_proposals() -> None:
    op.create_table(
        "model_rules",
        sa.Column("model_id", _BIG_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", _BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_model_rules_created_by")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_model_rules_model_id")),
        sa.PrimaryKeyConstraint("model_id", "revision", name=op.f("pk_model_rules")),
    )
    op.create_table(
        "proposals",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("model_id", _BIG_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("version_id", _BIG_ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", _BIG_ID, nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", _BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name=op.f("fk_proposals_closed_by")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_proposals_created_by")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_proposals_model_id")),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_proposals_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("model_id", "number", name=op.f("uq_proposals_model_id_number")),
    )
    op.create_index(op.f("ix_proposals_version_id"), "proposals", ["version_id"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_proposals_open", "proposals", ["model_id"], sqlite_where=is_open, postgresql_where=is_open
    )  # fmt: skip
    op.create_table(
        "proposal_remarks",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("proposal_id", _BIG_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.Column("author_id", _BIG_ID, nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_proposal_remarks_author_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_proposal_remarks_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_remarks")),
    )
    op.create_index("ix_proposal_remarks_proposal", "proposal_remarks", ["proposal_id", "id"])


def _chain_the_trail() -> None:
    """Give each entry the digest of itself and of what came before it. What there is of them is taken as it is."""
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.add_column("audit", sa.Column("digest", sa.Text(), nullable=False, server_default=""))
    _allow_changes_of_audit()
    connection = op.get_bind()
    audit = sa.table("audit", *(sa.column(name) for name in ("id", *_CHAINED, "digest")))
    last, count, digest = 0, 0, ""
    while True:
        page = sa.select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(_ENTRIES_AT_ONCE)
        found = connection.execute(page).mappings().all()
        for row in found:
            last, count, digest = row["id"], count + 1, _digest(digest, dict(row))
            connection.execute(sa.update(audit).where(audit.c.id == last).values(digest=digest))
        if not found:
            break
    head = sa.table("audit_head", *(sa.column(name) for name in ("id", "entry_id", "count", "digest")))
    connection.execute(sa.insert(head).values(id=1, entry_id=last, count=count, digest=digest))
    _refuse_changes_of_audit()


_CHAINED = (
    "time_ms", "actor_id", "action", "project_id", "model_id", "alias", "from_version", "to_version", "reason",
    "details",
)  # fmt: skip


def _digest(before: str, row: dict[str, Any]) -> str:
    said = [before, row["id"], *(row[name] for name in _CHAINED)]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


_MESSAGE = "an entry of the audit log is never changed or deleted"


def _allow_changes_of_audit() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE audit DISABLE TRIGGER USER")
    else:
        op.execute("DROP TRIGGER audit_refuses_update")


def _refuse_changes_of_audit() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE audit ENABLE TRIGGER USER")
    else:
        op.execute(
            f"CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )
