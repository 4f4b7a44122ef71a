"""Names: what a client refuses the server refuses too, at each of its doors, and none of them leaves a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import get_args
from urllib.parse import quote

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tests.hostile_names import HOSTILE_NAMES, Kind, may_name
from tracker import arguments, artifact, naming, records, values
from tracker.errors import TrackerError
from tracker.records import ArtifactFile, ArtifactLogged, Logged
from tracker.version_cache import _Cache, _understood

NAMES = [pytest.param(name, id=said) for said, (name, _) in HOSTILE_NAMES.items()]
WIRE_NAMES = [pytest.param(name, id=said) for said, (name, _) in HOSTILE_NAMES.items() if said != "half a pair"]
DATA = b"weights"
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("name", NAMES)
def test_one_function_decides_what_may_name_a_thing(name: str, kind: Kind) -> None:
    assert getattr(naming, f"is_{kind}")(name) is may_name(name, kind)


@pytest.mark.parametrize("name", NAMES)
def test_the_client_refuses_such_a_name_at_once(name: str, tmp_path: Path) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(DATA)

    def stage(**named: object) -> None:
        given = {"name": "weights", "kind": "model", "aliases": [], "metadata": None, "time_ms": 1} | named
        artifact.stage(source, tmp_path / "blobs", **given)  # type: ignore[arg-type]

    doors = {
        "project": lambda: arguments.project(name),
        "artifact": lambda: stage(name=name),
        "alias": lambda: stage(aliases=[name]),
        "metric": lambda: values.check_name(name, "log()"),
    }
    for kind, door in doors.items():
        if may_name(name, kind):  # type: ignore[arg-type]
            door()
        else:
            with pytest.raises(ValueError):  # noqa: PT011 (each has words of its own)
                door()


@pytest.mark.parametrize("name", WIRE_NAMES)
def test_the_server_refuses_such_a_name_in_a_journal(client: FlaskClient, name: str) -> None:
    client.put(f"/api/v1/blobs/{DIGEST}", data=DATA)
    file = (ArtifactFile("model.bin", DIGEST, len(DATA)),)
    of_name = (ArtifactFile(name, DIGEST, len(DATA)),)
    doors = {
        "artifact": ArtifactLogged(START_MS, name, "model", file),
        "alias": ArtifactLogged(START_MS, "weights", "model", file, aliases=(name,)),
        "path": ArtifactLogged(START_MS, "weights", "model", of_name),
        "metric": Logged(1, START_MS, {name: 1.0}),
    }
    for kind, record in doors.items():
        answer = Journal(run_id=f"run-{kind}").started().add(record).post(client)
        assert answer.status_code == (200 if may_name(name, kind) else 422), (kind, answer.text)  # type: ignore[arg-type]
    answer = Journal(run_id="run-project", project=name).started().post(client)
    assert answer.status_code == (200 if may_name(name, "project") else 422), answer.text


@pytest.mark.parametrize("name", WIRE_NAMES)
def test_the_server_looks_such_a_name_up_and_opens_nothing(app: Flask, client: FlaskClient, name: str) -> None:
    """In every address with a name in it: as it is, and with every character escaped, dots and slashes included."""
    secret = app.extensions["tracker.settings"].data / "secret"
    secret.write_text("for nobody")
    escaped = "".join(f"%{byte:02x}" for byte in name.encode())
    for spelled in (quote(name), escaped):
        for address in (
            f"/artifact-versions/1/files/{spelled}",
            f"/blobs/{spelled}",
            f"/projects/{spelled}",
            f"/runs/{spelled}",
            f"/models/{spelled}",
            f"/models/digits/aliases/{spelled}",
            f"/views/{spelled}",
        ):
            with client.get(f"/api/v1{address}") as answer:
                assert answer.status_code in (404, 405, 414, 422, 308), (address, answer.status_code)
                assert "for nobody" not in answer.text
    for address in (f"/{quote(name)}", f"/assets/{escaped}", f"/assets/../../data/{escaped}"):
        with client.get(address) as answer:
            assert "for nobody" not in answer.text
            assert answer.status_code < 500


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "%2e%2e/secret", "..%2fsecret"])
def test_only_a_digest_becomes_a_path(app: Flask, client: FlaskClient, name: str) -> None:
    before = _everything(app.extensions["tracker.settings"].data)
    for spelled in (name, quote(name, safe="")):
        answer = client.put(f"/api/v1/blobs/{spelled}", data=DATA)
        assert answer.status_code in (404, 405, 422, 308)
    assert _everything(app.extensions["tracker.settings"].data) == before


class _Transport:
    """A server that gives the bytes it is asked for."""

    def download_blob(self, digest: str, target: object, on_bytes: object) -> None:
        target.write(DATA)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_a_download_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    answer = {
        "model": "digits", "version": 1, "artifact_version_id": 1,
        "files": [{"path": name, "digest": DIGEST, "size_bytes": len(DATA)}],
    }  # fmt: skip
    models = tmp_path / "state" / "models"
    if not may_name(name, "path"):
        with pytest.raises(TrackerError, match="outside its folder"):
            _understood(answer)
        return
    if max(map(len, name.encode().split(b"/"))) > 255:
        pytest.skip("no file of this system has so long a name")
    folder = _Cache(_Transport(), models).fetch(_understood(answer))  # type: ignore[arg-type]
    assert (folder / name).read_bytes() == DATA
    files = [path for path in _everything(tmp_path) if not path.is_dir()]
    assert all(path.resolve().is_relative_to(models.resolve()) for path in files)


@pytest.mark.parametrize(
    "path", ["NUL", "con.txt", "a/COM1", "aux", "LPT9.tar.gz", "con .txt", "file:stream", "a./b", "a /b", "what?"]
)
def test_a_name_that_is_no_file_on_windows_is_told(path: str) -> None:
    assert naming.is_path(path)
    assert not naming.is_path_on_windows(path)


@pytest.mark.parametrize("path", ["model.bin", "a/b.txt", "console.txt", "nulls.npz", "com.py", "権/重"])
def test_an_ordinary_name_is_a_file_on_windows_too(path: str) -> None:
    assert naming.is_path_on_windows(path)


@pytest.mark.parametrize("depth", [naming.MAX_DEPTH, naming.MAX_DEPTH + 1, 900, 3000, 1_000_000])
def test_a_config_is_read_as_deep_as_is_said_and_kept_beyond(client: FlaskClient, depth: int) -> None:
    """Never an error: a journal that no server takes would keep back all that follows."""
    journal = Journal().started()
    empty = msgspec.msgpack.encode(["config", START_MS, {}])
    payload = empty[:-1] + b"\x81\xa1a" * depth + b"\x01"
    journal.frames.append(records.frame(1, payload))
    assert journal.post(client).status_code == 200
    config = client.get("/api/v1/runs/run1").json["config"]
    assert config == ({".".join("a" * depth): 1} if depth <= naming.MAX_DEPTH else {})


@pytest.mark.parametrize(
    ("field", "most"), [("name", 500), ("group", 500), ("job_type", 500), ("notes", 1_000_000), ("label", 500)]
)
def test_what_a_run_is_called_is_bounded(client: FlaskClient, field: str, most: int) -> None:
    for length, status in ((most, 200), (most + 1, 422)):
        journal = Journal(run_id=f"run-{length}", label="x" * length if field == "label" else "")
        answer = journal.started(**({} if field == "label" else {field: "权" * length})).post(client)
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize("fields", [{"tags": ("x" * 501,)}, {"tags": ("x",) * 1001}, {"tags": ("",)}, {"parent": "a\0"},
                                    {"parent": "x" * 5000}, {"fork_of": "../x"}])  # fmt: skip
def test_a_run_that_no_table_could_hold_is_refused(client: FlaskClient, fields: dict[str, object]) -> None:
    answer = Journal().started(**fields).post(client)
    assert (answer.status_code, answer.json["error"]["field"]) == (
        422,
        next(iter(fields)) if "tags" in fields else "run",
    )


def _everything(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if not path.name.startswith("tracker.db"))
