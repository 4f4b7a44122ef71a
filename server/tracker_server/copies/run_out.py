"""A run as a journal that makes it anew on another server: every record of it, and of nothing else.

What always holds: the journal is of one moment, however long it takes to send; it ends with `RunCopied`, and one that
broke off does not. Its writer is a new one each time, so what two copies of a run say never mixes. Points and console
are read in short transactions while they are sent; memory follows the part, not the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import (
    COPY,
    AlertRaised,
    ArtifactFile,
    ConfigChanged,
    EnvironmentCaptured,
    LinesCopied,
    MediaLogged,
    MetricDefined,
    PointsCopied,
    Record,
    RecordKept,
    RunCopied,
    RunStarted,
    SegmentFacts,
    SummaryChanged,
    WriterFacts,
    WritersCopied,
    encode,
    frame,
)
from tracker_server import metrics, runs
from tracker_server.history.models import Segment
from tracker_server.media.models import MediaFile, MediaItem
from tracker_server.metrics.models import Series
from tracker_server.runs.console import BLOCKS_AT_ONCE, decoded
from tracker_server.runs.models import Alert, ConsoleBlock, KeptRecord, MetricDefinition, Run, Writer

VALUES_AT_ONCE: Final = 1000
"""How many config keys, or lines, stand in one record: of a batch that a server takes, a small part."""


@dataclass(frozen=True)
class Moment:
    """What a run was when the copy began: its small records, those before its points and those after."""

    before: list[Record]
    series: list[metrics.Wanted]
    kinds: dict[int, Literal["metric", "system"]]
    run_id: str
    console_lines: int
    after: list[Record]


def moment(session: Session, run: Run, project: str, *, token: str, now_ms: int) -> Moment:
    """The run as it is now. `token` makes the copy's writer one of its own."""
    writers = session.scalars(sa.select(Writer).where(Writer.run_id == run.id).order_by(Writer.id)).all()
    series = session.scalars(
        sa.select(Series).where(Series.run_id == run.id, Series.segment >= 0, Series.count > 0).order_by(Series.id)
    ).all()
    own = [writer for writer in writers if not writer.name.startswith(COPY)]
    return Moment(
        before=[
            _started(session, run, project, f"{COPY}{token}", min((writer.label for writer in own), default="")),
            WritersCopied(tuple(_writer(writer) for writer in writers)),
            EnvironmentCaptured(run.created_ms, run.environment),
            *(ConfigChanged(run.created_ms, values) for values in _portions(run.config)),
            *(
                SummaryChanged(run.created_ms, values)
                for values in _portions(runs.summaries(session, [run.id])[run.id])
            ),
            *_definitions(session, run),
        ],
        series=metrics.wanted(series),
        kinds={one.id: "system" if one.kind == "system" else "metric" for one in series},
        run_id=run.id,
        console_lines=run.console_lines,
        after=[*_alerts(session, run), *_media(session, run), *_kept(session, run), _copied(session, run, now_ms)],
    )


def frames(open_session: Callable[[], Session], of: Moment) -> Iterator[bytes]:
    """The journal, a frame after the other."""
    for number, record in enumerate(_records(open_session, of)):
        yield frame(number, encode(record))


def _records(open_session: Callable[[], Session], of: Moment) -> Iterator[Record]:
    yield from of.before
    for part in metrics.stream(open_session, of.series):
        yield _points(part, of.kinds[part.series.id])
    yield from _lines(open_session, of)
    yield from of.after


def _started(session: Session, run: Run, project: str, writer: str, label: str) -> RunStarted:
    """Without what the run forked from: its points come with it."""
    return RunStarted(
        time_ms=run.created_ms,
        run_id=run.id,
        project=project,
        writer=writer,
        label=label,
        name=run.name,
        group=run.group_name,
        job_type=run.job_type,
        parent=run.parent_id,
        reproduces=run.reproduces,
        tags=tuple(runs.tags(session, [run.id])[run.id]),
        notes=run.notes,
    )


def _writer(row: Writer) -> WriterFacts:
    return WriterFacts(
        name=row.name,
        label=row.label,
        next_seq=row.next_seq,
        lost_records=row.lost_records,
        heartbeat_ms=row.heartbeat_ms,
        finished_ms=row.finished_ms,
        first_step=row.first_step,
        started_ms=row.started_ms,
    )


