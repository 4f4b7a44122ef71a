"""What was superseded."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, Words


class Segment(Base):
    """What a label of a run has at steps over `after_step` from the processes that began in a span of time.

    `number` counts from 1 within the run and is never used again. The span is of the writers' own clocks, from
    `from_ms` up to, not including, `until_ms`: what they still send at those steps belongs here too. There may be
    nothing in it.
    """

    __tablename__ = "segments"

    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label: Mapped[str] = mapped_column(Words)
    after_step: Mapped[int] = mapped_column(sa.BigInteger)
    from_ms: Mapped[int] = mapped_column(sa.BigInteger)
    until_ms: Mapped[int] = mapped_column(sa.BigInteger)
    superseded_ms: Mapped[int] = mapped_column(sa.BigInteger)
