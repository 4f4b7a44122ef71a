"""What a run logs besides numbers: its names, its steps, pages of it, what is seen at a step, and its bytes."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import NOW_MS
from tests.frames import START_MS, Journal
from tests.server.logged import digest_of, log_run, writing
from tracker.records import ArtifactFile, MediaLogged
from tracker_server import media

HISTOGRAM = {"edges": [0, 1, 2], "counts": [3, 4]}


def send(client: FlaskClient, data: bytes) -> str:
    assert client.put(f"/api/v1/blobs/{digest_of(data)}", data=data).status_code in (200, 201)
    return digest_of(data)


def histogram(name: str, step: int, **fields: Any) -> MediaLogged:
    return MediaLogged(step, NOW_MS, name, "histogram", "", 0, details=HISTOGRAM, **fields)


def log(app: Flask, *records: MediaLogged, run_id: str = "run1") -> list[int]:
    """The ids of media that a run logged."""
    with writing(app) as session:
        run = log_run(session, run_id)
        return [media.add(session, run, record).id for record in records]


def listed(client: FlaskClient, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/api/v1/runs/run1/media", query_string={**query, **cursor}).json
        found += page["media"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def seen(client: FlaskClient, *names: str, runs: tuple[str, ...] = ("run1",), **asked: Any) -> list[dict[str, Any]]:
    body = {"runs": runs, "names": names, **asked}
    answer = client.post("/api/v1/projects/digits/media/at", json=body)
    assert answer.status_code == 200, answer.text
    groups: list[dict[str, Any]] = answer.json["groups"]
    return groups


def test_names_say_how_much_there_is_and_where(client: FlaskClient, app: Flask) -> None:
    log(app, histogram("b", 4), histogram("a", 9), histogram("a", -3), histogram("a", 9, position=1))
    found = client.get("/api/v1/runs/run1/media/names").json["names"]
    assert [(one["name"], one["kind"], one["count"], one["first_step"], one["last_step"]) for one in found] == [
        ("a", "histogram", 3, -3, 9),
        ("b", "histogram", 1, 4, 4),
    ]


def test_pages_follow_one_another_without_gap_or_double(client: FlaskClient, app: Flask) -> None:
    log(app, *(histogram(name, step, position=place) for name in "ab" for step in (2, 1) for place in (1, 0, 0)))
    found = listed(client, limit=5)
    assert [(one["name"], one["step"], one["position"]) for one in found] == [
        (name, step, place) for name in "ab" for step in (1, 2) for place in (0, 0, 1)
    ]
    assert len({one["id"] for one in found}) == 12
    assert [one["name"] for one in listed(client, name="b", from_step=2, to_step=2, kind="histogram")] == ["b"] * 3
    assert listed(client, kind="image") == []


@pytest.mark.parametrize("cursor", ["?", "AAAA", "lKFhAQKjYWJj"])
def test_a_cursor_of_somebody_else_is_refused(client: FlaskClient, app: Flask, cursor: str) -> None:
    log(app, histogram("a", 1))
    answer = client.get("/api/v1/runs/run1/media", query_string={"cursor": cursor})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_cursor")


def test_steps_are_all_there_or_evenly_some_with_both_ends(client: FlaskClient, app: Flask) -> None:
    log(app, histogram("a", 5), histogram("b", 1), histogram("a", 5, position=1))
    assert client.get("/api/v1/runs/run1/media/steps").json == {"steps": [1, 5], "count": 2}
    assert client.get("/api/v1/runs/run1/media/steps?name=a").json == {"steps": [5], "count": 1}
    log(app, *(histogram("many", step) for step in range(4001)), run_id="run2")
    found = client.get("/api/v1/runs/run2/media/steps").json
    assert (found["count"], found["steps"][0], found["steps"][-1]) == (4001, 0, 4000)
    assert 1000 < len(found["steps"]) <= 2000


def test_at_a_step_the_last_before_it_is_seen_of_each_run_and_name(client: FlaskClient, app: Flask) -> None:
    log(app, histogram("a", 1), histogram("a", 5), histogram("a", 5, position=1), histogram("b", 7))
    log(app, histogram("a", 4), run_id="run2")
    both = ("run2", "run1", "none")
    assert [(one["run"], one["name"], one["step"], one["count"]) for one in seen(client, "a", "b", runs=both)] == [
        ("run2", "a", 4, 1),
        ("run1", "a", 5, 2),
        ("run1", "b", 7, 1),
    ]
    assert [(one["run"], one["step"]) for one in seen(client, "a", "b", runs=both, step=4)] == [
        ("run2", 4),
        ("run1", 1),
    ]
    assert seen(client, "a", step=0) == []
    (group,) = seen(client, "a", "a", step=6)
    assert [one["position"] for one in group["media"]] == [0, 1]


def test_of_many_pieces_at_one_step_the_first_are_seen_and_all_counted(client: FlaskClient, app: Flask) -> None:
    log(app, *(histogram("a", 1, position=place // 2) for place in range(150)))
    (group,) = seen(client, "a")
    assert (group["count"], len(group["media"])) == (150, 64)
    assert [one["position"] for one in group["media"]] == [place // 2 for place in range(64)]


def test_details_and_files_too_large_for_a_list_are_told_of_one_piece(client: FlaskClient, app: Flask) -> None:
    blob = send(client, b"mask")
    large = {"edges": [0, 1], "counts": [1], "words": "x" * 40_000}
    files = tuple(ArtifactFile(f"masks/{number:03}.png", blob, 4) for number in range(33))
    log(app, MediaLogged(1, NOW_MS, "a", "histogram", "", 0, details=large))
    log(app, MediaLogged(1, NOW_MS, "b", "histogram", "", 0, details=HISTOGRAM, files=files), run_id="run1")
    found = listed(client)
    assert [(one["is_abridged"], one["details"], one["files"]) for one in found] == [(True, {}, [])] * 2
    first, second = (client.get(f"/api/v1/media/{one['id']}").json for one in found)
    assert (first["details"], first["is_abridged"]) == (large, False)
    assert [file["path"] for file in second["files"]] == [file.path for file in files]


PNG = b"\x89PNG\r\n\x1a\n and so on"


@pytest.mark.parametrize(
    ("kind", "details", "told"),
    [
        ("image", {"format": "png"}, "image/png"),
        ("audio", {"format": "ogg"}, "audio/ogg"),
        ("video", {"format": "webm"}, "video/webm"),
        ("image", {"format": "svg+xml"}, "application/octet-stream"),
        ("image", {"format": ["png"]}, "application/octet-stream"),
        ("image", {}, "application/octet-stream"),
        ("html", {"format": "png"}, "application/octet-stream"),
        ("svg", {}, "application/octet-stream"),
        ("hologram", {"format": "png"}, "application/octet-stream"),
    ],
)
def test_only_what_is_known_is_told_as_what_it_is(
    client: FlaskClient, app: Flask, kind: str, details: dict[str, Any], told: str
) -> None:
    (item,) = log(app, MediaLogged(1, NOW_MS, "a/b", kind, send(client, PNG), len(PNG), details=details))
    answer = client.get(client.get(f"/api/v1/media/{item}").json["content_url"], buffered=True)
    assert (answer.mimetype, answer.data) == (told, PNG)
    is_saved = answer.headers["Content-Disposition"].startswith("attachment")
    assert is_saved is (told == "application/octet-stream")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_part_of_the_bytes_may_be_asked_for(client: FlaskClient, app: Flask) -> None:
    (item,) = log(app, MediaLogged(1, NOW_MS, "a", "video", send(client, PNG), len(PNG), details={"format": "mp4"}))
    answer = client.get(f"/api/v1/media/{item}/content", headers={"Range": "bytes=1-3"}, buffered=True)
    assert (answer.status_code, answer.data) == (206, b"PNG")
    assert answer.headers["Content-Range"] == f"bytes 1-3/{len(PNG)}"
    assert "immutable" not in answer.headers["Cache-Control"]  # an id comes again, a digest does not


def test_further_files_are_told_by_their_ending(client: FlaskClient, app: Flask) -> None:
    mask = send(client, b"mask")
    files = (ArtifactFile("masks/seen.png", mask, 4), ArtifactFile("cells/page.html", mask, 4))
    (item,) = log(
        app, MediaLogged(1, NOW_MS, "a", "image", send(client, PNG), 1, details={"format": "png"}, files=files)
    )
    asked = f"/api/v1/media/{item}/content"
    assert client.get(asked, query_string={"file": "masks/seen.png"}, buffered=True).mimetype == "image/png"
    page = client.get(asked, query_string={"file": "cells/page.html"}, buffered=True)
    assert (page.mimetype, page.data) == ("application/octet-stream", b"mask")
    for path in ("", "../tracker.db", "masks"):
        assert client.get(asked, query_string={"file": path}).json["error"]["code"] == "unknown_file"


def test_the_storage_of_each_project_counts_its_media_and_their_further_files(client: FlaskClient, app: Flask) -> None:
    piece = {"name": "a", "kind": "image", "caption": "", "details": {"format": "png"}}
    data = [send(client, b"12345"), send(client, b"mask")]
    masks = tuple(ArtifactFile(f"masks/{number}.png", data[1], 4) for number in range(2))
    with writing(app) as session:
        for run_id, project in (("run1", "digits"), ("run2", "digits"), ("run3", "faces"), ("run4", "empty")):
            run = log_run(session, run_id, project=project)
            for step, files in enumerate([masks, ()] if project != "empty" else []):
                record = MediaLogged(step, NOW_MS, digest=data[0], size_bytes=5, files=files, **piece)
                media.add(session, run, record)
    stored = client.get("/api/v1/storage").json
    told = {one["name"]: (one["artifact_bytes"], one["media_bytes"]) for one in stored["projects"]}
    assert told == {"digits": (0, 36), "faces": (0, 18), "empty": (0, 0)}
    assert client.get("/api/v1/projects/digits/space").json["media_bytes"] == 36


def test_what_has_no_bytes_says_so(client: FlaskClient, app: Flask) -> None:
    (item,) = log(app, histogram("a", 1))
    found = client.get(f"/api/v1/media/{item}").json
    assert (found["content_url"], found["thumbnail_url"], found["frame_url"]) == (None, None, None)
    assert client.get(f"/api/v1/media/{item}/content").json["error"]["code"] == "no_content"
    assert client.get(f"/api/v1/media/{item}/frame").status_code == 422


def test_html_runs_where_it_reaches_nothing_and_svg_as_an_image(client: FlaskClient, app: Flask) -> None:
    hostile = b"<script>document.title = 'seen'</script>"
    page, drawing = log(
        app,
        MediaLogged(1, NOW_MS, "page", "html", send(client, hostile), len(hostile)),
        MediaLogged(1, NOW_MS, "<drawing>", "svg", send(client, hostile), len(hostile)),
    )
    answer = client.get(f"/api/v1/media/{page}/frame")
    assert answer.data == hostile
    assert answer.headers["Content-Security-Policy"].startswith("sandbox allow-scripts; default-src 'none';")
    assert "http" not in answer.headers["Content-Security-Policy"]
    alone = client.get(f"/api/v1/media/{page}/frame", headers={"Sec-Fetch-Dest": "document"})
    assert (alone.status_code, hostile in alone.data) == (422, False)
    answer = client.get(f"/api/v1/media/{drawing}/frame")
    assert 'alt="&lt;drawing&gt;" src="data:image/svg+xml;base64,' in answer.text
    assert b"<script" not in answer.data
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_a_fork_has_what_its_parent_logged_up_to_its_step(client: FlaskClient) -> None:
    mask = send(client, b"mask")
    file = ArtifactFile("masks/a.png", mask, 4)
    parent = Journal("run1").started()
    parent.add(histogram("a", 1, files=(file,)), histogram("a", 2, caption="two"), histogram("a", 9))
    assert parent.post(client).status_code == 200
    fork = Journal("run2", writer="w1").started(fork_of="run1", fork_step=5)
    assert fork.post(client).status_code == 200
    grandchild = Journal("run3", writer="w2").started(fork_of="run2", fork_step=1)
    assert grandchild.post(client).status_code == 200
    assert parent.add(histogram("late", 1, files=(file,)), histogram("late", 6)).post(client).status_code == 200
    assert fork.add(histogram("own", 1)).post(client).status_code == 200

    def of(run_id: str) -> list[tuple[str, int, str, int]]:
        found = client.get(f"/api/v1/runs/{run_id}/media").json["media"]
        return [(one["name"], one["step"], one["caption"], len(one["files"])) for one in found]

    assert of("run1") == [("a", 1, "", 1), ("a", 2, "two", 0), ("a", 9, "", 0), ("late", 1, "", 1), ("late", 6, "", 0)]
    assert of("run2") == [("a", 1, "", 1), ("a", 2, "two", 0), ("late", 1, "", 1), ("own", 1, "", 0)]
    assert of("run3") == [("a", 1, "", 1), ("late", 1, "", 1), ("own", 1, "", 0)]
    assert START_MS


@pytest.mark.parametrize(
    "fields",
    [
        {"details": {"format": b"png"}},
        {"position": 2**40},
        {"files": (ArtifactFile("a", "", 1, reference="s3://bucket/a"),)},
        {"files": (ArtifactFile("", digest_of(b"bytes"), 5),)},
        {"files": (ArtifactFile("a" * 5000, digest_of(b"bytes"), 5),)},
    ],
)
def test_media_that_cannot_be_kept_are_refused(client: FlaskClient, fields: dict[str, Any]) -> None:
    send(client, b"bytes")
    record = MediaLogged(1, NOW_MS, "a", "image", digest_of(b"bytes"), 5, **fields)
    answer = Journal("run1").started().add(record).post(client)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_record")
    assert answer.json["error"]["field"] == next(iter(fields))


def test_no_name_breaks_a_header(client: FlaskClient) -> None:
    digest = send(client, b"bytes")
    files = (ArtifactFile('a\r\nX-Evil: "1".png', digest, 5),)
    details = {"format": "x\r\ny"}
    record = MediaLogged(1, NOW_MS, "a\nb", "k" * 5000, digest, 5, details=details, files=files)
    assert Journal("run1").started().add(record).post(client).status_code == 200
    (found,) = client.get("/api/v1/runs/run1/media").json["media"]
    path = f"/api/v1/media/{found['id']}/content"
    for query in ({}, {"file": files[0].path}):
        with client.get(path, query_string=query) as answer:
            assert (answer.status_code, answer.data) == (200, b"bytes")
            assert "X-Evil" not in answer.headers
