"""What an archive says is in it: its list of files, and of what is asked for the first bytes. Nothing is unpacked.

What always holds: no size that an archive names is believed. A member's beginning is unpacked to as many bytes as were
asked for and no more, and a compressed tar is read up to a bound; so a bomb costs what any other file does.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tracker_server.previews.schema import ArchiveEntry, PreviewArchive
from tracker_server.previews.source import MAX_WHOLE, Source, Unreadable

MAX_ENTRIES: Final = 5000
MAX_UNPACKED_BYTES: Final = 64 * 1024 * 1024
"""Of a compressed tar: a list has to be read to where it ends."""

MAX_PATH: Final = 1000

_END_OF_ZIP: Final = 22
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True)
class Member:
    """A file in a zip, as its directory tells it. `place` is where its own header lies."""

    path: str
    size_bytes: int
    packed_bytes: int
    method: int
    place: int
    is_link: bool


def read(source: Source, file_format: str) -> PreviewArchive:
    """The list. Raises Unreadable where there is none."""
    is_cut = False
    if file_format == "zip":
        entries = [_entry(member) for member in members(source, MAX_ENTRIES + 1)]
    else:
        tar = _Plain(source) if file_format == "tar" else _Unpacked(source)
        entries = list(_tar_entries(tar))
        is_cut = tar.is_cut
    return PreviewArchive(
        format="zip" if file_format == "zip" else "tar" if file_format == "tar" else "tar.gz",
        entries=entries[:MAX_ENTRIES],
        size_bytes=min(sum(entry.size_bytes for entry in entries[:MAX_ENTRIES]), MAX_WHOLE),
        is_cut=is_cut or len(entries) > MAX_ENTRIES,
    )


def _entry(member: Member) -> ArchiveEntry:
    kind = "link" if member.is_link else "folder" if member.path.endswith("/") else "file"
    return ArchiveEntry(
        path=member.path[:MAX_PATH],
        kind=kind,  # type: ignore[arg-type]  # three of its four
        size_bytes=min(member.size_bytes, MAX_WHOLE),
        packed_bytes=min(member.packed_bytes, MAX_WHOLE),
        link="",
    )


def members(source: Source, limit: int) -> Iterator[Member]:
    """The first of what a zip's directory lists. Raises Unreadable."""
    place, end, count = _directory(source)
    for _ in range(min(count, limit)):
        if place >= end:
            return
        mark, method, packed, size, name_bytes, extra_bytes, comment_bytes, attributes, header = source.numbers(
            "<4s6xH8xIIHHH4xII", place
        )
        if mark != b"PK\x01\x02":
            raise Unreadable(f"its directory is damaged at byte {place:,}")
        (flags,) = source.numbers("<H", place + 8)
        (system,) = source.numbers("<B", place + 5)
        name = source.at(place + 46, name_bytes).decode("utf-8" if flags & 0x800 else "cp437", "replace")
        extra = source.at(place + 46 + name_bytes, extra_bytes)
        size, packed, header = _wide(extra, size, packed, header)
        is_link = system == 3 and attributes >> 28 == 0xA
        yield Member(name, size, packed, method, header, is_link)
        place += 46 + name_bytes + extra_bytes + comment_bytes


def _directory(source: Source) -> tuple[int, int, int]:
    """Where a zip's directory begins and ends, and how many entries it is said to have."""
    tail_start = max(source.size_bytes - _END_OF_ZIP - 65535, 0)
    tail = source.up_to(tail_start, source.size_bytes)
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or found + _END_OF_ZIP > len(tail):
        raise Unreadable("it has no directory: it is not a whole zip")
    place = tail_start + found
    count, size_bytes, start = source.numbers("<HII", place + 10)
    mark, far = source.numbers("<4s4xQ", place - 20) if place >= 20 else (b"", 0)
    if mark == b"PK\x06\x07":  # what is larger than 32 bits stands in a second ending, before this one
        mark, count, size_bytes, start = source.numbers("<4s28xQQQ", far)
        if mark != b"PK\x06\x06":
            raise Unreadable("its directory is not where it says")
        place = far
    before = place - size_bytes - start  # what stands before an archive, such as the program that unpacks it
    if before < 0 or start + before + size_bytes > source.size_bytes:
        raise Unreadable(
            f"its directory is said to have {size_bytes:,} bytes from byte {start:,}, where there are none"
        )
    return start + before, start + before + size_bytes, count


