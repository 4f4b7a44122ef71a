"""Runs with files and numbers, for tests of what stands above them; made through the doors that ingest uses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tracker.records import ArtifactFile, ArtifactLogged, Logged, RunStarted
from tracker_server import artifacts, auth, metrics, runs
from tracker_server.artifacts.service import note_blob
from tracker_server.db import Database


@contextmanager
def writing(app: Flask) -> Iterator[Session]:
    """A session on the app's own database, committed at the end."""
    database: Database = app.extensions["tracker.database"]
    with database.writing() as session:
        yield session
        session.commit()


def log_run(
    session: Session,
    run_id: str = "run1",
    *,
    project: str = "digits",
    config: Mapping[str, Any] | None = None,
    values: Mapping[str, float] | None = None,
) -> runs.Run:
    """A run of ada's that has this config and has logged these values once."""
    actor = auth.ensure_operator(session, "ada", NOW_MS)
    record = RunStarted(NOW_MS, run_id, project, "w0", name=f"{run_id}-name")
    run = runs.start(session, record, actor_id=actor.id, now_ms=NOW_MS)
    runs.set_config(session, run, dict(config or {}))
    if values:
        metrics.append(session, run.id, "", "metric", [Logged(1, NOW_MS, dict(values))])
    return run


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest(files: Mapping[str, bytes], *, name: str = "model", **fields: Any) -> ArtifactLogged:
    """The record of an artifact with these files."""
    listed = tuple(ArtifactFile(path, digest_of(data), len(data)) for path, data in files.items())
    return ArtifactLogged(NOW_MS, name, fields.pop("kind", "model"), listed, **fields)


def log_artifact(
    session: Session, run: runs.Run, files: Mapping[str, bytes], *, name: str = "model", aliases: Sequence[str] = ()
) -> artifacts.ArtifactVersion:
    """A version that the run made. Its blobs are noted, but not in a store."""
    for data in files.values():
        note_blob(session, digest_of(data), len(data), now_ms=NOW_MS)
    record = manifest(files, name=name, aliases=tuple(aliases))
    return artifacts.log_version(session, run, record, actor_id=run.created_by, now_ms=NOW_MS)
