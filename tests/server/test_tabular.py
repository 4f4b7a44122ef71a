"""Rows of tables over HTTP: read by a process of their own, filtered, sorted, grouped, and joined with others."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import NOW_MS
from tests.server.logged import digest_of, log_artifact, log_run, writing
from tests.server.people import Somebody
from tracker.records import ArtifactFile, MediaLogged
from tracker_server import confined, media

COLUMNS = [
    {"name": "id", "type": "number"},
    {"name": "loss", "type": "number"},
    {"name": "label", "type": "text"},
    {"name": "shown", "type": "media"},
]
VALUES: list[list[Any]] = [
    [1, 2, 3, 4],
    [0.5, "NaN", 0.1, None],
    ["cat", "dog", "cat", None],
    [{"file": "cells/a b.png", "kind": "image"}, None, None, None],
]
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is alike whatever the database: the reading of a file."""

PREDICTIONS = {"columns": COLUMNS, "values": VALUES, "format": 1}


@pytest.fixture(autouse=True, scope="module")
def readers() -> Iterator[None]:
    yield
    confined.close()


def log_table(client: FlaskClient, app: Flask, table: Any, run_id: str = "run1", **fields: Any) -> int:
    """The id of a table that a run logged."""
    data = table if isinstance(table, bytes) else json.dumps(table).encode()
    assert client.put(f"/api/v1/blobs/{digest_of(data)}", data=data).status_code in (200, 201)
    values = {"step": 1, "time_ms": NOW_MS, "name": "predictions", "kind": "table", **fields}
    with writing(app) as session:
        record = MediaLogged(digest=digest_of(data), size_bytes=len(data), **values)
        return media.add(session, log_run(session, run_id), record).id


def log_files(client: FlaskClient, app: Flask, files: dict[str, bytes]) -> int:
    """The id of an artifact version with these files."""
    for data in files.values():
        assert client.put(f"/api/v1/blobs/{digest_of(data)}", data=data).status_code in (200, 201)
    with writing(app) as session:
        return log_artifact(session, log_run(session), files, name="data").id


def page(client: FlaskClient, media_id: int, **query: Any) -> Any:
    answer = client.post(f"/api/v1/media/{media_id}/table", json=query)
    assert answer.status_code == 200, answer.json
    return answer.json


def of_file(client: FlaskClient, app: Flask, name: str, data: bytes, **query: Any) -> TestResponse:
    version_id = log_files(client, app, {name: data})
    return client.post(f"/api/v1/artifact-versions/{version_id}/table", json={"path": name, **query})


def parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


def test_a_page_of_a_table_that_was_logged(client: FlaskClient, app: Flask) -> None:
    media_id = log_table(client, app, PREDICTIONS)
    found = page(client, media_id)
    assert found["columns"] == found["available"] == COLUMNS
    assert (found["row_count"], found["match_count"], found["is_cut"], found["notes"]) == (4, 4, False, [])
    shown = {
        "file": "cells/a b.png",
        "kind": "image",
        "content_url": f"/api/v1/media/{media_id}/content?file=cells%2Fa%20b.png",
    }
    assert found["rows"] == [
        [1, 0.5, "cat", shown], [2, "NaN", "dog", None], [3, 0.1, "cat", None], [4, None, None, None]
    ]  # fmt: skip


@ONE_DATABASE
@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"sort": [{"column": "loss"}]}, [3, 1, 2, 4]),
        ({"sort": [{"column": "loss", "descending": True}]}, [1, 3, 2, 4]),
        ({"sort": [{"column": "label"}, {"column": "id", "descending": True}]}, [3, 1, 2, 4]),
        ({"filter": "loss < 1"}, [1, 3]),
        ({"filter": 'loss == "NaN"'}, [2]),
        ({"filter": "loss != 0.5"}, [2, 3, 4]),
        ({"filter": 'label == "cat" and not loss > 0.2'}, [3]),
        ({"filter": 'matches(label, "^d|t$") and id in [1, 2]'}, [1, 2]),
        ({"filter": 'label is None or "og" in label'}, [2, 4]),
        ({"filter": '0.1 <= column["loss"] < 0.5'}, [3]),
        ({"filter": 'shown.contains("a b.png")'}, [1]),
        ({"offset": 1, "limit": 2}, [2, 3]),
        ({"offset": 10}, []),
    ],
    ids=str,
)
def test_rows_are_filtered_sorted_and_paged(client: FlaskClient, app: Flask, query: Any, ids: list[int]) -> None:
    found = page(client, log_table(client, app, PREDICTIONS), columns=["id"], **query)
    assert [row[0] for row in found["rows"]] == ids


