"""The OpenAPI document of what is served, from the signature of the version that is held.

What always holds: whatever the document allows is of the right shape and type, as far as JSON Schema can say it; that
two axes of one name are equally long it cannot, and the description does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tracker.manifest import Field, Manifest

_NO_NUMBERS: Final = ["NaN", "Infinity", "-Infinity"]
_FLOATS: Final = frozenset({"float16", "float32", "float64", "bfloat16"})
_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "field": {"type": "string", "description": "The input that it is about."},
                "request_id": {"type": "string"},
            },
        }
    },
}
_STATUSES: Final = {
    "400": "The body is no JSON.",
    "401": "The token is missing or wrong.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "422": "An input is missing, unknown, or of the wrong type or shape; `field` names it.",
    "500": "The model could not answer; `request_id` is in the log of the server.",
    "503": "No version is loaded yet.",
}


def document(
    *, model: str, version: int | None, manifest: Manifest | None, needs_token: bool, example: object = None
) -> dict[str, Any]:
    """An OpenAPI 3.1 document; before a version is loaded it knows of no inputs."""
    signature = manifest.signature if manifest is not None else None
    body: dict[str, Any] = {"schema": _request(signature.inputs if signature else None)}
    if example is not None:
        body["example"] = {"input": example}
    predict: dict[str, Any] = {
        "operationId": "predict",
        "summary": "The model's outputs to these inputs",
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "200": {
                "description": "The outputs, and the version that gave them.",
                "headers": {
                    "X-Model-Version": {"description": "The version.", "schema": {"type": "integer"}},
                    "X-Request-Id": {"schema": {"type": "string"}},
                },
                "content": {"application/json": {"schema": _answer(signature.outputs if signature else None)}},
            }
        }
        | {
            status: {
                "description": told,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            }
            for status, told in _STATUSES.items()
        },
    }
    if needs_token:
        predict["security"] = [{"token": []}]
    return {
        "openapi": "3.1.0",
        "info": {"title": model, "version": str(version or "folder"), "description": _description(model, version)},
        "paths": {
            "/predictions": {"post": predict},
            "/health-check": {"get": _health()},
            "/metrics": {"get": _plain("metrics", "Figures for Prometheus", "text/plain")},
            "/openapi.json": {"get": _plain("openapi", "This document", "application/json")},
            "/": {"get": _plain("index", "What is served, for people", "text/html")},
        },
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _description(model: str, version: int | None) -> str:
    return f"{model} v{version}, served by tracker" if version is not None else f"{model}, served by tracker"


def _request(fields: tuple[Field, ...] | None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["input"],
        "properties": {
            "input": _fields(fields),
            "id": {"type": "string", "maxLength": 200, "description": "Given back with the answer."},
        },
        "additionalProperties": False,
    }


def _answer(fields: tuple[Field, ...] | None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["output", "model", "version"],
        "properties": {
            "output": _fields(fields),
            "model": {"type": "string"},
            "version": {"type": ["integer", "null"]},
            "id": {"type": "string"},
        },
    }


def _fields(fields: tuple[Field, ...] | None) -> dict[str, Any]:
    if fields is None:
        return {"type": "object"}
    return {
        "type": "object",
        "required": [field.name for field in fields],
        "properties": {field.name: _field(field) for field in fields},
        "additionalProperties": False,
    }


def _field(field: Field) -> dict[str, Any]:
    schema = _value(field.dtype)
    for size in reversed(field.shape):
        schema = {"type": "array", "items": schema}
        if isinstance(size, int):
            schema |= {"minItems": size, "maxItems": size}
    told = f"{field.dtype} [{', '.join('?' if size is None else str(size) for size in field.shape)}]"
    return schema | {"description": f"{told} {field.description}".strip()}


def _value(dtype: str) -> dict[str, Any]:
    if dtype in _FLOATS:
        return {"anyOf": [{"type": "number"}, {"enum": _NO_NUMBERS}]}
    if dtype == "bool":
        return {"type": "boolean"}
    if dtype == "string":
        return {"type": "string"}
    if dtype == "json":
        return {}
    bits = int(dtype.lstrip("uint"))
    if dtype.startswith("u"):
        return {"type": "integer", "minimum": 0, "maximum": 2**bits - 1}
    return {"type": "integer", "minimum": -(2 ** (bits - 1)), "maximum": 2 ** (bits - 1) - 1}


def _health() -> dict[str, Any]:
    schema = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
    content = {"application/json": {"schema": schema}}
    return {
        "operationId": "health",
        "summary": "Whether it answers",
        "responses": {
            "200": {"description": "It does.", "content": content},
            "503": {"description": "Not yet, or no version can be loaded.", "content": content},
        },
    }


def _plain(operation: str, summary: str, media_type: str) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {"200": {"description": summary + ".", "content": {media_type: {}}}},
    }
