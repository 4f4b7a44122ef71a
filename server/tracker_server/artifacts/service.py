"""Artifacts: versions made from the manifests that runs log, and who made and used them.

What always holds: a version is never changed; equal manifests of an artifact are one version; versions count up from 1
without a gap; every file of a version is a blob that the store has, or a reference to bytes that lie elsewhere, which
the server never opens.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import ArtifactCopied, ArtifactLogged
from tracker_server import db, narrowing, runs
from tracker_server.artifacts import holding, manifests, names
from tracker_server.artifacts.live import is_live
from tracker_server.artifacts.manifests import Manifest, OtherBlob
from tracker_server.artifacts.models import (
    Artifact,
    ArtifactAlias,
    ArtifactFile,
    ArtifactReference,
    ArtifactVersion,
    Blob,
    RunArtifactLink,
)
from tracker_server.errors import NotFound, Refused

MAX_ID = 2**63 - 1


def missing(session: Session, digests: Iterable[str], actor_id: int) -> list[str]:
    """Those of the digests that are not stored, or not the actor's to name, in their order, each once."""
    wanted = dict.fromkeys(digests)
    possible = [digest for digest in wanted if digest.isalnum()]  # no database is asked for what it could not hold
    listed = db.listed(possible)
    is_stored = sa.exists().where(Blob.digest == listed.c.value, Blob.condemned_ms.is_(None))
    have = holding.held(session, possible, actor_id)
    have.difference_update(session.scalars(sa.select(listed.c.value).where(~is_stored)))
    return [digest for digest in wanted if digest not in have]


def note_blob(session: Session, digest: str, size_bytes: int, *, now_ms: int) -> None:
    """The store has these bytes now; see `note_blobs`."""
    note_blobs(session, {digest: size_bytes}, now_ms=now_ms)


def note_blobs(session: Session, sizes: Mapping[str, int], *, now_ms: int) -> None:
    """The store has these bytes now; a reprieve where they were condemned. Waits for whoever removes them."""
    rows = [
        {"digest": digest, "size_bytes": size_bytes, "created_ms": now_ms}
        for digest, size_bytes in sorted(sizes.items())
    ]  # in one order, so that two who note the same wait for each other in turn
    reprieved = {"created_ms": now_ms, "condemned_ms": None}
    statement = db.insert(session, Blob).on_conflict_do_update(index_elements=["digest"], set_=reprieved)
    if rows:
        session.execute(statement, rows)


def log_version(
    session: Session,
    run: runs.Run,
    record: ArtifactLogged,
    *,
    manifest: Manifest | None = None,
    actor_id: int,
    now_ms: int,
) -> ArtifactVersion:
    """The version of these files, made where it is new, as an output of the run; its aliases move to it.

    `manifest` is that of the record's files, from who has read it before the transaction. One that lies in the trash
    comes back. Raises Refused for a name, alias, path or reference that is not one, for metadata that is not JSON, and
    for a file whose size is not that of its blob.
    """
    _check_words(record)
    manifest = manifest or manifests.read(record.files)
    _check_held(session, manifest, actor_id)
    artifact = _artifact(session, run.project_id, record, actor_id=actor_id, now_ms=now_ms)
    version = find_version(session, artifact, manifest.digest)
    if version is None:
        version = _create(session, artifact, run.id, record, manifest, actor_id=actor_id, now_ms=now_ms)
    _restore(version)
    _link(session, run.id, version.id, "output", record.time_ms)
    move_aliases(session, version, record.aliases, actor_id=actor_id, now_ms=now_ms)
    return version


