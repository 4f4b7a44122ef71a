"""Files that are removed while the same bytes are sent again: one of both happens first, and nothing is lost."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.server.logged import digest_of
from tests.server.test_retention import condemn_all, has_blob, sweep, upload
from tracker_server import artifacts
from tracker_server.artifacts.models import Blob
from tracker_server.db import Database
from tracker_server.settings import Settings

DATA = b"weights" * 1000


class Arriving(io.BytesIO):
    """A body during whose arrival something else happens, once."""

    def __init__(self, data: bytes, meanwhile: Callable[[], None]) -> None:
        super().__init__(data)
        self._meanwhile: Callable[[], None] | None = meanwhile

    def read(self, size: int | None = -1, /) -> bytes:
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
        return super().read(size)


def put(client: FlaskClient, body: io.BytesIO) -> int:
    return client.put(f"/api/v1/blobs/{digest_of(DATA)}", input_stream=body, content_length=len(DATA)).status_code


def test_bytes_that_arrive_while_the_old_file_is_removed_are_kept(client: FlaskClient, app: Flask) -> None:
    upload(client, DATA)
    condemn_all(app)
    with app.app_context():
        artifacts.blob_store().remove(digest_of(DATA))  # so far a sweep had come when the server was killed
    assert put(client, Arriving(DATA, lambda: sweep(app))) == 201
    sweep(app)
    assert has_blob(client, DATA)


def test_an_upload_whose_file_was_removed_before_it_was_noted_is_to_be_sent_again(
    client: FlaskClient, app: Flask
) -> None:
    upload(client, DATA)
    condemn_all(app)
    settings: Settings = app.extensions["tracker.settings"]
    artifacts.install(app, Sweeping(settings.blobs, lambda: sweep(app)))
    assert client.put(f"/api/v1/blobs/{digest_of(DATA)}", data=DATA).status_code == 503
    assert client.put(f"/api/v1/blobs/{digest_of(DATA)}", data=DATA).status_code == 201
    sweep(app)
    assert has_blob(client, DATA)


class Sweeping(artifacts.BlobStore):
    """A store that says that it has a file, which is removed right afterwards."""

    def __init__(self, folder: Path, meanwhile: Callable[[], None]) -> None:
        super().__init__(folder)
        self._meanwhile: Callable[[], None] | None = meanwhile

    def size(self, digest: str) -> int | None:
        found = super().size(digest)
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
        return found


def test_two_sweeps_at_once_remove_everything_and_none_fails(client: FlaskClient, app: Flask) -> None:
    contents = [b"%d" % number for number in range(250)]
    upload(client, *contents)
    condemn_all(app)
    database: Database = app.extensions["tracker.database"]
    run_together(lambda: sweep(app), 3)
    assert not any(has_blob(client, data) for data in contents[::50])
    with database.reading() as session:
        assert session.scalars(sa.select(Blob.digest)).all() == []


def run_together(work: Callable[[], None], count: int) -> None:
    """Do the work in so many threads at once; raises what one of them raised."""
    with ThreadPoolExecutor(count) as pool:
        for future in [pool.submit(work) for _ in range(count)]:
            future.result(timeout=60)
