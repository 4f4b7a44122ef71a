"""Where points lie: series with their summaries, sealed chunks, and the tail of batches that are not sealed yet."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Words
from tracker_server.narrowing import WithRuns

_STATISTICS = ("segment", "last", "min", "max", "finite_sum", "finite_count", "count", "last_step")
_IN_USE: dict[str, Any] = {"sqlite_where": sa.text("segment = 0"), "postgresql_where": sa.text("segment = 0")}
"""Options and columns of an index that has the statistics of a name in order of their runs: searching filters and sorts
by it alone. Of many orders there is none: each would be written anew with every batch."""


class Series(Base):
    """One metric of one run, by one writer's label, in one segment, with its summary. A segment below 0 is the trash.

    `count` is the number of points stored, in order of arrival: a cursor for what is newer. `sealed_count` of them
    lie in chunks, the rest in the tail. `finite_count` and `finite_sum` give the mean; min, max and last are of
    finite values.
    """

    __tablename__ = "series"
    __table_args__ = (
        sa.UniqueConstraint("run_id", "name", "label", "segment"),
        sa.Index("ix_series_statistics", "name", "run_id", "label", *_STATISTICS, **_IN_USE),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"))
    name: Mapped[str] = mapped_column(Words)
    label: Mapped[str] = mapped_column(Words, default="")
    segment: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(sa.Text, default="metric")
    count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    sealed_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    finite_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    finite_sum: Mapped[float] = mapped_column(sa.Double, default=0.0)
    last: Mapped[float | None] = mapped_column(sa.Double)
    last_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    last_time_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    min: Mapped[float | None] = mapped_column(sa.Double)
    min_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    max: Mapped[float | None] = mapped_column(sa.Double)
    max_step: Mapped[int | None] = mapped_column(sa.BigInteger)


class Tail(Base):
    """The points of one accepted batch, all series of it together; see `metrics/columns.py` for `payload`."""

    __tablename__ = "tails"
    __table_args__ = (sa.Index("ix_tails_run", "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"))
    point_count: Mapped[int] = mapped_column(sa.BigInteger)
    payload: Mapped[bytes]


class OpenTail(Base):
    """A run that has had points since its tail was last sealed as a whole. See `metrics/abandoned.py`."""

    __tablename__ = "open_tails"

    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)


class Chunk(Base):
    """Up to 65,536 points of a series in order of arrival, from `first_ordinal` on, as three columns of pcodec."""

    __tablename__ = "chunks"
    __table_args__ = (sa.Index("ix_chunks_series", "series_id", "first_ordinal", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    series_id: Mapped[int] = mapped_column(sa.ForeignKey("series.id"))
    first_ordinal: Mapped[int] = mapped_column(sa.BigInteger)
    count: Mapped[int]
    min_step: Mapped[int] = mapped_column(sa.BigInteger)
    max_step: Mapped[int] = mapped_column(sa.BigInteger)
    min_time_ms: Mapped[int] = mapped_column(sa.BigInteger)
    max_time_ms: Mapped[int] = mapped_column(sa.BigInteger)
    finite_count: Mapped[int]
    min: Mapped[float | None] = mapped_column(sa.Double)
    max: Mapped[float | None] = mapped_column(sa.Double)
    sum: Mapped[float] = mapped_column(sa.Double)
    last: Mapped[float | None] = mapped_column(sa.Double)
    is_ordered: Mapped[bool]
    steps: Mapped[bytes]
    times: Mapped[bytes]
    values: Mapped[bytes]


class NameRule(WithRuns, Base):
    """What a name reads as in a project, or in one run of it (`run_id`, else ""); None where it is not shown.

    `id` is that of the entry that tells who made the rule, and why. See `metrics/naming.py`.
    """

    __tablename__ = "name_rules"
    __table_args__ = (sa.Index("ix_name_rules_project_name", "project_id", "name"),)

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"))
    run_id: Mapped[str] = mapped_column(sa.Text, default="", index=True)
    name: Mapped[str] = mapped_column(Words)
    shown_as: Mapped[str | None] = mapped_column(Words)


class TrashedSeries(Base):
    """A series in the trash: the segment that it came from, and the entry that tells who put it there, and why."""

    __tablename__ = "trashed_series"

    series_id: Mapped[int] = mapped_column(sa.ForeignKey("series.id"), primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    segment: Mapped[int]