def put_back(
    session: Session, project_id: int, record: ArtifactCopied, run_ids: Collection[str], *, actor_id: int, now_ms: int
) -> ArtifactVersion:
    """The version as another server had it; made where it is new, with its number where that is free.

    `run_ids` are the runs that are here. An alias that another version holds stays there. Raises as `log_version`.
    """
    made_by = record.run if record.run in run_ids else None
    logged = ArtifactLogged(record.created_ms, record.name, record.kind, record.files, record.metadata, record.aliases)
    _check_words(logged)
    manifest = manifests.read(record.files)
    _check_held(session, manifest, actor_id)
    artifact = _artifact(session, project_id, logged, actor_id=actor_id, now_ms=now_ms)
    found = find_version(session, artifact, manifest.digest)
    version = found or _create_again(session, artifact, made_by, record, manifest, logged, actor_id)
    _restore(version)
    version.run_id = version.run_id or made_by
    for use in record.uses:
        if use.run in run_ids:
            _link(session, use.run, version.id, use.direction, use.time_ms)
    for alias in dict.fromkeys(record.aliases):
        held = {"artifact_id": artifact.id, "alias": alias, "version_id": version.id}
        row = db.insert(session, ArtifactAlias).values(**held, moved_ms=now_ms, moved_by=actor_id)
        session.execute(row.on_conflict_do_nothing(index_elements=["artifact_id", "alias"]))
    return version


def _create_again(
    session: Session,
    artifact: Artifact,
    run_id: str | None,
    record: ArtifactCopied,
    manifest: Manifest,
    logged: ArtifactLogged,
    actor_id: int,
) -> ArtifactVersion:
    is_same = (ArtifactVersion.artifact_id == artifact.id, ArtifactVersion.version == record.version)
    is_taken = record.version < 1 or session.scalar(sa.select(ArtifactVersion.id).where(*is_same)) is not None
    highest = artifact.next_version
    artifact.next_version = highest if is_taken else record.version
    made = _create(session, artifact, run_id, logged, manifest, actor_id=actor_id, now_ms=record.created_ms)
    artifact.next_version = max(artifact.next_version, highest)
    return made


def find_version(session: Session, artifact: Artifact, digest: str) -> ArtifactVersion | None:
    """The version of an artifact whose manifest has that digest."""
    is_same = (ArtifactVersion.artifact_id == artifact.id, ArtifactVersion.digest == digest)
    return session.scalar(sa.select(ArtifactVersion).where(*is_same))


def use(session: Session, run: runs.Run, version_id: int, *, time_ms: int) -> None:
    """Note that the run read this version. Raises NotFound."""
    get_version(session, version_id)
    _link(session, run.id, version_id, "input", time_ms)


def get_version(session: Session, version_id: int) -> ArtifactVersion:
    """The version of that id. Raises NotFound."""
    found = session.get(ArtifactVersion, version_id) if 0 < version_id <= MAX_ID else None
    if found is None:
        raise NotFound("unknown_artifact_version", f"there is no artifact version {version_id}")
    return found


def project_id_of(session: Session, version_id: int) -> int | None:
    """The project of an artifact version, whoever asks."""
    if not 0 < version_id <= MAX_ID:
        return None
    statement = sa.select(Artifact.project_id).join(ArtifactVersion, ArtifactVersion.artifact_id == Artifact.id)
    return session.scalar(statement.where(ArtifactVersion.id == version_id))


def files_of(session: Session, version_id: int) -> list[ArtifactFile]:
    """The files of a version whose bytes are here, by path."""
    statement = sa.select(ArtifactFile).where(ArtifactFile.version_id == version_id).order_by(ArtifactFile.path)
    return list(session.scalars(statement))


def file_of(session: Session, version_id: int, path: str) -> ArtifactFile:
    """One file of a version. Raises NotFound, also for one that lies elsewhere, and says where."""
    get_version(session, version_id)
    found = session.get(ArtifactFile, (version_id, path))
    if found is not None:
        return found
    reference = session.get(ArtifactReference, (version_id, path))
    if reference is None:
        raise NotFound("unknown_file", f"artifact version {version_id} has no file {path!r}")
    raise NotFound(
        "only_referenced",
        f"{path!r} of artifact version {version_id} lies at {reference.reference}, and the server has no copy of it; "
        "fetch it from there",
    )


