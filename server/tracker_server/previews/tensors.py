"""The tensors in a file, from its header alone: safetensors, NumPy's npy and npz, GGUF. No number is read.

What always holds: what a header says is held against the bytes that the file has; one that claims more is refused.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Final

import msgspec

from tracker_server.previews import archives
from tracker_server.previews.schema import PreviewTensors, Tensor
from tracker_server.previews.source import MAX_WHOLE, Source, Unreadable

MAX_HEADER_BYTES: Final = 4 * 1024 * 1024
MAX_TENSORS_SHOWN: Final = 10_000
MAX_SHOWN_TEXT: Final = 500
MAX_METADATA: Final = 200
MAX_NPZ_ARRAYS: Final = 1000

_MAX_COLONS: Final = 400_000

_BITS: Final = {
    "F64": 64, "I64": 64, "U64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16, "BF16": 16, "I16": 16, "U16": 16,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I8": 8, "U8": 8, "BOOL": 8,
    "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


class _Entry(msgspec.Struct, frozen=True):
    dtype: str
    shape: tuple[Annotated[int, msgspec.Meta(ge=0, le=MAX_WHOLE)], ...]
    data_offsets: tuple[int, int]


def read(source: Source, file_format: str) -> PreviewTensors:
    """What the header says. Raises Unreadable."""
    if file_format == "npy":
        return _whole("npy", [_npy(source.up_to(0, _NPY_HEAD), "array", source.size_bytes)])
    return {"safetensors": _safetensors, "npz": _npz, "gguf": _gguf}[file_format](source)


def _whole(file_format: Any, tensors: list[Tensor], metadata: dict[str, str] | None = None) -> PreviewTensors:
    return PreviewTensors(
        format=file_format,
        tensors=tensors[:MAX_TENSORS_SHOWN],
        tensor_count=len(tensors),
        number_count=min(sum(math.prod(tensor.shape) for tensor in tensors), MAX_WHOLE),
        size_bytes=min(sum(tensor.size_bytes or 0 for tensor in tensors), MAX_WHOLE),
        metadata={shortened(name): shortened(value) for name, value in list((metadata or {}).items())[:MAX_METADATA]},
    )


def shortened(text: str) -> str:
    """As much of a text from a file as is shown."""
    return text if len(text) <= MAX_SHOWN_TEXT else f"{text[:MAX_SHOWN_TEXT]}…"


def _safetensors(source: Source) -> PreviewTensors:
    (header_bytes,) = source.numbers("<Q", 0)
    if header_bytes > source.size_bytes - 8:
        raise Unreadable(
            f"its header is said to have {header_bytes:,} bytes, the file has {source.size_bytes:,} in all"
        )
    if header_bytes > MAX_HEADER_BYTES:
        raise Unreadable(f"its header has {header_bytes:,} bytes, and at most {MAX_HEADER_BYTES:,} are read")
    header = source.at(8, header_bytes)
    if header.count(b":") > _MAX_COLONS:
        raise Unreadable("its header has more entries than are read")
    room = source.size_bytes - 8 - header_bytes
    try:
        raw = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
        about = raw.pop("__metadata__", msgspec.Raw(b"{}"))
        metadata = msgspec.json.decode(about, type=dict[str, str])
        return _whole("safetensors", [_entry(name, value, room) for name, value in raw.items()], metadata)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"its header cannot be read: {error}") from error


def _entry(name: str, raw: msgspec.Raw, room: int) -> Tensor:
    entry = msgspec.json.decode(raw, type=_Entry)
    start, end = entry.data_offsets
    if not 0 <= start <= end <= room:
        raise Unreadable(f"{shortened(name)!r} is said to lie at bytes {start:,} to {end:,} of {room:,}")
    _check_shape(entry.shape, name)
    bits = _BITS.get(entry.dtype)
    if bits is not None and math.prod(entry.shape) * bits != (end - start) * 8:
        raise Unreadable(f"{shortened(name)!r} has {end - start:,} bytes, which are not its shape of {entry.dtype}")
    return Tensor(name=shortened(name), dtype=shortened(entry.dtype), shape=list(entry.shape), size_bytes=end - start)


def _check_shape(shape: tuple[int, ...], name: str) -> None:
    if len(shape) > 64 or math.prod(shape) > MAX_WHOLE:
        raise Unreadable(f"{shortened(name)!r} has a shape that no tensor has")


_NPY_HEAD: Final = 64 * 1024
_NPY: Final = re.compile(
    r"\{'descr': (?P<dtype>'[^']{1,50}'|\[.{1,60000}\]), 'fortran_order': (?:True|False), "
    r"'shape': \((?P<shape>[0-9, ]{0,1000})\),? ?\}\s*"
)
_NPY_TYPE: Final = re.compile(r"[<>|=]?(?P<kind>[biufcSUVmM])(?P<bytes>[0-9]{1,9})(?:\[[^]]*\])?")


def _npy(head: bytes, name: str, size_bytes: int) -> Tensor:
    """What the head of an npy file says; the file has so many bytes."""
    major = head[6] if len(head) > 12 else 0
    if not head.startswith(b"\x93NUMPY") or major not in (1, 2, 3):
        raise Unreadable("it has no header of a NumPy array")
    length_bytes = 2 if major == 1 else 4
    end = 8 + length_bytes + int.from_bytes(head[8 : 8 + length_bytes], "little")
    if end > min(len(head), size_bytes):
        raise Unreadable(f"its header is said to end at byte {end:,}, where there are no more")
    found = _NPY.fullmatch(head[8 + length_bytes : end].decode("utf-8", "replace"))
    if found is None:
        raise Unreadable("its header is not that of a NumPy array")
    shape = tuple(int(number) for number in re.findall("[0-9]{1,18}", found["shape"]))
    _check_shape(shape, name)
    dtype = found["dtype"].strip("'")
    if dtype.endswith("O"):
        raise Unreadable("it is an array of Python objects, which is a pickle; nothing of it is read")
    of_type = _NPY_TYPE.fullmatch(dtype)
    item_bytes = int(of_type["bytes"]) * (4 if of_type["kind"] == "U" else 1) if of_type is not None else None
    if of_type is not None and of_type["kind"] in "mM":
        item_bytes = 8
    data_bytes = None if item_bytes is None else math.prod(shape) * item_bytes
    if data_bytes is not None and data_bytes > size_bytes - end:
        raise Unreadable(f"its header speaks of {data_bytes:,} bytes of numbers, {size_bytes - end:,} are there")
    return Tensor(name=shortened(name), dtype=shortened(dtype), shape=list(shape), size_bytes=data_bytes)


def _npz(source: Source) -> PreviewTensors:
    found = []
    for member in archives.members(source, MAX_NPZ_ARRAYS):
        if member.path.endswith(".npy"):
            head = archives.beginning(source, member, _NPY_HEAD)
            found.append(_npy(head, member.path.removesuffix(".npy"), member.size_bytes))
    return _whole("npz", found)


_GGUF_LAYOUTS: Final = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_GGUF_TEXT, _GGUF_LIST = 8, 9
_GGUF_BYTES: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}

_GGML: Final = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
    27: ("I64", 1, 8), 28: ("F64", 1, 8), 30: ("BF16", 1, 2),
}  # fmt: skip
"""By number: the name of a type, how many numbers a block has, and how many bytes."""


class _Gguf:
    """A place in a GGUF file that moves on as it is read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.place = 4

    def number(self, layout: str) -> Any:
        (value,) = self.source.numbers(layout, self.place)
        self.place += {"B": 1, "b": 1, "?": 1, "H": 2, "h": 2, "I": 4, "i": 4, "f": 4}.get(layout[1], 8)
        return value

    def text(self) -> str:
        size = self.number("<Q")
        data = self.source.at(self.place, min(size, 4 * MAX_SHOWN_TEXT)) if size else b""
        self.place += size
        return shortened(data.decode("utf-8", "replace"))

    def value(self) -> str:
        """What stands there, to be shown; of a list how long it is."""
        kind = self.number("<I")
        if kind == _GGUF_TEXT:
            return self.text()
        if kind != _GGUF_LIST:
            return str(self.number(_layout(kind)))
        of, count = self.number("<I"), self.number("<Q")
        if of == _GGUF_TEXT:
            for _ in range(count):
                self.place += 8 + self.source.numbers("<Q", self.place)[0]
        else:
            _layout(of)
            self.place += count * _GGUF_BYTES[of]
        return f"a list of {count:,}"


