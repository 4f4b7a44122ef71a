"""The route of journals. Its batches share commits, so the session of its request stays unused."""

from __future__ import annotations

from typing import Literal

import msgspec
from flask import Flask, current_app, request

from tracker_server import runs
from tracker_server.bounds import Id
from tracker_server.db import Database
from tracker_server.http import Api, Call, read_body
from tracker_server.ingest import service
from tracker_server.ingest.group import Bounds, Group
from tracker_server.ingest.pace import Pace
from tracker_server.ingest.plain import store_plain
from tracker_server.ingest.schema import Receipt
from tracker_server.rights import Level
from tracker_server.settings import Settings
from tracker_server.vitals import Vitals

api = Api("ingest")


def install(app: Flask, database: Database, settings: Settings) -> None:
    """Give the app the group that its journals are stored by, and the pace that it asks of their writers."""
    bounds = Bounds(waiting=settings.max_waiting_batches, waiting_bytes=settings.max_waiting_bytes)
    app.extensions["tracker.ingest"] = Group(database, store_plain, service.store, bounds)
    app.extensions["tracker.pace"] = Pace(settings.live_requests_per_s)


class JournalQuery(msgspec.Struct, frozen=True):
    """`writer` made the journal; `allow_gaps` (1) admits that records are missing, because it is damaged.

    `resume` overrides what the writer asks of its run: whether it must, or must not, be there.
    """

    writer: Id
    allow_gaps: int = 0
    resume: Literal["", "allow"] = ""


@api.post("/runs/<run_id>/journal", query=JournalQuery, body_kind="bytes", reply=Receipt)
def take_in_journal(call: Call, run_id: str, query: JournalQuery) -> Receipt:
    """Store frames of a writer's journal, once; an empty body is a heartbeat."""
    if call.level is Level.NONE:
        raise runs.elsewhere(run_id)
    body = read_body(request, call.settings.max_journal_bytes)
    batch = service.read(
        run_id,
        query.writer,
        body,
        allow_gaps=bool(query.allow_gaps),
        allow_resume=query.resume == "allow",
        actor_id=call.actor_id,
        now_ms=call.now_ms,
        rights=call.rights,
    )
    group: Group[service.Batch, Receipt] = current_app.extensions["tracker.ingest"]
    vitals: Vitals = current_app.extensions["tracker.vitals"]
    with vitals.waiting.track_inprogress():
        receipt = group.store(batch, size_bytes=len(body))
    if not body:
        return receipt
    vitals.batches.inc()
    vitals.points.inc(batch.point_count())
    pace: Pace = current_app.extensions["tracker.pace"]
    asked_ms = pace.heard(run_id, query.writer)
    return receipt if asked_ms is None else msgspec.structs.replace(receipt, flush_after_ms=asked_ms)