def references_of(session: Session, version_id: int) -> list[ArtifactReference]:
    """The files of a version that lie elsewhere, by path."""
    statement = sa.select(ArtifactReference).where(ArtifactReference.version_id == version_id)
    return list(session.scalars(statement.order_by(ArtifactReference.path)))


def reference_of(session: Session, version_id: int, path: str) -> ArtifactReference | None:
    """The file of that path, where it is one whose bytes lie elsewhere. Raises NotFound for no version."""
    get_version(session, version_id)
    return session.get(ArtifactReference, (version_id, path))


def count_of_run(session: Session, run_id: str) -> int:
    """How many versions the run made or read, without those in the trash."""
    link = RunArtifactLink
    statement = sa.select(sa.func.count(sa.distinct(link.version_id))).where(link.run_id == run_id, is_live())
    return session.scalar(statement.join(ArtifactVersion, ArtifactVersion.id == link.version_id)) or 0


def move_aliases(
    session: Session, version: ArtifactVersion, aliases: Sequence[str], *, actor_id: int, now_ms: int
) -> None:
    """Have these aliases of its artifact point at the version."""
    for alias in dict.fromkeys(aliases):
        moved = {"version_id": version.id, "moved_ms": now_ms, "moved_by": actor_id}
        row = db.insert(session, ArtifactAlias).values(artifact_id=version.artifact_id, alias=alias, **moved)
        session.execute(row.on_conflict_do_update(index_elements=["artifact_id", "alias"], set_=moved))


def _check_words(record: ArtifactLogged) -> None:
    names.check_artifact(record.name)
    names.check_artifact(record.kind, "an artifact's type")
    for alias in record.aliases:
        names.check_alias(alias)
    try:
        json.dumps(record.metadata)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(
            "bad_record", f"the metadata of an artifact must be JSON-like: {error}", field="metadata"
        ) from error


def _check_held(session: Session, manifest: Manifest, actor_id: int) -> None:
    """Raises OtherBlob for a blob that is not the actor's to name; one that is not stored shows as the files are."""
    if narrowing.of(session) is None:
        return
    digests = {file.digest for file in manifest.files if not file.reference}
    held = holding.held(session, [digest for digest in digests if digest.isalnum()], actor_id)
    for file in manifest.files:
        if not file.reference and file.digest not in held:
            raise OtherBlob(file.path, file.size_bytes, None)


def _artifact(session: Session, project_id: int, record: ArtifactLogged, *, actor_id: int, now_ms: int) -> Artifact:
    """The artifact of that name, made where it is new, and locked: its next version is ours until the commit."""
    row = db.insert(session, Artifact).values(
        project_id=project_id,
        name=record.name,
        kind=record.kind,
        next_version=1,
        created_ms=now_ms,
        created_by=actor_id,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["project_id", "name"]))
    statement = sa.select(Artifact).where(Artifact.project_id == project_id, Artifact.name == record.name)
    return session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one()


def _create(
    session: Session,
    artifact: Artifact,
    run_id: str | None,
    record: ArtifactLogged,
    manifest: Manifest,
    *,
    actor_id: int,
    now_ms: int,
) -> ArtifactVersion:
    version = ArtifactVersion(
        artifact_id=artifact.id,
        version=artifact.next_version,
        digest=manifest.digest,
        run_id=run_id,
        size_bytes=manifest.size_bytes,
        file_count=len(manifest.files),
        details=record.metadata,
        created_ms=now_ms,
        created_by=actor_id,
    )
    artifact.next_version += 1
    session.add(version)
    session.flush()
    manifests.store(session, version.id, manifest)
    return version


def _restore(version: ArtifactVersion) -> None:
    """Take the version out of the trash: what is made again is meant to stay."""
    if version.deleted_ms is not None:
        version.deleted_ms = version.deleted_by = None
        version.deletion_reason = ""


def _link(session: Session, run_id: str, version_id: int, direction: str, time_ms: int) -> None:
    row = db.insert(session, RunArtifactLink).values(
        run_id=run_id, version_id=version_id, direction=direction, time_ms=time_ms
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["run_id", "version_id", "direction"]))
