"""No input is without a bound: of every route, its address, body and query, in type, bytes, depth and length."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import time
import tracemalloc
from collections.abc import Iterator

import msgspec
import pytest
from flask.testing import FlaskClient
from msgspec import inspect

from tracker_server.app import APIS
from tracker_server.http.api import Route
from tracker_server.http.bodies import MAX_DEPTH, MAX_ITEMS
from tracker_server.http.security import MAX_PATH, MAX_QUERY

ROUTES = [route for api in APIS for route in api.routes]
CHANGING = [route for route in ROUTES if route.method != "GET"]
WITH_JSON = [route for route in ROUTES if route.body is not None]
STRUCTS = sorted(
    {kind for route in ROUTES for kind in (route.body, route.query) if kind is not None}, key=lambda kind: kind.__name__
)


def _said(route: Route) -> str:
    return f"{route.method} {route.path}"


def _address(route: Route) -> str:
    return "/api/v1" + re.sub("<[^>]+>", "1", route.path)


def _unbounded(part: inspect.Type, place: str) -> Iterator[str]:
    """The places within a type where a client may say as much as it likes."""
    if isinstance(part, inspect.Metadata):
        yield from _unbounded(part.type, place)
    elif isinstance(part, inspect.UnionType):
        for kind in part.types:
            yield from _unbounded(kind, place)
    elif isinstance(part, inspect.StructType):
        for field in part.fields:
            yield from _unbounded(field.type, f"{place}.{field.encode_name}")
    elif isinstance(part, inspect.TupleType):
        for kind in part.item_types:
            yield from _unbounded(kind, f"{place}[…]")
    elif isinstance(part, inspect.StrType):
        if part.max_length is None:
            yield f"{place} is a text"
    elif isinstance(part, inspect.ListType):
        if part.max_length is None:
            yield f"{place} is a list"
        yield from _unbounded(part.item_type, f"{place}[…]")
    elif isinstance(part, inspect.DictType):
        if part.max_length is None:
            yield f"{place} is a dict"
        yield from _unbounded(part.key_type, f"a key of {place}")
        yield from _unbounded(part.value_type, f"{place}[…]")
    elif not isinstance(part, inspect.IntType | inspect.FloatType | inspect.BoolType | inspect.NoneType
                        | inspect.LiteralType):  # fmt: skip
        yield f"{place} is a {type(part).__name__}, which this test does not know"


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
def test_every_text_list_and_dict_of_a_request_has_a_greatest_length(kind: type[msgspec.Struct]) -> None:
    unbounded = list(_unbounded(inspect.type_info(kind), kind.__name__))
    assert not unbounded, "give it a type of tracker_server.bounds"


def test_a_new_text_without_a_bound_would_be_found() -> None:
    class Sloppy(msgspec.Struct):
        words: list[str]
        more: dict[str, bytes] | None = None

    assert len(list(_unbounded(inspect.type_info(Sloppy), "Sloppy"))) == 5


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"]
)
def test_a_route_of_json_reads_nothing_else(client: FlaskClient, kind: str) -> None:
    for route in WITH_JSON:
        headers = {"Content-Type": kind} if kind else {}
        answer = client.open(_address(route), method=route.method, data=b"{}", headers=headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (415, "not_json"), _said(route)
        assert "application/json" in answer.json["error"]["message"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_no_route_takes_a_form(client: FlaskClient, kind: str) -> None:
    for route in CHANGING:
        answer = client.open(_address(route), method=route.method, data=b"--x--", headers={"Content-Type": kind})
        assert answer.status_code == 415, _said(route)


def test_nothing_that_comes_is_decompressed(client: FlaskClient) -> None:
    for route in CHANGING:
        kind = "application/json" if route.body is not None else "application/octet-stream"
        headers = {"Content-Encoding": "gzip", "Content-Type": kind}
        answer = client.open(_address(route), method=route.method, data=b"\x1f\x8b", headers=headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (415, "compressed_body"), _said(route)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "too_deep"),
        (b'{"a":' * 200_000, "too_many_items"),
        (b"[" + b"1," * MAX_ITEMS + b"1]", "too_many_items"),
        (b'"' + b"x" * (4 * 1024 * 1024) + b'"', "too_large"),
    ],
    ids=["deep", "endless", "many", "large"],
)
def test_a_body_is_bounded_before_it_is_read(client: FlaskClient, body: bytes, code: str) -> None:
    for route in WITH_JSON:
        started = time.process_time()
        answer = client.open(_address(route), method=route.method, data=body, content_type="application/json")
        assert (answer.status_code, answer.json["error"]["code"]) == (413 if code == "too_large" else 422, code)
        assert time.process_time() - started < 2, _said(route)


def test_brackets_and_commas_within_a_text_are_no_structure(client: FlaskClient) -> None:
    text = '[{,\\"' * 4000
    answer = client.post("/api/v1/projects", json={"name": "digits", "description": text})
    assert answer.status_code == 201
    assert client.get("/api/v1/projects/digits").json["description"] == text


def test_a_million_texts_cost_little_memory_before_they_are_refused(client: FlaskClient) -> None:
    body = b'[""' + b',""' * 1_300_000 + b"]"
    tracemalloc.start()
    try:
        answer = client.post("/api/v1/projects", data=body, content_type="application/json")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "too_many_items")
    assert peak_bytes < 4 * len(body)


def test_a_text_that_never_ends_costs_no_more_than_its_length(client: FlaskClient) -> None:
    body = b'[{,"' + b'\\"[' * 1_000_000
    started = time.process_time()
    answer = client.post("/api/v1/projects", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("path", "body", "field", "sentence"),
    [
        ("/projects", {"name": "x" * 501}, "name", "name has 501 characters, and at most 500 are read"),
        ("/series", {"runs": ["r"] * 201, "metrics": ["loss"]}, "runs", "runs has 201 items, and at most 200 are"),
        (
            "/series",
            {"runs": ["r"], "metrics": ["a", "x" * 700]},
            "metrics[1]",
            "has 700 characters",
        ),
        ("/runs/running", {"pinned": {"x" * 900: "loss"}}, "pinned", "has 900 characters, and at most 500"),
        ("/runs/running", {"pinned": {"p": "x" * 901}}, "pinned[...]", "has 901 characters, and at most 500"),
    ],
    ids=["text", "list", "item", "key", "value"],
)
def test_what_is_too_long_is_told_with_its_length(
    client: FlaskClient, path: str, body: dict[str, object], field: str, sentence: str
) -> None:
    answer = client.post(f"/api/v1{path}", json=body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
    assert sentence in answer.json["error"]["message"]


def test_a_parameter_that_is_too_long_is_told_with_its_length(client: FlaskClient) -> None:
    error = client.get("/api/v1/projects/digits/keys", query_string={"prefix": "x" * 777}).json["error"]
    assert (error["field"], error["message"]) == (
        "prefix",
        "prefix has 777 characters, and at most 500 are read; say it in fewer",
    )


@pytest.mark.parametrize("address", ["/" + "x" * MAX_PATH, f"/?{'x' * (MAX_QUERY + 1)}"], ids=["path", "query"])
@pytest.mark.parametrize("below", ["", "/api/v1/projects"])
def test_an_address_is_bounded(client: FlaskClient, below: str, address: str) -> None:
    answer = client.get(below + address)
    assert (answer.status_code, answer.json["error"]["code"]) == (414, "address_too_long")


def test_a_file_is_bounded_whatever_its_length_is_said_to_be(client: FlaskClient) -> None:
    settings = client.application.extensions["tracker.settings"]
    client.application.extensions["tracker.settings"] = dataclasses.replace(settings, max_file_bytes=1000)
    without_length = {"input_stream": io.BytesIO(b"x" * 1001), "environ_overrides": {"wsgi.input_terminated": True}}
    for body in ({"data": b"x" * 1001}, without_length):
        answer = client.put(f"/api/v1/blobs/{'a' * 64}", **body)
        assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")
    assert not any(path.is_file() for path in settings.blobs.rglob("*"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name == " + json.dumps("x" * 5000), "bad_filter"),
        ("(" * 300 + "name" + ")" * 300, "bad_filter"),
        ("not " * 500 + "config.x", "bad_filter"),
        (" or ".join(["config.x == 1"] * 51), "bad_filter"),
        (" or ".join(['matches(name, "x")'] * 6), "bad_filter"),
        (f'matches(name, "{"x" * 501}")', "bad_filter"),
        ('matches(name, "((x{1000}){1000}){1000}")', "bad_filter"),
        ('matches(name, "(a{1,500}){1,2}b{1,900}")', None),
    ],
    ids=["long", "brackets", "nots", "comparisons", "patterns", "pattern", "repeated", "large"],
)
def test_a_filter_costs_no_more_than_is_known(client: FlaskClient, text: str, code: str | None) -> None:
    client.post("/api/v1/projects", json={"name": "digits"})
    started = time.process_time()
    answer = client.post("/api/v1/projects/digits/runs/search", json={"filter": text})
    assert answer.status_code == 422 or (code is None and answer.status_code == 200)
    assert code is None or answer.json["error"]["code"] == code
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "text",
    ["+".join(["loss"] * 200), "-" * 40 + "loss", "(" * 40 + "loss" + ")" * 40, "+".join(f"m{n}" for n in range(21))],
    ids=["long", "signs", "brackets", "metrics"],
)
def test_a_formula_costs_no_more_than_is_known(client: FlaskClient, text: str) -> None:
    answer = client.post("/api/v1/formulas", json={"formula": text})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_formula")
