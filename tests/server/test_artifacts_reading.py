"""What pages ask of artifacts: lists, versions, folders, changes, aliases, references, and data side by side."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.logged import digest_of, log_artifact, log_run, manifest, writing
from tests.server.people import Somebody, person
from tracker.records import ArtifactFile, ArtifactLogged
from tracker_server import artifacts, runs
from tracker_server.errors import Refused

PLACE = "s3://bucket/train.bin"


def ask(client: FlaskClient, address: str, /, **query: Any) -> Any:
    answer = client.get(f"/api/v1{address}", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def code_of(client: FlaskClient, method: str, path: str) -> tuple[int, str]:
    answer = client.open(f"/api/v1{path}", method=method)
    return answer.status_code, answer.json["error"]["code"]


def log_references(session: Session, run: runs.Run, *files: ArtifactFile, name: str = "data") -> int:
    record = ArtifactLogged(NOW_MS, name, "dataset", files)
    return artifacts.log_version(session, run, record, actor_id=run.created_by, now_ms=NOW_MS).id


def put_in_trash(session: Session, version_id: int) -> None:
    artifacts.get_version(session, version_id).deleted_ms = NOW_MS


def walk(client: FlaskClient, version_id: int, **query: Any) -> list[str]:
    """The folders and files of all pages, folders with a slash behind."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask(client, f"/artifact-versions/{version_id}/tree", **query, **cursor)
        found += [f"{one['path']}/" for one in page["folders"]] + [one["path"] for one in page["files"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def test_a_list_says_how_many_versions_there_are_and_how_many_runs_use_them(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session)
        first = log_artifact(session, run, {"a": b"1"}, name="Corpus")
        second = log_artifact(session, run, {"a": b"2"}, name="Corpus")
        log_references(session, run, ArtifactFile("x", "", 5, PLACE), name="set")
        for number, version in enumerate((first, first, second)):
            artifacts.use(session, log_run(session, f"reader{number}"), version.id, time_ms=NOW_MS)
    found = ask(client, "/projects/digits/artifacts")
    told = [(one["name"], one["version"], one["version_count"], one["use_count"]) for one in found["artifacts"]]
    assert told == [("Corpus", 2, 2, 3), ("set", 1, 1, 0)]
    assert found["kinds"] == [{"kind": "dataset", "count": 1}, {"kind": "model", "count": 1}]
    assert [one["name"] for one in ask(client, "/projects/digits/artifacts", q="CORP")["artifacts"]] == ["Corpus"]
    assert [one["name"] for one in ask(client, "/projects/digits/artifacts", kind="dataset")["artifacts"]] == ["set"]
    page = ask(client, "/projects/digits/artifacts", limit=1)
    rest = ask(client, "/projects/digits/artifacts", limit=1, cursor=page["next_cursor"])
    assert [one["name"] for one in rest["artifacts"]] == ["set"]
    assert rest["next_cursor"] is None


def test_versions_come_newest_first_page_by_page(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session)
        made = [log_artifact(session, run, {"a": bytes([number])}).id for number in range(5)]
        artifacts.use(session, log_run(session, "reader"), made[4], time_ms=NOW_MS)
    page = ask(client, "/projects/digits/artifacts/model/versions", limit=3)
    assert [(one["version"], one["use_count"]) for one in page["versions"]] == [(5, 1), (4, 0), (3, 0)]
    rest = ask(client, "/projects/digits/artifacts/model/versions", limit=3, before=page["next_before"])
    assert ([one["version"] for one in rest["versions"]], rest["next_before"]) == ([2, 1], None)
    assert code_of(client, "GET", "/projects/digits/artifacts/none/versions") == (404, "unknown_artifact")


def test_what_is_in_the_trash_is_in_no_list_and_is_not_the_latest(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session)
        first, second = (log_artifact(session, run, {"a": data}, aliases=["best"]).id for data in (b"1", b"2"))
        put_in_trash(session, second)
    assert ask(client, "/projects/digits/artifact", ref="model")["version"] == 1
    assert [one["version"] for one in ask(client, "/projects/digits/artifacts/model/versions")["versions"]] == [1]
    assert [one["id"] for one in ask(client, "/projects/digits/artifacts")["artifacts"]] == [first]
    assert [one["id"] for one in ask(client, "/runs/run1/artifacts")["artifacts"]] == [first]
    for ref in ("model:v2", "model:best"):
        assert client.get("/api/v1/projects/digits/artifact", query_string={"ref": ref}).status_code == 404
    assert ask(client, f"/artifact-versions/{second}/about")["deleted_ms"] == NOW_MS
    assert code_of(client, "PUT", f"/artifact-versions/{second}/aliases/good") == (409, "in_trash")
    with writing(app) as session:
        log_artifact(session, log_run(session), {"a": b"2"})
    assert ask(client, "/projects/digits/artifact", ref="model")["version"] == 2


def test_a_version_says_what_it_is_without_its_files(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session)
        first, second = (log_artifact(session, run, {"a": data}).id for data in (b"1", b"2"))
        artifacts.use(session, log_run(session, "reader"), second, time_ms=NOW_MS)
    found = ask(client, f"/artifact-versions/{second}/about")
    assert [ask(client, f"/projects/digits/artifacts/model/versions/{at}") for at in ("v2", "latest")] == [found] * 2
    assert code_of(client, "GET", "/projects/digits/artifacts/model/versions/v9") == (404, "unknown_artifact_version")
    assert ask(client, f"/artifact-versions/{second}/entry", path="a")["digest"] == digest_of(b"2")
    assert code_of(client, "GET", f"/artifact-versions/{second}/entry?path=b") == (404, "unknown_file")
    assert "files" not in found
    assert (found["previous"], found["previous_version"], found["created_by"]) == (first, 1, "ada")
    assert (found["use_count"], [one["run"] for one in found["used_by"]]) == (1, ["reader"])
    assert ask(client, f"/artifact-versions/{first}/about")["previous"] is None


FILES = {
    "a.txt": b"1", "b/c.txt": b"22", "b/d/e.txt": b"333", "b-c": b"4", "b0": b"5", "z.txt": b"6", "ä/x": b"7",
    "b/z": b"8", "b.d/f": b"9",
}  # fmt: skip


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_a_folder_has_its_folders_then_its_files_however_few_a_page_has(
    client: FlaskClient, app: Flask, limit: int
) -> None:
    with writing(app) as session:
        version_id = log_artifact(session, log_run(session), FILES).id
    assert walk(client, version_id, limit=limit) == ["b/", "b.d/", "ä/", "a.txt", "b-c", "b0", "z.txt"]
    assert walk(client, version_id, path="b", limit=limit) == ["b/d/", "b/c.txt", "b/z"]
    assert walk(client, version_id, path="b/d", limit=limit) == ["b/d/e.txt"]


def test_a_folder_counts_all_that_is_below_it(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        version_id = log_artifact(session, log_run(session), FILES).id
        empty = log_artifact(session, log_run(session), {}, name="empty").id
    top = ask(client, f"/artifact-versions/{version_id}/tree")
    assert (top["folder_count"], top["own_count"], top["file_count"], top["size_bytes"]) == (3, 4, 9, 12)
    assert top["folders"][0] == {"path": "b", "file_count": 3, "size_bytes": 6}
    assert walk(client, empty) == []
    assert code_of(client, "GET", f"/artifact-versions/{version_id}/tree?path=b/none") == (404, "unknown_folder")
    assert code_of(client, "GET", f"/artifact-versions/{version_id}/tree?cursor=x") == (422, "bad_cursor")


def test_files_are_found_by_a_part_of_their_path_below_a_folder(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        version_id = log_artifact(session, log_run(session), {**FILES, "100%.csv": b"1", "b/E.TXT": b"1"}).id
    found = {"b/E.TXT", "b/c.txt", "b/d/e.txt"}
    assert set(walk(client, version_id, find=".txt", limit=2)) == {*found, "a.txt", "z.txt"}
    assert set(walk(client, version_id, find=".txt", path="b", limit=2)) == found
    assert walk(client, version_id, find="%.") == ["100%.csv"]


def test_a_folder_costs_few_statements_however_many_files_lie_below_it(client: FlaskClient, app: Flask) -> None:
    files = {f"train/{number // 100:02}/{number:05}": b"%d" % (number % 7) for number in range(5000)}
    with writing(app) as session:
        version_id = log_artifact(session, log_run(session), {**files, "labels.csv": b"1", "zz": b"1"}).id
    statements: list[str] = []
    engine = app.extensions["tracker.database"].engine
    sa.event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert walk(client, version_id) == ["train/", "labels.csv", "zz"]
    assert ask(client, f"/artifact-versions/{version_id}/tree", path="train")["own_count"] == 0
    assert len(statements) < 60


def test_changes_name_what_was_added_removed_and_changed(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session)
        old = log_artifact(session, run, {"same": b"1", "gone": b"22", "other": b"333"}).id
        new = log_artifact(session, run, {"same": b"1", "new": b"4444", "other": b"55555"}).id
    found = ask(client, f"/artifact-versions/{new}/changes", since=old)
    assert found["totals"] == {
        "added": 1, "added_bytes": 4, "removed": 1, "removed_bytes": 2,
        "changed": 1, "changed_bytes": 5, "replaced_bytes": 3, "unsized": 0,
    }  # fmt: skip
    told = [(one["path"], one["change"], one["old_size_bytes"], one["size_bytes"]) for one in found["changes"]]
    assert told == [("gone", "removed", 2, None), ("new", "added", None, 4), ("other", "changed", 3, 5)]
    back = ask(client, f"/artifact-versions/{old}/changes", since=new)
    assert [one["change"] for one in back["changes"]] == ["added", "removed", "changed"]
    same = ask(client, f"/artifact-versions/{old}/changes", since=old)
    assert (same["changes"], same["totals"]["added"]) == ([], 0)
    page = ask(client, f"/artifact-versions/{new}/changes", since=old, limit=2)
    rest = ask(client, f"/artifact-versions/{new}/changes", since=old, limit=2, cursor=page["next_cursor"])
    assert [one["path"] for one in (*page["changes"], *rest["changes"])] == ["gone", "new", "other"]
    assert (rest["totals"], rest["next_cursor"]) == (None, None)


def test_references_are_files_that_lie_elsewhere(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session)
        log_artifact(session, run, {"own": b"1"}, name="other")
        own = ArtifactFile("own", digest_of(b"1"), 1)
        first = log_references(session, run, own, ArtifactFile("in/train.bin", "", 500, PLACE, "tag1"))
        assert log_references(session, run, own, ArtifactFile("in/train.bin", "", 500, PLACE, "tag1")) == first
        second = log_references(session, run, own, ArtifactFile("in/train.bin", "", 500, PLACE, "tag2"))
    detail = ask(client, f"/artifact-versions/{first}")
    assert (detail["file_count"], detail["size_bytes"]) == (2, 501)
    elsewhere = {"path": "in/train.bin", "digest": "", "size_bytes": 500, "reference": PLACE, "etag": "tag1"}
    assert detail["files"][0] == elsewhere
    assert ask(client, f"/artifact-versions/{first}/tree", path="in")["files"] == [elsewhere]
    assert walk(client, first) == ["in/", "own"]
    about = ask(client, f"/artifact-versions/{first}/about")
    assert (about["reference_count"], about["reference_bytes"]) == (1, 500)
    (change,) = ask(client, f"/artifact-versions/{second}/changes", since=first)["changes"]
    assert (change["path"], change["change"], change["reference"]) == ("in/train.bin", "changed", PLACE)
    assert code_of(client, "GET", f"/artifact-versions/{first}/files/in/train.bin") == (404, "only_referenced")


def test_sizes_that_nobody_knows_are_counted_and_not_added_up(client: FlaskClient, app: Flask) -> None:
    unsized = {name: ArtifactFile(name, "", 0, f"{PLACE}/{name}") for name in ("kept", "gone", "new", "looked-up")}
    empty = ArtifactFile("empty", digest_of(b""), 0, f"{PLACE}/empty")
    looked_up = ArtifactFile("looked-up", "", 7, f"{PLACE}/looked-up", "tag")
    with writing(app) as session:
        run = log_run(session)
        first = log_references(session, run, unsized["kept"], unsized["gone"], unsized["looked-up"], empty)
        second = log_references(session, run, unsized["kept"], unsized["new"], looked_up, empty)
    about = [ask(client, f"/artifact-versions/{one}/about") for one in (first, second)]
    assert [one["unsized_count"] for one in about] == [3, 2]
    for new, old in ((second, first), (first, second)):
        totals = ask(client, f"/artifact-versions/{new}/changes", since=old)["totals"]
        assert [totals[kind] for kind in ("added", "removed", "changed", "unsized")] == [1, 1, 1, 3]


def test_lists_tell_how_many_sizes_nobody_knows(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session, project="digits")
        files = [ArtifactFile("known", "", 7, f"{PLACE}/known"), ArtifactFile("a", "", 0, f"{PLACE}/a")]
        log_references(session, run, *files)
        log_references(session, run, *files, ArtifactFile("b", "", 0, f"{PLACE}/b"))
        run_id = run.id

    def told(path: str, key: str) -> list[tuple[int, int, int]]:
        return [(one["version"], one["size_bytes"], one["unsized_count"]) for one in ask(client, path)[key]]

    assert told("/projects/digits/artifacts", "artifacts") == [(2, 7, 2)]
    assert told("/projects/digits/artifacts/data/versions", "versions") == [(2, 7, 2), (1, 7, 1)]
    assert told(f"/runs/{run_id}/artifacts", "artifacts") == [(2, 7, 2), (1, 7, 1)]
    assert told("/projects/digits/artifacts/data/retention", "versions") == [(2, 7, 2), (1, 7, 1)]
    (space,) = ask(client, "/projects/digits/space")["artifacts"]
    assert (space["free_bytes"], space["free_unsized_count"], space["trash_unsized_count"]) == (7, 1, 0)
    (stored,) = ask(client, "/storage")["projects"]
    assert (stored["artifact_bytes"], stored["unsized_count"]) == (14, 3)
    with writing(app) as session:
        put_in_trash(session, 1)
    (space,) = ask(client, "/projects/digits/space")["artifacts"]
    assert (space["free_unsized_count"], space["trash_bytes"], space["trash_unsized_count"]) == (0, 7, 1)


@pytest.mark.parametrize(
    "file",
    [
        ArtifactFile("x", "", 1, "no address"),
        ArtifactFile("x", "", 1, "s3://a\nb"),
        ArtifactFile("x", "", 1, "s3://" + "x" * 4000),
        ArtifactFile("x", "abc", 1, PLACE),
        ArtifactFile("x", "", -1, PLACE),
        ArtifactFile("x", "", 1, PLACE, "e" * 501),
    ],
    ids=["word", "line", "long", "digest", "size", "etag"],
)
def test_a_reference_that_is_none_is_refused(session: Session, file: ArtifactFile) -> None:
    with pytest.raises(Refused) as caught:
        log_references(session, log_run(session), file)
    assert (caught.value.code, caught.value.field) == ("bad_record", "files")


def test_an_alias_is_moved_and_taken_off_and_the_log_says_so(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session)
        first = log_artifact(session, run, {"a": b"1"}, aliases=["good"]).id
        second = log_artifact(session, run, {"a": b"2"}).id
    for _ in range(2):
        moved = client.put(f"/api/v1/artifact-versions/{second}/aliases/good")
        assert (moved.status_code, moved.json["aliases"]) == (200, ["latest", "good"])
    assert code_of(client, "DELETE", f"/artifact-versions/{first}/aliases/good") == (404, "unknown_alias")
    assert client.delete(f"/api/v1/artifact-versions/{second}/aliases/good").json["aliases"] == ["latest"]
    assert code_of(client, "PUT", f"/artifact-versions/{first}/aliases/latest") == (422, "bad_record")
    told = [(one["action"], one["details"]) for one in ask(client, "/projects/digits/corrections")["corrections"]]
    assert told == [
        ("artifact.alias_removed", {"artifact": "model", "alias": "good", "from": "v2", "to": None}),
        ("artifact.alias_moved", {"artifact": "model", "alias": "good", "from": "v1", "to": "v2"}),
    ]


def test_data_of_runs_is_compared_by_files_and_by_pointers(client: FlaskClient, app: Flask) -> None:
    pointers = {"data/a.csv": ("1" * 32, "2" * 32), "data/b.csv": ("3" * 32, "3" * 32)}
    with writing(app) as session:
        maker = log_run(session, "maker")
        versions = [log_artifact(session, maker, {"a": data, "b": b"1"}, name="rows").id for data in (b"1", b"2")]
        for number in range(2):
            run = log_run(session, f"r{number}")
            artifacts.use(session, run, versions[number], time_ms=NOW_MS)
            files = [
                {"path": path, "hash": hashes[number], "algorithm": "md5", "size_bytes": 5, "source": "dvc.lock"}
                for path, hashes in pointers.items()
            ]
            runs.set_environment(session, run, {"dvc": {"files": [*files, "not a file"]}})
    answer = client.post("/api/v1/projects/digits/data/compare", json={"runs": ["r0", "r1", "none"]})
    found = answer.json
    assert found["runs"] == ["r0", "r1"]
    (row,) = found["artifacts"]
    assert (row["name"], row["is_different"], [[one["version"] for one in read] for read in row["read"]]) == (
        "rows", True, [[1], [2]],
    )  # fmt: skip
    (change,) = row["changes"]
    assert (change["run"], [one["path"] for one in change["changes"]], change["totals"]["changed"]) == ("r1", ["a"], 1)
    assert [(one["path"], one["is_different"]) for one in found["pointers"]] == [
        ("data/a.csv", True), ("data/b.csv", False),
    ]  # fmt: skip


def test_nobody_reads_or_moves_what_is_in_a_project_one_may_not_see(guarded: Flask, ada: Somebody) -> None:
    eve = person(guarded, ada, "eve")
    for name in ("digits", "secret"):
        ada.done("POST", "/projects", {"name": name})
    ada.done("PUT", "/projects/digits/members/eve", {"role": "viewer"})
    with writing(guarded) as session:
        own = log_artifact(session, log_run(session), {"a": b"1"}).id
        hidden_run = log_run(session, "r2", project="secret")
        hidden = log_artifact(session, hidden_run, {"a": b"2"}).id
        artifacts.use(session, hidden_run, own, time_ms=NOW_MS)
    for path in ("about", "tree", f"changes?since={own}"):
        assert eve.ask("GET", f"/artifact-versions/{hidden}/{path}").status_code == 404
    assert eve.ask("GET", f"/artifact-versions/{own}/changes?since={hidden}").status_code == 404
    assert eve.ask("GET", "/projects/secret/artifacts/model/versions").status_code == 404
    assert eve.ask("PUT", f"/artifact-versions/{hidden}/aliases/x").status_code == 404
    assert eve.ask("PUT", f"/artifact-versions/{own}/aliases/x").status_code == 403
    assert eve.done("GET", f"/artifact-versions/{own}/about")["use_count"] == 0
    assert eve.done("POST", "/projects/digits/data/compare", {"runs": ["r2"]})["runs"] == []


def test_an_artifact_named_like_a_manifest_keeps_its_digest(session: Session) -> None:
    """Versions that were made before references were known are found again."""
    files = manifest({"a": b"1"}).files
    assert artifacts.manifests.digest_of(files) == digest_of(f"1:a:{digest_of(b'1')}:1;".encode())
