"""Taking in what writers send: all of a batch, once, in one transaction.

What always holds: `Writer.next_seq` moves in the transaction that stores the records before it; so a batch that was
stored is never stored again, and one that was not is not half there. The run's row is held meanwhile, so that the
batches of a run follow one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from sqlalchemy.orm import Session

from tracker.records import (
    AlertRaised,
    ArtifactLogged,
    ArtifactUsed,
    ConfigChanged,
    ConsoleLine,
    EnvironmentCaptured,
    Logged,
    MediaLogged,
    Record,
    RecordsLost,
    RunFinished,
    RunStarted,
    SummaryChanged,
    SystemSampled,
    UnknownRecord,
)
from tracker_server import artifacts, media, metrics, runs
from tracker_server.errors import Conflict, NotFound, Refused
from tracker_server.ingest.frames import parse, trim

MAX_NAME = 500


@dataclass(frozen=True)
class _Target:
    """Where the records of a batch go."""

    session: Session
    run: runs.Run
    writer: runs.Writer
    actor_id: int
    now_ms: int


def take_in(
    session: Session, run_id: str, writer_name: str, body: bytes, *, allow_gaps: bool, actor_id: int, now_ms: int
) -> int:
    """Store what is new of a writer's frames; the number of the first record that is not stored.

    An empty body is a sign of life, and asks. Raises Refused for frames or records that are nonsense, Conflict where
    records or blobs are missing, NotFound for a run that has not been started.
    """
    frames = parse(body)
    run = runs.locked(session, run_id)
    writer = runs.writer(session, run_id, writer_name) if run is not None else None
    next_seq = writer.next_seq if writer is not None else 0
    if not frames:
        if run is not None and writer is not None:
            runs.touch(session, run, now_ms=now_ms)
            writer.heartbeat_ms = now_ms
        return next_seq
    batch = trim(frames, next_seq, allow_gaps=allow_gaps)
    _check_blobs(session, [record for _, record in batch.records])
    if writer is None:
        run, writer = _start(session, run_id, writer_name, batch.records, actor_id=actor_id, now_ms=now_ms)
    assert run is not None
    target = _Target(session, run, writer, actor_id, now_ms)
    _store(target, batch.records)
    if batch.lost:
        runs.lose(session, run, writer, batch.lost)
    writer.next_seq, writer.heartbeat_ms = batch.next_seq, now_ms
    runs.touch(session, run, now_ms=now_ms)
    return batch.next_seq


def _start(
    session: Session,
    run_id: str,
    writer_name: str,
    numbered: Sequence[tuple[int, Record | UnknownRecord]],
    *,
    actor_id: int,
    now_ms: int,
) -> tuple[runs.Run, runs.Writer]:
    """The run and the writer that the first record of a writer's journal names."""
    first = numbered[0][1] if numbered else None
    if not isinstance(first, RunStarted):
        raise NotFound(
            "unknown_run", f"run {run_id!r} has no writer {writer_name!r}; its journal begins with run_started"
        )
    if (first.run_id, first.writer) != (run_id, writer_name):
        raise Refused(
            "bad_record",
            f"the journal is of writer {first.writer!r} of run {first.run_id!r}, but it was sent as writer "
            f"{writer_name!r} of run {run_id!r}",
        )
    run = runs.start(session, first, actor_id=actor_id, now_ms=now_ms)
    writer = runs.writer(session, run_id, writer_name)
    assert writer is not None
    return run, writer


def _check_blobs(session: Session, batch: Sequence[Record | UnknownRecord]) -> None:
    """Raises Conflict unless every blob that a record names is stored: a record never points at nothing."""
    digests = [record.digest for record in batch if isinstance(record, MediaLogged)]
    for record in batch:
        if isinstance(record, ArtifactLogged):
            digests += [file.digest for file in record.files]
    absent = artifacts.missing(session, digests) if digests else []
    if absent:
        message = f"{len(absent)} blobs that these records name are not stored; upload them first, then send again"
        raise Conflict("missing_blobs", message, digests=absent)


def _store(target: _Target, numbered: Sequence[tuple[int, Record | UnknownRecord]]) -> None:
    """Hand the records to their domains: bulk kinds together, the others one by one in order, the end last."""
    points: list[Logged | SystemSampled] = []
    system: list[Logged | SystemSampled] = []
    lines: list[ConsoleLine] = []
    for seq, record in numbered:
        if isinstance(record, Logged):
            points.append(record)
        elif isinstance(record, SystemSampled):
            system.append(record)
        elif isinstance(record, ConsoleLine):
            lines.append(record)
        elif isinstance(record, UnknownRecord):
            runs.keep_unknown(target.session, target.writer, seq, record.payload)
        else:
            _apply(record, target)
    _check_names(points)
    metrics.append(target.session, target.run.id, target.writer.label, "metric", points)
    metrics.append(target.session, target.run.id, target.writer.label, "system", system)
    runs.append_console(target.session, target.run, target.writer, lines)
    if target.run.status != "running":
        metrics.seal(target.session, target.run.id)


def _check_names(batch: Sequence[Logged | SystemSampled]) -> None:
    for names in {tuple(record.values) for record in batch}:
        for name in names:
            if not 0 < len(name) <= MAX_NAME:
                raise Refused(
                    "bad_record", f"a metric's name has 1 to {MAX_NAME} characters, not {len(name)}: {name[:80]!r}"
                )


@singledispatch
def _apply(record: Record, target: _Target) -> None:
    """Hand one record to its domain."""
    raise Refused("bad_record", f"a record of type {type(record).__name__} cannot be stored")


@_apply.register
def _(record: RunStarted, target: _Target) -> None:
    return  # it made the run and the writer, before everything else


@_apply.register
def _(record: ConfigChanged, target: _Target) -> None:
    runs.set_config(target.session, target.run, record.values)


@_apply.register
def _(record: SummaryChanged, target: _Target) -> None:
    runs.set_summary(target.session, target.run, record.values)


@_apply.register
def _(record: EnvironmentCaptured, target: _Target) -> None:
    runs.set_environment(target.session, target.run, record.environment)


@_apply.register
def _(record: MediaLogged, target: _Target) -> None:
    media.add(target.session, target.run, record)


@_apply.register
def _(record: ArtifactLogged, target: _Target) -> None:
    artifacts.log_version(target.session, target.run, record, actor_id=target.actor_id, now_ms=target.now_ms)


@_apply.register
def _(record: ArtifactUsed, target: _Target) -> None:
    artifacts.use(target.session, target.run, record.version_id, time_ms=record.time_ms)


@_apply.register
def _(record: AlertRaised, target: _Target) -> None:
    runs.raise_alert(target.session, target.run, record)


@_apply.register
def _(record: RecordsLost, target: _Target) -> None:
    runs.lose(target.session, target.run, target.writer, record.count)


@_apply.register
def _(record: RunFinished, target: _Target) -> None:
    runs.finish(target.session, target.run, target.writer, record)