def _wide(extra: bytes, size: int, packed: int, header: int) -> tuple[int, int, int]:
    """The numbers of a member that do not fit 32 bits stand in a field of their own, in this order."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = (
            int.from_bytes(extra[place : place + 2], "little"),
            int.from_bytes(extra[place + 2 : place + 4], "little"),
        )
        if kind == 1:
            field = extra[place + 4 : place + 4 + length]
            wide = [int.from_bytes(field[start : start + 8], "little") for start in range(0, len(field) - 7, 8)]
            numbers = [wide.pop(0) if number == 0xFFFFFFFF and wide else number for number in (size, packed, header)]
            return numbers[0], numbers[1], numbers[2]
        place += 4 + length
    return size, packed, header


def beginning(source: Source, member: Member, size: int) -> bytes:
    """The first bytes of a member, unpacked. Raises Unreadable."""
    mark, name_bytes, extra_bytes = source.numbers("<4s22xHH", member.place)
    if mark != b"PK\x03\x04":
        raise Unreadable(f"{member.path[:200]!r} is not where the directory says")
    place = member.place + 30 + name_bytes + extra_bytes
    packed = source.up_to(place, min(member.packed_bytes, size + 1024))
    if member.method == _STORED:
        return packed[:size]
    if member.method != _DEFLATED:
        raise Unreadable(f"{member.path[:200]!r} is compressed in a way ({member.method}) that is not read")
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size)
    except zlib.error as error:
        raise Unreadable(f"{member.path[:200]!r} is damaged: {error}") from error


class _Plain:
    """The bytes of a tar that is not compressed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._place = 0

    @property
    def is_cut(self) -> bool:
        """Whether an entry ends after what is there."""
        return self._place > self._source.size_bytes

    def take(self, size: int) -> bytes:
        data = self._source.up_to(self._place, size)
        self._place += len(data)
        return data

    def skip(self, size: int) -> bool:
        self._place += size
        return self._place <= self._source.size_bytes


class _Unpacked:
    """The bytes of one that is compressed by gzip, up to a bound."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._place = 0
        self._left = MAX_UNPACKED_BYTES
        self._unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._ready = b""

    @property
    def is_cut(self) -> bool:
        """Whether the bound was reached before the end."""
        return self._left <= 0

    def take(self, size: int) -> bytes:
        parts, wanted = [], size
        while wanted > 0 and (part := self._part()):
            parts.append(part[:wanted])
            self._ready = part[wanted:]
            wanted -= len(parts[-1])
        return b"".join(parts)

    def skip(self, size: int) -> bool:
        while size > 0 and (part := self._part()):
            self._ready = part[size:]
            size -= min(size, len(part))
        return size == 0

    def _part(self) -> bytes:
        """What comes next, of some size; b"" at the end and at the bound."""
        while not self._ready:
            packed = self._unpacker.unconsumed_tail
            if not packed:
                packed = self._source.up_to(self._place, 64 * 1024)
                self._place += len(packed)
            if not packed or self._left <= 0 or self._unpacker.eof:
                return b""
            try:
                self._ready = self._unpacker.decompress(packed, min(256 * 1024, self._left))
            except zlib.error as error:
                raise Unreadable(f"it is damaged: {error}") from error
            self._left -= len(self._ready)
        part, self._ready = self._ready, b""
        return part


def _tar_entries(tar: _Plain | _Unpacked) -> Iterator[ArchiveEntry]:
    """The entries of a tar, one more than are shown where there are more or where the bound ends them."""
    path = link = ""
    for number in range(4 * MAX_ENTRIES):
        header = tar.take(512)
        if len(header) < 512 or not header.strip(b"\0"):
            if number == 0:
                raise Unreadable(
                    "it is compressed by gzip, and no tar" if isinstance(tar, _Unpacked) else "it is no tar"
                )
            return
        _check_sum(header)
        kind, size = header[156:157], _number(header[124:136])
        padded = size + -size % 512
        if kind in (b"L", b"K", b"x"):
            data = tar.take(padded)[:size] if size <= 64 * 1024 else b""
            if not data and not tar.skip(padded):
                return
            told = _long(kind, data)
            path, link = told.get("path", path), told.get("linkpath", link)
            continue
        if kind != b"g":
            yield _tar_entry(header, kind, size, path, link)
            path = link = ""
        if not tar.skip(padded):
            return


def _tar_entry(header: bytes, kind: bytes, size: int, path: str, link: str) -> ArchiveEntry:
    if not path:
        before = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
        path = f"{before}/{_text(header[:100])}" if before else _text(header[:100])
    kinds = {b"5": "folder", b"1": "link", b"2": "link", b"0": "file", b"\0": "file", b"7": "file"}
    return ArchiveEntry(
        path=path[:MAX_PATH],
        kind=kinds.get(kind, "other"),  # type: ignore[arg-type]  # one of the four
        size_bytes=min(size, MAX_WHOLE),
        packed_bytes=None,
        link=(link or _text(header[157:257]))[:MAX_PATH],
    )


def _check_sum(header: bytes) -> None:
    plain = header[:148] + b" " * 8 + header[156:]
    if sum(plain) != _number(header[148:156]):
        raise Unreadable("it is damaged, or no tar: an entry's checksum is wrong")


def _number(field: bytes) -> int:
    """A number of a tar's header: octal digits, or from 8 GiB on binary."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b"\0 ")
    if not all(byte in b"01234567" for byte in digits):
        raise Unreadable("it is damaged, or no tar: a number in it is none")
    return int(digits or b"0", 8)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")


def _long(kind: bytes, data: bytes) -> dict[str, str]:
    """What an entry of its own says of the next one: the path and the link that do not fit its header."""
    if kind != b"x":
        return {"path" if kind == b"L" else "linkpath": _text(data)}
    told: dict[str, str] = {}
    while data:
        length, _, _ = data.partition(b" ")
        if not length.isdigit() or len(length) > 6 or not 0 < int(length) <= len(data):
            break
        name, _, value = data[len(length) + 1 : int(length) - 1].partition(b"=")
        told[name.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        data = data[int(length) :]
    return told