def _portions(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    left = iter(values.items())
    while portion := dict(islice(left, VALUES_AT_ONCE)):
        yield portion


def _definitions(session: Session, run: Run) -> Iterator[MetricDefined]:
    statement = sa.select(MetricDefinition).where(MetricDefinition.run_id == run.id).order_by(MetricDefinition.pattern)
    for row in session.scalars(statement):
        yield MetricDefined(run.created_ms, row.pattern, row.step_metric, row.summary, row.goal)


def _alerts(session: Session, run: Run) -> Iterator[AlertRaised]:
    for row in session.scalars(sa.select(Alert).where(Alert.run_id == run.id).order_by(Alert.id)):
        yield AlertRaised(row.time_ms, row.title, row.text, row.level, row.kind, row.step, row.details)


def _media(session: Session, run: Run) -> Iterator[MediaLogged]:
    files: dict[int, tuple[ArtifactFile, ...]] = {}
    belonging = sa.select(MediaFile).join(MediaItem, MediaItem.id == MediaFile.media_id)
    for file in session.scalars(belonging.where(MediaItem.run_id == run.id).order_by(MediaFile.path)):
        files[file.media_id] = (*files.get(file.media_id, ()), ArtifactFile(file.path, file.digest, file.size_bytes))
    for row in session.scalars(sa.select(MediaItem).where(MediaItem.run_id == run.id).order_by(MediaItem.id)):
        yield MediaLogged(
            row.step, row.time_ms, row.name, row.kind, row.digest or "", row.size_bytes, row.caption,
            details=row.details, files=files.get(row.id, ()), position=row.position,
        )  # fmt: skip


def _kept(session: Session, run: Run) -> Iterator[RecordKept]:
    statement = sa.select(Writer.name, KeptRecord.seq, KeptRecord.payload).join(Writer)
    for row in session.execute(statement.where(Writer.run_id == run.id).order_by(Writer.id, KeptRecord.seq)):
        yield RecordKept(row.name, row.seq, row.payload)


def _copied(session: Session, run: Run, now_ms: int) -> RunCopied:
    segments = session.scalars(sa.select(Segment).where(Segment.run_id == run.id).order_by(Segment.number))
    return RunCopied(
        time_ms=now_ms,
        name=run.name,
        number=run.number,
        hue=run.hue,
        given_hue=run.given_hue,
        status=cast(Any, run.status),
        user_name=run.user_name,
        created_ms=run.created_ms,
        started_ms=run.started_ms,
        finished_ms=run.finished_ms,
        heartbeat_ms=run.heartbeat_ms,
        archived_ms=run.archived_ms,
        exit_code=run.exit_code,
        error=run.error,
        lost_records=run.lost_records,
        fork_of=run.fork_of,
        fork_step=run.fork_step,
        stop_requested_ms=run.stop_requested_ms,
        stop_requested_by=run.stop_requested_by,
        stop_reason=run.stop_reason,
        segments=tuple(
            SegmentFacts(one.number, one.label, one.after_step, one.from_ms, one.until_ms, one.superseded_ms)
            for one in segments
        ),
    )


def _points(part: metrics.Part, kind: Literal["metric", "system"]) -> PointsCopied:
    points = part.points
    return PointsCopied(
        name=part.series.name,
        kind=kind,
        label=part.series.label,
        segment=part.series.segment,
        steps=points.steps.astype("<i8").tobytes(),
        times=points.times.astype("<i8").tobytes(),
        values=points.values.astype("<f8").tobytes(),
    )


def _lines(open_session: Callable[[], Session], of: Moment) -> Iterator[LinesCopied]:
    start = 0
    while start < of.console_lines:
        statement = (
            sa.select(ConsoleBlock, Writer.name)
            .join(Writer, Writer.id == ConsoleBlock.writer_id)
            .where(ConsoleBlock.run_id == of.run_id, ConsoleBlock.first_number >= start)
            .where(ConsoleBlock.first_number < of.console_lines)
            .order_by(ConsoleBlock.first_number)
            .limit(BLOCKS_AT_ONCE)
        )
        with open_session() as session:
            blocks = [(block, writer) for block, writer in session.execute(statement)]
        if not blocks:
            return
        for block, writer in blocks:
            lines = decoded(block)
            for first in range(0, len(lines), VALUES_AT_ONCE):
                yield LinesCopied(writer, tuple(lines[first : first + VALUES_AT_ONCE]))
        start = blocks[-1][0].first_number + blocks[-1][0].line_count
