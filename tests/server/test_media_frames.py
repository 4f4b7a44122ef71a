"""What a run logs besides numbers: kept, listed, and shown on a page that can do nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import NOW_MS
from tests.server.logged import digest_of, log_run, writing
from tracker.records import MediaLogged
from tracker_server import media, runs

FIGURE = b'{"data": [{"type": "heatmap", "z": [[1, 2], [3, 4]]}], "layout": {}}'


def logged(client: FlaskClient, app: Flask, data: bytes = FIGURE, **fields: Any) -> int:
    """The id of a figure that run1 logged."""
    assert client.put(f"/api/v1/blobs/{digest_of(data)}", data=data).status_code in (200, 201)
    values = {"step": 1, "time_ms": NOW_MS, "name": "confusion", "kind": "plotly", **fields}
    record = MediaLogged(digest=digest_of(data), size_bytes=len(data), **values)
    with writing(app) as session:
        return media.add(session, log_run(session), record).id


def frame(client: FlaskClient, media_id: int, **query: str) -> TestResponse:
    return client.get(f"/api/v1/media/{media_id}/frame", query_string=query)


def embedded(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_media_is_listed_by_name_and_step(client: FlaskClient, app: Flask) -> None:
    logged(client, app, name="b", step=1)
    logged(client, app, name="a", step=2)
    newest = logged(client, app, name="a", step=1, caption="so far")
    listed = client.get("/api/v1/runs/run1/media").json["media"]
    assert [(item["name"], item["step"]) for item in listed] == [("a", 1), ("a", 2), ("b", 1)]
    assert listed[0]["frame_url"] == f"/api/v1/media/{newest}/frame"
    assert (listed[0]["caption"], listed[0]["size_bytes"], listed[0]["kind"]) == ("so far", len(FIGURE), "plotly")
    with writing(app) as session:
        assert media.count_of_run(session, "run1") == 3


def test_a_name_of_any_length_is_kept_as_far_as_an_index_holds_it(client: FlaskClient, app: Flask) -> None:
    logged(client, app, name="Ω" * 5000)
    (item,) = client.get("/api/v1/runs/run1/media").json["media"]
    assert item["name"] == "Ω" * 500


def test_the_page_of_a_figure_holds_it_whole(client: FlaskClient, app: Flask) -> None:
    answer = frame(client, logged(client, app))
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert embedded(answer.text) == json.loads(FIGURE)


def test_the_page_lives_in_an_origin_of_its_own_and_asks_for_nothing(client: FlaskClient, app: Flask) -> None:
    answer = frame(client, logged(client, app))
    parts = answer.headers["Content-Security-Policy"].split("; ")
    policy = {name: value for name, _, value in (part.partition(" ") for part in parts)}
    assert policy["sandbox"] == "allow-scripts"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "http://localhost/api/v1/media/ 'unsafe-eval'"
    assert policy["frame-ancestors"] == "'self'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_its_scripts_may_be_loaded_by_an_opaque_origin_and_kept(client: FlaskClient, app: Flask) -> None:
    scripts = re.findall(r'src="([^"]+)"', frame(client, logged(client, app)).text)
    assert len(scripts) == 2
    for address in scripts:
        answer = client.get(address, buffered=True)
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "\u2028"])
def test_no_text_of_a_figure_leaves_its_element(client: FlaskClient, app: Flask, text: str) -> None:
    figure = {"data": [], "layout": {"title": {"text": text}}}
    page = frame(client, logged(client, app, json.dumps(figure, ensure_ascii=False).encode(), name=text)).text
    assert embedded(page) == figure
    assert page.count("<script") == 3
    assert "<!--" not in page


def test_the_page_has_the_theme_that_is_asked_for(client: FlaskClient, app: Flask) -> None:
    item = logged(client, app)
    assert "#12161c" in frame(client, item, theme="dark").text
    assert "#12161c" not in frame(client, item).text
    assert frame(client, item, theme="<pink>").json["error"]["field"] == "theme"


@pytest.mark.parametrize(
    ("data", "kind", "sentence"),
    [
        (b"no json", "plotly", "not a Plotly figure"),
        (b"[1, 2]", "plotly", "not a Plotly figure"),
        (b'{"data": NaN}', "plotly", "not a Plotly figure"),
        (b"\xff\xfe", "plotly", "not a Plotly figure"),
        (FIGURE, "hologram", "the kind &#x27;hologram&#x27;"),
    ],
    ids=["text", "list", "nan", "bytes", "kind"],
)
def test_what_cannot_be_shown_is_told_in_the_frame(
    client: FlaskClient, app: Flask, data: bytes, kind: str, sentence: str
) -> None:
    answer = frame(client, logged(client, app, data, kind=kind))
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert sentence in answer.text
    assert "sandbox allow-scripts" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("media_id", [0, 12, 2**63, 10**30])
def test_media_that_is_not_there_is_not_found(client: FlaskClient, media_id: int) -> None:
    assert frame(client, media_id).json["error"]["code"] == "unknown_media"


def test_media_of_a_run_in_the_trash_is_not_shown(client: FlaskClient, app: Flask) -> None:
    item = logged(client, app)
    with writing(app) as session:
        run = runs.get(session, "run1")
        runs.delete(session, run.id, actor_id=run.created_by, now_ms=NOW_MS)
    assert frame(client, item).json["error"]["code"] == "unknown_run"
