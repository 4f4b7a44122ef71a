"""The outline of an ONNX file: what goes in and comes out, which operators, how many weights.

ONNX is Protocol Buffers, whose wire format takes a page to read: numbers, each with a field's number before it, and
pieces with their length before them. What is not wanted, the weights above all, is stepped over and never read. So the
server needs neither the onnx package nor its C++ parser, which builds the whole model in memory to say its inputs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tracker_server.previews.schema import OnnxOperator, OnnxOpset, OnnxValue, PreviewOnnx
from tracker_server.previews.source import MAX_WHOLE, Source, Unreadable
from tracker_server.previews.tensors import MAX_METADATA, shortened

MAX_FIELDS: Final = 200_000
MAX_SHOWN: Final = 200
WINDOW_BYTES: Final = 256
"""What is read at once where numbers lie; most of what follows them is stepped over."""

_VARINT, _WIDE, _PIECE, _NARROW = 0, 1, 2, 5

_TYPES: Final = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
    17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4",
    23: "float4e2m1",
}  # fmt: skip


@dataclass(frozen=True)
class _Piece:
    """Where the value of a field lies, or the number that it is."""

    number: int
    start: int
    end: int
    value: int = 0


class _Reader:
    """Reads fields, as many as are agreed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = MAX_FIELDS
        self._window = b""
        self._window_start = 0

    def fields(self, start: int, end: int) -> Iterator[_Piece]:
        while start < end:
            self._left -= 1
            if self._left < 0:
                raise Unreadable(f"its graph has more than the {MAX_FIELDS:,} parts that are read")
            tag, start = self._varint(start, end)
            number, wire = tag >> 3, tag & 7
            value = 0
            if wire == _VARINT:
                value, after = self._varint(start, end)
            elif wire == _PIECE:
                size, start = self._varint(start, end)
                after = start + size
            elif wire in (_WIDE, _NARROW):
                after = start + (8 if wire == _WIDE else 4)
            else:
                raise Unreadable("it is not an ONNX file: a part of it is of no known type")
            if number == 0 or after > end:
                raise Unreadable("it is not an ONNX file: a part of it ends after the whole")
            yield _Piece(number, start, after, value)
            start = after

    def _varint(self, start: int, end: int) -> tuple[int, int]:
        value = shift = 0
        place = start - self._window_start
        if place < 0 or place + 10 > len(self._window):
            self._window, self._window_start, place = self._source.up_to(start, WINDOW_BYTES), start, 0
        for byte in self._window[place : place + min(10, end - start)]:
            start += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value & (2**64 - 1), start
        raise Unreadable("it is not an ONNX file: it ends within a number")

    def text(self, piece: _Piece) -> str:
        data = self._source.at(piece.start, min(piece.end - piece.start, 2000))
        return shortened(data.decode("utf-8", "replace"))

    def numbers(self, piece: _Piece) -> list[int]:
        """A field that is a number, or a few of them in one piece."""
        if piece.value or piece.start == piece.end:
            return [piece.value]
        if piece.end - piece.start == 1:
            return [self._source.at(piece.start, 1)[0] & 0x7F]
        found: list[int] = []
        place = piece.start
        while place < piece.end and len(found) < 64:
            value, place = self._varint(place, piece.end)
            found.append(value)
        return found


@dataclass
class _Graph:
    name: str = ""
    operators: Counter[str] = field(default_factory=Counter)
    inputs: list[OnnxValue] = field(default_factory=list)
    outputs: list[OnnxValue] = field(default_factory=list)
    weights: set[str] = field(default_factory=set)
    number_count: int = 0
    elsewhere: int = 0


