"""Roles of everybody, keys for some projects, who sent which bytes, what may be tried at the door, the log of accounts

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("users", sa.Column("kind", sa.Text(), nullable=False, server_default="person"))
    op.add_column("api_keys", sa.Column("is_limited", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE api_keys SET scope = 'promote'")  # what a key could do until now
    with op.batch_alter_table("sign_ins") as table:
        table.add_column(sa.Column("key_id", ID, nullable=True))
        table.create_foreign_key("fk_sign_ins_key_id", "api_keys", ["key_id"], ["id"])
        table.create_index("ix_sign_ins_key_id", ["key_id"])
    op.create_table(
        "open_projects",
        sa.Column("project_id", ID, sa.ForeignKey("projects.id"), primary_key=True, autoincrement=False),
        sa.Column("role", sa.Text(), nullable=False),
    )
    op.create_table(
        "api_key_projects",
        sa.Column("key_id", ID, sa.ForeignKey("api_keys.id"), primary_key=True, autoincrement=False),
        sa.Column("project_id", ID, sa.ForeignKey("projects.id"), primary_key=True, autoincrement=False, index=True),
    )
    op.create_table(
        "sent_blobs",
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("user_id", ID, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    )
    op.create_table(
        "failed_sign_ins",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "account_acts",
        sa.Column("id", ID, primary_key=True),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), index=True),
        sa.Column("details", sa.Text(), nullable=False),
    )
    _make_append_only("account_acts")


def _make_append_only(table: str) -> None:
    message = f"the log {table} is only ever added to"
    if op.get_bind().dialect.name == "postgresql":
        refuse = f"refuse_change_of_{table}"
        op.execute(
            f"CREATE FUNCTION {refuse}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {refuse}()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {refuse}()"
        )
        return
    # INSERT OR REPLACE deletes without firing a trigger of deletion, so an id that is there may not come again.
    op.execute(
        f"CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} WHEN NEW.id IN (SELECT id FROM {table}) "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
