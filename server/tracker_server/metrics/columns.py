"""Points as columns: from the records of a batch to blocks, and from blocks to the payload of a tail row and back.

A *block* is a table: some series (its columns), some records (its rows), a step and a time a row. Records that name the
same metrics share a block, so that a training loop's whole batch is one. Within a payload a series stands in one block
only, and its points stand in order of arrival.

The payload of a tail row is described in `docs/design/tail.md`; `pack` and `unpack` are its only code.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracker.records import Logged, LoggedOnward, SystemSampled
from tracker_server.errors import Refused, Unreadable

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

VERSION = 1
"""Of the payload; it stands in the second byte of the header, whatever else later versions change."""

_LENGTH = struct.Struct("<I")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, list[tuple[list[int], int]]]).decode


@dataclass(frozen=True)
class Points:
    """Points of one series, in order of arrival: three columns of one length."""

    steps: Integers
    times: Integers
    values: Floats

    def __len__(self) -> int:
        return len(self.steps)

    def part(self, start: int, end: int | None = None) -> Points:
        return Points(self.steps[start:end], self.times[start:end], self.values[start:end])


@dataclass(frozen=True)
class Block:
    """Rows of several series. `values` has a row a series and a column a record: shape (series, rows)."""

    keys: tuple[Any, ...]
    steps: Integers
    times: Integers
    values: Floats


def join(parts: Sequence[Points]) -> Points:
    """One after the other."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Points(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))
    return Points(
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.values for part in parts]),
    )


class Arrivals:
    """The points of a batch as they come, gathered by the names that a record has.

    Adding a record of ten metrics costs about 0.7 µs. It keeps no record, so that a batch of a hundred thousand leaves
    the garbage collector nothing to walk through.
    """

    def __init__(self, records: Iterable[Logged | SystemSampled] = ()) -> None:
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._count = 0
        for record in records:
            self.add(record)

    def add(self, record: Logged | LoggedOnward | SystemSampled) -> None:
        """Take in the points of one more record."""
        values = record.values
        group = self._group(tuple(values))
        group.places.append(self._count)
        group.steps.append(record.step)
        group.times.append(record.time_ms)
        group.values.extend(values.values())
        self._count += 1

    def add_columns(self, names: tuple[str, ...], steps: Integers, times: Integers, values: Floats) -> None:
        """Take in records of the same names as columns; `values` has a row a name."""
        group = self._group(names)
        group.close()
        places = np.arange(self._count, self._count + len(steps))
        group.parts.append((places, Block(names, steps, times, values)))
        self._count += len(steps)

    def names(self) -> set[str]:
        """Every name that has a point."""
        return {name for names in self._groups for name in names}

    def point_count(self) -> int:
        """How many points there are, of all names."""
        groups = self._groups.values()
        return sum(len(group.values) + sum(block.values.size for _, block in group.parts) for group in groups)

    def blocks(self) -> list[Block]:
        """The points as blocks whose keys are metric names. Raises Refused for a step or time beyond 64 bits."""
        made = [group.block() for names, group in self._groups.items() if names]
        names = [name for block, _ in made for name in block.keys]
        return [block for block, _ in made] if len(set(names)) == len(names) else _untangled(made)

    def _group(self, names: tuple[str, ...]) -> _Group:
        group = self._groups.get(names)
        if group is None:
            group = self._groups[names] = _Group(names)
        return group


@dataclass
class _Group:
    """Records of the same names: their places in the batch, and their columns. `values` goes record by record.

    `parts` are the places and columns of those that came before.
    """

    names: tuple[str, ...]
    places: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    parts: list[tuple[Integers, Block]] = field(default_factory=list)

    def close(self) -> None:
        """Make a part of the records that were gathered one by one."""
        if not self.steps:
            return
        table = np.array(self.values, np.float64).reshape(len(self.steps), len(self.names))
        steps, times = _integers("step", self.steps), _integers("time_ms", self.times)
        self.parts.append((np.array(self.places), Block(self.names, steps, times, np.ascontiguousarray(table.T))))
        self.places, self.steps, self.times, self.values = [], [], [], []

    def block(self) -> tuple[Block, Integers]:
        """All of it as one block, and the places of its records."""
        self.close()
        if len(self.parts) == 1:
            places, block = self.parts[0]
            return block, places
        found = [block for _, block in self.parts]
        steps, times = (np.concatenate([getattr(block, name) for block in found]) for name in ("steps", "times"))
        values = np.concatenate([block.values for block in found], axis=1)
        return Block(self.names, steps, times, values), np.concatenate([places for places, _ in self.parts])


