"""Requests that mean harm, or were mangled: for every route of the app, as the bytes that go over the wire.

What always holds: an attack does not say what the server should answer, only that it must not fail. Which ones there
are follows from the app's routes and from their schemas, so that a new route or field is attacked from its first day.
"""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode

import msgspec

from chaos.hostile_words import (
    CONDITIONS,
    FORMULAS,
    HOSTS,
    LITERALS,
    MALFORMED,
    ORIGINS,
    REGEXES,
    TEXTS,
)
from tests.frames import START_MS, Journal
from tracker.records import (
    AlertRaised,
    ArtifactFile,
    ArtifactLogged,
    ConfigChanged,
    ConsoleLine,
    EnvironmentCaptured,
    Logged,
    MediaLogged,
    MetricDefined,
    Record,
    SummaryChanged,
    encode,
    frame,
)
from tracker_server.app import APIS, openapi
from tracker_server.http import Route

PREFIX = "/api/v1"
HOST = b"localhost"
PROGRAM = (b"X-Tracker-Client", b"chaos")
JSON = (b"Content-Type", b"application/json")

Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class Attack:
    """`route` is what it is about; `changes` says that it may take away what others need, and so comes last."""

    route: str
    what: str
    head: bytes
    body: bytes = b""
    changes: bool = False


@dataclass(frozen=True)
class Known:
    """What is on the server, so that an attack gets as far as it can: the values of parts of paths."""

    parts: dict[str, str]

    def path(self, route: Route, **other: str) -> str:
        """The address of a route, percent-encoded, with these parts in place of those that are known."""
        words = []
        for word in (PREFIX + route.path).split("/"):
            name = word.strip("<>").rpartition(":")[2]
            is_part = word.startswith("<")
            words.append(other.get(name, quote(self.parts.get(name, "1"), safe="")) if is_part else word)
        return "/".join(words)


def attacks(known: Known) -> Iterator[Attack]:
    """All of them; the order follows the routes."""
    yield from (Attack("HTTP itself", repr(raw[:60]), raw) for raw in MALFORMED)
    yield from _on_pages()
    for route in (route for api in APIS for route in api.routes):
        yield from _on_path(route, known)
        yield from _on_senders(route, known)
        yield from _on_query(route, known)
        yield from _on_body(route, known)
    yield from _on_journals(known)


def _attack(route: Route, what: str, target: str, *headers: Header, body: bytes = b"") -> Attack:
    is_last = route.method == "DELETE" or route.path.endswith(("purge", "change", "stop"))
    head = _head(route.method, target, PROGRAM, *headers, length=len(body))
    return Attack(f"{route.method} {route.path}", what, head, body, is_last)


def _head(method: str, target: str, *headers: Header, length: int, host: bytes = HOST) -> bytes:
    lines = [f"{method} {target} HTTP/1.1".encode(), b"Host: " + host, b"Connection: close"]
    lines += [name + b": " + value for name, value in headers]
    lines += [f"Content-Length: {length}".encode()] if length or method in ("POST", "PUT", "PATCH") else []
    return b"\r\n".join([*lines, b"", b""])


def _on_pages() -> Iterator[Attack]:
    for folder in ("/", "/assets/", "/embed/", "/api/", "/api/v1/", "/healthz/", "/p/"):
        for text in TEXTS:
            for written in (quote(text, safe=""), quote(text, safe="/%.\\~:")):
                head = _head("GET", folder + written, length=0)
                yield Attack(f"GET {folder}…", f"path {text[:40]!r}", head)


def _on_path(route: Route, known: Known) -> Iterator[Attack]:
    """Hostile texts in place of each part of the path; bytes that are no UTF-8 as well."""
    if "<" not in route.path:
        return
    names = [word.strip("<>").rpartition(":")[2] for word in route.path.split("/") if word.startswith("<")]
    body, headers = _plausible_body(route)
    for name in names:
        for text in TEXTS:
            for written in {quote(text, safe=""), quote(text, safe="/%\\~:")}:
                yield _attack(route, f"{name} {text[:40]!r}", known.path(route, **{name: written}), *headers, body=body)
        not_text = quote_from_bytes(b"\xff\xfe\x00", safe="")
        yield _attack(route, f"{name} no UTF-8", known.path(route, **{name: not_text}), *headers, body=body)


def _on_senders(route: Route, known: Known) -> Iterator[Attack]:
    """From hosts and origins that are not ours."""
    target = known.path(route)
    body, headers = _plausible_body(route)
    for host in HOSTS:
        head = _head(route.method, target, PROGRAM, *headers, length=len(body), host=host)
        yield Attack(f"{route.method} {route.path}", f"host {host[:40]!r}", head, body)
    for origin in ORIGINS if route.changes else ():
        for site in ((), ((b"Sec-Fetch-Site", b"cross-site"),)):
            sender = ((b"Origin", origin), *site)
            head = _head(route.method, target, *sender, *headers, length=len(body))
            yield Attack(f"{route.method} {route.path}", f"origin {origin[:40]!r}", head, body)