def test_groups_say_of_each_value_what_its_rows_come_to(client: FlaskClient, app: Flask) -> None:
    values = [{"column": "id", "of": "sum"}, {"column": "loss", "of": "count"}, {"column": "loss", "of": "min"}]
    group = {"by": ["label"], "values": values}
    sort = [{"column": "sum(id)", "descending": True}]
    found = page(client, log_table(client, app, PREDICTIONS), filter="id > 1", group=group, sort=sort)
    assert [column["name"] for column in found["columns"]] == [
        "label",
        "count()",
        "sum(id)",
        "count(loss)",
        "min(loss)",
    ]
    assert found["rows"] == [[None, 1, 4, 0, None], ["cat", 1, 3, 1, 0.1], ["dog", 1, 2, 1, "NaN"]]
    assert (found["match_count"], found["row_count"]) == (3, 4)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ({"filter": "loss >"}, "bad_filter", "at character 7, the end"),
        ({"filter": "lss > 1"}, "bad_filter", "did you mean loss?"),
        ({"filter": 'loss > "x"'}, "bad_filter", "column of type number"),
        ({"filter": "__import__('os').system('x')"}, "bad_filter", "at character 1"),
        ({"filter": 'matches(label, "(")'}, "bad_filter", "no regular expression"),
        ({"filter": "(" * 1000}, "bad_filter", "nested"),
        ({"columns": ["nope"]}, "unknown_column", "it has id, loss, label, shown"),
        ({"sort": [{"column": "nope"}]}, "unknown_column", "no column 'nope'"),
        ({"group": {"by": ["nope"]}}, "unknown_column", "no column 'nope'"),
        ({"group": {"by": ["id"], "values": [{"column": "label", "of": "mean"}]}}, "bad_group", "there is no mean"),
    ],
    ids=str,
)
def test_a_question_that_cannot_be_answered_says_why(
    client: FlaskClient, app: Flask, query: Any, code: str, words: str
) -> None:
    answer = client.post(f"/api/v1/media/{log_table(client, app, PREDICTIONS)}/table", json=query)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, code)
    assert words in answer.json["error"]["message"]


def test_the_place_of_a_filters_mistake_is_told(client: FlaskClient, app: Flask) -> None:
    media_id = log_table(client, app, PREDICTIONS)
    answer = client.post(f"/api/v1/media/{media_id}/table", json={"filter": " id > 1 and lbl == 2"})
    assert answer.json["error"]["position"] == 13


FRAME: dict[str, Any] = {"id": [1, 2], "x": [0.5, None], "label": ["a", "b"]}


@ONE_DATABASE
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("rows.parquet", lambda: parquet(**FRAME)),
        ("rows.csv", lambda: pl.DataFrame(FRAME).write_csv().encode()),
        ("rows.TSV", lambda: pl.DataFrame(FRAME).write_csv(separator="\t").encode()),
        ("rows.jsonl", lambda: pl.DataFrame(FRAME).write_ndjson().encode()),
        ("rows.json", lambda: pl.DataFrame(FRAME).write_json().encode()),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_files_of_artifacts_are_tables_too(
    client: FlaskClient, app: Flask, name: str, make: Callable[[], bytes]
) -> None:
    found = of_file(client, app, f"sub/{name}", make(), filter='label == "b" or x > 0').json
    assert [(column["name"], column["type"]) for column in found["columns"]] == [
        ("id", "number"), ("x", "number"), ("label", "text")
    ]  # fmt: skip
    assert found["rows"] == [[1, 0.5, "a"], [2, None, "b"]]