def _integers(what: str, values: list[int]) -> Integers:
    try:
        return np.array(values, np.int64)
    except OverflowError as error:
        raise Refused("bad_record", f"{what} must fit 64 bits with a sign, got {max(values, key=abs)}") from error


def _untangled(made: Sequence[tuple[Block, Integers]]) -> list[Block]:
    """The same points with each name in one block: one that stood in several gets a block of its own, in order."""
    seen: dict[str, int] = {}
    for block, _ in made:
        for name in block.keys:
            seen[name] = seen.get(name, 0) + 1
    kept: list[Block] = []
    scattered: dict[str, list[tuple[Points, Integers]]] = {}
    for block, places in made:
        alone = [row for row, name in enumerate(block.keys) if seen[name] == 1]
        if alone:
            kept.append(Block(tuple(block.keys[row] for row in alone), block.steps, block.times, block.values[alone]))
        for row, name in enumerate(block.keys):
            if seen[name] > 1:
                part = Points(block.steps, block.times, block.values[row])
                scattered.setdefault(name, []).append((part, places))
    for name, parts in scattered.items():
        order = np.argsort(np.concatenate([places for _, places in parts]), kind="stable")
        points = join([part for part, _ in parts])
        kept.append(Block((name,), points.steps[order], points.times[order], points.values[order][np.newaxis]))
    return kept


def shared_blocks(points: dict[Any, Points]) -> list[Block]:
    """Series that have the same steps and times in one block, so that these are stored once."""
    groups: dict[tuple[bytes, bytes], list[Any]] = {}
    for key, found in points.items():
        groups.setdefault((found.steps.tobytes(), found.times.tobytes()), []).append(key)
    return [
        Block(tuple(keys), points[keys[0]].steps, points[keys[0]].times, np.stack([points[key].values for key in keys]))
        for keys in groups.values()
    ]


def pack(blocks: Sequence[Block]) -> bytes:
    """The payload of a tail row; the blocks' keys are series ids."""
    header = _encode((VERSION, [(list(block.keys), len(block.steps)) for block in blocks]))
    parts = [_LENGTH.pack(len(header)), header, bytes(_padding(header))]
    for block in blocks:
        parts += [block.steps.tobytes(), block.times.tobytes(), block.values.tobytes()]
    return b"".join(parts)


def unpack(payload: bytes) -> Iterator[Block]:
    """The blocks of a tail row, without copying their columns. Raises Unreadable for another version than this one."""
    (length,) = _LENGTH.unpack_from(payload)
    header = payload[_LENGTH.size : _LENGTH.size + length]
    if header[1] != VERSION:
        raise Unreadable(
            "unreadable_tail",
            f"a tail row is of version {header[1]}, and this tracker reads version {VERSION}: a newer one wrote it; "
            "upgrade this one (pip install --upgrade 'tracker-runs[server]'), or restore the database from a backup",
        )
    offset = _LENGTH.size + length + _padding(header)
    _, shapes = _decode(header)
    for ids, rows in shapes:
        steps = np.frombuffer(payload, "<i8", rows, offset)
        times = np.frombuffer(payload, "<i8", rows, offset + 8 * rows)
        values = np.frombuffer(payload, "<f8", rows * len(ids), offset + 16 * rows).reshape(len(ids), rows)
        offset += 8 * rows * (2 + len(ids))
        yield Block(tuple(ids), steps, times, values)


def _padding(header: bytes) -> int:
    return -(_LENGTH.size + len(header)) % 8


def by_series(payloads: Sequence[bytes], wanted: set[int] | None = None) -> dict[int, Points]:
    """The points of each series over several tail rows, given in order of arrival; of all series for None."""
    parts: dict[int, list[Points]] = {}
    for payload in payloads:
        for block in unpack(payload):
            for row, series_id in enumerate(block.keys):
                if wanted is None or series_id in wanted:
                    parts.setdefault(series_id, []).append(Points(block.steps, block.times, block.values[row]))
    return {series_id: join(found) for series_id, found in parts.items()}