def _on_query(route: Route, known: Known) -> Iterator[Attack]:
    """Hostile texts in each parameter that the route knows, and in one that it does not."""
    body, headers = _plausible_body(route)
    asked = {"writer": "w0", "metric": "loss", "replaces": "1", "reason": "why"}
    for name in [*_parameters(route), "unknown"]:
        for text in (*TEXTS, *_special(name)):
            query = urlencode({**_taken(route, asked), name: text}, errors="surrogatepass")
            yield _attack(route, f"{name}={text[:40]!r}", f"{known.path(route)}?{query}", *headers, body=body)


def _on_body(route: Route, known: Known) -> Iterator[Attack]:
    """Bodies that are none, or too much, or of another type; and each field of a good one with hostile values."""
    target = known.path(route)
    if route.method == "GET":
        return
    for what, headers, body in _spoilt_bodies(_plausible_body(route)[0]):
        yield _attack(route, what, target, *headers, body=body)
    if route.body is None:
        return
    good = _plausible(route)
    fields = _schemas()[route.body.__name__].get("properties", {})
    for field, schema in fields.items():
        hostile = [*LITERALS, *map(json.dumps, (*TEXTS, *_special(field)))]
        if schema.get("type") == "array":
            hostile += [f"[{json.dumps(text)}]" for text in (*TEXTS, *_special(field))]
        for literal in hostile:
            rest = {name: value for name, value in good.items() if name != field}
            start = json.dumps(rest)[:-1] + (", " if rest else "")
            body = f"{start}{json.dumps(field)}: {literal}}}".encode(errors="surrogatepass")
            yield _attack(route, f"{field} {literal[:40]}", target, JSON, body=body)


