"""Taking in what writers send: all of a batch, once, in one transaction.

Reading a batch takes most of the time and needs no database; so it comes before the transaction (`read`, `store`).

What always holds: `Writer.next_seq` moves in the transaction that stores the records before it; so a batch that was
stored is never stored again, and one that was not is not half there. The run's row is held meanwhile, so that the
batches of a run follow one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, singledispatch
from itertools import pairwise

import msgspec
import numpy as np
from sqlalchemy.orm import Session

from tracker import naming
from tracker.naming import MAX_NAME, MAX_NOTES, MAX_TAGS, is_metric
from tracker.records import (
    Acknowledged,
    AlertRaised,
    ArtifactLogged,
    ArtifactUsed,
    ConfigChanged,
    ConsoleLine,
    Copied,
    EnvironmentCaptured,
    Logged,
    LoggedOnward,
    MediaLogged,
    MetricDefined,
    PointsCopied,
    Record,
    RecordsLost,
    RunFinished,
    RunStarted,
    SummaryChanged,
    SystemSampled,
    UnknownRecord,
    blobs_of,
    decode,
)
from tracker_server import artifacts, copies, corrections, history, media, metrics, retention, runs
from tracker_server.errors import Conflict, NotFound, Refused
from tracker_server.ingest.alike import SHORTEST, run_of
from tracker_server.ingest.frames import Frames, new_to, parse
from tracker_server.ingest.schema import Receipt
from tracker_server.narrowing import narrow
from tracker_server.rights import EVERYTHING, Level, Rights

MAX_ID = 128
MAX_INTEGER = 2**63 - 1

_WORDS = {
    "name": MAX_NAME,
    "group": MAX_NAME,
    "job_type": MAX_NAME,
    "label": MAX_NAME,
    "client_version": MAX_NAME,
    "notes": MAX_NOTES,
}
"""The longest that each text of a first record may be."""


@dataclass(frozen=True)
class _Target:
    """Where the records of a batch go."""

    session: Session
    run: runs.Run
    writer: runs.Writer
    actor_id: int
    now_ms: int

    @cached_property
    def heirs(self) -> list[metrics.Heir]:
        """Forks that have what comes to the run; a copy brings its own."""
        return [] if copies.is_copy(self.writer.name) else history.heirs(self.session, self.run)

    @cached_property
    def cuts(self) -> list[metrics.Cut]:
        """What of this writer was superseded before it came."""
        return history.cuts(self.session, self.run, self.writer)


@dataclass(frozen=True)
class _Listed:
    """An artifact, with its files made ready before there is a transaction."""

    record: ArtifactLogged
    manifest: artifacts.Manifest


@dataclass(frozen=True)
class _Contents:
    """The records of a batch by what becomes of them: in bulk where they are many, one by one where they are few."""

    points: metrics.Arrivals = field(default_factory=metrics.Arrivals)
    onward: metrics.Arrivals = field(default_factory=metrics.Arrivals)
    samples: metrics.Arrivals = field(default_factory=metrics.Arrivals)
    onward_samples: metrics.Arrivals = field(default_factory=metrics.Arrivals)
    lines: list[ConsoleLine] = field(default_factory=list)
    unknown: list[tuple[int, bytes]] = field(default_factory=list)
    others: list[Record | _Listed] = field(default_factory=list)
    copied: list[Copied] = field(default_factory=list)

    def arrivals(self) -> tuple[metrics.Arrivals, ...]:
        """All points, however they are counted and whatever they measure."""
        return self.points, self.onward, self.samples, self.onward_samples


@dataclass(frozen=True)
class Batch:
    """What a writer sends, read as far as that goes without the database.

    `contents` are the records of all frames, None where one cannot be read: the writer may not even be asked for it,
    since what is stored already is passed over.
    """

    run_id: str
    writer: str
    frames: Frames
    contents: _Contents | None
    allow_gaps: bool
    allow_resume: bool
    actor_id: int
    now_ms: int
    rights: Rights = EVERYTHING

    def has_points_alone(self) -> bool:
        """Whether all its records can be read, and none says anything but points."""
        contents = self.contents
        return contents is not None and not (contents.lines or contents.unknown or contents.others or contents.copied)

    def point_count(self) -> int:
        """How many points it brings, stored before or not."""
        return sum(arrivals.point_count() for arrivals in self.contents.arrivals()) if self.contents is not None else 0

    def series(self, first_step: int) -> list[tuple[metrics.Arrivals, int]]:
        """Its points, and the step from which their steps count, for a writer whose onward steps begin there."""
        assert self.contents is not None
        points, onward, samples, onward_samples = self.contents.arrivals()
        return [(points, 0), (onward, first_step), (samples, 0), (onward_samples, first_step)]


def read(
    run_id: str,
    writer: str,
    body: bytes,
    *,
    allow_gaps: bool,
    allow_resume: bool = False,
    actor_id: int,
    now_ms: int,
    rights: Rights = EVERYTHING,
) -> Batch:
    """The frames of a writer's journal. Raises Refused for what is none, and for ids that nothing can have.

    `allow_resume` overrides what the writer says of whether its run may be there.
    """
    _check_id("run", run_id)
    _check_id("writer", writer)
    frames = parse(body)
    try:
        contents = _sorted(frames)
    except Refused:
        contents = None
    return Batch(run_id, writer, frames, contents, allow_gaps, allow_resume, actor_id, now_ms, rights)


def store(session: Session, batch: Batch) -> Receipt:
    """Store what is new of a batch. One without frames is a sign of life, and asks.

    Raises Refused for records that are nonsense, Conflict where records or blobs are missing, NotFound for a run that
    has not been started.
    """
    narrow(session, batch.rights.narrowing(Level.WRITE))
    try:
        return Receipt(_take_in(session, batch), runs.commands(session, batch.run_id, batch.writer))
    finally:
        narrow(session, None)  # the next batch of this session is somebody else's


def _take_in(session: Session, batch: Batch) -> int:
    """The number of the first record that is not stored, after this."""
    frames, allow_gaps, actor_id, now_ms = batch.frames, batch.allow_gaps, batch.actor_id, batch.now_ms
    run = runs.locked(session, batch.run_id)
    writer = runs.writer(session, batch.run_id, batch.writer) if run is not None else None
    if not frames.numbers:
        return _hear(session, run, writer, now_ms)
    if run is None or writer is None:
        new = new_to(frames, 0, allow_gaps=allow_gaps)
        first = _first(batch.run_id, batch.writer, new)
        if run is None:
            by = {"actor_id": actor_id, "now_ms": now_ms}
            corrections.refuse_purged(session, batch.run_id, allows_any=batch.allow_resume, **by)
        run, writer = _start(session, first, batch)
    # Again for one that was just made: another request may have made it first, and stored these records.
    new = new_to(frames, writer.next_seq, allow_gaps=allow_gaps)
    is_whole = len(new.numbers) == len(frames.numbers)
    contents = batch.contents if is_whole and batch.contents is not None else _sorted(new)
    _hear(session, run, writer, now_ms)
    _store(_Target(session, run, writer, actor_id, now_ms), contents)
    if new.lost:
        runs.lose(session, run, writer, new.lost)
    writer.next_seq = max(writer.next_seq, frames.numbers[-1] + 1)
    return writer.next_seq


def _check_id(what: str, value: str) -> None:
    """Ids of runs and writers come from clients and stand in addresses and file names."""
    if not (0 < len(value) <= MAX_ID and value.isascii() and value.replace("-", "").replace("_", "").isalnum()):
        raise Refused(
            "bad_record",
            f"the id of a {what} has 1 to {MAX_ID} ASCII letters, digits, '-' and '_'; {value[:MAX_ID]!r} is none",
            field=what,
        )


def _hear(session: Session, run: runs.Run | None, writer: runs.Writer | None, now_ms: int) -> int:
    """The writer is alive; a run or writer that is not known has sent nothing yet, and is not made by this."""
    if run is None or writer is None:
        return 0
    if copies.is_copy(writer.name) and writer.finished_ms is not None:
        return writer.next_seq  # asking about a copy that is made is no sign of life of its run
    runs.touch(session, run, now_ms=now_ms)
    writer.heartbeat_ms = now_ms
    return writer.next_seq


def _first(run_id: str, writer_name: str, frames: Frames) -> RunStarted:
    """The first record of a writer's journal, which names its run and the writer."""
    first = decode(frames.payloads[0])
    if not isinstance(first, RunStarted):
        raise NotFound(
            "unknown_run", f"run {run_id!r} has no writer {writer_name!r}; its journal begins with run_started"
        )
    if (first.run_id, first.writer) != (run_id, writer_name):
        raise Refused(
            "bad_record",
            f"the journal is of writer {first.writer[:MAX_ID]!r} of run {first.run_id[:MAX_ID]!r}, but the address "
            f"says {writer_name!r} of {run_id!r}",
        )
    _check_integers(first)
    _check_words(first)
    return first


