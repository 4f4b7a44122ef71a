"""The routes of one whole run, which spans domains."""

from __future__ import annotations

from tracker_server import corrections, runs
from tracker_server.http import Api, Call
from tracker_server.runs.schema import NewStop, RunChanges, RunDetail, RunQuery
from tracker_server.search import run as whole

api = Api("runs")


@api.get("/runs/<run_id>", query=RunQuery, reply=RunDetail)
def get_run(call: Call, run_id: str, query: RunQuery) -> RunDetail:
    """One run, whole: every config key and metric, or as many of these as asked for, and where it ran."""
    return _detail(call, runs.get(call.session, run_id), query)


@api.patch("/runs/<run_id>", query=RunQuery, body=RunChanges, reply=RunDetail)
def change_run(call: Call, run_id: str, query: RunQuery, body: RunChanges) -> RunDetail:
    """Rename, annotate, tag or archive a run."""
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


def _detail(call: Call, run: runs.Run, query: RunQuery) -> RunDetail:
    lost_after_ms = call.settings.lost_after_ms
    return whole.describe(call.session, run, query, now_ms=call.now_ms, lost_after_ms=lost_after_ms)