def _spoilt_bodies(good: bytes) -> Iterator[tuple[str, tuple[Header, ...], bytes]]:
    for what, body in (
        *_no_json().items(), ("no body", b""), ("cut off", good[: len(good) // 2]), ("a mark", b"\xef\xbb\xbf" + good),
        ("UTF-16", good.decode(errors="replace").encode("utf-16")),
    ):  # fmt: skip
        yield what, (JSON,), body
    yield "gzip, said", (JSON, (b"Content-Encoding", b"gzip")), _no_json()["gzip"]
    for kind in (
        b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"text/html",
        b"application/json; charset=utf-7", b"application/json/x", b"\xff", b"a" * 5000, b"application/vnd.msgpack",
    ):  # fmt: skip
        yield f"type {kind[:40]!r}", ((b"Content-Type", kind),), good
    parts = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 3000 + b"--x--\r\n"
    yield "many parts", ((b"Content-Type", b"multipart/form-data; boundary=x"),), parts
    yield "an odd key of the act", (JSON, (b"Idempotency-Key", b"\xff" * 300)), good


@cache
def _no_json() -> dict[str, bytes]:
    """Bodies that are not JSON, or JSON that is too deep, too long or nothing that a route asks for."""
    return {
        "deep lists": b"[" * 100_000,
        "deep objects": b'{"a":' * 100_000,
        "no UTF-8": b'{"name": "\xff\xfe"}',
        "NUL": b"\0" * 1000,
        "a number": b"1",
        "a huge number": b"9" * 100_000,
        "null": b"null",
        "a list": b"[]",
        "one key often": b'{"a":1' + b',"a":1' * 50_000 + b"}",
        "a long text": b'"' + b"a" * 3_000_000 + b'"',
        "many keys": b"{" + b",".join(b'"k%d":0' % number for number in range(60_000)) + b"}",
        "many texts": b'[""' + b',""' * 1_300_000 + b"]",
        "many lists": b"[[]" + b",[]" * 1_300_000 + b"]",
        "many escapes": b'["' + b'\\"' * 2_000_000 + b'"]',
        "deep to the limit": b"[" * 4_000_000,
        "too large": b'{"a":"' + b"a" * 5_000_000 + b'"}',
        "gzip": gzip.compress(b"[" + b"0," * 5_000_000 + b"0]"),
    }


def _on_journals(known: Known) -> Iterator[Attack]:
    """Journals whose records have hostile names, and bytes that are no journal."""
    for number, text in enumerate((*TEXTS, "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"))):
        journal = Journal(run_id=f"hostile-{number}", project=text or "p", writer="w0")
        journal.started(name=text, tags=(text,), group=text, notes=text)
        for records in _records(text):
            body = journal.body() + b"".join(
                frame(len(journal.frames) + at, encode(record)) for at, record in enumerate(records)
            )
            yield _journal(f"{type(records[0]).__name__} {text[:40]!r}", f"hostile-{number}", body)
    for what, body in _no_journals().items():
        yield _journal(what, "broken", body)


def _no_journals() -> dict[str, bytes]:
    """Bytes that are no journal, or hold what no client would write."""
    start = Journal(run_id="broken").started().body()
    many = dict.fromkeys(map(str, range(500_000)), 1.0)
    return {
        "zeros": bytes(1000),
        "text": b"GET / HTTP/1.1\r\n" * 100,
        "a frame that is cut": start[:-3],
        "a huge length": b"\xff" * 64,
        "deep MessagePack": _framed(b"\x91" * 100_000),
        "a list that is not there": _framed(b"\xdd\xff\xff\xff\xff"),
        "a map that is not there": _framed(b"\xdf\xff\xff\xff\xff"),
        "bytes that are not there": _framed(b"\xc6\xff\xff\xff\xff"),
        "an unknown kind": _framed(msgspec.msgpack.encode(["x" * 500, 1])),
        "a pickle": _framed(b"\x80\x04\x95\x1c\x00\x00\x00cposix\nsystem\n"),
        "an extension": _framed(b"\xc7\xff\x01" + bytes(255)),
        "zlib": zlib.compress(bytes(5_000_000)),
        "too much": start + bytes(17 * 1024 * 1024),
        "nothing at all": b"",
        "a record of the far future": _framed(encode(Logged(2**62, 2**62, {"loss": 1.0}))),
        "a record before all time": _framed(encode(Logged(-(2**62), -(2**62), {"loss": 1.0}))),
        "a step of the far future": start + frame(1, encode(Logged(2**62, 2**62, {"loss": 1.0}))),
        "half a million metrics": start + frame(1, encode(Logged(1, START_MS, many))),
    }


def _records(text: str) -> Iterator[list[Record]]:
    digest = "0" * 64
    yield [Logged(0, START_MS, {text: 1.0}), Logged(1, START_MS, {text: float("nan")})]
    yield [ConfigChanged(START_MS, {text: {text: [text]}})]
    yield [SummaryChanged(START_MS, {text: text})]
    yield [EnvironmentCaptured(START_MS, {"command": text, "git": {"patch": text}, text: text})]
    yield [ConsoleLine(START_MS, "stdout", text), AlertRaised(START_MS, "warning", text, text)]
    yield [MetricDefined(START_MS, text, step_metric=text)]
    yield [ArtifactLogged(START_MS, text or "a", text or "t", (ArtifactFile(text, digest, 1),), aliases=(text,))]
    yield [MediaLogged(0, START_MS, text, "plotly", digest, 1, text)]


def _framed(payload: bytes) -> bytes:
    return frame(0, payload)


def _journal(what: str, run_id: str, body: bytes) -> Attack:
    target = f"{PREFIX}/runs/{run_id}/journal?writer=w0"
    return Attack("POST /runs/<run_id>/journal", what, _head("POST", target, PROGRAM, length=len(body)), body)


def _special(name: str) -> tuple[str, ...]:
    """What else is hostile to a field of this name: to what reads filters, formulas and regular expressions."""
    if name in ("filter", "text", "where"):
        return CONDITIONS
    if name in ("q", "having", "pattern", "regex"):
        return REGEXES
    return FORMULAS if name in ("metric", "metrics", "formula", "formulas", "x", "name", "names") else ()


def _parameters(route: Route) -> list[str]:
    if route.query is None:
        return []
    described = msgspec.inspect.type_info(route.query)
    assert isinstance(described, msgspec.inspect.StructType)
    return [field.encode_name for field in described.fields]


def _taken(route: Route, asked: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if name in _parameters(route)}


@cache
def _schemas() -> dict[str, Any]:
    document: dict[str, Any] = openapi()
    schemas: dict[str, Any] = document["components"]["schemas"]
    return schemas


def _plausible_body(route: Route) -> tuple[bytes, tuple[Header, ...]]:
    """A body that the route could take, and the header that goes with it."""
    if route.body_kind == "json":
        return json.dumps(_plausible(route)).encode(), (JSON,)
    if route.body_kind == "bytes":
        return struct.pack("<q", 7), ((b"Content-Type", b"application/octet-stream"),)
    return b"", ()


def _plausible(route: Route) -> dict[str, Any]:
    assert route.body is not None
    made: dict[str, Any] = _value({"$ref": f"#/components/schemas/{route.body.__name__}"})
    return made


def _value(schema: dict[str, Any]) -> Any:
    """The plainest value that a schema of the OpenAPI document takes."""
    if "$ref" in schema:
        return _value(_schemas()[schema["$ref"].rpartition("/")[2]])
    if "default" in schema:
        return schema["default"]
    for key in ("enum", "anyOf", "oneOf"):
        if key in schema:
            return schema[key][0] if key == "enum" else _value(schema[key][0])
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: _value(fields[name]) for name in schema.get("required", ())}
    if kind == "array":
        return [_value(schema["items"])] * schema.get("minItems", 0)
    return {"string": "loss", "integer": schema.get("minimum", 1), "number": 1.0, "boolean": True}.get(str(kind))
