"""Runs and projects as records, and made anew from them on another server, on another database."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import BACKENDS
from tests.frames import START_MS, Journal
from tests.server.bundled import onnx_files
from tests.server.logged import digest_of, manifest
from tests.server.people import Somebody, person, with_key
from tracker import records
from tracker.records import (
    AlertRaised,
    ArtifactUsed,
    ConfigChanged,
    ConsoleLine,
    EnvironmentCaptured,
    Logged,
    MediaLogged,
    MetricDefined,
    Record,
    RunCopied,
    RunFinished,
    RunStarted,
    SummaryChanged,
    SystemSampled,
    decode,
    frame,
    read_frames,
)
from tracker_server.app import create_app
from tracker_server.artifacts.manifests import digest_of as manifest_digest
from tracker_server.settings import Settings

API = "/api/v1"
HOSTILE = (
    "a/b c",
    "train/лосс",
    "../../etc/passwd",
    "=1+1",
    "<script>alert(1)</script>",
    "\u202etxt",
    "'; DROP TABLE runs",
)
QUIET_NAN = struct.unpack("<d", b"\x01\x00\x00\x00\x00\x00\xf8\x7f")[0]
VALUES = (0.1, -0.0, 0.0, float("nan"), QUIET_NAN, float("inf"), float("-inf"), 5e-324, -1.7976931348623157e308, 1e22)


@pytest.fixture
def open_client(make_database_url: Callable[[str], str], tmp_path: Path) -> Iterator[Callable[[str], FlaskClient]]:
    """Makes a server on an empty database of that kind, and a client of it."""
    made: list[Flask] = []

    def make(backend: str, operator: str = "ada") -> FlaskClient:
        data = tmp_path / f"server-{len(made)}"
        data.mkdir()
        app = create_app(Settings.in_folder(data, database_url=make_database_url(backend), operator=operator))
        made.append(app)
        client = app.test_client()
        client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
        return client

    yield make
    for app in made:
        app.extensions["tracker.database"].close()


@pytest.fixture(params=[("sqlite", "postgres"), ("postgres", "sqlite")], ids=["to_postgres", "to_sqlite"])
def pair(request: pytest.FixtureRequest, open_client: Callable[..., FlaskClient]) -> tuple[FlaskClient, FlaskClient]:
    """A server with everything in a project, and an empty one on the other database."""
    source, target = request.param
    made = open_client(source)
    fill(made)
    return made, open_client(target, "bob")


def fill(client: FlaskClient) -> None:
    """The project `digits` with a run of every record, ranks, a resumed run, a fork, models, views and corrections."""
    for data in (b"weights", b"better", b"{}"):
        assert client.put(f"{API}/blobs/{digest_of(data)}", data=data).status_code == 201
    whole = Journal("whole", writer="w-main").started(
        name="calm-otter", tags=("b", "a", "<b>"), notes="*first*", group="sweep", job_type="train", parent="above"
    )
    whole.add(
        EnvironmentCaptured(START_MS, {"user": "eve", "host": "node-1", "big": 2**53 + 1}),
        ConfigChanged(START_MS, {"lr": 0.1, "optim": {"name": "adam", "betas": [0.9, float("nan")]}, "empty": {}}),
        SummaryChanged(START_MS, {"best": 0.5, "word": "good", "is": True, "none": None}),
        MetricDefined(START_MS, "val/*", "epoch", "min", "min"),
        *(Logged(step - 3, START_MS + 7 * step, {"loss": value, **dict.fromkeys(HOSTILE, value)})
          for step, value in enumerate(VALUES)),
        *(Logged(2**62 + step, -step, {"far": float(step)}) for step in range(3)),
        *(Logged(step, START_MS, {"long": step / 7}) for step in range(3000)),
        SystemSampled(4, START_MS + 5, {"system/cpu": 50.0}),
        *(ConsoleLine(START_MS + n, ("stdout", "stderr")[n % 2], f"line {n} \x1b[31m\0") for n in range(2500)),
        AlertRaised(START_MS, "high", "loss is high", "warning", "nan", 7, {"metric": "loss", "value": float("inf")}),
        MediaLogged(3, START_MS, "figure", "plotly", digest_of(b"{}"), 2, "a caption"),
        manifest({"model.pt": b"weights"}, name="cnn", metadata={"k": float("nan")}, aliases=("best",)),
        manifest({"model.pt": b"better"}, name="cnn", aliases=("best",)),
        RunFinished(START_MS + 90_000, "failed", 3, "Traceback …"),
    )  # fmt: skip
    whole.frames.append(frame(len(whole.frames), b"\x92\xa6future\x01"))
    post(client, whole)
    post(client, Journal("whole", writer="w-rank1", label="rank1").started().add(Logged(1, START_MS, {"loss": 9.0})))
    first = (
        Journal("resumed", writer="w-a").started().add(*(Logged(s, START_MS + s, {"loss": s / 3}) for s in range(9)))
    )
    post(client, first)
    again = Journal("resumed", writer="w-b").started(START_MS + 100, is_resumed=True, resume_from_step=4)
    post(client, again.add(*(Logged(s, START_MS + 100 + s, {"loss": -1.0}) for s in range(5, 8))))
    fork = Journal("fork", writer="w-f").started(START_MS + 200, fork_of="resumed", fork_step=3)
    version = ok(client.get(f"{API}/runs/whole/artifacts"))["artifacts"][0]["id"]
    post(client, fork.add(Logged(4, START_MS, {"loss": 4.0}), ArtifactUsed(START_MS, version)))
    more(client, version)


def more(client: FlaskClient, version: int) -> None:
    """What people did to the project."""
    ok(client.patch(f"{API}/runs/fork", json={"hue": 7, "notes": "by hand"}))
    ok(client.put(f"{API}/projects/digits/goals", json={"metric": "loss", "goal": "min"}), 200, 204)
    renamed = {"action": "rename", "metric": "long", "shown_as": "length", "reason": "clearer"}
    ok(client.post(f"{API}/projects/digits/corrections", json=renamed), 201)
    hidden = {"action": "hide", "metric": "far", "run": "whole", "reason": "noise"}
    entry = ok(client.post(f"{API}/projects/digits/corrections", json=hidden), 201)
    undone = f"{API}/projects/digits/corrections/{entry['entry']['id']}/undo"
    ok(client.post(undone, json={"reason": "was right"}), 200, 201)
    ok(client.patch(f"{API}/runs/resumed", json={"is_archived": True}))
    view = {"parameters": {"filter": "loss < 1"}, "name": "Good ones", "is_shared": True}
    ok(client.post(f"{API}/projects/digits/views", json=view), 201)
    ok(client.post(f"{API}/projects/digits/views", json={"parameters": {"x": "time"}}), 201)
    board = {"task": "digits", "metric": "loss", "filter": "metrics.loss < 1"}
    ok(client.post(f"{API}/projects/digits/leaderboards", json={"name": "Best", "definition": board}), 201)
    for number, wanted in enumerate((version, version - 1 if version > 1 else version + 1)):
        move = {"artifact_version_id": wanted, "reason": f"move {number}", "replaces": None if number == 0 else 1}
        ok(client.post(f"{API}/models/digits-cnn/aliases/production", json=move), 200, 201)


def ok(answer: Any, *statuses: int) -> Any:
    assert answer.status_code in (statuses or (200,)), answer.get_data(as_text=True)
    return answer.get_json() if answer.data and answer.is_json else None


def post(client: FlaskClient, journal: Journal) -> None:
    ok(journal.post(client))


def journal_of(client: FlaskClient, run_id: str) -> bytes:
    answer = client.get(f"{API}/runs/{run_id}/journal")
    assert answer.status_code == 200, answer.json
    return bytes(answer.data)


def send(client: FlaskClient, body: bytes, *, start: int = 0, end: int | None = None) -> Any:
    """Post a run's copy, or some of its frames, as its own writer."""
    frames = list(read_frames(body))
    first = decode(frames[0].payload)
    assert isinstance(first, RunStarted)
    part = body[frames[start - 1].end if start else 0 : frames[end - 1].end if end else None]
    url = f"{API}/runs/{first.run_id}/journal"
    return client.post(url, query_string={"writer": first.writer, "resume": "allow"}, data=part)


