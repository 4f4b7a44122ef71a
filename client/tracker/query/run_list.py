"""A list of runs that is fetched as it is looked at.

What always holds: nothing is fetched before somebody looks; a page is fetched once, and kept, so that going through the
list again costs nothing; pages follow one another by the server's cursor, so a run that comes or goes meanwhile neither
repeats nor hides another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, overload
from urllib.parse import quote

from tracker.query.answers import RunPage
from tracker.query.connection import Connection
from tracker.query.stored_run import StoredRun

PAGE: Final = 100


class RunList(Sequence[StoredRun]):
    """The runs of a project that match, in order. Its length is how many matched when the first page was fetched."""

    def __init__(
        self, connection: Connection, project: str, *, filter: str, order: str | Iterable[str], text: str
    ) -> None:
        self._connection = connection
        self._project = project
        self._search = _search(project, filter, order, text)
        self._runs: list[StoredRun] = []
        self._matched = 0
        self._cursor: str | None = None
        self._is_begun = False

    def __repr__(self) -> str:
        return f"<runs of {self._project!r}>"

    def __len__(self) -> int:
        if not self._is_begun:
            self._fetch()
        return self._matched

    def __iter__(self) -> Iterator[StoredRun]:
        place = 0
        while self._reaches(place):
            yield self._runs[place]
            place += 1

    @overload
    def __getitem__(self, place: int) -> StoredRun: ...
    @overload
    def __getitem__(self, place: slice) -> list[StoredRun]: ...
    def __getitem__(self, place: int | slice) -> StoredRun | list[StoredRun]:
        """One run, or a plain list of some. From the front it fetches no more pages than it needs."""
        if isinstance(place, slice):
            self._reaches(_last_of(place))
        elif not self._reaches(place if place >= 0 else None) and place >= len(self._runs):
            raise IndexError(f"there are {len(self._runs)} runs, counted from 0; there is none at {place}")
        return self._runs[place]

    def _reaches(self, place: int | None) -> bool:
        """Fetch until there is a run at `place`, all of them for None; whether there is one."""
        while (place is None or len(self._runs) <= place) and not (self._is_begun and self._cursor is None):
            self._fetch()
        return place is not None and place < len(self._runs)

    def _fetch(self) -> None:
        body = self._search | ({"cursor": self._cursor} if self._cursor else {})
        page = self._connection.ask(
            "POST", f"/projects/{quote(self._project, safe='')}/runs/search", RunPage, body=body
        )
        if not self._is_begun:
            self._matched = page.matched
        self._runs += [StoredRun(self._connection, facts) for facts in page.runs]
        self._cursor = page.next_cursor
        self._is_begun = True


def _search(project: str, filter: str, order: str | Iterable[str], text: str) -> dict[str, Any]:
    for name, value in (("project", project), ("filter", filter), ("text", text)):
        if not isinstance(value, str):
            raise TypeError(f"{name} must be text, got {type(value).__name__}: {value!r:.80}")
    if not project:
        raise ValueError("project must be the name of a project, got ''")
    keys = [order] if isinstance(order, str) else list(order)
    for key in keys:
        if not isinstance(key, str) or not key.strip("-"):
            raise ValueError(f"order must name what to sort by, such as '-created' or 'config.lr', got {key!r}")
    sort = [{"key": key.removeprefix("-"), "is_descending": key.startswith("-")} for key in keys]
    asked: dict[str, Any] = {"sort": sort, "limit": PAGE}
    return asked | ({"filter": filter} if filter else {}) | ({"text": text} if text else {})


def _last_of(chosen: slice) -> int | None:
    """The last place that a slice needs, where that can be said without knowing the length; else None."""
    is_forward = chosen.step is None or chosen.step > 0
    if not is_forward or chosen.stop is None or chosen.stop < 0 or (chosen.start or 0) < 0:
        return None
    return int(chosen.stop) - 1
