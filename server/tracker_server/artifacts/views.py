"""The routes of blobs and artifacts."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from flask import Response, request, send_file

from tracker_server import artifacts, runs
from tracker_server.artifacts import aliases, changes, data, holding, reading, service, tree
from tracker_server.artifacts.schema import (
    ArtifactAbout,
    ArtifactChanges,
    ArtifactDetail,
    ArtifactList,
    ArtifactListQuery,
    ArtifactQuery,
    ChangesQuery,
    DataComparison,
    DataRequest,
    DigestList,
    MissingDigests,
    RunArtifacts,
    StoredBlob,
    TreePage,
    TreeQuery,
    VersionPage,
    VersionsQuery,
)
from tracker_server.errors import NotFound, Refused, Unavailable
from tracker_server.http import Api, Call, reader, reply
from tracker_server.http.security import INERT_POLICY
from tracker_server.rights import Level

api = Api("artifacts")

_DIGEST = re.compile("[0-9a-f]{64}")


@api.post("/blobs/missing", access="read", body=DigestList, reply=MissingDigests)
def find_missing_blobs(call: Call, body: DigestList) -> MissingDigests:
    """Which of these digests the server does not have."""
    return MissingDigests(service.missing(call.session, body.digests, call.actor_id))


@api.put("/blobs/<digest>", body_kind="bytes", reply=StoredBlob, status=201, status_before=200)
def put_blob(call: Call, digest: str) -> Response:
    """Store bytes under their sha256; 200 where they are stored already."""
    _check(digest)
    blobs = artifacts.blob_store()
    stored_bytes = (
        blobs.settle(digest) if call.rights.everywhere >= Level.WRITE else None
    )  # others prove that they have them
    is_new = stored_bytes is None
    # The session's first statement comes after the bytes are on the disk: no lock is held while they stream.
    size_bytes = stored_bytes
    if size_bytes is None:
        size_bytes = blobs.put(digest, reader(request, call.settings.max_file_bytes))
    service.note_blob(call.session, digest, size_bytes, now_ms=call.now_ms)
    holding.note_sender(call.session, digest, call.actor_id)
    if not blobs.has(digest):
        raise Unavailable(
            "blob_went", f"the blob {digest} was removed as it arrived, as nothing used it; send it again"
        )
    return reply(StoredBlob(digest, size_bytes), 201 if is_new else 200)


@api.get("/blobs/<digest>")
def get_blob(call: Call, digest: str) -> Response:
    """The bytes of a digest."""
    _check(digest)
    if not artifacts.may_read(call.session, digest):
        raise NotFound("unknown_blob", f"there is no blob {digest}")
    return _attachment(digest, digest)


@api.get("/projects/<project>/artifacts", query=ArtifactListQuery, reply=ArtifactList)
def list_artifacts(call: Call, project: str, query: ArtifactListQuery) -> ArtifactList:
    """The newest version of each artifact of a project."""
    return reading.of_project(call.session, runs.project(call.session, project), query)


@api.get("/projects/<project>/artifacts/<artifact>/versions", query=VersionsQuery, reply=VersionPage)
def list_artifact_versions(call: Call, project: str, artifact: str, query: VersionsQuery) -> VersionPage:
    """The versions of an artifact."""
    return reading.versions_of(call.session, runs.project(call.session, project), artifact, query)


@api.post("/projects/<project>/data/compare", access="read", body=DataRequest, reply=DataComparison)
def compare_data(call: Call, project: str, body: DataRequest) -> DataComparison:
    """What each of some runs read, and what differs."""
    runs.project(call.session, project)
    return data.compare(call.session, body)


@api.get("/projects/<project>/artifact", query=ArtifactQuery, reply=ArtifactDetail)
def resolve_artifact(call: Call, project: str, query: ArtifactQuery) -> ArtifactDetail:
    """The version that a reference such as `name:v3` or `name:latest` means, with its files."""
    return reading.resolved(call.session, runs.project(call.session, project), query.ref)


@api.get("/runs/<run_id>/artifacts", reply=RunArtifacts)
def list_run_artifacts(call: Call, run_id: str) -> RunArtifacts:
    """What a run made and read."""
    return RunArtifacts(reading.of_run(call.session, runs.get(call.session, run_id)))


@api.get("/artifact-versions/<int:version_id>", reply=ArtifactDetail)
def get_artifact_version(call: Call, version_id: int) -> ArtifactDetail:
    """One version with its files."""
    return reading.detail(call.session, version_id)


@api.get("/artifact-versions/<int:version_id>/about", reply=ArtifactAbout)
def get_artifact_about(call: Call, version_id: int) -> ArtifactAbout:
    """One version without its files."""
    return reading.about(call.session, version_id)


@api.get("/artifact-versions/<int:version_id>/tree", query=TreeQuery, reply=TreePage)
def get_artifact_tree(call: Call, version_id: int, query: TreeQuery) -> TreePage:
    """What lies in one folder of a version, or what is found below it."""
    return tree.page(call.session, version_id, query)


@api.get("/artifact-versions/<int:version_id>/changes", query=ChangesQuery, reply=ArtifactChanges)
def get_artifact_changes(call: Call, version_id: int, query: ChangesQuery) -> ArtifactChanges:
    """What changed from another version to this one."""
    return changes.between(call.session, version_id, query)


@api.put("/artifact-versions/<int:version_id>/aliases/<alias>", reply=ArtifactAbout)
def move_artifact_alias(call: Call, version_id: int, alias: str) -> ArtifactAbout:
    """Have an alias point at this version."""
    aliases.move(call.session, version_id, alias, actor_id=call.actor_id, now_ms=call.now_ms)
    return reading.about(call.session, version_id)


@api.delete("/artifact-versions/<int:version_id>/aliases/<alias>", reply=ArtifactAbout)
def remove_artifact_alias(call: Call, version_id: int, alias: str) -> ArtifactAbout:
    """Take an alias off this version."""
    aliases.take_off(call.session, version_id, alias, actor_id=call.actor_id, now_ms=call.now_ms)
    return reading.about(call.session, version_id)


@api.get("/artifact-versions/<int:version_id>/files/<path:path>")
def get_artifact_file(call: Call, version_id: int, path: str) -> Response:
    """The bytes of one file of a version."""
    file = service.file_of(call.session, version_id, path)
    return _attachment(file.digest, PurePosixPath(file.path).name)


def _check(digest: str) -> None:
    """Only a digest may become a path on the disk."""
    if not _DIGEST.fullmatch(digest):
        raise Refused("bad_digest", f"{digest[:80]!r} is not a sha256 of 64 hexadecimal digits", field="digest")


def _attachment(digest: str, name: str) -> Response:
    """Bytes to be saved: whatever they are, they are never shown or run in our origin."""
    response = send_file(
        artifacts.blob_store().path(digest),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=name,
        etag=digest,
        conditional=True,
    )
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = INERT_POLICY
    return response
