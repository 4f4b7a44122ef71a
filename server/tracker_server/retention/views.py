"""The routes of the trash, and of what is stored."""

from __future__ import annotations

from flask import Response, after_this_request, current_app

from tracker_server import artifacts, runs
from tracker_server.db import Database
from tracker_server.http import Api, Call
from tracker_server.retention import blobs, policies, purging, space, storage, trash, versions
from tracker_server.retention.schema import (
    Fates,
    MovedVersions,
    Policy,
    ProjectSpace,
    Purged,
    PurgeRequest,
    RunHoldings,
    Storage,
    Trash,
    TrashQuery,
    VersionsRequest,
)

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


@api.get("/projects/<project>/space", reply=ProjectSpace)
def read_project_space(call: Call, project: str) -> ProjectSpace:
    """What takes space in a project, and how much of it is safe to delete."""
    return space.of_project(call.session, runs.project(call.session, project))


@api.get("/projects/<project>/artifacts/<artifact>/retention", reply=Fates)
def read_fates(call: Call, project: str, artifact: str) -> Fates:
    """What becomes of each version of an artifact, and why: what keeps it, and what its policy says."""
    found = policies.artifact_of(call.session, runs.project(call.session, project), artifact)
    return policies.fates(call.session, found, policies.read(found), now_ms=call.now_ms)


@api.post("/projects/<project>/artifacts/<artifact>/retention", access="read", body=Policy, reply=Fates)
def try_policy(call: Call, project: str, artifact: str, body: Policy) -> Fates:
    """What would become of each version under another policy. Nothing is changed."""
    found = policies.artifact_of(call.session, runs.project(call.session, project), artifact)
    return policies.fates(call.session, found, body, now_ms=call.now_ms)


@api.put("/projects/<project>/artifacts/<artifact>/policy", body=Policy, reply=Fates)
def choose_policy(call: Call, project: str, artifact: str, body: Policy) -> Fates:
    """Give an artifact a policy; what it lets go is in the trash afterwards."""
    owner = runs.project(call.session, project)
    return policies.choose(call.session, owner, artifact, body, actor_id=call.actor_id, now_ms=call.now_ms)


@api.post("/projects/<project>/versions/delete", body=VersionsRequest, reply=MovedVersions)
def delete_versions(call: Call, project: str, body: VersionsRequest) -> MovedVersions:
    """Put artifact versions into the trash; those that something keeps stay, and are named."""
    owner = runs.project(call.session, project)
    return versions.put_away(call.session, owner, body, actor_id=call.actor_id, now_ms=call.now_ms)


@api.post("/projects/<project>/versions/restore", body=VersionsRequest, reply=MovedVersions)
def restore_versions(call: Call, project: str, body: VersionsRequest) -> MovedVersions:
    """Take artifact versions out of the trash."""
    owner = runs.project(call.session, project)
    return versions.take_out(call.session, owner, body, actor_id=call.actor_id, now_ms=call.now_ms)


@api.get("/storage", reply=Storage)
def read_storage(call: Call) -> Storage:
    """How many bytes the server keeps, in all and by project."""
    return storage.measure(call.session)


def _sweep(response: Response) -> Response:
    """After the commit: a file is removed only for what is committed."""
    database: Database = current_app.extensions["tracker.database"]
    blobs.sweep(database, artifacts.blob_store(), current_app.extensions["tracker.thumbnails"])
    return response
