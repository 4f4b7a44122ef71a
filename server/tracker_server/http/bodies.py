"""Bodies: bounded in; out as JSON, or as MessagePack where a route has columns and a client asks.

What always holds: an answer goes out in one piece, so that its failure is told by its status. One that would not fit
into memory is streamed, and ends before its time where it fails.
"""

from __future__ import annotations

import functools
import hashlib
import re
import zlib
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import msgspec
from flask import Request, Response

from tracker_server.errors import BadRequest, Refused, TooLarge

T = TypeVar("T")
Query = TypeVar("Query", bound=msgspec.Struct)

JSON: Final = "application/json"
MSGPACK: Final = "application/vnd.msgpack"
LINES: Final = "application/x-ndjson"

COMPRESSED_FROM_BYTES: Final = 8 * 1024
_LEVEL: Final = 1
"""JSON of numbers becomes a half to a third of its size, at 50 to 100 MB/s; higher levels gain a tenth for double."""

_GZIP: Final = 16 + zlib.MAX_WBITS

_NAMED: Final = re.compile("(?:missing required|unknown) field `(?P<field>[^`]+)`")

_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode


def reply(value: msgspec.Struct | dict[str, Any], status: int = 200) -> Response:
    """An answer as JSON; NaN and infinities, which JSON does not have, become null."""
    return Response(_encode(value), status, mimetype=JSON, headers={"Cache-Control": "no-store"})


def reply_conditionally(request: Request, response: Response) -> Response:
    """The same answer for a page that asks again and again: without its body (304) where the page has it already."""
    tag = hashlib.sha256(response.get_data()).hexdigest()[:32]
    response.headers["Cache-Control"] = "private, no-cache"
    if request.if_none_match.contains_weak(tag):
        response.status_code = 304
        response.set_data(b"")
    else:
        response = compressed(request, response)
    response.set_etag(tag, weak=True)  # the same answer, compressed or not
    response.vary.add("Accept-Encoding")
    return response


def reply_packed(value: msgspec.Struct, status: int = 200) -> Response:
    """An answer as MessagePack, with the same names."""
    return Response(_pack(value), status, mimetype=MSGPACK, headers={"Cache-Control": "no-store"})


def reply_streamed(parts: Iterable[bytes], *, as_msgpack: bool) -> Response:
    """An answer that is made as it is sent: MessagePack values one after the other, or a line of JSON each."""
    response = Response(parts, mimetype=MSGPACK if as_msgpack else LINES, headers={"Cache-Control": "no-store"})
    response.vary.add("Accept")
    return response


def wants_msgpack(request: Request) -> bool:
    """Whether the client names MessagePack among what it accepts, and does not prefer JSON."""
    return request.accept_mimetypes.best_match((JSON, MSGPACK), JSON) == MSGPACK


def compressed(request: Request, response: Response) -> Response:
    """The same answer, which is JSON in one piece, by gzip where it has some size and the client can read that.

    Columns in bytes stay as they are: the mantissas of floats hardly become smaller.
    """
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) < COMPRESSED_FROM_BYTES or not request.accept_encodings["gzip"]:
        return response
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    response.set_data(packer.compress(body) + packer.flush())
    response.headers["Content-Encoding"] = "gzip"
    return response


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


def read_query(request: Request, kind: type[Query]) -> Query:
    """The query string as `kind`; numbers and booleans are read from their text.

    A parameter that is a list there may be given several times; of any other the first counts.
    """
    given: dict[str, Any] = request.args.to_dict()
    given |= {name: request.args.getlist(name) for name in _lists(kind) if name in given}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(error) from error


@functools.cache
def _lists(kind: type[msgspec.Struct]) -> list[str]:
    """The fields that are lists."""
    described = msgspec.inspect.type_info(kind)
    assert isinstance(described, msgspec.inspect.StructType)
    return [field.encode_name for field in described.fields if _is_list(field.type)]


def _is_list(described: msgspec.inspect.Type) -> bool:
    if isinstance(described, msgspec.inspect.Metadata):  # it has words for the OpenAPI document
        return _is_list(described.type)
    return isinstance(described, msgspec.inspect.ListType)


def _refusal(error: msgspec.ValidationError) -> Refused:
    """What is wrong, with the name of the field: where it is at fault, or is missing, or should not be there."""
    message, _, path = str(error).partition(" - at `$")
    named = _NAMED.search(message)
    field = path.rstrip("`").removeprefix(".") or (named["field"] if named else None)
    return Refused("invalid", str(error), field=field)
