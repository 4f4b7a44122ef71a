"""The routes of superseded segments."""

from __future__ import annotations

from tracker_server import runs
from tracker_server.history import service
from tracker_server.history.schema import SegmentList
from tracker_server.http import Api, Call

api = Api("history")


@api.get("/runs/<run_id>/segments", reply=SegmentList)
def list_segments(call: Call, run_id: str) -> SegmentList:
    """What the run had at steps that a later process has superseded."""
    return SegmentList(service.segments(call.session, runs.get(call.session, run_id)))


@api.post("/runs/<run_id>/segments/<int:number>/restore", reply=SegmentList)
def restore_segment(call: Call, run_id: str, number: int) -> SegmentList:
    """Have a superseded segment count again; what stands in its place is superseded by it."""
    run = runs.get(call.session, run_id)
    service.restore(call.session, run, number, now_ms=call.now_ms)
    return SegmentList(service.segments(call.session, run))