def _check_words(first: RunStarted) -> None:
    """Raises Refused for a run that is called by more than a table or an index of a database can hold."""
    for field_name, most in _WORDS.items():
        value = getattr(first, field_name)
        if value is not None and len(value) > most:
            raise Refused(
                "bad_record",
                f"{field_name} has {len(value):,} characters, and at most {most:,} are kept; give a shorter one",
                field=field_name,
            )
    for field_name in ("parent", "fork_of", "reproduces"):
        if (run_id := getattr(first, field_name)) is not None:
            _check_id("run", run_id)
    if len(first.tags) > MAX_TAGS or not all(0 < len(tag) <= MAX_NAME for tag in first.tags):
        raise Refused(
            "bad_record",
            f"a run has at most {MAX_TAGS:,} tags of 1 to {MAX_NAME} characters; put other values into its config",
            field="tags",
        )


def _start(session: Session, first: RunStarted, batch: Batch) -> tuple[runs.Run, runs.Writer]:
    """The run and the writer that a first record names, and what it does to the run's history."""
    is_copy = copies.is_copy(first.writer)
    if is_copy:
        copies.refuse_existing(session, first)
    first = msgspec.structs.replace(first, project=history.project_of_fork(session, first))
    run = runs.start(session, first, actor_id=batch.actor_id, now_ms=batch.now_ms, rights=batch.rights)
    writer = runs.writer(session, run.id, first.writer)
    assert writer is not None
    if writer.next_seq == 0 and not is_copy:  # else another request was quicker, and has done it
        history.begin(session, run, writer, first, allows_any=batch.allow_resume, now_ms=batch.now_ms)
        if run.fork_of is not None and run.fork_step is not None:
            media.copy(session, run.fork_of, run.id, up_to=run.fork_step)
        if first.is_resumed and first.resume_from_step is None and first.fork_of is None and writer.label == "":
            last = media.highest_step(session, run.id)
            if last is not None:
                writer.first_step = max(writer.first_step, min(last, MAX_INTEGER - 1) + 1)
    return run, writer


