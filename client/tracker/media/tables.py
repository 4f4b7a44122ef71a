"""Tables from DataFrames, rows and columns, with media in cells.

What always holds: each column has one type; values that share none keep their own as JSON. Nothing is rounded: whole
numbers beyond 2**53 make a column of text. NaN is a value, None and NA are missing.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from tracker import kinds
from tracker.media.figures import Figure, is_plotly
from tracker.media.images import Image
from tracker.media.piece import Encoded, Keep, Media, check_size, is_text, required, root_of
from tracker.records import MAX_EXACT_INTEGER

MAX_COLUMNS: Final = 1000
MAX_CELLS: Final = 10_000_000
MAX_MEDIA_CELLS: Final = 2000
MAX_NAME: Final = 250
MAX_NAMES_BYTES: Final = 256 * 1024
_UNCHANGING: Final = frozenset({int, float, str, bool, type(None), bytes, datetime, date})
_SUFFIXES: Final = {"text": "txt", "html": "html", "svg": "svg", "plotly": "json"}


class Table(Media):
    """A table: a DataFrame of pandas or polars, rows (mappings, or sequences with `columns`), or columns by name.

        tracker.Table(frame)
        tracker.Table([{"name": "a.png", "loss": 0.3, "image": tracker.Image(pixels)}, …])
        tracker.Table({"name": names, "loss": losses})
        table = tracker.Table(columns=["name", "loss"]); table.add("a.png", 0.3)

    Cells are numbers, text, booleans, dates, media, figures, PIL images, or whatever is JSON. Rows that are added after
    it was logged belong to what is logged next.
    """

    def __init__(self, data: Any = None, caption: str = "", *, columns: Sequence[str] | None = None) -> None:
        super().__init__(caption)
        self._names: list[str] = []
        self._columns: list[list[Any]] = []
        self._is_open = False
        names, values = _columns_of(data, columns)
        self._names = _checked_names(names)
        self._columns = [[_snapshot(value) for value in column] for column in values]
        self._is_open = True
        self._check()

    def add(self, *row: Any) -> None:
        """Add one row, its values in the order of the columns. Raises ValueError where there are more or fewer."""
        if len(row) != len(self._names):
            raise ValueError(
                f"a row has {len(self._names)} values, one for each of {', '.join(self._names)}, got {len(row)}: "
                f"{row!r:.120}"
            )
        for column, value in zip(self._columns, row, strict=True):
            column.append(_snapshot(value))

    @property
    def row_count(self) -> int:
        """How many rows it has."""
        return len(self._columns[0]) if self._columns else 0

    @property
    def column_names(self) -> tuple[str, ...]:
        """From the first to the last."""
        return tuple(self._names)

    def frozen(self) -> Table:
        """The table as it is now. Raises ValueError where it has become too large."""
        taken = copy.copy(self)
        taken._columns = [list(column) for column in self._columns]
        taken._check()
        return taken

    def encode(self, keep: Keep) -> Encoded:
        data, files = self.data(keep)
        details = kinds.Table(columns=data.columns, row_count=self.row_count)
        return Encoded("table", details, keep(encoded_data(data)), files)

    def data(self, keep: Keep) -> tuple[kinds.TableData, tuple[Any, ...]]:
        """What its blob says, and the files of its cells."""
        cells = _Cells(keep)
        columns, values = [], []
        for name, column in zip(self._names, self._columns, strict=True):
            type_, plain = _typed(column, cells)
            columns.append(kinds.Column(name, type_))
            values.append(plain)
        return kinds.TableData(tuple(columns), values), tuple(cells.files.values())

    def _check(self) -> None:
        count = self.row_count * len(self._names)
        if count > MAX_CELLS:
            raise ValueError(
                f"a table has at most {MAX_CELLS:,} cells, got {self.row_count:,} rows of {len(self._names)} columns; "
                "log a part of it, or all of it as an artifact"
            )
        media = [value for column in self._columns for value in column if isinstance(value, Media)]
        if len(media) > MAX_MEDIA_CELLS:
            raise ValueError(
                f"a table has media in at most {MAX_MEDIA_CELLS:,} cells, got {len(media):,}; log fewer of the rows"
            )
        texts = sum(len(value) for column in self._columns for value in column if type(value) is str)
        self.size_bytes = check_size("a table", 32 * count + texts + sum(each.size_bytes for each in media))


def encoded_data(data: kinds.TableData) -> bytes:
    """The JSON of a table's blob."""
    blob = msgspec.json.encode(data)
    check_size("a table as JSON", len(blob))
    return blob