def _layout(kind: int) -> str:
    found = _GGUF_LAYOUTS.get(kind)
    if found is None:
        raise Unreadable(f"it has a value of the type {kind}, which GGUF does not have")
    return found


def _gguf(source: Source) -> PreviewTensors:
    place = _Gguf(source)
    version, tensor_count, value_count = place.number("<I"), place.number("<Q"), place.number("<Q")
    if version not in (2, 3):
        raise Unreadable(f"it is of GGUF's version {version}; 2 and 3 are read")
    if max(tensor_count, value_count) * 12 > source.size_bytes:
        raise Unreadable(f"it is said to have {tensor_count:,} tensors, in {source.size_bytes:,} bytes")
    metadata: dict[str, str] = {}
    for _ in range(value_count):
        name = place.text()
        metadata[name] = place.value()
    return _whole("gguf", [_gguf_tensor(place) for _ in range(tensor_count)], metadata)


def _gguf_tensor(place: _Gguf) -> Tensor:
    name, dimensions = place.text(), place.number("<I")
    if dimensions > 8:
        raise Unreadable(f"{name!r} is said to have {dimensions:,} dimensions")
    shape = tuple(place.number("<Q") for _ in range(dimensions))[::-1]
    _check_shape(shape, name)
    kind, start = place.number("<I"), place.number("<Q")
    dtype, block, block_bytes = _GGML.get(kind, (f"type {kind}", 0, 0))
    size_bytes = math.prod(shape) // block * block_bytes if block else None
    if start + (size_bytes or 0) > place.source.size_bytes:
        raise Unreadable(f"{name!r} is said to end after the file")
    return Tensor(name=name, dtype=dtype, shape=list(shape), size_bytes=size_bytes)
