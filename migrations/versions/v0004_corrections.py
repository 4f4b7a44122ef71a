"""Names that metrics read as, metrics in the trash, and the log of corrections

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "name_rules",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project_id", _BIG_ID, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shown_as", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_name_rules_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_rules")),
    )
    op.create_index("ix_name_rules_project_name", "name_rules", ["project_id", "name"])
    op.create_index(op.f("ix_name_rules_run_id"), "name_rules", ["run_id"])
    op.create_table(
        "trashed_series",
        sa.Column("series_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_trashed_series_series_id")),
        sa.PrimaryKeyConstraint("series_id", name=op.f("pk_trashed_series")),
    )
    op.create_index(op.f("ix_trashed_series_entry_id"), "trashed_series", ["entry_id"])
    op.create_table(
        "corrections",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("project_id", _BIG_ID, nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", _BIG_ID, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("metric", sa.Text(), nullable=True),
        sa.Column("shown_as", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_corrections_actor_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_corrections_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("undoes", name=op.f("uq_corrections_undoes")),
    )
    op.create_index("ix_corrections_project", "corrections", ["project_id", "id"])
    op.create_index(op.f("ix_corrections_run_id"), "corrections", ["run_id"])
    _make_append_only()


def _make_append_only() -> None:
    message = "an entry of the log of corrections is never changed or deleted"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_corrections_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER corrections_are_append_only BEFORE UPDATE OR DELETE ON corrections "
            "FOR EACH ROW EXECUTE FUNCTION refuse_corrections_change()"
        )
        op.execute(
            "CREATE TRIGGER corrections_are_never_emptied BEFORE TRUNCATE ON corrections "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_corrections_change()"
        )
        return
    # INSERT OR REPLACE deletes without firing a trigger of deletion, so an id that is there may not come again.
    op.execute(
        "CREATE TRIGGER corrections_refuse_replace BEFORE INSERT ON corrections "
        f"WHEN NEW.id IN (SELECT id FROM corrections) BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER corrections_refuse_{act.lower()} BEFORE {act} ON corrections "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