class _Cells:
    """The media of a table's cells, kept as files; equal ones are one file."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self.files: dict[str, Any] = {}

    def add(self, piece: Media) -> dict[str, Any]:
        encoded = piece.encode(self._keep)
        prefix = f"cells/{len(self.files):05d}"
        file = ""
        if encoded.blob is not None:
            named = next((path for path, kept in self.files.items() if kept.digest == encoded.blob.digest), None)
            file = named or f"{prefix}.{_suffix(encoded)}"
            self.files[file] = msgspec.structs.replace(encoded.blob, path=file)
        for more in encoded.files:
            path = f"{file.rpartition('.')[0] or prefix}/{more.path}"
            self.files[path] = msgspec.structs.replace(more, path=path)
        cell = kinds.Cell(file, encoded.kind, kinds.write(encoded.details), piece.caption)
        return msgspec.to_builtins(cell)  # type: ignore[no-any-return]


def _suffix(encoded: Encoded) -> str:
    return _SUFFIXES.get(encoded.kind) or str(getattr(encoded.details, "format", "bin"))


def _columns_of(data: Any, names: Sequence[str] | None) -> tuple[list[Any], list[list[Any]]]:
    """Names and values by column, of whatever a table may be given as. Raises TypeError and ValueError."""
    if isinstance(names, str):
        raise TypeError(f"columns are a list of names, got the text {names!r:.80}; write [{names!r:.80}]")
    if isinstance(names, Mapping):
        raise TypeError(
            "columns are a list of names, got a mapping; columns with their values are the data: "
            "tracker.Table({'name': values})"
        )
    if data is None:
        if not names:
            raise ValueError("a table without data needs the names of its columns: tracker.Table(columns=['name'])")
        return list(names), [[] for _ in names]
    if root_of(data) == "polars" and hasattr(data, "to_dict"):
        found = {name: series.to_list() for name, series in data.to_dict().items()}
        return _chosen(found, names)
    if root_of(data) == "pandas" and hasattr(data, "columns"):
        return _of_pandas(data, names)
    if isinstance(data, Mapping):
        return _chosen({name: _listed(name, column) for name, column in data.items()}, names)
    if isinstance(data, Iterable) and not isinstance(data, str | bytes):
        return _of_rows(list(data), names)
    raise TypeError(
        f"a table is a DataFrame, a list of rows or a mapping of columns, got {type(data).__name__}: {data!r:.80}"
    )


def _of_pandas(frame: Any, names: Sequence[str] | None) -> tuple[list[Any], list[list[Any]]]:
    """The columns of a frame, after those of an index that says something."""
    if type(frame.index).__name__ != "RangeIndex":
        frame = frame.reset_index()
    if len(set(frame.columns)) != len(frame.columns):
        raise ValueError(f"each column of a table has a name of its own, got {list(map(str, frame.columns))!r:.200}")
    found = {name: _of_series(frame[name]) for name in frame.columns}
    return _chosen(found, names)


def _of_series(series: Any) -> list[Any]:
    pandas = required("pandas", "a frame of pandas")

    values = series.astype(object).tolist()
    if series.dtype.kind == "f" and type(series.dtype).__module__.startswith("numpy"):
        return list(values)
    return [None if value is pandas.NA or value is pandas.NaT else _none_for_nan(value) for value in values]


def _none_for_nan(value: Any) -> Any:
    """NaN among texts or dates is how pandas says that a value is missing."""
    return None if type(value) is float and math.isnan(value) else value


def _chosen(found: dict[Any, list[Any]], names: Sequence[str] | None) -> tuple[list[Any], list[list[Any]]]:
    absent = [name for name in names or () if name not in found]
    if absent:
        raise ValueError(f"there is no column {absent[0]!r:.80}; there are {', '.join(map(str, found))!s:.200}")
    kept = {name: found[name] for name in names} if names else found
    lengths = {str(name): len(column) for name, column in kept.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name!r} has {count}" for name, count in lengths.items())
        raise ValueError(f"the columns of a table have equally many values, got: {said:.200}")
    return list(kept), list(kept.values())


def _listed(name: Any, column: Any) -> list[Any]:
    if isinstance(column, str | bytes | Mapping) or not hasattr(column, "__iter__"):
        raise TypeError(f"the column {name!r} is a list of values, got {type(column).__name__}: {column!r:.80}")
    if root_of(column) == "torch":
        column = column.detach().cpu()
    return list(column.tolist() if hasattr(column, "tolist") else column)


def _of_rows(rows: list[Any], names: Sequence[str] | None) -> tuple[list[Any], list[list[Any]]]:
    """Rows that are mappings have the columns of all of them; others need `columns`."""
    if rows and all(isinstance(row, Mapping) for row in rows):
        known = list(names) if names else list(dict.fromkeys(name for row in rows for name in row))
        for index, row in enumerate(rows):
            if len(row) > len(known) or any(name not in known for name in row):
                raise ValueError(
                    f"row {index} has {[str(name) for name in row]!r:.120}, and the columns are {known!r:.120}"
                )
        return known, [[row.get(name) for row in rows] for name in known]
    if not names:
        raise ValueError(
            "rows that are no mappings need the names of their columns: tracker.Table(rows, columns=['name', 'loss'])"
        )
    for index, row in enumerate(rows):
        if isinstance(row, str | bytes) or not isinstance(row, Iterable):
            raise TypeError(f"row {index} is a sequence of values, got {type(row).__name__}: {row!r:.80}")
    listed = [list(row.tolist() if hasattr(row, "tolist") else row) for row in rows]
    for index, row in enumerate(listed):
        if len(row) != len(names):
            raise ValueError(
                f"row {index} has {len(row)} values, and there are {len(names)} columns ("
                f"{', '.join(map(str, names))!s:.120}): {row!r:.120}"
            )
    return list(names), [list(column) for column in zip(*listed, strict=True)] if listed else [[] for _ in names]


def _checked_names(names: list[Any]) -> list[str]:
    found = [str(name) for name in names]
    if not found:
        raise ValueError("a table has at least one column, got none")
    if len(found) > MAX_COLUMNS:
        raise ValueError(f"a table has at most {MAX_COLUMNS:,} columns, got {len(found):,}; log those that matter")
    if sum(len(name.encode("utf-8", "replace")) for name in found) > MAX_NAMES_BYTES:
        raise ValueError(
            f"the names of a table's columns have at most {MAX_NAMES_BYTES:,} bytes together; shorten them"
        )
    for name in found:
        if not 0 < len(name) <= MAX_NAME or not is_text(name) or "\0" in name:
            raise ValueError(f"a column's name has 1 to {MAX_NAME} characters, got {name!r:.120}")
    twice = [name for name in found if found.count(name) > 1]
    if twice:
        raise ValueError(f"each column of a table has a name of its own, got {twice[0]!r} twice")
    return found


def _snapshot(value: Any) -> Any:
    """A cell's value that nobody else can change."""
    if type(value) in _UNCHANGING:
        return value
    if isinstance(value, Media):
        if isinstance(value, Table):
            raise TypeError("a cell of a table holds no table; log it under a name of its own")
        return value
    root = root_of(value)
    if root == "matplotlib" or is_plotly(value):
        return Figure(value)
    if root == "PIL" and hasattr(value, "getbands"):
        return Image(value)
    if root == "torch" and hasattr(value, "tolist"):
        return value.detach().cpu().tolist()
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return _scalar(value) if getattr(value, "shape", None) == () else value.tolist()
    if isinstance(value, Mapping | list | tuple | set):
        return copy.deepcopy(value)
    return value


