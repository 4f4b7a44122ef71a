"""The colour of a run as a person chooses it, beside the one that it was given

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("runs", sa.Column("given_hue", sa.Integer(), nullable=True))