def project_of(client: FlaskClient, project: str = "digits") -> bytes:
    answer = client.get(f"{API}/projects/{project}/journal")
    assert answer.status_code == 200, answer.json
    return bytes(answer.data)


def move(source: FlaskClient, target: FlaskClient) -> list[str]:
    """All of the project to the other server; what was left out."""
    body = project_of(source)
    (first, *_) = read_frames(body)
    project = decode(first.payload)
    assert isinstance(project, records.ProjectCopied)
    target.post(f"{API}/projects", json={"name": project.name, "description": project.description})
    ok(target.post(f"{API}/projects/digits/journal", data=body[: first.end]))
    for data in (b"weights", b"better", b"{}"):
        ok(target.put(f"{API}/blobs/{digest_of(data)}", data=data), 200, 201)
    for run_id in project.runs:
        ok(send(target, journal_of(source, run_id)), 200, 409)
    left_out: list[str] = ok(target.post(f"{API}/projects/digits/journal", data=body))["left_out"]
    return left_out


VOLATILE = {"changed_ms", "id", "version_id", "frame_url", "artifact_version_id", "revision"}


def told(client: FlaskClient, path: str, *without: str) -> Any:
    """An answer without what belongs to a server and not to what it stores."""
    return _without(ok(client.get(f"{API}{path}")), VOLATILE | set(without))


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(one, names) for key, one in value.items() if key not in names}
    return [_without(one, names) for one in value] if isinstance(value, list) else value