def _scalar(value: Any) -> Any:
    if value.dtype.kind == "M":
        milliseconds = value.astype("datetime64[ms]").astype("int64")
        return None if str(value) == "NaT" else datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    return value.item()


def _typed(column: list[Any], cells: _Cells) -> tuple[kinds.ColumnType, list[Any]]:
    """A column's type and its values as JSON has them."""
    classes = {type(value) for value in column} - {type(None)}
    if classes <= {bool} and classes:
        return "boolean", column
    if classes and classes <= {int, float}:
        if int in classes and any(type(value) is int and abs(value) > MAX_EXACT_INTEGER for value in column):
            return "text", [None if value is None else str(value) for value in column]
        return "number", [_number(value) for value in column] if float in classes else column
    if classes <= {str}:
        return "text", [value if value is None or is_text(value) else repr(value) for value in column]
    if all(issubclass(found, date) for found in classes):
        return "time", [None if value is None else _milliseconds(value) for value in column]
    if all(issubclass(found, Media) for found in classes):
        return "media", [None if value is None else cells.add(value) for value in column]
    return "json", [_plain(value) for value in column]


def _number(value: float | int | None) -> float | int | str | None:
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _milliseconds(value: date) -> int:
    """Unix milliseconds; a time without a zone is UTC."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return round((value if value.tzinfo is not None else value.replace(tzinfo=UTC)).timestamp() * 1000)


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON, whatever it is: what JSON has no word for is its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= MAX_EXACT_INTEGER else str(value)
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, str):
        return value if is_text(value) else repr(value)
    if depth < 20 and isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if depth < 20 and isinstance(value, list | tuple | set):
        return [_plain(item, depth + 1) for item in value]
    return value.isoformat() if isinstance(value, date) else str(value)
