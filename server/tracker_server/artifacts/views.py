"""The routes of blobs and artifacts."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from flask import Response, request, send_file

from tracker_server import artifacts, runs
from tracker_server.artifacts import aliases, bulk, changes, data, holding, reading, sending, service, tree
from tracker_server.artifacts.schema import (
    ArrivedBytes,
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
    EntryQuery,
    FileEntry,
    MissingDigests,
    RunArtifacts,
    StoredBlob,
    StoredBlobs,
    TreePage,
    TreeQuery,
    UploadQuery,
    VersionPage,
    VersionsQuery,
)
from tracker_server.errors import NotFound, Refused, TooLarge, Unavailable
from tracker_server.http import Api, Call, filler, read_body, reply
from tracker_server.http.security import INERT_POLICY
from tracker_server.rights import Level

api = Api("artifacts")

_DIGEST = re.compile("[0-9a-f]{64}")


@api.post("/blobs/missing", access="read", body=DigestList, reply=MissingDigests)
def find_missing_blobs(call: Call, body: DigestList) -> MissingDigests:
    """Which of these digests the server does not have."""
    return MissingDigests(service.missing(call.session, body.digests, call.actor_id))


@api.post("/blobs/bulk", body_kind="bytes", reply=StoredBlobs)
def put_blobs(call: Call) -> StoredBlobs:
    """Store many small blobs at once: of each its sha256 (32 bytes), its length (4 bytes, little endian), its bytes."""
    blobs = bulk.parse(read_body(request, bulk.MAX_BULK_BYTES))
    artifacts.blob_store().put_many(blobs)
    _note(call, {digest: len(data) for digest, data in blobs.items()})
    return StoredBlobs(len(blobs))


@api.post("/blobs/fetch", access="read", body=DigestList)
def get_blobs(call: Call, body: DigestList) -> Response:
    """The bytes of many small digests, each once and in their order, framed as many are sent: all of them or none."""
    refused = holding.unreadable(call.session, body.digests)
    if refused is not None:
        raise NotFound("unknown_blob", f"there is no blob {refused}")
    store = artifacts.blob_store()
    sizes = bulk.sizes(store, body.digests)
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": "attachment",
        "Content-Security-Policy": INERT_POLICY,
    }
    response = Response(bulk.framed(store, sizes), mimetype="application/octet-stream", headers=headers)
    response.content_length = bulk.length(sizes)  # so that one that breaks off is known
    return response


@api.get("/blobs/<digest>/arrived", reply=ArrivedBytes)
def get_arrived_bytes(call: Call, digest: str) -> ArrivedBytes:
    """How much has come of what one was sending under this sha256 when that broke off."""
    _check(digest)
    return ArrivedBytes(artifacts.blob_store().arrived(digest, call.actor_id))


@api.put("/blobs/<digest>", query=UploadQuery, body_kind="bytes", reply=StoredBlob, status=201, status_before=200)
def put_blob(call: Call, digest: str, query: UploadQuery) -> Response:
    """Store bytes under their sha256; 200 where they are stored already.

    With `offset`, the body follows as many bytes that came before; what of it comes is kept where it breaks off.
    """
    _check(digest)
    blobs = artifacts.blob_store()
    stored_bytes = (
        blobs.settle(digest) if call.rights.everywhere >= Level.WRITE else None
    )  # others prove that they have them
    is_new = stored_bytes is None
    # The session's first statement comes after the bytes are on the disk: no lock is held while they stream.
    size_bytes = stored_bytes
    if size_bytes is None:
        limit_bytes = call.settings.max_file_bytes
        if query.offset > limit_bytes:
            raise TooLarge("too_large", f"a file has at most {limit_bytes} bytes; {query.offset} have come, it is said")
        fill = filler(request, limit_bytes - query.offset)
        size_bytes = blobs.receive(digest, fill, sender=call.actor_id, offset=query.offset)
    _note(call, {digest: size_bytes})
    return reply(StoredBlob(digest, size_bytes), 201 if is_new else 200)


def _note(call: Call, sizes: dict[str, int]) -> None:
    """Have what is in the store known, to be there and as the actor's."""
    service.note_blobs(call.session, sizes, now_ms=call.now_ms)
    holding.note_sender(call.session, sizes, call.actor_id)
    gone = artifacts.blob_store().lacking(sizes)
    if gone is not None:
        raise Unavailable("blob_went", f"the blob {gone} was removed as it arrived, as nothing used it; send it again")


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


@api.get("/projects/<project>/artifacts/<artifact>/versions/<pointer>", reply=ArtifactAbout)
def find_artifact_version(call: Call, project: str, artifact: str, pointer: str) -> ArtifactAbout:
    """The version that `v3`, `latest` or an alias is, without its files."""
    return reading.pointed(call.session, runs.project(call.session, project), artifact, pointer)


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


@api.get("/artifact-versions/<int:version_id>/entry", query=EntryQuery, reply=FileEntry)
def get_artifact_entry(call: Call, version_id: int, query: EntryQuery) -> FileEntry:
    """What a version says of one file."""
    return tree.entry(call.session, version_id, query.path)


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
    response = _attachment(file.digest, PurePosixPath(file.path).name)
    response.headers["Cache-Control"] = "private, no-cache"  # the id of a version that was purged may come again
    return response


def _check(digest: str) -> None:
    """Only a digest may become a path on the disk."""
    if not _DIGEST.fullmatch(digest):
        raise Refused("bad_digest", f"{digest[:80]!r} is not a sha256 of 64 hexadecimal digits", field="digest")


def _attachment(digest: str, name: str) -> Response:
    """Bytes to be saved: whatever they are, they are never shown or run in our origin."""
    path = artifacts.blob_store().path(digest)
    response = send_file(
        path,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=name,
        etag=digest,
        conditional=True,
    )
    sending.send_well(request, response, path, digest)
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = INERT_POLICY
    return response