def test_cells_of_every_type_are_told_in_json(client: FlaskClient, app: Flask) -> None:
    data = parquet(
        big=[2**60], bytes=[b"abc"], day=pl.Series(["1970-01-02"]).str.to_date(), inf=[float("-inf")], list=[[1, None]],
        struct=[{"a": {"b": "c"}}], long=["x" * 5000], none=[None], span=pl.Series([1500]).cast(pl.Duration("ms")),
    )  # fmt: skip
    found = of_file(client, app, "all.parquet", data).json
    row = dict(zip([column["name"] for column in found["columns"]], found["rows"][0], strict=True))
    assert row.pop("long") == "x" * 2000 + "… (5,000 characters)"
    assert row == {
        "big": str(2**60), "bytes": "3 bytes", "day": 86_400_000, "inf": "-Infinity", "list": [1, None],
        "struct": {"a": {"b": "c"}}, "none": None, "span": "1s 500ms",
    }  # fmt: skip


def lying_footer() -> bytes:
    whole = parquet(x=list(range(1000)))
    return whole[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1"


def damaged_pages() -> bytes:
    whole = bytearray(parquet(x=[f"text {number}" for number in range(1000)]))
    whole[4:400] = b"\xff" * 396
    return bytes(whole)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.parquet", b"PAR1", "cannot be read as Parquet"),
        ("a.parquet", lying_footer(), "cannot be read as Parquet"),
        ("a.parquet", damaged_pages(), "cannot be read as Parquet"),
        ("a.csv", b"\x1f\x8b" + b"x" * 100, "packed with gzip"),
        ("a.csv", b"a," * 20_000 + b"\n", "at most 10,000 are read"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', "line 2 is not JSON"),
        ("a.jsonl", b"[1]\n", "row 1 is not an object"),
        ("a.jsonl", b'{"a":' + b"[" * 100_000 + b"\n", "line 1 is not JSON"),
        ("a.json", b'"text"', "neither a table nor a list of objects"),
    ],
    ids=lambda part: None if isinstance(part, bytes) else part,
)
def test_a_hostile_file_costs_its_reader_a_sentence(
    client: FlaskClient, app: Flask, name: str, data: bytes, words: str
) -> None:
    answer = of_file(client, app, name, data)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "unreadable_file")
    assert words in answer.json["error"]["message"]
    assert of_file(client, app, "b.csv", b"a\n1\n").json["rows"] == [[1]]


@ONE_DATABASE
@pytest.mark.parametrize(
    ("data", "rows", "note"),
    [
        (b"a,b\n1,2\n3\n", [[1, 2], [3, None]], None),
        (b"a,b\n1,2\n3,4,5\n", [[1, 2], [3, 4]], "more values than there are columns"),
        (b"a,b\n1,x\n2,\xff\n", [[1, "x"], [2, "\N{REPLACEMENT CHARACTER}"]], "not all UTF-8"),
        (b"a\n" + b"1\n" * 20_000 + b"x\n", [["1"]] * 100, None),
        (b"a\n0.5\nnan\ninf\n", [[0.5], ["NaN"], ["Infinity"]], None),
        (b"", [], None),
    ],
    ids=["short", "long", "bytes", "mixed", "nan", "empty"],
)
def test_a_csv_that_is_not_as_it_should_be_is_shown_as_far_as_it_goes(
    client: FlaskClient, app: Flask, data: bytes, rows: Any, note: str | None
) -> None:
    found = of_file(client, app, "a.csv", data).json
    assert found["rows"] == rows
    assert [note in said for said in found["notes"]] == ([True] if note is not None else [])


@ONE_DATABASE
@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"columns": COLUMNS[:2], "values": [[1, 2], [3]]}, "different lengths"),
        ({"columns": COLUMNS[:2], "values": [[1, 2]]}, "2 columns, and values of 1"),
        ({"columns": COLUMNS[:1] * 2, "values": [[1], [2]]}, "same name"),
        ({"rows": []}, "missing required field"),
        (b"\x00\x01", "cannot be read as a table as JSON"),
    ],
    ids=["ragged", "short", "twice", "other", "bytes"],
)
def test_a_table_that_is_none_says_what_is_wrong(client: FlaskClient, app: Flask, table: Any, words: str) -> None:
    answer = client.post(f"/api/v1/media/{log_table(client, app, table)}/table", json={})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "unreadable_file")
    assert words in answer.json["error"]["message"]