def points(client: FlaskClient, run_id: str) -> dict[tuple[str, str, int], tuple[bytes, bytes, bytes]]:
    """Every point of a run as bytes, by series."""
    found: dict[tuple[str, str, int], list[bytes]] = {}
    for one in read_frames(journal_of(client, run_id)):
        record = decode(one.payload)
        if isinstance(record, records.PointsCopied):
            columns = found.setdefault((record.name, record.label, record.segment), [b"", b"", b""])
            for place, column in enumerate((record.steps, record.times, record.values)):
                columns[place] += column
    return {key: (steps, times, values) for key, (steps, times, values) in found.items()}


RUNS = ("whole", "resumed", "fork")


def test_every_point_travels_bit_for_bit(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    move(source, target)
    for run_id in RUNS:
        assert points(target, run_id) == points(source, run_id)
        path = f"{API}/runs/{run_id}/series?resolution=full&metric=*"
        there, here = (client.get(path, headers={"Accept": "application/x-ndjson"}) for client in pair)
        assert there.headers["X-Tracker-Points"] == here.headers["X-Tracker-Points"]
    assert struct.pack("<d", QUIET_NAN) in points(target, "whole")["loss", "", 0][2]
    assert {name for name, _, _ in points(target, "whole")} >= set(HOSTILE)
    assert points(target, "resumed")["loss", "", 1][0] == struct.pack("<4q", 5, 6, 7, 8)


PATHS = (
    "/runs/whole?metrics=10000", "/runs/resumed", "/runs/fork", "/runs/whole/console?limit=5000", "/runs/whole/alerts",
    "/runs/whole/media", "/runs/whole/artifacts", "/runs/fork/artifacts", "/runs/resumed/segments",
    "/projects/digits/artifacts", "/projects/digits/goals", "/projects/digits/keys",
)  # fmt: skip


def test_what_is_told_is_the_same(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    assert move(source, target) == []
    assert {path for path in PATHS if told(target, path) != told(source, path)} == set()
    acts = [[(event["kind"], event["text"], event["action"]) for event in told(client, "/runs/whole/events")["events"]]
            for client in pair]  # fmt: skip
    assert acts[0] == acts[1]


def test_moved_twice_is_there_once(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    move(source, target)
    before = [told(target, path) for path in (*PATHS, "/projects/digits/corrections", "/projects/digits/views")]
    move(source, target)
    after = [told(target, path) for path in (*PATHS, "/projects/digits/corrections", "/projects/digits/views")]
    assert after == before
    assert points(target, "whole") == points(source, "whole")


def test_a_copy_that_broke_off_goes_on(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    body = journal_of(source, "resumed")
    assert ok(send(target, body, end=4))["next_seq"] == 4
    assert ok(send(target, body, end=6))["next_seq"] == 6
    count = len(list(read_frames(body)))
    assert ok(send(target, body))["next_seq"] == count
    assert ok(send(target, body, start=3))["next_seq"] == count
    assert points(target, "resumed") == points(source, "resumed")


def test_asking_about_a_copy_is_no_sign_of_life(open_client: Callable[[str], FlaskClient]) -> None:
    source, target = open_client("sqlite"), open_client("sqlite")
    post(source, Journal("live").started().add(Logged(0, START_MS, {"loss": 1.0})))
    body = journal_of(source, "live")
    ok(send(target, body))
    heard = ok(target.get(f"{API}/runs/live"))["heartbeat_ms"]
    assert heard == ok(source.get(f"{API}/runs/live"))["heartbeat_ms"]
    (first, *_) = (decode(one.payload) for one in read_frames(body))
    assert isinstance(first, RunStarted)
    ok(target.post(f"{API}/runs/live/journal", query_string={"writer": first.writer}, data=b""))
    assert ok(target.get(f"{API}/runs/live"))["heartbeat_ms"] == heard


def test_a_live_run_goes_on_where_its_server_was(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    live = Journal("live").started().add(*(Logged(step, START_MS, {"loss": float(step)}) for step in range(5)))
    post(source, live)
    move(source, target)
    live.add(*(Logged(step, START_MS, {"loss": float(step)}) for step in range(5, 8)))
    post(target, live)
    post(target, live)
    assert points(target, "live")["loss", "", 0][0] == struct.pack("<8q", *range(8))


def test_what_a_forks_parent_gets_later_comes_to_the_fork_once(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    move(source, target)
    for client in pair:
        late = Journal("resumed", writer="w-late").started(START_MS + 500, is_resumed=True)
        post(client, late.add(Logged(2, START_MS, {"late": 2.0})))
        assert points(client, "fork")["late", "", 0][0] == struct.pack("<q", 2)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_that_is_there_is_left_as_it_is(open_client: Callable[[str], FlaskClient], backend: str) -> None:
    source, target = open_client(backend), open_client(backend)
    for client, value in ((source, 1.0), (target, 2.0)):
        post(client, Journal("same").started().add(Logged(0, START_MS, {"loss": value})))
    answer = send(target, journal_of(source, "same"))
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "run_exists")
    assert points(target, "same")["loss", "", 0][2] == struct.pack("<d", 2.0)
    assert send(target, journal_of(source, "same")).status_code == 409


def test_a_run_of_another_project_is_refused(open_client: Callable[[str], FlaskClient]) -> None:
    source, target = open_client("sqlite"), open_client("sqlite")
    post(source, Journal("same", "digits").started())
    post(target, Journal("same", "letters").started())
    answer = send(target, journal_of(source, "same"))
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "run_elsewhere")
    target.post(f"{API}/projects", json={"name": "digits"})
    answer = target.post(f"{API}/projects/digits/journal", data=project_of(source))
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "run_elsewhere")


def test_an_alias_can_be_rolled_back_to_what_held_it_there(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    move(source, target)
    model = ok(target.get(f"{API}/models/digits-cnn"))
    ok(target.post(f"{API}/models/digits-cnn/aliases/production/rollback", json={"replaces": 2, "reason": "worse"}))
    assert [(entry["actor"], entry["imported"]["by"]) for entry in model["history"]] == [("bob", "ada")] * 5
    there = ok(source.get(f"{API}/models/digits-cnn"))["history"]
    assert [entry["imported"]["time_ms"] for entry in model["history"]] == [entry["time_ms"] for entry in there]
    assert ok(target.get(f"{API}/models/digits-cnn/resolve?ref=production"))["version"] == 1


def test_what_a_version_keeps_and_what_people_said_comes_along(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    address = f"{API}/models/digits-cnn"
    ok(source.patch(address, json={"tags": ["small"], "main_metric": "loss", "description": "reads digits"}))
    ok(source.patch(f"{address}/versions/1", json={"tags": ["int8"]}))
    ok(source.put(f"{address}/versions/1/state", json={"state": "deprecated", "reason": "it forgets"}))
    ok(source.put(f"{address}/archived", json={"is_archived": True}))
    move(source, target)
    there, here = ok(source.get(address)), ok(target.get(address))
    kept = ("description", "tags", "main_metric", "is_archived", "version_count")
    assert [here[field] for field in kept] == [there[field] for field in kept]
    for version in (1, 2):
        one, other = (ok(client.get(f"{address}/versions/{version}")) for client in pair)
        said = ("code", "cost", "tags", "state", "state_reason", "card", "metrics", "config")
        assert [other[field] for field in said] == [one[field] for field in said]
        assert [used | {"artifact_version_id": 0} for used in other["data"]] == [
            used | {"artifact_version_id": 0} for used in one["data"]
        ]
    assert [entry["changes"] for entry in here["history"]] == [entry["changes"] for entry in there["history"]]


def log_bundle(client: FlaskClient, files: dict[str, bytes]) -> None:
    """A run of the project whose one artifact is these files, and the model `boxed` made of it."""
    for data in files.values():
        ok(client.put(f"{API}/blobs/{digest_of(data)}", data=data), 200, 201)
    post(client, Journal("boxing").started().add(manifest(files, name="box")))
    (made,) = ok(client.get(f"{API}/runs/boxing/artifacts"))["artifacts"]
    ok(client.post(f"{API}/models/boxed/versions", json={"artifact_version_id": made["id"]}), 201)


def test_a_bundle_travels_with_what_verifying_it_found(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    files = onnx_files()
    log_bundle(source, files)
    address = f"{API}/models/boxed"
    for said in (
        {"outcome": "pass", "checked": "replay", "form": "onnx", "load_ms": 12.5},
        {"outcome": "fail", "checked": "files", "problems": [{"path": "model.onnx", "message": "gone"}]},
    ):
        ok(source.post(f"{address}/versions/1/verifications", json=said), 201)  # fmt: skip
    holds = {"version": 1, "ref": "v1", "kind": "load", "host": "gpu1"}
    ok(source.put(f"{address}/consumers/c1", json=holds))
    for data in files.values():
        ok(target.put(f"{API}/blobs/{digest_of(data)}", data=data), 200, 201)
    move(source, target)
    move(source, target)  # once more changes nothing
    there, here = (ok(client.get(f"{address}/versions/1/bundle")) for client in pair)
    assert here["manifest"] == there["manifest"]
    assert [one["outcome"] for one in here["verifications"]] == ["fail", "pass"]
    assert here["verifications"][0]["actor"] == "ada (imported by bob)"
    assert here["verifications"][0]["time_ms"] == there["verifications"][0]["time_ms"]
    assert "model.onnx: gone" in here["state"]["barred_by"]
    assert (len(there["consumers"]), here["consumers"]) == (1, [])


def test_nothing_is_verified_after_now(pair: tuple[FlaskClient, FlaskClient]) -> None:
    """A day to come would keep a version verified for ever."""
    _, target = pair
    files = onnx_files()
    log_bundle(target, files)
    digest = manifest_digest(manifest(files).files)
    said = ({"outcome": "pass", "checked": "replay", "form": "onnx", "time_ms": 2**53, "by": "eve"},)
    copied = records.ModelVersionFacts(1, "box", digest, None, "", {}, {}, START_MS, verifications=said)
    body = frame(0, records.encode(records.ModelCopied("boxed", "", START_MS, (copied,), (), ())))
    ok(target.post(f"{API}/projects/digits/journal", data=body))
    (proof,) = ok(target.get(f"{API}/models/boxed/versions/1/bundle"))["verifications"]
    assert proof["time_ms"] < 2**42
    assert target.get(f"{API}/models/boxed/versions/1/card").status_code == 200


def test_a_manifest_that_cannot_be_read_here_comes_as_loose_files(pair: tuple[FlaskClient, FlaskClient]) -> None:
    _, target = pair
    lying = {"model.onnx": b"other", "tracker.yaml": onnx_files()["tracker.yaml"]}
    for data in lying.values():
        ok(target.put(f"{API}/blobs/{digest_of(data)}", data=data), 200, 201)
    post(target, Journal("boxing").started().add(manifest(lying, name="box")))
    digest = manifest_digest(manifest(lying).files)
    copied = records.ModelVersionFacts(1, "box", digest, None, "", {}, {}, START_MS)
    body = frame(0, records.encode(records.ModelCopied("boxed", "", START_MS, (copied,), (), ())))
    (told,) = ok(target.post(f"{API}/projects/digits/journal", data=body))["left_out"]
    assert "v1 of the model 'boxed' came as loose files" in told
    assert "is not the file that tracker.yaml names" in told
    assert ok(target.get(f"{API}/models/boxed/versions/1/bundle"))["manifest"] is None


def test_a_verification_that_no_server_writes_is_refused(pair: tuple[FlaskClient, FlaskClient]) -> None:
    _, target = pair
    files = onnx_files()
    log_bundle(target, files)
    ok(target.delete(f"{API}/models/boxed/versions/1", query_string={"reason": "again"}))
    digest = manifest_digest(manifest(files).files)
    said = ({"outcome": "perhaps", "checked": "files", "time_ms": 1, "by": "eve"},)
    copied = records.ModelVersionFacts(2, "box", digest, None, "", {}, {}, START_MS, verifications=said)
    body = frame(0, records.encode(records.ModelCopied("boxed", "", START_MS, (copied,), (), ())))
    answer = target.post(f"{API}/projects/digits/journal", data=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_record")


@pytest.mark.parametrize(
    "facts",
    [{"code": {"commit": 3}}, {"cost": {"duration_ms": "long"}}, {"data": ({"name": "x"},)}, {"state": "lost"}],
    ids=["code", "cost", "data", "state"],
)
def test_a_version_that_no_server_writes_is_refused(pair: tuple[FlaskClient, FlaskClient], facts: Any) -> None:
    _, target = pair
    ok(target.put(f"{API}/blobs/{digest_of(b'own')}", data=b"own"), 201)
    post(target, Journal("own", "digits").started().add(manifest({"own.pt": b"own"})))
    digest = manifest_digest(manifest({"own.pt": b"own"}).files)
    copied = records.ModelVersionFacts(1, "model", digest, None, "", {}, {}, START_MS, **facts)
    body = frame(0, records.encode(records.ModelCopied("net", "", START_MS, (copied,), (), ())))
    answer = target.post(f"{API}/projects/digits/journal", data=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_record")
    assert target.get(f"{API}/models/net").status_code == 404


def test_a_models_name_that_another_project_has_is_told(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    ok(target.put(f"{API}/blobs/{digest_of(b'own')}", data=b"own"), 201)
    post(target, Journal("other", "letters").started().add(manifest({"own.pt": b"own"})))
    version = ok(target.get(f"{API}/runs/other/artifacts"))["artifacts"][0]["id"]
    ok(target.post(f"{API}/models/digits-cnn/versions", json={"artifact_version_id": version}), 201)
    (left_out,) = move(source, target)
    assert "'digits-cnn' is another project's" in left_out


def test_corrections_hold_and_say_that_they_were_imported(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    move(source, target)
    assert "length" in ok(target.get(f"{API}/runs/whole?metrics=10000"))["metrics"]
    entries = ok(target.get(f"{API}/projects/digits/corrections"))["corrections"]
    there = ok(source.get(f"{API}/projects/digits/corrections"))["corrections"]
    assert [(entry["action"], entry["reason"], entry["can_undo"]) for entry in entries] == [
        (entry["action"], entry["reason"], entry["can_undo"]) for entry in there
    ]
    assert [entry["imported"] for entry in entries] == [{"by": "ada", "time_ms": entry["time_ms"]} for entry in there]
    renamed = next(entry for entry in entries if entry["action"] == "metric.renamed")
    ok(target.post(f"{API}/projects/digits/corrections/{renamed['id']}/undo", json={"reason": "no"}), 201)
    assert "long" in ok(target.get(f"{API}/runs/whole?metrics=10000"))["metrics"]


def test_a_new_name_that_is_taken_there_is_told(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    post(target, Journal("own").started().add(Logged(0, START_MS, {"length": 1.0})))
    renamed = {"action": "rename", "metric": "length", "shown_as": "size", "reason": "ours"}
    ok(target.post(f"{API}/projects/digits/corrections", json=renamed), 201)
    (left_out,) = move(source, target)
    assert left_out.startswith("'long' stays as it is: ")
    assert "long" in ok(target.get(f"{API}/runs/whole?metrics=10000"))["metrics"]


def test_views_keep_their_addresses(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    move(source, target)
    (view,) = ok(source.get(f"{API}/projects/digits/views"))["views"]
    moved = ok(target.get(f"{API}/views/{view['id']}"))
    assert (moved["name"], moved["is_shared"], moved["parameters"]) == ("Good ones", True, {"filter": "loss < 1"})


def test_leaderboards_go_along_and_what_stands_under_the_name_here_stays(
    pair: tuple[FlaskClient, FlaskClient],
) -> None:
    source, target = pair
    move(source, target)
    boards = [ok(client.get(f"{API}/projects/digits/leaderboards"))["leaderboards"] for client in pair]
    assert [[(one["name"], one["definition"]) for one in found] for found in boards] == [
        [("Best", {**boards[0][0]["definition"], "goal": "min", "metric": "loss"})]
    ] * 2
    changed = {"revision": 1, "definition": {**boards[1][0]["definition"], "goal": "max"}}
    ok(target.patch(f"{API}/projects/digits/leaderboards/{boards[1][0]['id']}", json=changed))
    (left_out,) = move(source, target)
    assert left_out == "the leaderboard 'Best' was left out: one of that name here says something else"


def test_an_artifacts_number_that_is_taken_gives_way(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    ok(target.put(f"{API}/blobs/{digest_of(b'own')}", data=b"own"), 201)
    post(target, Journal("own").started().add(manifest({"own.pt": b"own"}, name="cnn", aliases=("best",))))
    move(source, target)
    numbers = {
        artifact["files"][0]["digest"]: (artifact["version"], artifact["aliases"])
        for run_id in ("own", "whole")
        for artifact in ok(target.get(f"{API}/runs/{run_id}/artifacts"))["artifacts"]
    }
    assert numbers[digest_of(b"own")] == (1, ["best"])
    assert numbers[digest_of(b"weights")] == (2, [])
    assert numbers[digest_of(b"better")] == (3, ["latest"])


def test_a_version_in_the_trash_stays_behind(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    for data in (b"spoilt", b"good"):
        ok(source.put(f"{API}/blobs/{digest_of(data)}", data=data), 201)
    made = (
        Journal("makes").started().add(manifest({"a": b"spoilt"}, name="data"), manifest({"a": b"good"}, name="data"))
    )
    post(source, made)
    ids = {one["version"]: one["id"] for one in ok(source.get(f"{API}/runs/makes/artifacts"))["artifacts"]}
    deletion = {"versions": [ids[1]], "reason": "of people who said no"}
    assert ok(source.post(f"{API}/projects/digits/versions/delete", json=deletion))["count"] == 1
    ok(target.put(f"{API}/blobs/{digest_of(b'good')}", data=b"good"), 201)
    move(source, target)
    path = f"{API}/projects/digits/artifacts/data/versions"
    assert [one["version"] for one in ok(target.get(path))["versions"]] == [2]
    assert target.get(f"{path}/v1").status_code == 404


def test_numbers_and_the_next_one_are_those_of_the_source(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, target = pair
    for client in pair:
        if client is target:
            move(source, target)
        post(client, Journal("next").started())
    numbers = [ok(client.get(f"{API}/runs/{run_id}"))["number"] for client in pair for run_id in (*RUNS, "next")]
    assert numbers == [1, 2, 3, 4] * 2


BAD_POINTS = records.PointsCopied("loss", "metric", "", 0, b"12345678", b"12345678", b"1234")


@pytest.mark.parametrize(
    ("record", "writer"),
    [(BAD_POINTS, "copy-x"), (records.LinesCopied("nobody", ((0, "stdout", "x"),)), "copy-x"),
     (records.ProjectEnded(0), "copy-x"), (records.WritersCopied(()), "w0")],
    ids=["uneven columns", "lines of no writer", "of a project", "of no copy"],
)  # fmt: skip
def test_records_that_no_copy_has_are_refused(
    open_client: Callable[[str], FlaskClient], record: Record, writer: str
) -> None:
    client = open_client("sqlite")
    answer = Journal("run1", writer=writer).started().add(record).post(client)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_record")
    assert client.get(f"{API}/runs/run1").status_code == 404


def test_a_newer_servers_copy_is_refused(open_client: Callable[[str], FlaskClient]) -> None:
    client = open_client("sqlite")
    journal = Journal("run1", writer="copy-x").started()
    journal.frames.append(frame(1, b"\x92\xa6future\x01"))
    answer = journal.post(client)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_record")
    client.post(f"{API}/projects", json={"name": "digits"})
    answer = client.post(f"{API}/projects/digits/journal", data=frame(0, b"\x92\xa6future\x01"))
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_record")


def test_a_journal_ends_with_its_last_record(pair: tuple[FlaskClient, FlaskClient]) -> None:
    source, _ = pair
    *_, last = read_frames(journal_of(source, "whole"))
    assert isinstance(decode(last.payload), RunCopied)
    *_, last = read_frames(project_of(source))
    assert isinstance(decode(last.payload), records.ProjectEnded)


def test_who_sees_a_project_may_export_it_and_who_promotes_in_it_may_import(guarded: Flask, ada: Somebody) -> None:
    ada.done("POST", "/projects", {"name": "digits"})
    bob, eve = (person(guarded, ada, name) for name in ("bob", "eve"))
    ada.done("PUT", "/projects/digits/members/bob", {"role": "editor"})
    body = ada.get("/projects/digits/journal").data
    path = "/projects/digits/journal"
    assert [one.get(path).status_code for one in (ada, bob, eve)] == [200, 200, 404]
    statuses = [one.ask("POST", path, data=body).status_code for one in (ada, bob, eve)]
    assert statuses == [200, 403, 404]
    ada.done("PUT", "/projects/digits/members/bob", {"role": "promoter"})
    program = with_key(guarded, bob.done("POST", "/keys", {"name": "move", "scope": "promote"})["secret"])
    assert program.ask("POST", path, data=body).status_code == 200
    assert eve.get("/runs/whole/journal").status_code == 404


def test_a_copy_names_no_bytes_that_its_sender_never_had(guarded: Flask, ada: Somebody) -> None:
    """Else a digest that was overheard would be as good as the file."""
    digest = digest_of(b"secret")
    assert ada.ask("PUT", f"/blobs/{digest}", data=b"secret").status_code == 201
    bob = person(guarded, ada, "bob")
    bob.done("POST", "/projects", {"name": "his"})
    files = (records.ArtifactFile("x", digest, 6),)
    body = frame(0, records.encode(records.ArtifactCopied("x", "model", 1, START_MS, None, files, {}, (), ())))
    answer = bob.ask("POST", "/projects/his/journal", data=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "missing_blobs")


def test_a_models_name_in_a_hidden_project_is_taken_all_the_same(guarded: Flask, ada: Somebody) -> None:
    bob, eve = (person(guarded, ada, name) for name in ("bob", "eve"))
    model = records.ModelCopied("net", "", START_MS, (), (), ())
    body = frame(0, records.encode(model))
    for one, project in ((bob, "his"), (eve, "hers")):
        one.done("POST", "/projects", {"name": project})
    assert bob.ask("POST", "/projects/his/journal", data=body).json == {"left_out": []}
    (left_out,) = eve.ask("POST", "/projects/hers/journal", data=body).json["left_out"]
    assert "'net' is another project's" in left_out
