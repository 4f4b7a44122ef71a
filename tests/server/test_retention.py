"""The trash, and deleting for good: what goes, what stays because something reaches it, and what nobody can undo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tests.server.logged import digest_of, manifest, writing
from tracker.records import (
    AlertRaised,
    ArtifactUsed,
    ConfigChanged,
    ConsoleLine,
    Logged,
    MediaLogged,
    MetricDefined,
    RunFinished,
    SummaryChanged,
)
from tracker_server import artifacts, retention, runs
from tracker_server.db import Database
from tracker_server.tables import metadata

LOGS_OF_WHAT_WAS = {"corrections"}
"""Tables that name runs which are no more."""


def log(client: FlaskClient, run_id: str, *more: Any, project: str = "digits") -> None:
    """A run that has logged something of everything, and `more`."""
    journal = Journal(run_id=run_id, project=project, writer=f"w-{run_id}").started(tags=("tagged",))
    journal.add(ConfigChanged(START_MS, {"lr": 0.1}), SummaryChanged(START_MS, {"best": 1.0}))
    journal.add(ConsoleLine(START_MS, "stdout", "hello"), AlertRaised(START_MS, "look", "there"))
    journal.add(MetricDefined(START_MS, "loss", goal="min"), *more)
    journal.add(*(Logged(step, START_MS + step, {"loss": 1.0 / (step + 1), "acc": 0.5}) for step in range(5)))
    answer = journal.post(client)
    assert answer.status_code == 200, answer.json


def upload(client: FlaskClient, *contents: bytes) -> None:
    for data in contents:
        assert client.put(f"/api/v1/blobs/{digest_of(data)}", data=data).status_code in (200, 201)


def delete(client: FlaskClient, *run_ids: str) -> None:
    for run_id in run_ids:
        assert client.delete(f"/api/v1/runs/{run_id}?reason=it+diverged").status_code == 204


def purge(client: FlaskClient, **body: Any) -> Any:
    return client.post("/api/v1/projects/digits/trash/purge", json={"reason": "disk is full", **body})


def age(app: Flask) -> None:
    """Have all blobs be older than the grace that is given to new ones."""
    with writing(app) as session:
        session.execute(sa.text("UPDATE blobs SET created_ms = 0"))


def trash(client: FlaskClient) -> Any:
    return client.get("/api/v1/projects/digits/trash").json


def has_blob(client: FlaskClient, data: bytes) -> bool:
    with client.get(f"/api/v1/blobs/{digest_of(data)}") as answer:
        return answer.status_code == 200


def versions(client: FlaskClient, run_id: str) -> dict[str, int]:
    """The id of each artifact version of a run, by its name."""
    listed = client.get(f"/api/v1/runs/{run_id}/artifacts").json["artifacts"]
    return {f"{one['name']}:v{one['version']}": one["id"] for one in listed}


def rows_of(app: Flask, run_id: str) -> dict[str, int]:
    """How many rows each table has of a run, followed from key to key."""
    database: Database = app.extensions["tracker.database"]
    found: dict[str, int] = {}
    with database.reading() as session:
        for table, condition in _tables_of(run_id):
            count = session.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one()
            found[table.name] = found.get(table.name, 0) + count
    return {name: count for name, count in found.items() if count}


def _tables_of(run_id: str) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    for table in metadata.sorted_tables:
        if "run_id" in table.c and table.name not in LOGS_OF_WHAT_WAS:
            yield table, table.c.run_id == run_id
        for column, parent in (("series_id", "series"), ("writer_id", "writers")):
            if column in table.c and "run_id" not in table.c:
                owner = metadata.tables[parent]
                yield table, table.c[column].in_(sa.select(owner.c.id).where(owner.c.run_id == run_id))


def orphans(app: Flask) -> dict[str, int]:
    """Rows whose key to a series or writer leads nowhere: databases check keys, but not those that none declares."""
    database: Database = app.extensions["tracker.database"]
    found = {}
    with database.reading() as session:
        for table in metadata.sorted_tables:
            for column, parent in (("series_id", "series"), ("writer_id", "writers"), ("run_id", "runs")):
                if column not in table.c or table.name in LOGS_OF_WHAT_WAS:
                    continue
                ids = sa.select(metadata.tables[parent].c.id)
                known = (
                    sa.or_(table.c[column].in_(ids), table.c[column] == "")
                    if column == "run_id"
                    else (table.c[column].in_(ids))
                )
                lost = sa.select(sa.func.count()).select_from(table).where(table.c[column].is_not(None), ~known)
                if count := session.execute(lost).scalar_one():
                    found[table.name] = count
    return found


def test_the_trash_tells_who_deleted_what_and_how_large_it_is(client: FlaskClient) -> None:
    upload(client, b"weights")
    log(client, "a", manifest({"model.bin": b"weights"}))
    log(client, "b")
    delete(client, "a")
    body = {"action": "delete", "metric": "acc", "run": "b", "reason": "meaningless"}
    client.post("/api/v1/projects/digits/corrections", json=body)
    found = trash(client)
    (run,), (metric,) = found["runs"], found["metrics"]
    assert (run["id"], run["by"], run["reason"], run["point_count"], run["file_bytes"]) == (
        "a", "ada", "it diverged", 10, len(b"weights"),
    )  # fmt: skip
    assert (metric["metric"], metric["run"], metric["reason"], metric["point_count"]) == ("acc", "b", "meaningless", 5)
    assert (found["run_count"], found["metric_count"]) == (1, 1)


def test_nothing_is_left_of_a_purged_run(client: FlaskClient, app: Flask) -> None:
    upload(client, b"weights", b"figure")
    picture = MediaLogged(0, START_MS, "curve", "plotly", digest_of(b"figure"), 6)
    log(client, "a", manifest({"model.bin": b"weights"}), picture, RunFinished(START_MS, "finished"))
    rename = {"action": "rename", "metric": "loss", "shown_as": "train/loss", "run": "a", "reason": "plainer"}
    client.post("/api/v1/projects/digits/corrections", json=rename)
    remove = {"action": "delete", "metric": "acc", "run": "a", "reason": "meaningless"}
    client.post("/api/v1/projects/digits/corrections", json=remove)
    assert len(rows_of(app, "a")) >= 14
    age(app)
    delete(client, "a")
    answer = purge(client, runs=["a"]).json
    assert (answer["run_count"], answer["point_count"], answer["version_count"]) == (1, 10, 1)
    assert (answer["blob_count"], answer["blob_bytes"]) == (2, len(b"weights") + len(b"figure"))
    assert (rows_of(app, "a"), orphans(app)) == ({}, {})
    assert not has_blob(client, b"weights")
    assert trash(client)["runs"] == []
    assert client.get("/api/v1/projects/digits/keys").json["metrics"] == []


def test_purging_one_run_leaves_the_others_whole(client: FlaskClient, app: Flask) -> None:
    log(client, "a")
    log(client, "b")
    before = rows_of(app, "b")
    delete(client, "a")
    purge(client, runs=["a"])
    assert rows_of(app, "b") == before


def test_a_version_that_another_run_uses_stays_with_its_files(client: FlaskClient, app: Flask) -> None:
    upload(client, b"weights", b"scratch")
    log(client, "a", manifest({"model.bin": b"weights"}), manifest({"x": b"scratch"}, name="scratch"))
    kept = versions(client, "a")["model:v1"]
    log(client, "b", ArtifactUsed(START_MS, kept))
    age(app)
    delete(client, "a")
    assert purge(client, runs=["a"]).json["version_count"] == 1
    assert (has_blob(client, b"weights"), has_blob(client, b"scratch")) == (True, False)
    assert client.get(f"/api/v1/artifact-versions/{kept}").json["run"] is None
    delete(client, "b")
    assert purge(client, runs=["b"]).json["version_count"] == 1
    assert not has_blob(client, b"weights")


def test_bytes_that_another_runs_files_share_stay(client: FlaskClient, app: Flask) -> None:
    upload(client, b"weights")
    log(client, "a", manifest({"model.bin": b"weights"}))
    log(client, "b", manifest({"copy.bin": b"weights"}, name="copy"))
    age(app)
    delete(client, "a")
    assert purge(client, runs=["a"]).json["blob_count"] == 0
    assert has_blob(client, b"weights")


def test_the_newest_version_that_is_left_is_the_latest_and_numbers_do_not_come_again(client: FlaskClient) -> None:
    upload(client, b"1", b"2", b"3")
    for run_id in ("a", "b"):
        data = b"1" if run_id == "a" else b"2"
        log(client, run_id, manifest({"model.bin": data}))
    delete(client, "b")
    purge(client, runs=["b"])
    (listed,) = client.get("/api/v1/projects/digits/artifacts").json["artifacts"]
    assert (listed["version"], listed["aliases"]) == (1, ["latest"])
    log(client, "c", manifest({"model.bin": b"3"}))
    assert list(versions(client, "c")) == ["model:v3"]


def test_the_run_that_a_model_version_came_from_is_not_purged(client: FlaskClient) -> None:
    upload(client, b"weights")
    log(client, "a", manifest({"model.bin": b"weights"}))
    body = {"artifact_version_id": versions(client, "a")["model:v1"]}
    assert client.post("/api/v1/models/digits/versions", json=body).status_code == 201
    delete(client, "a")
    answer = purge(client, runs=["a"])
    assert (answer.status_code, answer.json["error"]["kept_by"]) == (409, ["digits:v1"])
    assert trash(client)["runs"][0]["kept_by"] == ["digits:v1"]
    by_age = purge(client, older_than_days=0).json
    assert (by_age["run_count"], by_age["kept"]) == (0, [{"run": "a", "kept_by": ["digits:v1"]}])


def test_what_is_not_in_the_trash_is_not_purged(client: FlaskClient) -> None:
    log(client, "a")
    assert purge(client, runs=["a"]).json["error"]["code"] == "not_in_trash"
    assert purge(client, runs=["nobody"]).json["error"]["code"] == "not_in_trash"
    assert purge(client, metrics=[1]).json["error"]["code"] == "not_in_trash"
    assert purge(client).json["error"]["code"] == "nothing_named"
    assert purge(client, runs=["a"], reason=" ").json["error"]["code"] == "no_reason"


def test_a_run_of_another_projects_trash_is_not_purged(client: FlaskClient) -> None:
    log(client, "a")
    log(client, "other", project="letters")
    delete(client, "other")
    assert purge(client, runs=["other"]).json["error"]["code"] == "not_in_trash"


def test_only_what_is_old_enough_is_purged_by_age(client: FlaskClient, app: Flask) -> None:
    for run_id in ("old", "young"):
        log(client, run_id)
        delete(client, run_id)
    with writing(app) as session:
        session.execute(sa.update(runs.Run).where(runs.Run.id == "old").values(deleted_ms=0))
    assert purge(client, older_than_days=30).json["run_count"] == 1
    assert [run["id"] for run in trash(client)["runs"]] == ["young"]


def test_a_purged_metric_is_gone_and_its_deletion_cannot_be_undone(client: FlaskClient, app: Flask) -> None:
    log(client, "a")
    body = {"action": "delete", "metric": "acc", "reason": "meaningless"}
    entry = client.post("/api/v1/projects/digits/corrections", json=body).json["entry"]
    answer = purge(client, metrics=[entry["id"]]).json
    assert (answer["run_count"], answer["series_count"], answer["point_count"]) == (0, 1, 5)
    undo = client.post(f"/api/v1/projects/digits/corrections/{entry['id']}/undo", json={})
    assert (undo.status_code, undo.json["error"]["code"]) == (409, "purged")
    assert list(client.get("/api/v1/runs/a").json["metrics"]) == ["loss"]
    answer = client.post("/api/v1/series", json={"runs": ["a"], "metrics": ["loss", "acc"]}).json
    assert [(one["metric"], one["count"]) for one in answer["series"]] == [("loss", 5)]


def test_the_journal_of_a_purged_run_is_refused_unless_it_is_wanted_all_the_same(client: FlaskClient) -> None:
    log(client, "a")
    delete(client, "a")
    purge(client, runs=["a"])
    journal = Journal(run_id="a", writer="late").started().add(Logged(9, START_MS, {"loss": 9.0}))
    refused = journal.post(client)
    assert (refused.status_code, refused.json["error"]["code"]) == (410, "run_purged")
    assert "tracker sync --resume allow" in refused.json["error"]["message"]
    assert client.get("/api/v1/runs/a").status_code == 404
    assert journal.post(client, resume="allow").status_code == 200
    assert client.get("/api/v1/runs/a").json["metrics"]["loss"]["last"] == 9.0
    newest = client.get("/api/v1/projects/digits/corrections").json["corrections"][0]
    assert newest["action"] == "run.returned"


def test_a_fork_keeps_what_it_inherited(client: FlaskClient) -> None:
    log(client, "parent")
    child = Journal(run_id="child", writer="c").started(fork_of="parent", fork_step=2)
    child.add(Logged(3, START_MS + 10, {"loss": 7.0})).post(client)
    delete(client, "parent")
    purge(client, runs=["parent"])
    answer = client.post("/api/v1/series", json={"runs": ["child"], "metrics": ["loss"]}).json
    assert answer["series"][0]["steps"] == [0, 1, 2, 3]


def test_a_purge_is_told_in_the_log(client: FlaskClient) -> None:
    log(client, "a")
    delete(client, "a")
    purge(client, runs=["a"])
    newest, before = client.get("/api/v1/projects/digits/corrections").json["corrections"]
    assert (newest["action"], newest["run"], newest["by"], newest["reason"]) == (
        "run.purged", "a", "ada", "disk is full",
    )  # fmt: skip
    assert (before["action"], before["can_undo"]) == ("run.deleted", False)


def test_blobs_that_came_lately_wait_for_the_record_that_names_them(client: FlaskClient, app: Flask) -> None:
    upload(client, b"on its way")
    log(client, "a")
    delete(client, "a")
    assert purge(client, runs=["a"]).json["blob_count"] == 0
    assert has_blob(client, b"on its way")


def test_a_condemned_blob_counts_as_missing_and_comes_back_with_its_bytes(client: FlaskClient, app: Flask) -> None:
    upload(client, b"weights")
    condemn_all(app)
    missing = client.post("/api/v1/blobs/missing", json={"digests": [digest_of(b"weights")]}).json
    assert missing["missing"] == [digest_of(b"weights")]
    upload(client, b"weights")
    sweep(app)
    assert has_blob(client, b"weights")
    log(client, "a", manifest({"model.bin": b"weights"}))


def test_a_crash_between_commit_and_removal_is_mended_by_the_next_sweep(client: FlaskClient, app: Flask) -> None:
    upload(client, b"weights")
    condemn_all(app)
    assert has_blob(client, b"weights")
    sweep(app)
    assert not has_blob(client, b"weights")
    upload(client, b"weights")
    assert has_blob(client, b"weights")


def test_a_blob_that_was_referred_to_after_all_is_reprieved(client: FlaskClient, app: Flask) -> None:
    upload(client, b"weights")
    log(client, "a", manifest({"model.bin": b"weights"}))
    with writing(app) as session:
        session.execute(sa.text("UPDATE blobs SET condemned_ms = 1"))
    sweep(app)
    assert has_blob(client, b"weights")
    missing = client.post("/api/v1/blobs/missing", json={"digests": [digest_of(b"weights")]}).json
    assert missing["missing"] == []


def condemn_all(app: Flask) -> None:
    """What a purge commits before it removes files."""
    with writing(app) as session:
        retention.condemn(session, now_ms=START_MS * 2)


def sweep(app: Flask) -> None:
    with app.app_context():
        retention.sweep(app.extensions["tracker.database"], artifacts.blob_store())
