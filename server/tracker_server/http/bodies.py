"""Bodies: bounded in, JSON out in one piece."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from flask import Request, Response

from tracker_server.errors import BadRequest, Refused, TooLarge

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


def reply(value: msgspec.Struct | dict[str, Any], status: int = 200) -> Response:
    """An answer as JSON; NaN and infinities, which JSON does not have, become null."""
    return Response(_encode(value), status, mimetype="application/json", headers={"Cache-Control": "no-store"})


def read_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body. Raises TooLarge beyond the limit, whatever Content-Length says."""
    if (request.content_length or 0) > limit_bytes:
        raise _too_large(request.content_length or 0, limit_bytes)
    parts: list[bytes] = []
    size = 0
    while part := request.stream.read(min(1024 * 1024, limit_bytes + 1 - size)):
        parts.append(part)
        size += len(part)
        if size > limit_bytes:
            raise _too_large(size, limit_bytes)
    return b"".join(parts)


def _too_large(size: int, limit: int) -> TooLarge:
    return TooLarge("too_large", f"the body has {size} bytes or more, the limit is {limit}; send it in smaller parts")


def read_json(request: Request, kind: type[T], limit_bytes: int) -> T:
    """The body as `kind`. Only `application/json` is read: a form on another site cannot send that unasked."""
    if request.mimetype != "application/json":
        raise BadRequest("not_json", f"the body must be application/json, not {request.mimetype or 'without a type'!r}")
    try:
        return msgspec.json.decode(read_body(request, limit_bytes), type=kind)
    except msgspec.ValidationError as error:
        raise _refusal(error) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest("bad_json", f"the body is not JSON: {error}") from error


def read_query(request: Request, kind: type[T]) -> T:
    """The query string as `kind`; numbers and booleans are read from their text."""
    try:
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: msgspec.ValidationError) -> Refused:
    _, _, path = str(error).partition(" - at `")
    return Refused("invalid", str(error), field=path.rstrip("`").removeprefix("$.") or None)
