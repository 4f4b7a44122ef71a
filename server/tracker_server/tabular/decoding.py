"""Files of tables, made frames of. Runs in the process that reads, and nowhere else.

What always holds: a column of a frame is of whole numbers, floats, booleans or texts, or nested as the file has it, and
its type says what it means: times are Unix milliseconds, media and mixed values are JSON. Of a file that is larger than
the bounds the beginning is read, or it is refused, never all of it.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from tracker.kinds import ColumnType, TableData
from tracker_server.confined import Unreadable
from tracker_server.tabular.schema import Format

MAX_ROWS: Final = 2_000_000
MAX_CELLS: Final = 40_000_000
MAX_COLUMNS: Final = 10_000
MAX_TEXT_BYTES: Final = 128 * 1024 * 1024
"""Of CSV and JSON lines so much is read; a file of JSON that is larger is not."""

MAX_JSON_BYTES: Final = 64 * 1024 * 1024

_PACKED = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_GREATEST = 2**63 - 1


@dataclass(frozen=True)
class Table:
    """`nested` are the columns whose values are lists and structs."""

    frame: pl.DataFrame
    types: dict[str, ColumnType]
    is_cut: bool = False
    notes: tuple[str, ...] = ()
    nested: frozenset[str] = frozenset()
    size_bytes: int = field(default=0)

    def text(self, name: str) -> pl.Expr:
        """A column's values as texts; what is nested, as JSON."""
        if name not in self.nested:
            return pl.col(name).cast(pl.String)
        whole = pl.struct(pl.col(name).alias("v")).struct.json_encode()  # {"v":…}
        text = whole.str.slice(5).str.head(-1)
        return pl.when(pl.col(name).is_null()).then(None).otherwise(text).alias(name)


def decode(path: Path, kind: Format) -> Table:
    """The table in a file. Raises Unreadable."""
    with path.open("rb") as file:
        beginning = file.read(8)
    for magic, packed in _PACKED.items():
        if beginning.startswith(magic):
            raise Unreadable(f"it is packed with {packed}, and nothing is unpacked to be shown")
    table = _DECODERS[kind](path)
    return Table(table.frame, table.types, table.is_cut, table.notes, table.nested, int(table.frame.estimated_size()))


