"""Bodies: bounded in; out as JSON, or as MessagePack where a route has columns and a client asks.

In comes one type for each route, as it is: no form, nothing in several parts, nothing compressed. Before a body of JSON
is decoded its bytes, its depth and the number of its items are counted; the structs bound the rest.

What always holds: an answer goes out in one piece, so that its failure is told by its status. One that would not fit
into memory is streamed, and ends before its time where it fails.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal, TypeVar

import msgspec
import numpy as np
from flask import Request, Response, request

from tracker_server.errors import BadRequest, Refused, Stalled, TooLarge, UnsupportedBody

T = TypeVar("T")
Query = TypeVar("Query", bound=msgspec.Struct)

JSON: Final = "application/json"
MSGPACK: Final = "application/vnd.msgpack"
LINES: Final = "application/x-ndjson"
BYTES: Final = "application/octet-stream"

BodyKind = Literal["json", "bytes", "none"]

MAX_DEPTH: Final = 50
"""How deep lists and objects may lie in one another; no body of ours comes near."""

MAX_ITEMS: Final = 100_000
"""How many values, lists and objects a body may have in all; the longest list that is taken has 40,000."""

LARGE_JSON_BYTES: Final = 256 * 1024
LARGE_BYTES: Final = 6 * 1024 * 1024
TRIM_EVERY_S: Final = 10.0

_trimmed_s = 0.0
_malloc_trim: Final = getattr(ctypes.CDLL(None), "malloc_trim", None)

COMPRESSED_FROM_BYTES: Final = 8 * 1024
_LEVEL: Final = 1
"""JSON of numbers becomes a half to a third of its size, at 50 to 100 MB/s; higher levels gain a tenth for double."""

_GZIP: Final = 16 + zlib.MAX_WBITS

_NAMED: Final = re.compile("(?:missing required|unknown) field `(?P<field>[^`]+)`")

_BOUND: Final = re.compile(r"Expected `(?P<kind>str|array|object)` of length <= (?P<limit>\d+)")
_PLACE: Final = re.compile(r" - at (?P<of_key>`key` in )?`\$(?P<path>[^`]*)`$")
_STEP: Final = re.compile(r"\[(?:\.\.\.|[0-9]+)\]|[^.\[]+")

_PART_BYTES: Final = 64 * 1024
_BACKSLASH: Final = ord("\\")
_IS_STRUCTURE: Final = np.array([byte in b"[]{}," for byte in range(256)])
_STEPS: Final = np.array([(byte in b"[{") - (byte in b"]}") for byte in range(256)], np.int8)

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
    read = reader(request, limit_bytes)
    parts: list[bytes] = []
    while part := read(1024 * 1024):
        parts.append(part)
    return b"".join(parts)


def reader(request: Request, limit_bytes: int) -> Callable[[int], bytes]:
    """What reads the body piece by piece, each of at most so many bytes. Raises TooLarge and Stalled."""
    check_length(request, limit_bytes)
    size = 0

    def read(most_bytes: int) -> bytes:
        nonlocal size
        try:
            part: bytes = request.stream.read(min(most_bytes, limit_bytes + 1 - size))
        except (BlockingIOError, ConnectionError) as error:
            message = f"the body broke off after {size:,} bytes ({error.strerror}); send the request again"
            raise Stalled("stalled", message) from error
        size += len(part)
        if size > limit_bytes:
            raise _too_large(size, limit_bytes)
        return part

    return read


def check_length(request: Request, limit_bytes: int) -> None:
    """Raises TooLarge for a body that says that it is longer."""
    if (request.content_length or 0) > limit_bytes:
        raise _too_large(request.content_length or 0, limit_bytes)


def _too_large(size: int, limit: int) -> TooLarge:
    return TooLarge("too_large", f"the body has {size} bytes or more, the limit is {limit}; send it in smaller parts")


def give_back(_error: BaseException | None = None) -> None:
    """For the app's teardown: have memory that is not used go back to the system, where malloc is glibc's.

    It would keep that of a large body for each of the threads. What is sent all the time, batches of a journal, stays
    below: their memory is needed again at once. But what lies free between them grows by the hour, so once in a while
    all of it goes back.
    """
    global _trimmed_s
    size_bytes = request.content_length or 0
    is_large = size_bytes >= (LARGE_JSON_BYTES if request.mimetype == JSON else LARGE_BYTES)
    now_s = time.monotonic()
    if _malloc_trim is not None and (is_large or now_s - _trimmed_s > TRIM_EVERY_S):
        _trimmed_s = now_s  # two threads at once would both do it, which does no harm
        _malloc_trim(0)


def check_body_kind(request: Request, kind: BodyKind) -> None:
    """Raises UnsupportedBody unless the body is of the one type that the route reads, and not compressed.

    A form on another site can send neither JSON nor plain bytes unasked. A route that reads no body passes over one,
    but takes no form either; bytes may come without a type.
    """
    if request.content_encoding not in (None, "", "identity"):
        raise UnsupportedBody(
            "compressed_body", f"the body is compressed by {request.content_encoding[:80]!r}; send it as it is"
        )
    given = request.mimetype
    wanted = {"json": (JSON,), "bytes": (BYTES, ""), "none": (JSON, BYTES, "")}[kind]
    if given not in wanted:
        raise UnsupportedBody(
            "not_json" if kind == "json" else "not_bytes" if kind == "bytes" else "unexpected_body",
            f"the body came {f'as {given[:80]!r}' if given else 'without a type'}; send it with "
            + ("no body" if kind == "none" else f"Content-Type: {wanted[0]}"),
        )


def read_json(request: Request, kind: type[T], limit_bytes: int) -> T:
    """The body, which is JSON (`check_body_kind`), as `kind`."""
    body = read_body(request, limit_bytes)
    check_structure(body)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _refusal(error, lambda: msgspec.json.decode(body)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest("bad_json", f"the body is not JSON: {error}") from error


def check_structure(body: bytes) -> None:
    """Raises Refused for JSON that is nested too deep, or has too many items. A small body is hardly looked at."""
    opened = body.count(b"[") + body.count(b"{")
    if opened <= MAX_DEPTH and opened + body.count(b",") <= MAX_ITEMS:
        return
    items = depth = deepest = 0
    for steps in _structure(body):
        depths = depth + np.cumsum(steps, dtype=np.int32)
        items += int(np.count_nonzero(steps >= 0))
        deepest = max(deepest, int(depths.max(initial=0)))
        depth = int(depths[-1]) if len(depths) else depth
    if items > MAX_ITEMS:
        raise Refused(
            "too_many_items", f"the body has {items:,} items, and at most {MAX_ITEMS:,} are read; send several requests"
        )
    if deepest > MAX_DEPTH:
        raise Refused(
            "too_deep", f"the body has lists and objects {deepest} deep in one another, and {MAX_DEPTH} is the most"
        )


def _structure(body: bytes) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int8]]]:
    """What each bracket, brace and comma outside of a text does to the depth: 1, -1 or 0; a part of the body at a time.

    A part and what is made of it is small, whatever the body is full of: its texts as a list would take a hundred bytes
    each, and what is freed of many megabytes does not all go back to the system.
    """
    start, is_in_text = 0, False
    while start < len(body):
        end = min(start + _PART_BYTES, len(body))
        while end < len(body) and body[end - 1] == _BACKSLASH:  # what it escapes belongs with it
            end += 1
        plain = np.frombuffer(body[start:end].replace(b"\\\\", b"").replace(b'\\"', b""), np.uint8)
        quotes = np.cumsum(plain == ord('"'), dtype=np.int32) + is_in_text
        yield _STEPS[plain[(quotes % 2 == 0) & _IS_STRUCTURE[plain]]]
        is_in_text = bool(quotes[-1] % 2) if len(quotes) else is_in_text
        start = end


def read_query(request: Request, kind: type[Query]) -> Query:
    """The query string as `kind`; numbers and booleans are read from their text.

    A parameter that is a list there may be given several times; of any other the first counts.
    """
    given: dict[str, Any] = request.args.to_dict()
    given |= {name: request.args.getlist(name) for name in _lists(kind) if name in given}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(error, lambda: given) from error


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


def _refusal(error: msgspec.ValidationError, given: Callable[[], Any]) -> Refused:
    """What is wrong, with the name of the field: where it is at fault, or is missing, or should not be there."""
    message = str(error)
    place = _PLACE.search(message)
    named = _NAMED.search(message)
    field = (place["path"].removeprefix(".") if place else "") or (named["field"] if named else None)
    bound = _BOUND.match(message)
    if bound is not None and place is not None:
        is_key = place["of_key"] is not None
        message = _over(field or "the body", bound["kind"], int(bound["limit"]), _at(given(), place["path"], is_key))
    return Refused("invalid", message, field=field)


def _over(field: str, kind: str, limit: int, found: list[Any]) -> str:
    """The sentence for what is longer than its type allows."""
    length = max((len(value) for value in found if isinstance(value, str | list | dict)), default=limit + 1)
    if kind == "str":
        return f"{field} has {length:,} characters, and at most {limit:,} are read; say it in fewer"
    return f"{field} has {length:,} items, and at most {limit:,} are taken; ask for them in several requests"


def _at(value: Any, path: str, is_key: bool) -> list[Any]:
    """What stands at a place such as `.sort[1].key`; `[...]` is any value of an object."""
    found = [value]
    for step in _STEP.findall(path):
        if step == "[...]":
            found = [item for each in found for item in each.values()]
        elif step.startswith("["):
            found = [each[int(step[1:-1])] for each in found]
        else:
            found = [each[step] for each in found if step in each]
    return [key for each in found for key in each] if is_key else found