def test_a_column_of_mixed_values_is_shown_with_a_note(client: FlaskClient, app: Flask) -> None:
    table = {"columns": COLUMNS[:1], "values": [[1, "two", [3]]]}
    found = page(client, log_table(client, app, table))
    assert (found["rows"], found["columns"][0]["type"]) == ([[1], ["two"], [[3]]], "json")
    assert "'id' should be of type number" in found["notes"][0]


def compared(client: FlaskClient, app: Flask, before: Any, after: Any, **query: Any) -> Any:
    names = [{"name": "id", "type": "text"}, {"name": "loss", "type": "number"}]
    left = log_table(client, app, {"columns": names, "values": before}, "run1")
    right = log_table(client, app, {"columns": names, "values": after}, "run2")
    return client.post(f"/api/v1/media/{left}/table/join", json={"other": right, "on": ["id"], **query}).json


def test_a_join_names_the_rows_that_got_worse(client: FlaskClient, app: Flask) -> None:
    before = [["a", "b", "c", "d", "e"], [0.5, 0.5, 0.5, 0.5, 0.5]]
    after = [["d", "c", "b", "a", "f"], ["NaN", 0.5, 0.75, 0.25, 1]]
    order = {"column": "loss", "goal": "min"}
    found = compared(client, app, before, after, order_by=order, only="worse")
    assert [(row["key"], row["left"], row["right"], row["changes"]) for row in found["rows"]] == [
        (["d"], [0.5], ["NaN"], [None]), (["b"], [0.5], [0.75], [0.25])
    ]  # fmt: skip
    assert found["counts"] == {"both": 4, "left": 1, "right": 1, "changed": 3, "worse": 2, "better": 1}
    best = compared(client, app, before, after, order_by={**order, "change": "better"}, only="better")
    assert [row["key"] for row in best["rows"]] == [["a"]]
    rest = {side: compared(client, app, before, after, only=side)["rows"] for side in ("left", "right", "changed")}
    assert {side: [row["key"][0] for row in rows] for side, rows in rest.items()} == {
        "left": ["e"], "right": ["f"], "changed": ["a", "b", "d"]
    }  # fmt: skip


def test_keys_that_are_not_unique_make_no_more_rows(client: FlaskClient, app: Flask) -> None:
    found = compared(client, app, [["a"] * 300, list(range(300))], [["a"] * 200, list(range(200))], limit=500)
    assert found["counts"] == {"both": 200, "left": 100, "right": 0, "changed": 0, "worse": None, "better": None}
    assert "299 rows have keys that came before" in found["notes"][0]


@ONE_DATABASE
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"on": ["nope"]}, "unknown_column"),
        ({"order_by": {"column": "id", "goal": "min"}}, "not_a_number"),
        ({"only": "worse"}, "no_order"),
        ({"other": 999}, "unknown_media"),
    ],
    ids=str,
)
def test_a_join_that_cannot_be_is_refused(client: FlaskClient, app: Flask, query: Any, code: str) -> None:
    assert compared(client, app, [["a"], [1]], [["a"], [1]], **query)["error"]["code"] == code


def changed(client: FlaskClient, app: Flask, before: bytes, after: bytes, **query: Any) -> Any:
    first = log_files(client, app, {"a.csv": before})
    second = log_files(client, app, {"a.csv": after})
    body = {"since": first, "path": "a.csv", **query}
    return client.post(f"/api/v1/artifact-versions/{second}/table/changes", json=body).json


