"""The routes of one whole run, which spans domains."""

from __future__ import annotations

from flask import Response, current_app

from tracker_server import corrections, runs
from tracker_server.db import Database
from tracker_server.http import Api, Call
from tracker_server.runs.schema import (
    ConsoleFound,
    ConsoleSearch,
    NewStop,
    RunChanges,
    RunDetail,
    RunEvents,
    RunQuery,
)
from tracker_server.search import events, export, printed
from tracker_server.search import run as whole

api = Api("runs")


@api.get("/runs/<run_id>", query=RunQuery, reply=RunDetail)
def get_run(call: Call, run_id: str, query: RunQuery) -> RunDetail:
    """One run, whole: every config key and metric, or as many of these as asked for, and where it ran."""
    return _detail(call, runs.get(call.session, run_id), query)


@api.patch("/runs/<run_id>", query=RunQuery, body=RunChanges, reply=RunDetail)
def change_run(call: Call, run_id: str, query: RunQuery, body: RunChanges) -> RunDetail:
    """Rename, annotate, tag, colour or archive a run."""
    changed = runs.change(call.session, run_id, body, actor_id=call.actor_id, now_ms=call.now_ms)
    if isinstance(body.is_archived, bool):
        by = {"actor_id": call.actor_id, "now_ms": call.now_ms}
        corrections.archive(call.session, changed, is_archived=body.is_archived, reason=body.reason, **by)
    return _detail(call, changed, query)


@api.post("/runs/<run_id>/restore", query=RunQuery, reply=RunDetail)
def restore_run(call: Call, run_id: str, query: RunQuery) -> RunDetail:
    """Bring a run back from the trash."""
    run = corrections.restore(call.session, run_id, actor_id=call.actor_id, now_ms=call.now_ms)
    return _detail(call, run, query)


@api.post("/runs/<run_id>/stop", query=RunQuery, body=NewStop, reply=RunDetail)
def stop_run(call: Call, run_id: str, query: RunQuery, body: NewStop) -> RunDetail:
    """Ask a running run to stop: its processes are told at their next word to the server, and end it themselves."""
    run = runs.get(call.session, run_id)
    runs.request_stop(run, body.reason, actor=call.actor, now_ms=call.now_ms)
    return _detail(call, run, query)


@api.get("/runs/<run_id>/events", reply=RunEvents)
def read_run_events(call: Call, run_id: str) -> RunEvents:
    """What happened to a run, from its start to what became of its models, oldest first."""
    return RunEvents(events.of_run(call.session, runs.get(call.session, run_id)))


@api.get("/runs/<run_id>/console/search", query=ConsoleSearch, reply=ConsoleFound)
def search_console(call: Call, run_id: str, query: ConsoleSearch) -> ConsoleFound:
    """The numbers of the printed lines that fit, among a hundred thousand at a time."""
    return printed.look(_database().reading, runs.get(call.session, run_id), query)


@api.get("/runs/<run_id>/console/text", media_types=("text/plain",))
def download_console(call: Call, run_id: str) -> Response:
    """All that was printed, as text without its colours."""
    run = runs.get(call.session, run_id)
    lines = export.console(_database().reading, run.id, run.console_lines)
    return _saved(Response(lines, mimetype="text/plain"), f"{run.id}.txt")


@api.get("/runs/<run_id>/export", media_types=("application/zip",))
def export_run(call: Call, run_id: str) -> Response:
    """A run to take away, as a ZIP archive: what it was, every point as CSV, and what it printed."""
    run = runs.get(call.session, run_id)
    detail = _detail(call, run, RunQuery(hidden=1))
    parts = export.archive(_database().reading, detail, now_ms=call.now_ms)
    return _saved(Response(parts, mimetype="application/zip"), f"{run.id}.zip")


def _saved(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _database() -> Database:
    database: Database = current_app.extensions["tracker.database"]
    return database


def _detail(call: Call, run: runs.Run, query: RunQuery) -> RunDetail:
    lost_after_ms = call.settings.lost_after_ms
    return whole.describe(call.session, run, query, now_ms=call.now_ms, lost_after_ms=lost_after_ms)
