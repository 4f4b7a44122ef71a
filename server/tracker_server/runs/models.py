"""Projects, runs, and what a run says in words: config, summary, tags, console, alerts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, BytewiseWords, Document, Words
from tracker_server.narrowing import InProject, Narrowing, WithRuns

_OUT_OF_THE_TRASH: dict[str, Any] = {
    "sqlite_where": sa.text("deleted_ms IS NULL"),
    "postgresql_where": sa.text("deleted_ms IS NULL"),
}
"""Options of an index: lists of runs leave out the trash, so an index without it counts them by itself."""


def _present(column: str) -> dict[str, Any]:
    """Options of an index of what is not null."""
    return {f"{dialect}_where": sa.text(f"{column} IS NOT NULL") for dialect in ("sqlite", "postgresql")}


class Project(WithRuns, Base):
    """`next_run_number` is the number that the next run gets; it never goes back. One that was archived (`archived_ms`)
    is listed apart; everything else of it goes on."""

    __tablename__ = "projects"

    @classmethod
    def of_projects(cls, seen: Narrowing) -> sa.ColumnElement[bool]:
        return cls.id.in_(sorted(seen.projects))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(Words, unique=True)
    description: Mapped[str] = mapped_column(Words, default="")
    next_run_number: Mapped[int] = mapped_column(default=1)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    archived_ms: Mapped[int | None] = mapped_column(sa.BigInteger)


class Run(InProject, Base):
    """`changed_ms` moves with whatever a row of the runs table shows; pages ask for what changed since.

    `config` is the whole config as a tree; `ConfigValue` has its leaves as typed rows. `status` is running, finished,
    failed or stopped; "lost" is not stored but read off `heartbeat_ms`. A fork began with the history of the run
    `fork_of` up to `fork_step`, whether that run is known or not. `stop_requested_ms` is when the person beside it
    asked the run to stop, and why; a run that is resumed forgets it. One that was archived is left out of lists.
    `given_hue` is the hue that the run was given at its start, where somebody has chosen another.
    """

    __tablename__ = "runs"
    __table_args__ = (
        sa.Index("ix_runs_project_created", "project_id", "created_ms", "id", "archived_ms", **_OUT_OF_THE_TRASH),
        sa.Index(
            "ix_runs_project_id", "project_id", "id", "created_ms", "archived_ms", "deleted_ms", **_OUT_OF_THE_TRASH
        ),
        sa.Index("ix_runs_project_status", "project_id", "status", "heartbeat_ms", "archived_ms", **_OUT_OF_THE_TRASH),
        sa.Index("ix_runs_project_changed", "project_id", "changed_ms"),
        sa.Index("ix_runs_fork_of", "fork_of"),
        sa.Index("ix_runs_parent_id", "parent_id"),
        sa.Index("ix_runs_reproduces", "reproduces"),
    )

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(Words)
    hue: Mapped[int]
    given_hue: Mapped[int | None]
    status: Mapped[str] = mapped_column(sa.Text, default="running")
    group_name: Mapped[str | None] = mapped_column(Words)
    job_type: Mapped[str | None] = mapped_column(Words)
    parent_id: Mapped[str | None] = mapped_column(sa.Text)
    notes: Mapped[str] = mapped_column(Words, default="")
    user_name: Mapped[str | None] = mapped_column(Words)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    started_ms: Mapped[int] = mapped_column(sa.BigInteger)
    finished_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    heartbeat_ms: Mapped[int] = mapped_column(sa.BigInteger)
    changed_ms: Mapped[int] = mapped_column(sa.BigInteger)
    deleted_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    archived_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    exit_code: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Words)
    lost_records: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    console_lines: Mapped[int] = mapped_column(default=0)
    config: Mapped[Any] = mapped_column(Document, default=dict)
    environment: Mapped[Any] = mapped_column(Document, default=dict)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    changed_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    fork_of: Mapped[str | None] = mapped_column(sa.Text)
    fork_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    reproduces: Mapped[str | None] = mapped_column(sa.Text)
    stop_requested_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    stop_requested_by: Mapped[str | None] = mapped_column(Words)
    stop_reason: Mapped[str | None] = mapped_column(Words)

    @classmethod
    def within(cls, seen: Narrowing) -> sa.ColumnElement[bool]:
        is_seen = cls.of_projects(seen)
        return is_seen if seen.runs is None else is_seen & cls.id.in_(sorted(seen.runs))


class MetricDefinition(Base):
    """How metrics of a run are to be read; see the record `MetricDefined`. A later one of a pattern adds to it."""

    __tablename__ = "metric_definitions"

    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"), primary_key=True)
    pattern: Mapped[str] = mapped_column(Words, primary_key=True)
    step_metric: Mapped[str | None] = mapped_column(Words)
    summary: Mapped[str | None] = mapped_column(sa.Text)
    goal: Mapped[str | None] = mapped_column(sa.Text)


class MetricGoal(WithRuns, Base):
    """Which values of a metric a person has called better, for all runs of a project."""

    __tablename__ = "metric_goals"

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Words, primary_key=True)
    goal: Mapped[str] = mapped_column(sa.Text)
    set_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    set_ms: Mapped[int] = mapped_column(sa.BigInteger)


class RunTag(Base):
    __tablename__ = "run_tags"
    __table_args__ = (sa.Index("ix_run_tags_tag", "tag", "run_id"),)

    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(Words, primary_key=True)


class ConfigValue(Base):
    """A leaf of a run's config, typed for filtering and sorting; the full value is in `Run.config`.

    `kind` is number, text, bool, null or json (a list or an empty dict, as JSON text). `text` is cut at 300 characters,
    and a key over 300 characters has no row, so that every index entry fits a page of PostgreSQL.
    """

    __tablename__ = "config_values"
    __table_args__ = (
        sa.Index("ix_config_values_key", "key", "run_id", "number", "text"),
        sa.Index("ix_config_values_number", "number", "run_id", **_present("number")),
        sa.Index("ix_config_values_text", "text", "run_id", **_present("text")),
    )

    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Words, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[float | None] = mapped_column(sa.Double)
    text: Mapped[str | None] = mapped_column(Words)


class ProjectKey(InProject, Base):
    """A config key or metric name that a run of the project has, or had: one in the trash counts. `kind` is config,
    metric or system. Names are in order of their bytes, so that those with a prefix lie together.
    """

    __tablename__ = "project_keys"
    __table_args__ = {"sqlite_with_rowid": False}

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    name: Mapped[str] = mapped_column(BytewiseWords, primary_key=True)


class SummaryValue(Base):
    """A summary value that was set by hand, typed as a config value is."""

    __tablename__ = "summary_values"
    __table_args__ = (sa.Index("ix_summary_values_number", "key", "number", "run_id"),)

    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Words, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[float | None] = mapped_column(sa.Double)
    text: Mapped[str | None] = mapped_column(Words)


class Writer(Base):
    """One process that writes a journal of this run. `next_seq` is the first record that is not stored yet.

    `started_ms` is when it began by its own clock. `first_step` is the step at which its onward steps begin to count:
    see the record `LoggedOnward`.
    """

    __tablename__ = "writers"
    __table_args__ = (sa.UniqueConstraint("run_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"))
    name: Mapped[str] = mapped_column(Words)
    label: Mapped[str] = mapped_column(Words, default="")
    next_seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    lost_records: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    heartbeat_ms: Mapped[int] = mapped_column(sa.BigInteger)
    finished_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    first_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    started_ms: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class ConsoleBlock(Base):
    """The console lines of one batch, from `first_number` on, as compressed MessagePack; see `runs/console.py`."""

    __tablename__ = "console_blocks"
    __table_args__ = (sa.Index("ix_console_blocks_run", "run_id", "first_number", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"))
    writer_id: Mapped[int] = mapped_column(sa.ForeignKey("writers.id"))
    first_number: Mapped[int]
    line_count: Mapped[int]
    payload: Mapped[bytes]


class Alert(Base):
    """Something a person should know; see the record `AlertRaised` for `kind`, `step` and `details`."""

    __tablename__ = "alerts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"), index=True)
    time_ms: Mapped[int] = mapped_column(sa.BigInteger)
    level: Mapped[str] = mapped_column(sa.Text)
    title: Mapped[str] = mapped_column(Words)
    text: Mapped[str] = mapped_column(Words)
    kind: Mapped[str] = mapped_column(Words, default="alert")
    step: Mapped[int | None] = mapped_column(sa.BigInteger)
    details: Mapped[Any] = mapped_column(Document, default=dict)


class KeptRecord(Base):
    """A record of a type that this server does not know yet, as it came; a newer server reads it."""

    __tablename__ = "kept_records"

    writer_id: Mapped[int] = mapped_column(sa.ForeignKey("writers.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    payload: Mapped[bytes]
