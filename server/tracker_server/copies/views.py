"""The routes of copies: a run and a project as records, and a project's records in. A run's go in as any journal."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from tracker_server import narrowing, runs
from tracker_server.copies import project_in, project_out, run_out
from tracker_server.copies.schema import Taken
from tracker_server.db import Database
from tracker_server.http import Api, Call, read_body

api = Api("copies")


@api.get("/runs/<run_id>/journal")
def get_run_journal(call: Call, run_id: str) -> Response:
    """All of a run as the journal that makes it anew on another server; whole where it ends with `run_copied`."""
    run = runs.get(call.session, run_id)
    project = call.session.get_one(runs.Project, run.project_id)
    moment = run_out.moment(call.session, run, project.name, token=secrets.token_hex(8), now_ms=call.now_ms)
    return _sent(run_out.frames(_reading(call), moment))


@api.get("/projects/<project>/journal")
def get_project_journal(call: Call, project: str) -> Response:
    """What a project has besides its runs, as records: artifacts, models, saved views and corrections."""
    owner = runs.project(call.session, project)
    of = project_out.Source(_reading(call), owner.id, call.actor_id, call.now_ms)
    return _sent(project_out.frames(of))


@api.post("/projects/<project>/journal", access="promote", body_kind="bytes", reply=Taken)
def take_in_project_journal(call: Call, project: str) -> Taken:
    """Store such records, once; what the project has of its own stays as it is. There may be aliases among them."""
    owner = runs.project(call.session, project)
    records = project_in.read(read_body(request, call.settings.max_journal_bytes))
    return Taken(project_in.take_in(call.session, owner, records, actor_id=call.actor_id, now_ms=call.now_ms))


def _reading(call: Call) -> Callable[[], Session]:
    """Opens sessions that see what the request's own sees; it is closed before the answer is sent."""
    database: Database = current_app.extensions["tracker.database"]
    seen = narrowing.of(call.session)

    def opened() -> Session:
        session = database.reading()
        narrowing.narrow(session, seen)
        return session

    return opened


def _sent(frames: Iterator[bytes]) -> Response:
    return Response(frames, mimetype="application/octet-stream", headers={"Cache-Control": "no-store"})