def test_rows_that_changed_between_two_versions_are_named(client: FlaskClient, app: Flask) -> None:
    before, after = b"id,x,old\n1,a,0\n2,b,0\n3,c,0\n", b"id,x,new\n1,a,1\n2,B,1\n4,d,1\n"
    found = changed(client, app, before, after, on=["id"])
    assert (found["added_columns"], found["removed_columns"]) == (["new"], ["old"])
    assert [column["name"] for column in found["columns"]] == ["id", "x", "old", "new"]
    assert [tuple(row.values()) for row in found["rows"]] == [
        ("changed", [2, "b", 0, None], [2, "B", None, 1], [False, True, False, False]),
        ("removed", [3, "c", 0, None], None, [False] * 4),
        ("added", None, [4, "d", None, 1], [False] * 4),
    ]
    assert [found[kind] for kind in ("added", "removed", "changed", "unchanged")] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        (b"name,ID\na,1\nb,2\n", b"name,ID\na,1\nc,2\n", ["ID"]),
        (b"x,image_id\n1,7\n", b"x,image_id\n2,7\n", ["image_id"]),
        (b"id,file\n1,a\n1,b\n", b"id,file\n1,a\n2,b\n", ["file"]),
        (b"id,x\n1,a\n,b\n", b"id,x\n1,a\n2,b\n", []),
        (b"id,x\n1,a\n", b"x\na\n", []),
        (b"paid,x\n1,a\n", b"paid,x\n1,b\n", []),
    ],
    ids=["id", "of-something", "id-repeats", "id-has-gaps", "id-is-new", "no-name-of-a-key"],
)
def test_a_row_is_known_by_a_column_that_tells_all_rows_apart(
    client: FlaskClient, app: Flask, before: bytes, after: bytes, key: list[str]
) -> None:
    assert changed(client, app, before, after)["on"] == key
    assert changed(client, app, before, after, on=[])["on"] == []


def test_without_a_key_a_row_is_its_values(client: FlaskClient, app: Flask) -> None:
    found = changed(client, app, b"x\n1\n1\n2\n", b"x\n1\n2\n2\n3\n")
    assert [(row["kind"], row["before"], row["after"]) for row in found["rows"]] == [
        ("removed", [1], None), ("added", None, [2]), ("added", None, [3])
    ]  # fmt: skip
    only = changed(client, app, b"x\n1\n1\n2\n", b"x\n1\n2\n2\n3\n", only="removed")
    assert (only["match_count"], only["unchanged"]) == (1, 2)


def test_examples_of_a_confusion_matrix_are_a_table(client: FlaskClient, app: Flask) -> None:
    data = json.dumps({"columns": COLUMNS[:1], "values": [[7]]}).encode()
    client.put(f"/api/v1/blobs/{digest_of(data)}", data=data)
    record = MediaLogged(
        1, NOW_MS, "confusion", "confusion_matrix", "", 0,
        files=(ArtifactFile("examples.json", digest_of(data), len(data)),),
    )  # fmt: skip
    with writing(app) as session:
        media_id = media.add(session, log_run(session), record).id
    assert page(client, media_id, file="examples.json")["rows"] == [[7]]
    answers = [client.post(f"/api/v1/media/{media_id}/table", json=query) for query in ({}, {"file": "other.json"})]
    assert [answer.json["error"]["code"] for answer in answers] == ["no_table", "unknown_file"]


def test_what_is_no_table_by_its_name_is_not_read(client: FlaskClient, app: Flask) -> None:
    answer = of_file(client, app, "weights.bin", b"1")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "no_table")


def test_who_may_not_see_a_project_finds_no_table_of_it(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    data = json.dumps(PREDICTIONS).encode()
    headers = ada.headers
    assert ada.client.put(f"/api/v1/blobs/{digest_of(data)}", data=data, headers=headers).status_code == 201
    with writing(guarded) as session:
        record = MediaLogged(1, NOW_MS, "predictions", "table", digest_of(data), len(data))
        media_id = media.add(session, log_run(session), record).id
    assert ada.ask("POST", f"/media/{media_id}/table", {}).status_code == 200
    for path, body in (("table", {}), ("table/join", {"other": media_id, "on": ["id"]})):
        assert bob.ask("POST", f"/media/{media_id}/{path}", body).status_code == 404


def test_the_server_itself_loads_nothing_that_reads_tables() -> None:
    code = "import sys, tracker_server.app; print(sorted({'polars', 'PIL'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
