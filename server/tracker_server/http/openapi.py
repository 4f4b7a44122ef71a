"""The OpenAPI document, generated from the declared routes and the structs that they take and give."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec

from tracker_server.http import kept_answers
from tracker_server.http.api import PREFIX, Api, Route
from tracker_server.http.bodies import JSON, LINES, MSGPACK

_PARAMETER = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
_REF = "#/components/schemas/{name}"


class ErrorBody(msgspec.Struct, frozen=True):
    """`code` is for programs, `message` for people; `field` names the part of the request that is at fault.

    By `request_id`, which the header X-Request-Id says too, the server's log knows the request.
    """

    code: str
    message: str
    request_id: str
    field: str | None = None


class ErrorAnswer(msgspec.Struct, frozen=True):
    error: ErrorBody


def document(apis: list[Api], version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes."""
    routes = [(api.tag, route) for api in apis for route in api.routes]
    used = {kind for _, route in routes for kind in _kinds(route)}
    kinds: list[type[msgspec.Struct]] = [*used, ErrorAnswer]
    ordered = sorted(kinds, key=_name)
    _, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    paths: dict[str, Any] = {}
    for tag, route in routes:
        path = PREFIX + _PARAMETER.sub(r"{\g<name>}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(tag, route, components)
    for query in {route.query.__name__ for _, route in routes if route.query is not None}:
        components.pop(query, None)
    return {
        "openapi": "3.1.0",
        "info": {"title": "tracker", "version": version},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(components.items()))},
    }


def _kinds(route: Route) -> list[type[msgspec.Struct]]:
    return [kind for kind in (route.query, route.body, route.reply, route.streamed) if kind is not None]


def _operation(tag: str, route: Route, components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [tag],
        "operationId": route.view.__name__,
        "summary": (inspect.getdoc(route.view) or "").partition("\n")[0],
        "parameters": _path_parameters(route.path) + _query_parameters(route, components) + _header_parameters(route),
        "responses": {"default": _failure(route), **_success(route)},
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(route.body.__name__)}
    elif route.body_kind == "bytes":
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return operation


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": found["name"],
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if found["converter"] == "int" else "string"},
        }
        for found in _PARAMETER.finditer(path)
    ]


def _query_parameters(route: Route, components: dict[str, Any]) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = components[route.query.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in schema["properties"].items()
    ]


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    if not route.takes_key:
        return []
    described = (
        "Names this act: sent again with the same key within 24 hours, it is not carried out again, and has the answer "
        "that it had, with the header Idempotent-Replayed."
    )
    schema = {"type": "string", "minLength": 1, "maxLength": kept_answers.LONGEST_KEY, "pattern": "^[!-~]+$"}
    return [
        {"name": kept_answers.HEADER, "in": "header", "required": False, "description": described, "schema": schema}
    ]


def _success(route: Route) -> dict[str, Any]:
    if route.reply is not None:
        content = _json(route.reply.__name__)
        content |= {MSGPACK: {}} if route.has_columns else {}
        content |= {LINES: _schema(route.streamed.__name__)} if route.streamed is not None else {}
        found = {str(route.status): {"description": "What was asked for.", "content": content}}
        if route.status_before is not None:
            found[str(route.status_before)] = {"description": "It was there already.", "content": content}
        if route.is_followed:
            found["304"] = {"description": "Nothing is new to who asks."}
        return found
    if not route.has_body:
        return {str(route.status): {"description": "Done; nothing to say."}}
    return {str(route.status): {"description": "The bytes.", "content": {kind: {} for kind in route.media_types}}}


def _failure(route: Route) -> dict[str, Any]:
    """A page that stands in a frame says what is wrong as a page; everything else as JSON."""
    page: dict[str, Any] = {kind: {} for kind in route.media_types if kind == "text/html"}
    return {"description": "A failure.", "content": {**_json("ErrorAnswer"), **page}}


def _name(kind: type[msgspec.Struct]) -> str:
    return kind.__name__


def _json(name: str) -> dict[str, Any]:
    return {JSON: _schema(name)}


def _schema(name: str) -> dict[str, Any]:
    return {"schema": {"$ref": _REF.format(name=name)}}
