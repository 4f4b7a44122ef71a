"""Some runs beside each other, as the server compares them.

What always holds: nothing is asked for before it is looked at, and each thing once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any
from urllib.parse import quote

import msgspec

from tracker import notebook
from tracker.errors import RefusedError, TransportError
from tracker.query.connection import Connection
from tracker.query.stored_run import StoredRun


class _Named(msgspec.Struct, frozen=True):
    """What is needed of a compared run."""

    id: str
    name: str
    project: str


class _Row(msgspec.Struct, frozen=True):
    """A config key, and its value in each run."""

    key: str
    values: list[Any]
    is_present: list[bool]


class _Summary(msgspec.Struct, frozen=True):
    """The number that stands for a metric of a run."""

    shown: float | None = None


class _Metric(msgspec.Struct, frozen=True):
    """A metric, and its summary in each run that has logged it."""

    name: str
    values: list[_Summary | None]


class _Answer(msgspec.Struct, frozen=True):
    """What differs between the runs that are there."""

    runs: list[_Named]
    config: list[_Row]
    metrics: list[_Metric]


class Comparison:
    """Runs in an order. In a notebook it shows their charts."""

    def __init__(self, connection: Connection, runs: Iterable[str | StoredRun]) -> None:
        self._connection = connection
        self.run_ids = [run.id if isinstance(run, StoredRun) else run for run in runs]
        if not self.run_ids or not all(isinstance(run, str) and run for run in self.run_ids):
            raise ValueError(f"runs must be ids of runs, or runs, at least one, got {self.run_ids!r}")

    def __repr__(self) -> str:
        return f"<comparison of {', '.join(self.run_ids)}>"

    @property
    def names(self) -> list[str]:
        """What people call the runs that are there."""
        return [run.name for run in self._answer.runs]

    @property
    def config(self) -> dict[str, list[Any]]:
        """The config keys whose values differ, dotted, each with one value a run; None where a run lacks the key."""
        return {row.key: row.values for row in self._answer.config}

    @property
    def metrics(self) -> dict[str, list[float | None]]:
        """The metrics that differ, each with the number that stands for it in every run; None where it has none."""
        return {
            row.name: [None if summary is None else summary.shown for summary in row.values]
            for row in self._answer.metrics
        }

    @property
    def url(self) -> str:
        """The address of the page that compares them."""
        runs = ",".join(quote(run, safe="") for run in self.run_ids)
        return f"{self._connection.url}/p/{quote(self._project, safe='')}/compare?runs={runs}"

    def _repr_html_(self) -> str:
        title = f"{len(self.run_ids)} runs compared"
        try:
            page, project = self.url, self._project
        except (TransportError, RefusedError) as error:
            return notebook.failure(title, error)
        ask = self._connection.post
        return notebook.show(self._connection.url, project, self.run_ids, page=page, title=title, ask=ask)

    @property
    def _project(self) -> str:
        return self._answer.runs[0].project if self._answer.runs else ""

    @cached_property
    def _answer(self) -> _Answer:
        body = {"runs": self.run_ids, "only": "differing"}
        return self._connection.ask("POST", "/runs/compare", _Answer, body=body)