def _parquet(path: Path) -> Table:
    with path.open("rb") as file:
        schema = pl.read_parquet_schema(file)
    _check_width(len(schema))
    most = min(MAX_ROWS, MAX_CELLS // max(1, len(schema)))
    frame = pl.scan_parquet(path, glob=False, hive_partitioning=False, low_memory=True).head(most + 1).collect()
    return _typed(frame.head(most), is_cut=frame.height > most)


def _csv(path: Path) -> Table:
    return _separated(path, ",")


def _tsv(path: Path) -> Table:
    return _separated(path, "\t")


def _separated(path: Path, separator: str) -> Table:
    data, is_cut = _beginning(path)
    if not data.strip():
        return Table(pl.DataFrame(), {})
    header = data[: data.find(b"\n") + 1 or len(data)]
    width = header.count(separator.encode()) + 1
    _check_width(width)
    most = min(MAX_ROWS, MAX_CELLS // width)
    notes: list[str] = []
    try:
        data.decode()
    except UnicodeDecodeError as error:
        notes.append(f"it is not all UTF-8 (byte {error.start:,}); what is not is shown as \N{REPLACEMENT CHARACTER}")
        data = data.decode(errors="replace").encode()

    def read(**options: Any) -> pl.DataFrame:
        return pl.read_csv(io.BytesIO(data), separator=separator, n_rows=most + 1, rechunk=True, **options)

    attempts: list[tuple[str | None, dict[str, Any]]] = [
        (None, {"infer_schema_length": 10_000}),
        (None, {"infer_schema_length": None}),
        ("some rows have more values than there are columns; what is beyond them is not shown",
         {"infer_schema_length": None, "truncate_ragged_lines": True}),
    ]  # fmt: skip
    for number, (note, options) in enumerate(attempts, 1):
        try:
            frame = read(**options)
        except pl.exceptions.PolarsError as error:
            if number == len(attempts):
                raise Unreadable(str(error).splitlines()[0][:300]) from None
        else:
            notes += [note] if note is not None else []
            break
    is_cut = is_cut or frame.height > most
    frame = frame.head(most).with_columns(_numbers_with_nan(frame))
    return _typed(frame, is_cut=is_cut, notes=notes)


def _numbers_with_nan(frame: pl.DataFrame) -> list[pl.Expr]:
    """The columns of texts that are numbers but for "nan" and "inf", which are no numbers to who reads CSV."""
    found = []
    for name in (name for name, dtype in frame.schema.items() if dtype == pl.String):
        texts = frame[name].drop_nulls()
        first = texts.head(1000).cast(pl.Float64, strict=False)
        if len(first) and not first.null_count() and not texts.cast(pl.Float64, strict=False).null_count():
            found.append(pl.col(name).cast(pl.Float64, strict=False))
    return found


def _json_lines(path: Path) -> Table:
    data, is_cut = _beginning(path, MAX_JSON_BYTES)
    try:
        rows = msgspec.json.Decoder().decode_lines(data)
    except (msgspec.DecodeError, RecursionError):
        rows = [_line(number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    return _of_objects(rows, is_cut=is_cut)


def _line(number: int, line: bytes) -> Any:
    """One line, in which Python's NaN and Infinity may stand."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"line {number:,} is not JSON: {error}") from None


def _table(path: Path) -> Table:
    try:
        data = msgspec.json.decode(_whole(path), type=TableData)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(str(error)) from None
    return _of_data(data)


def _json(path: Path) -> Table:
    data = _whole(path)
    try:
        return _of_data(msgspec.json.decode(data, type=TableData))
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        rows = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is not JSON: {error}") from None
    if not isinstance(rows, list):
        raise Unreadable("it is neither a table nor a list of objects")
    return _of_objects(rows, is_cut=False)


def _of_data(data: TableData) -> Table:
    names = [column.name for column in data.columns]
    _check_width(len(names))
    if len(set(names)) < len(names):
        raise Unreadable("two of its columns have the same name")
    if len(data.values) != len(names):
        raise Unreadable(f"it has {len(names)} columns, and values of {len(data.values)}")
    heights = {len(values) for values in data.values}
    if len(heights) > 1:
        raise Unreadable(f"its columns are of different lengths: {min(heights):,} to {max(heights):,} rows")
    notes: list[str] = []
    types: dict[str, ColumnType] = {}
    series = []
    for column, values in zip(data.columns, data.values, strict=True):
        made, kind = _column(column.name, values, column.type, notes)
        types[column.name] = kind
        series.append(made)
    most = min(MAX_ROWS, MAX_CELLS // max(1, len(names)))
    frame = pl.DataFrame(series)
    return Table(frame.head(most), types, frame.height > most, tuple(notes))


def _of_objects(rows: Sequence[Any], *, is_cut: bool) -> Table:
    names: dict[str, None] = {}
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise Unreadable(f"row {number:,} is not an object")
        if row.keys() - names.keys():
            names.update(dict.fromkeys(row))
            _check_width(len(names))
    most = min(MAX_ROWS, MAX_CELLS // max(1, len(names)))
    notes: list[str] = []
    types: dict[str, ColumnType] = {}
    series = []
    for name in names:
        values = [row.get(name) for row in rows[:most]]
        made, types[name] = _column(name, values, _guessed(values), notes)
        series.append(made)
    return Table(pl.DataFrame(series), types, is_cut or len(rows) > most, tuple(notes))


def _guessed(values: Sequence[Any]) -> ColumnType:
    kinds = set(map(type, values)) - {type(None)}
    if kinds and kinds <= {int, float}:
        return "number"
    if kinds == {bool}:
        return "boolean"
    return "text" if kinds <= {str} else "json"


def _column(name: str, values: list[Any], kind: ColumnType, notes: list[str]) -> tuple[pl.Series, ColumnType]:
    """A column of values, of the type that it is said to have; of another, with a note, where they are none such."""
    kinds = set(map(type, values)) - {type(None)}
    if kind == "number":
        if str in kinds and all(value in _NOT_FINITE for value in values if isinstance(value, str)):
            values = [_NOT_FINITE[value] if isinstance(value, str) else value for value in values]
            kinds = (kinds - {str}) | {float}
        if kinds <= {int} and all(value is None or -_GREATEST <= value <= _GREATEST for value in values):
            return pl.Series(name, values, dtype=pl.Int64), kind
        if kinds <= {int, float}:
            return pl.Series(name, [None if value is None else _float(value) for value in values], pl.Float64), kind
    elif kind == "time" and kinds <= {int, float}:
        times = [None if value is None or not math.isfinite(value) else int(value) for value in values]
        if all(time is None or abs(time) <= _GREATEST for time in times):
            return pl.Series(name, times, dtype=pl.Int64), kind
    elif kind == "boolean" and kinds <= {bool}:
        return pl.Series(name, values, dtype=pl.Boolean), kind
    elif kind == "text" and kinds <= {str}:
        return pl.Series(name, values, dtype=pl.String), kind
    elif kind in ("json", "media"):
        texts = [None if value is None else _as_json(value) for value in values]
        return pl.Series(name, texts, dtype=pl.String), kind
    notes.append(f"the column {name[:100]!r} should be of type {kind}, and has other values; they are shown as JSON")
    return pl.Series(name, [None if v is None else _as_json(v) for v in values], dtype=pl.String), "json"


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _typed(frame: pl.DataFrame, *, is_cut: bool, notes: Sequence[str] = ()) -> Table:
    """A frame of any types, with those that are neither numbers, booleans nor texts made such, but for nested ones."""
    types: dict[str, ColumnType] = {}
    nested: set[str] = set()
    made: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        types[name] = "text"
        if dtype.is_integer():
            types[name] = "number"
            if dtype in (pl.Int128, pl.UInt128):
                column = column.cast(pl.Float64)
        elif dtype.is_float() or dtype.is_decimal():
            types[name] = "number"
            column = column.cast(pl.Float64)
        elif dtype == pl.Boolean:
            types[name] = "boolean"
        elif dtype in (pl.Date, pl.Datetime):
            types[name] = "time"
            column = column.dt.epoch("ms").cast(pl.Int64)
        elif dtype.is_nested():
            types[name] = "json"
            nested.add(name)
        elif dtype == pl.Binary:
            column = (
                pl.when(column.is_null()).then(None).otherwise(pl.format("{} bytes", column.bin.size())).alias(name)
            )
        elif dtype == pl.Duration:
            column = column.dt.to_string("polars")
        elif dtype != pl.String:
            column = column.cast(pl.String)
        made.append(column)
    return Table(frame.select(made), types, is_cut, tuple(notes), frozenset(nested))


def _beginning(path: Path, most: int = MAX_TEXT_BYTES) -> tuple[bytes, bool]:
    """The first lines of a file, and whether it has more."""
    with path.open("rb") as file:
        data = file.read(most + 1)
    data = data.removeprefix(b"\xef\xbb\xbf")
    if len(data) <= most:
        return data, False
    end = data.rfind(b"\n", 0, most)
    if end < 0:
        raise Unreadable(f"its first line has more than {most:,} bytes")
    return data[: end + 1], True


def _whole(path: Path) -> bytes:
    size_bytes = path.stat().st_size
    if size_bytes > MAX_JSON_BYTES:
        raise Unreadable(f"it has {size_bytes:,} bytes, and JSON is read up to {MAX_JSON_BYTES:,}; write it as Parquet")
    return path.read_bytes()


def _check_width(width: int) -> None:
    if width > MAX_COLUMNS:
        raise Unreadable(f"it has {width:,} columns, and at most {MAX_COLUMNS:,} are read")


_DECODERS: Final[dict[Format, Callable[[Path], Table]]] = {
    "parquet": _parquet,
    "csv": _csv,
    "tsv": _tsv,
    "jsonl": _json_lines,
    "table": _table,
    "json": _json,
}