def _sorted(frames: Frames) -> _Contents:
    """The records decoded, each where it belongs. Raises Refused for one that no table could hold."""
    contents = _Contents()
    for start, end in _same_lengths(frames.payloads):
        _sort(frames, start, end, contents)
    for arrivals in contents.arrivals():
        _check_names(arrivals.names())
    _check_names(record.name for record in contents.copied if isinstance(record, PointsCopied))
    return contents


def _same_lengths(payloads: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """The bounds of each stretch of payloads of the same length."""
    lengths = np.fromiter(map(len, payloads), np.int64, len(payloads))
    bounds = [0, *(np.flatnonzero(np.diff(lengths)) + 1).tolist(), len(payloads)]
    return pairwise(bounds)


def _sort(frames: Frames, start: int, end: int, contents: _Contents) -> None:
    """Take in the records from `start` to `end`, whose payloads have the same length."""
    slow_until = start
    while start < end:
        record = decode(frames.payloads[start])
        run = None
        if isinstance(record, Logged | LoggedOnward) and start >= slow_until:
            run = run_of(record, frames.payloads, start, end)
            slow_until = start + SHORTEST  # where there is none, the next few records are not asked one by one
        if run is None:
            _sort_one(frames.numbers[start], frames.payloads[start], record, contents)
            start += 1
        else:
            arrivals = contents.onward if isinstance(record, LoggedOnward) else contents.points
            arrivals.add_columns(run.names, run.steps, run.times, run.values)
            start += len(run.steps)


def _sort_one(number: int, payload: bytes, record: Record | UnknownRecord, contents: _Contents) -> None:
    if isinstance(record, Logged):
        contents.points.add(record)
    elif isinstance(record, LoggedOnward):
        contents.onward.add(record)
    elif isinstance(record, SystemSampled):
        (contents.onward_samples if record.is_onward else contents.samples).add(record)
    elif isinstance(record, UnknownRecord):
        contents.unknown.append((number, payload))
    elif isinstance(record, Copied):
        contents.copied.append(record)
    else:
        _check_integers(record)
        if isinstance(record, ConsoleLine):
            contents.lines.append(record)
        elif _is_too_deep(record):
            contents.unknown.append((number, payload))  # kept as it is: nothing here could read all of it
        elif isinstance(record, ArtifactLogged):
            contents.others.append(_Listed(record, artifacts.read_manifest(record.files)))
        else:
            contents.others.append(record)


def _check_integers(record: Record) -> None:
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise Refused("bad_record", f"{name} must fit 64 bits with a sign, got {value}", field=name)


def _is_too_deep(record: Record) -> bool:
    return any(naming.is_too_deep(getattr(record, name)) for name in record.__struct_fields__)


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        if not is_metric(name):
            raise Refused(
                "bad_record",
                f"a metric's name has 1 to {MAX_NAME} characters and no NUL; {name[:80]!r} has {len(name)}",
            )


def _store(target: _Target, contents: _Contents) -> None:
    """Hand the records to their domains, the end of the run last."""
    session, run, writer = target.session, target.run, target.writer
    if contents.unknown and copies.is_copy(writer.name):
        raise Refused("bad_record", "the copy has a record that this server cannot read: a newer one wrote it; upgrade")
    if _absent(session, [one for one in contents.others if not isinstance(one, _Listed)], target.actor_id):
        _check_blobs(session, contents.others, target.actor_id)
    try:
        for record in contents.others:
            _apply(record, target)
    except artifacts.OtherBlob:  # found as the files were stored, so that nothing is looked up twice for it
        _check_blobs(session, contents.others, target.actor_id)
        raise
    for number, payload in contents.unknown:
        runs.keep_unknown(session, writer, number, payload)
    runs.append_console(session, run, writer, contents.lines)
    _append(target, contents)
    if contents.copied:
        copies.take_in(session, run, writer, contents.copied, now_ms=target.now_ms)
    if any(isinstance(record, RunFinished) for record in contents.others):
        metrics.seal(session, run.id)


def _append(target: _Target, contents: _Contents) -> None:
    """Hand the points to the store: those that were superseded before they came to their segments, copies to forks."""
    if not any(arrivals.names() for arrivals in contents.arrivals()):
        return
    session, run, writer = target.session, target.run, target.writer
    cuts, heirs = target.cuts, target.heirs
    points: list[tuple[metrics.Kind, metrics.Arrivals, int]] = [
        ("metric", contents.points, 0),
        ("metric", contents.onward, writer.first_step),
        ("system", contents.samples, 0),
        ("system", contents.onward_samples, writer.first_step),
    ]
    for kind, arrivals, first in points:
        metrics.append(session, run.id, writer.label, kind, arrivals, first_step=first, cuts=cuts, heirs=heirs)


def _check_blobs(session: Session, others: Sequence[Record | _Listed], actor_id: int) -> None:
    """Raises Conflict unless every blob that a record names is stored: a record never points at nothing.

    It names all that are not, since who sends uploads once and then sends again.
    """
    if absent := _absent(session, others, actor_id):
        message = f"{len(absent)} blobs that these records name are not stored; upload them first, then send again"
        raise Conflict("missing_blobs", message, digests=absent)


def _absent(session: Session, others: Sequence[Record | _Listed], actor_id: int) -> list[str]:
    records = (one.record if isinstance(one, _Listed) else one for one in others)
    digests = {digest for record in records for digest in blobs_of(record)}
    return artifacts.missing(session, digests, actor_id) if digests else []


@singledispatch
def _apply(record: Record | _Listed, target: _Target) -> None:
    """Hand one record to its domain."""
    raise Refused("bad_record", f"a record of type {type(record).__name__} cannot be stored")


@_apply.register
def _(record: RunStarted, target: _Target) -> None:
    return  # it made the run and the writer, before everything else


@_apply.register
def _(record: Acknowledged, target: _Target) -> None:
    return  # it stands for records that this server has, or counts as missing


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
    step = record.step + target.writer.first_step if record.is_onward else record.step
    found = msgspec.structs.replace(record, step=min(step, MAX_INTEGER))
    is_superseded = any(found.step > cut.after for cut in target.cuts)
    heirs = [] if is_superseded else [heir.run_id for heir in target.heirs if found.step <= heir.up_to]
    media.add(target.session, target.run, found, heirs=heirs)


@_apply.register
def _(listed: _Listed, target: _Target) -> None:
    made = artifacts.log_version(
        target.session, target.run, listed.record, manifest=listed.manifest,
        actor_id=target.actor_id, now_ms=target.now_ms,
    )  # fmt: skip
    retention.tidy_after(target.session, made, now_ms=target.now_ms)


@_apply.register
def _(record: ArtifactUsed, target: _Target) -> None:
    artifacts.use(target.session, target.run, record.version_id, time_ms=record.time_ms)


@_apply.register
def _(record: AlertRaised, target: _Target) -> None:
    runs.raise_alert(target.session, target.run, record)


@_apply.register
def _(record: MetricDefined, target: _Target) -> None:
    runs.define_metric(target.session, target.run, record)


@_apply.register
def _(record: RecordsLost, target: _Target) -> None:
    runs.lose(target.session, target.run, target.writer, record.count)


@_apply.register
def _(record: RunFinished, target: _Target) -> None:
    runs.finish(target.session, target.run, target.writer, record)
