"""Console output: lines in order of arrival, numbered within the run, a compressed block a batch.

A block's payload is zlib over MessagePack: a list of [time_ms, stream, text] with stream 0 for stdout and 1 for stderr.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import ConsoleLine
from tracker_server.runs.models import ConsoleBlock, Run, Writer
from tracker_server.runs.schema import ConsolePage, ConsoleText

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, int, str]]).decode


def append(session: Session, run: Run, writer: Writer, lines: Sequence[ConsoleLine]) -> None:
    """Add the lines of one batch after those that the run has."""
    if not lines:
        return
    packed = [(line.time_ms, int(line.stream == "stderr"), line.text) for line in lines]
    session.add(
        ConsoleBlock(
            run_id=run.id,
            writer_id=writer.id,
            first_number=run.console_lines,
            line_count=len(lines),
            payload=zlib.compress(_encode(packed), 6),
        )
    )
    run.console_lines += len(lines)


def read(session: Session, run: Run, *, start: int, limit: int) -> ConsolePage:
    """`limit` lines from number `start` on; a negative `start` counts from the end. Decodes only the blocks it
    needs."""
    first = max(0, run.console_lines + start) if start < 0 else start
    statement = (
        sa.select(ConsoleBlock, Writer.label)
        .join(Writer, Writer.id == ConsoleBlock.writer_id)
        .where(ConsoleBlock.run_id == run.id, ConsoleBlock.first_number < first + limit)
        .where(ConsoleBlock.first_number + ConsoleBlock.line_count > first)
        .order_by(ConsoleBlock.first_number)
    )
    lines = [line for block, label in session.execute(statement) for line in _lines(block, label)]
    return ConsolePage([line for line in lines if first <= line.number < first + limit], run.console_lines)


def _lines(block: ConsoleBlock, label: str) -> list[ConsoleText]:
    rows = _decode(zlib.decompress(block.payload))
    return [
        ConsoleText(block.first_number + place, time_ms, "stderr" if is_stderr else "stdout", text, label)
        for place, (time_ms, is_stderr, text) in enumerate(rows)
    ]
