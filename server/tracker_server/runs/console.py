"""Console output: lines in order of arrival, numbered within the run, a compressed block a batch.

A block's payload is zlib over MessagePack: a list of [time_ms, stream, text] with stream 0 for stdout and 1 for stderr.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import Final, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import ConsoleLine
from tracker_server.runs.models import ConsoleBlock, Run, Writer
from tracker_server.runs.schema import ConsolePage, ConsoleQuery, ConsoleText

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, int, str]]).decode

OpenSession = Callable[[], AbstractContextManager[Session]]

BLOCKS_AT_ONCE: Final = 50
_SEQUENCE: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


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


def read(session: Session, run: Run, query: ConsoleQuery) -> ConsolePage:
    """The lines that are asked for. Decodes only the blocks it needs."""
    first = max(0, run.console_lines + query.start) if query.start < 0 else query.start
    is_some = query.stream is not None or query.label is not None
    end = run.console_lines if is_some else min(run.console_lines, first + query.limit)
    found = (
        line
        for line in lines_from(lambda: nullcontext(session), run.id, first, end, label=query.label)
        if query.stream is None or line.stream == query.stream
    )
    labels = session.scalars(sa.select(Writer.label).where(Writer.run_id == run.id).distinct().order_by(Writer.label))
    return ConsolePage(list(islice(found, query.limit)), run.console_lines, [*labels])


def plain(text: str) -> str:
    """A line as it reads on a screen: without its colours, and of one that rewrites itself its last state."""
    if "\r" in text:
        text = text.rstrip("\r").rpartition("\r")[2]
    return _SEQUENCE.sub("", text) if "\x1b" in text else text


def lines_from(
    open_session: Callable[[], AbstractContextManager[Session]],
    run_id: str,
    start: int,
    end: int,
    *,
    label: str | None = None,
) -> Iterator[ConsoleText]:
    """The lines of these numbers, of one process alone where its label is given, read in short transactions."""
    while start < end:
        statement = (
            sa.select(ConsoleBlock, Writer.label)
            .join(Writer, Writer.id == ConsoleBlock.writer_id)
            .where(ConsoleBlock.run_id == run_id, ConsoleBlock.first_number < end)
            .where(ConsoleBlock.first_number + ConsoleBlock.line_count > start)
            .order_by(ConsoleBlock.first_number)
            .limit(BLOCKS_AT_ONCE)
        )
        with open_session() as session:
            blocks = session.execute(statement).all()
        for block, of in blocks:
            if label is None or of == label:
                yield from (line for line in _lines(block, of) if start <= line.number < end)
        if len(blocks) < BLOCKS_AT_ONCE:
            return
        start = blocks[-1][0].first_number + blocks[-1][0].line_count


def decoded(block: ConsoleBlock) -> list[tuple[int, Literal["stdout", "stderr"], str]]:
    """The lines of a block: the time, the stream and the text of each."""
    rows = _decode(zlib.decompress(block.payload))
    return [(time_ms, "stderr" if is_stderr else "stdout", text) for time_ms, is_stderr, text in rows]


def _lines(block: ConsoleBlock, label: str) -> list[ConsoleText]:
    return [
        ConsoleText(block.first_number + place, time_ms, stream, text, label)
        for place, (time_ms, stream, text) in enumerate(decoded(block))
    ]
