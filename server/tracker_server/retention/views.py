"""The routes of the trash, and of what is stored."""

from __future__ import annotations

from flask import Response, after_this_request, current_app

from tracker_server import artifacts, runs
from tracker_server.db import Database
from tracker_server.http import Api, Call
from tracker_server.retention import blobs, purging, storage, trash
from tracker_server.retention.schema import Purged, PurgeRequest, RunHoldings, Storage, Trash, TrashQuery

api = Api("retention")


@api.get("/projects/<project>/trash", query=TrashQuery, reply=Trash)
def list_trash(call: Call, project: str, query: TrashQuery) -> Trash:
    """The runs and metrics in the trash of a project: who put them there, when and why, and how large they are."""
    return trash.look(call.session, runs.project(call.session, project), limit=query.limit)


@api.get("/runs/<run_id>/holdings", reply=RunHoldings)
def read_run_holdings(call: Call, run_id: str) -> RunHoldings:
    """What goes with a run when it is deleted, and which model versions keep it from being purged."""
    return trash.holdings(call.session, runs.get(call.session, run_id))


@api.post("/projects/<project>/trash/purge", access="manage", body=PurgeRequest, reply=Purged)
def purge_trash(call: Call, project: str, body: PurgeRequest) -> Purged:
    """Delete for good what is in the trash, and the files that nothing refers to any more."""
    owner = runs.project(call.session, project)
    purged = purging.purge(call.session, owner, body, actor_id=call.actor_id, now_ms=call.now_ms)
    after_this_request(_sweep)
    return purged


@api.get("/storage", reply=Storage)
def read_storage(call: Call) -> Storage:
    """How many bytes the server keeps, in all and by project."""
    return storage.measure(call.session)


def _sweep(response: Response) -> Response:
    """After the commit: a file is removed only for what is committed."""
    database: Database = current_app.extensions["tracker.database"]
    blobs.sweep(database, artifacts.blob_store())
    return response
