"""The route of journals."""

from __future__ import annotations

from typing import Literal

import msgspec
from flask import request

from tracker_server import runs
from tracker_server.http import Api, Call, read_body
from tracker_server.ingest import service
from tracker_server.runs.schema import StopCommand

api = Api("ingest")


class JournalQuery(msgspec.Struct, frozen=True):
    """`writer` made the journal; `allow_gaps` (1) admits that records are missing, because it is damaged.

    `resume` overrides what the writer asks of its run: whether it must, or must not, be there.
    """

    writer: str
    allow_gaps: int = 0
    resume: Literal["", "allow"] = ""


class Receipt(msgspec.Struct, frozen=True):
    """Everything before `next_seq` is stored for good. `commands` are for the run's process, and come again with every
    answer while they stand."""

    next_seq: int
    commands: list[StopCommand] = []


@api.post("/runs/<run_id>/journal", query=JournalQuery, body_kind="bytes", reply=Receipt)
def take_in_journal(call: Call, run_id: str, query: JournalQuery) -> Receipt:
    """Store frames of a writer's journal, once; an empty body is a heartbeat."""
    body = read_body(request, call.settings.max_journal_bytes)
    next_seq = service.take_in(
        call.session,
        run_id,
        query.writer,
        body,
        allow_gaps=bool(query.allow_gaps),
        allow_resume=query.resume == "allow",
        actor_id=call.actor_id,
        now_ms=call.now_ms,
    )
    return Receipt(next_seq, runs.commands(call.session, run_id, query.writer))
