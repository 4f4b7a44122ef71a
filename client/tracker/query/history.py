"""A run's metrics as columns: the values of many metrics beside the x that they share.

What always holds: all columns have one length; rows are in order of x; no point of any metric is left out, merged or
made up. None says that nothing was logged there; NaN says that NaN was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import groupby
from typing import Any

from tracker.query.points import Axis, Line

Column = Sequence[float | None]

X_COLUMNS: dict[Axis, str] = {"step": "step", "time": "time_ms", "relative_time": "relative_time_ms"}
"""What the column of x is called: time is in Unix milliseconds, relative time in milliseconds since the run began."""


class History(Mapping[str, Column]):
    """Columns by name: first that of x, then one a metric.

    Metrics are joined on x. Where a metric has several points at one x, they are several rows: its n-th point there
    stands in the n-th of them, beside the n-th of every other metric.
    """

    def __init__(self, columns: dict[str, Column]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> Column:
        try:
            return self._columns[name]
        except KeyError:
            raise KeyError(f"the history has no {name!r}; it has {', '.join(self._columns)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return f"<history of {self.row_count} rows: {', '.join(self._columns)}>"

    @property
    def row_count(self) -> int:
        """The length of every column."""
        return len(next(iter(self._columns.values())))

    def to_pandas(self) -> Any:
        """A DataFrame with these columns: x as int64, metrics as float64 (pandas shows both None and NaN as NaN)."""
        pandas = _package("pandas")
        names = list(self._columns)
        kinds = ["int64", *("float64" for _ in names[1:])]
        series = {name: pandas.Series(self[name], dtype=kind) for name, kind in zip(names, kinds, strict=True)}
        return pandas.DataFrame(series)

    def to_polars(self) -> Any:
        """A DataFrame with these columns: x as Int64, metrics as Float64, null where nothing was logged."""
        polars = _package("polars")
        names = list(self._columns)
        kinds = [polars.Int64, *(polars.Float64 for _ in names[1:])]
        series = [polars.Series(name, self[name], dtype=kind) for name, kind in zip(names, kinds, strict=True)]
        return polars.DataFrame(series)


def join(axis: Axis, lines: Mapping[str, Line]) -> History:
    """The lines as columns of these names beside their x."""
    x_name = X_COLUMNS[axis]
    x = _rows([line.x for line in lines.values()])
    columns: dict[str, Column] = {x_name: x}
    is_whole = all(len(line.x) == len(x) for line in lines.values())
    first_rows = {} if is_whole else {place: row for row, place in reversed(list(enumerate(x)))}
    for name, line in lines.items():
        column = f"metrics.{name}" if name == x_name else name
        columns[column] = list(line.values) if len(line.x) == len(x) else _spread(line, first_rows, len(x))
    return History(columns)


def _rows(places: Sequence[list[int]]) -> list[int]:
    """The x of every row: each x as often as the metric has it that has it most often."""
    different = [x for x, _ in groupby(sorted(places, key=len, reverse=True))]
    if len(different) <= 1:
        return list(different[0]) if different else []
    most: Counter[int] = Counter()
    for x in different:
        most |= Counter(x)
    return sorted(most.elements())


def _spread(line: Line, first_rows: Mapping[int, int], row_count: int) -> list[float | None]:
    """The values of a line in their rows."""
    column: list[float | None] = [None] * row_count
    place, row = None, 0
    for x, value in zip(line.x, line.values, strict=True):
        row = row + 1 if x == place else first_rows[x]
        place = x
        column[row] = value
    return column


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"to_{name}() needs {name}, which is not installed here: pip install {name}") from error
