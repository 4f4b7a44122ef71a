"""Versions of very many files: stored in a few statements, whole or not at all, and nobody waits long for them."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.frames import START_MS, Journal
from tests.processes import Server
from tests.server.logged import digest_of, log_run, manifest, writing
from tracker.records import ArtifactFile, ArtifactLogged, MediaLogged
from tracker_server import artifacts
from tracker_server.artifacts.models import ArtifactFolder
from tracker_server.artifacts.service import note_blob
from tracker_server.errors import Refused

DATA = [b"%d" % number for number in range(7)]
PROGRAM = {"X-Tracker-Client": "test"}


def listed(count: int, name: str = "data") -> ArtifactLogged:
    """So many files in folders of a thousand, of few contents."""
    files = {f"{number // 1000:03}/ä {number:06}.bin": DATA[number % len(DATA)] for number in range(count)}
    return manifest(files, name=name, kind="dataset")


def store(session: Session, run: Any, record: ArtifactLogged) -> artifacts.ArtifactVersion:
    for data in DATA:
        note_blob(session, digest_of(data), len(data), now_ms=NOW_MS)
    session.flush()
    return artifacts.log_version(session, run, record, actor_id=run.created_by, now_ms=NOW_MS)


def test_many_files_are_stored_in_few_statements_that_do_not_come_back_for_each(session: Session) -> None:
    run = log_run(session)
    store(session, run, listed(1, "other"))
    told: list[bool] = []
    sa.event.listen(session.get_bind(), "before_cursor_execute", lambda *args: told.append(args[5]))
    version = store(session, run, listed(25_000))
    assert len(told) < 25
    assert not any(told)
    assert [file.path for file in artifacts.files_of(session, version.id)] == sorted(
        file.path for file in listed(25_000).files
    )
    counts = sa.select(ArtifactFolder.name, ArtifactFolder.file_count).where(ArtifactFolder.version_id == version.id)
    found = {row.name: row.file_count for row in session.execute(counts)}
    assert found == {"": 25_000, **{f"{number:03}": 1000 for number in range(25)}}


def test_one_of_many_that_is_not_the_size_of_its_blob_is_named(session: Session) -> None:
    run = log_run(session)
    files = list(listed(12_000).files)
    files[11_500] = ArtifactFile(files[11_500].path, files[11_500].digest, 9)
    with pytest.raises(Refused, match=r"011/ä 011500\.bin' is said to have 9 bytes, its blob has 1"):
        store(session, run, ArtifactLogged(NOW_MS, "data", "dataset", tuple(files)))


@pytest.mark.parametrize("media", [[], [MediaLogged(1, NOW_MS, "a", "image", digest_of(b"image"), 5)]], ids=len)
def test_who_sends_is_told_of_all_bytes_that_are_missing_and_nothing_is_stored(
    client: FlaskClient, app: Flask, media: list[MediaLogged]
) -> None:
    records = [manifest({"a": b"here", "b": b"first"}, name="one"), manifest({"a": b"second"}, name="two"), *media]
    lacking = {digest_of(b"first"), digest_of(b"second"), *(one.digest for one in media)}
    with writing(app) as session:
        note_blob(session, digest_of(b"here"), 4, now_ms=NOW_MS)
    answer = Journal().started().add(*records).post(client)
    assert answer.status_code == 409
    assert answer.json is not None
    assert set(answer.json["error"]["digests"]) == lacking
    assert client.get("/api/v1/runs/run1").status_code == 404


def test_a_digest_that_no_database_could_hold_is_refused(client: FlaskClient) -> None:
    record = ArtifactLogged(NOW_MS, "data", "dataset", (ArtifactFile("a", "0\0" * 32, 1),))
    assert Journal().started().add(record).post(client).status_code == 422


def test_a_server_killed_while_it_stores_many_files_has_them_once_in_the_end_and_others_write(tmp_path: Path) -> None:
    chance = random.Random(3)
    many = Journal().started().add(listed(30_000))
    with Server(tmp_path / "data") as server:
        for data in DATA:
            requests.put(f"{server.url}/api/v1/blobs/{digest_of(data)}", data=data, headers=PROGRAM, timeout=20)
        for _ in range(2):
            sender = threading.Thread(target=_post, args=(server.url, many))
            sender.start()
            sender.join(chance.uniform(0.1, 0.5))  # wherever it is by then
            server.kill()
            sender.join()
            server.start()
            assert _versions(server.url) in ([], [(1, 30_000)])
        sender = threading.Thread(target=_post_until_stored, args=(server.url, many))
        sender.start()
        _post_until_stored(server.url, Journal(run_id="other").started(START_MS))
        sender.join()
        assert _versions(server.url) == [(1, 30_000)]
        (artifact,) = requests.get(f"{server.url}/api/v1/runs/run1/artifacts", timeout=20).json()["artifacts"]
        tree = requests.get(f"{server.url}/api/v1/artifact-versions/{artifact['id']}/tree", timeout=20).json()
        assert (tree["file_count"], tree["folder_count"]) == (30_000, 30)


def _post_until_stored(url: str, journal: Journal) -> None:
    """As a client does, who is told to come again where it would have to wait for long."""
    while (answer := _post(url, journal)) is None or answer.status_code == 503:
        pass
    assert answer.status_code == 200


def _post(url: str, journal: Journal) -> requests.Response | None:
    address = f"{url}/api/v1/runs/{journal.run_id}/journal?writer={journal.writer}"
    try:
        return requests.post(address, data=journal.body(), headers=PROGRAM, timeout=60)
    except requests.RequestException:
        return None


def _versions(url: str) -> list[tuple[int, int]]:
    answer = requests.get(f"{url}/api/v1/runs/run1/artifacts", timeout=20)
    found = answer.json()["artifacts"] if answer.status_code == 200 else []
    return [(version["version"], version["file_count"]) for version in found]