def read(source: Source) -> PreviewOnnx:
    """What the file says of itself. Raises Unreadable."""
    reader = _Reader(source)
    ir_version, producer = 0, ["", ""]
    opsets: list[OnnxOpset] = []
    metadata: dict[str, str] = {}
    graph: _Graph | None = None
    for piece in reader.fields(0, source.size_bytes):
        if piece.number == 1:
            ir_version = _signed(piece.value)
        elif piece.number in (2, 3):
            producer[piece.number - 2] = reader.text(piece)
        elif piece.number == 7:
            graph = _graph(reader, piece)
        elif piece.number == 8 and len(opsets) < MAX_SHOWN:
            opsets.append(_opset(reader, piece))
        elif piece.number == 14 and len(metadata) < MAX_METADATA:
            pair = {part.number: reader.text(part) for part in reader.fields(piece.start, piece.end)}
            metadata[pair.get(1, "")] = pair.get(2, "")
    if graph is None or not ir_version:
        raise Unreadable("it is not an ONNX file: it has no graph")
    return PreviewOnnx(
        ir_version=ir_version,
        producer=" ".join(producer).strip(),
        graph=graph.name,
        opsets=opsets,
        inputs=[value for value in graph.inputs if value.name not in graph.weights],
        outputs=graph.outputs,
        operators=[OnnxOperator(name=name, count=count) for name, count in graph.operators.most_common(MAX_SHOWN)],
        node_count=graph.operators.total(),
        weight_count=len(graph.weights),
        number_count=min(graph.number_count, MAX_WHOLE),
        weights_elsewhere=graph.elsewhere,
        metadata=metadata,
    )


def _signed(value: int) -> int:
    """A number of 64 bits as one that JSON carries."""
    signed = value - 2**64 if value >= 2**63 else value
    return max(min(signed, MAX_WHOLE), -MAX_WHOLE)


def _opset(reader: _Reader, piece: _Piece) -> OnnxOpset:
    domain, version = "", 0
    for part in reader.fields(piece.start, piece.end):
        if part.number == 1:
            domain = reader.text(part)
        elif part.number == 2:
            version = _signed(part.value)
    return OnnxOpset(domain=domain or "ai.onnx", version=version)


def _graph(reader: _Reader, whole: _Piece) -> _Graph:
    graph = _Graph()
    for piece in reader.fields(whole.start, whole.end):
        if piece.number == 1:
            graph.operators[_operator(reader, piece)] += 1
        elif piece.number == 2:
            graph.name = reader.text(piece)
        elif piece.number == 5:
            _weight(reader, piece, graph)
        elif piece.number in (11, 12):
            values = graph.inputs if piece.number == 11 else graph.outputs
            if len(values) < MAX_SHOWN:
                values.append(_value(reader, piece))
    return graph


def _operator(reader: _Reader, piece: _Piece) -> str:
    name = domain = ""
    for part in reader.fields(piece.start, piece.end):
        if part.number == 4:
            name = reader.text(part)
        elif part.number == 7:
            domain = reader.text(part)
    return f"{domain}.{name}" if domain not in ("", "ai.onnx") else name


def _weight(reader: _Reader, piece: _Piece, graph: _Graph) -> None:
    shape: list[int] = []
    name = f"#{len(graph.weights)}"
    for part in reader.fields(piece.start, piece.end):
        if part.number == 1:
            shape.extend(reader.numbers(part))
        elif part.number == 8:
            name = reader.text(part)
        elif part.number == 14 and part.value == 1:
            graph.elsewhere += 1
    graph.weights.add(name)
    graph.number_count += min(math.prod(shape[:64]), MAX_WHOLE)


def _value(reader: _Reader, piece: _Piece) -> OnnxValue:
    name, kind = "", "?"
    shape: list[int | str | None] | None = None
    for part in reader.fields(piece.start, piece.end):
        if part.number == 1:
            name = reader.text(part)
        elif part.number == 2:
            kind, shape = _type(reader, part)
    return OnnxValue(name=name, type=kind, shape=shape)


def _type(reader: _Reader, piece: _Piece) -> tuple[str, list[int | str | None] | None]:
    """The type of a value and its shape; None where it is no tensor, or one of no known rank."""
    for part in reader.fields(piece.start, piece.end):
        if part.number != 1:
            return {4: "sequence", 5: "map", 8: "sparse tensor", 9: "optional"}.get(part.number, "?"), None
        kind, shape = "?", None
        for inner in reader.fields(part.start, part.end):
            if inner.number == 1:
                kind = _TYPES.get(inner.value, "?")
            elif inner.number == 2:
                shape = [_dimension(reader, one) for one in reader.fields(inner.start, inner.end)][:64]
        return kind, shape
    return "?", None


def _dimension(reader: _Reader, piece: _Piece) -> int | str | None:
    for part in reader.fields(piece.start, piece.end):
        if part.number == 1:
            return _signed(part.value)
        if part.number == 2:
            return reader.text(part)
    return None
