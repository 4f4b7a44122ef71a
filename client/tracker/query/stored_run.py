"""A run as the server has it.

What always holds: what is read here is what the server said when it was asked, and stays so until `refresh()`; points,
console lines and files are asked for anew each time. It is not the live `Run`: nothing can be logged to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import quote

import msgspec

from tracker import notebook
from tracker.query.answers import (
    AlertList,
    ConsolePage,
    MetricSummary,
    Nothing,
    RunArtifacts,
    RunDetail,
    RunFacts,
    moment,
)
from tracker.query.connection import Connection
from tracker.query.files import StoredArtifact, StoredFile, artifact, download
from tracker.query.history import History, join
from tracker.query.points import MAX_POINTS, Axis, Line, Reader

_FEWEST: Final = 3
_LINES_OF_ANSWER: Final = 5000
_ALERTS_OF_ANSWER: Final = 1000
_PATTERN: Final = frozenset("*?[")


class ConsoleLine(msgspec.Struct, frozen=True):
    """A printed line: its number in the run from 0, its stream, and the label of the process that printed it."""

    number: int
    time: datetime
    stream: str
    text: str
    label: str


class Alert(msgspec.Struct, frozen=True):
    """Something that a person should know. `level` is "info", "warning" or "error".

    `kind` is "alert" for one that the program raised, "nan" for a watched metric that ceased to be a finite number at
    `step`; `details` then has the metric, the value and the last good ones.
    """

    time: datetime
    level: str
    title: str
    text: str
    kind: str
    step: int | None
    details: dict[str, Any]


class StoredRun:
    """One run. What a list does not show of it (config as a tree, notes, environment…) is fetched when it is asked."""

    def __init__(self, connection: Connection, facts: RunFacts) -> None:
        self._connection = connection
        self._facts = facts
        self._detail = facts if isinstance(facts, RunDetail) else None

    def __repr__(self) -> str:
        return f"<run {self.name!r} ({self.id}) of {self.project!r}, {self.status}>"

    def _repr_html_(self) -> str:
        title = f"{self.name} of {self.project}, {self.status}"
        ask = self._connection.post
        return notebook.show(self._connection.url, self.project, [self.id], page=self.url, title=title, ask=ask)

    @property
    def id(self) -> str:
        """What names the run for good."""
        return self._facts.id

    @property
    def name(self) -> str:
        """What people call it."""
        return self._facts.name

    @property
    def project(self) -> str:
        """The project that it belongs to."""
        return self._facts.project

    @property
    def status(self) -> str:
        """ "running", "finished", "failed", "stopped", or "lost": running, but not heard of for a minute."""
        return self._facts.status

    @property
    def is_stopping(self) -> bool:
        """Whether it has been asked to stop and has not ended yet."""
        return self._facts.is_stopping

    @property
    def url(self) -> str:
        """The address of the run's page."""
        return f"{self._connection.url}/r/{self.id}"

    @property
    def group(self) -> str | None:
        """The group that it was started in."""
        return self._facts.group

    @property
    def job_type(self) -> str | None:
        """What it does within its group."""
        return self._facts.job_type

    @property
    def tags(self) -> list[str]:
        """Its tags, by name."""
        return list(self._facts.tags)

    @property
    def user(self) -> str | None:
        """The name of who started it, on the machine where it ran."""
        return self._facts.user

    @property
    def created(self) -> datetime:
        """When it first started, in UTC."""
        return moment(self._facts.created_ms)

    @property
    def started(self) -> datetime:
        """When it last started: later than `created` for a run that was resumed."""
        return moment(self._facts.started_ms)

    @property
    def finished(self) -> datetime | None:
        """When it ended; None while it has not."""
        return None if self._facts.finished_ms is None else moment(self._facts.finished_ms)

    @property
    def heartbeat(self) -> datetime:
        """When it was last heard of."""
        return moment(self._facts.heartbeat_ms)

    @property
    def flat_config(self) -> dict[str, Any]:
        """The config's leaves under dotted keys, such as "optim.lr", as filters and lists name them."""
        return dict(self._facts.config)

    @property
    def metrics(self) -> dict[str, MetricSummary]:
        """Every metric in a few numbers, those of the system included."""
        return dict(self._facts.metrics)

    @property
    def summary(self) -> dict[str, Any]:
        """The values that the run set in `run.summary`."""
        return dict(self._facts.summary)

    @property
    def config(self) -> dict[str, Any]:
        """What went into the run, as a tree."""
        return self._whole().config_tree

    @property
    def notes(self) -> str:
        """What somebody wrote about it."""
        return self._whole().notes

    @property
    def environment(self) -> dict[str, Any]:
        """Where it ran, as far as the client captured it: command, host, python, packages, git…"""
        return self._whole().environment

    @property
    def reproduces(self) -> str | None:
        """The id of the run that this one repeats."""
        return self._whole().reproduces

    @property
    def reproduced_by(self) -> list[str]:
        """The ids of the runs that repeat this one, newest first, twenty at most."""
        return list(self._whole().reproduced_by)

    @property
    def exit_code(self) -> int | None:
        """The exit status of its process; None where that is not known."""
        return self._whole().exit_code

    @property
    def error(self) -> str | None:
        """The traceback that ended it."""
        return self._whole().error

    @property
    def lost_records(self) -> int:
        """How many records a full disk or a damaged journal has cost."""
        return self._whole().lost_records

    @property
    def alert_count(self) -> int:
        """How many alerts it has."""
        return self._whole().alert_count

    @property
    def parent(self) -> str | None:
        """The id of the run that it was started below."""
        return self._whole().parent

    def refresh(self) -> StoredRun:
        """Ask for everything anew; the run itself, for chaining."""
        return self._take(self._connection.ask("GET", self._path(), RunDetail))

    def as_dict(self) -> dict[str, Any]:
        """All that is known of it by now, JSON-like; times are Unix milliseconds."""
        facts: dict[str, Any] = msgspec.to_builtins(self._facts)
        return {"url": self.url} | facts

    def history(
        self,
        keys: str | Iterable[str] | None = None,
        x: Axis = "step",
        max_points: int | None = None,
        *,
        label: str | None = None,
    ) -> History:
        """Metrics as columns, joined on x; every point of them, or with `max_points` about so many of each.

        `keys` names metrics, or patterns of names such as "val/*"; None takes all but those of the system. A metric
        that the run has not logged is a column of None. `x` is "step", "time" or "relative_time", both in milliseconds.

        Of a metric that several processes logged, the main one's is taken, or the first that has it. With `label`, a
        pattern such as "*", each process whose label it fits has columns of its own, "train/loss [rank1]" say.
        """
        return self._history("metric", keys, x, max_points, label)

    def system(
        self,
        keys: str | Iterable[str] | None = None,
        x: Axis = "relative_time",
        max_points: int | None = None,
        *,
        label: str | None = None,
    ) -> History:
        """The same of what was sampled of the machine."""
        return self._history("system", keys, x, max_points, label)

    def console(self, start: int = 0) -> Iterator[ConsoleLine]:
        """What it printed, from line `start` on, fetched as it is read; a negative `start` counts from the end."""
        while True:
            parameters = {"start": start, "limit": _LINES_OF_ANSWER}
            page = self._connection.ask("GET", self._path("/console"), ConsolePage, parameters=parameters)
            for line in page.lines:
                yield ConsoleLine(line.number, moment(line.time_ms), line.stream, line.text, line.label)
            if not page.lines or page.lines[-1].number + 1 >= page.total:
                return
            start = page.lines[-1].number + 1

    def alerts(self) -> list[Alert]:
        """What it thought that a person should know, the newest first."""
        found: list[Alert] = []
        parameters = {"limit": _ALERTS_OF_ANSWER}
        while True:
            page = self._connection.ask("GET", self._path("/alerts"), AlertList, parameters=parameters).alerts
            found += [
                Alert(moment(one.time_ms), one.level, one.title, one.text, one.kind, one.step, one.details)
                for one in page
            ]
            if len(page) < _ALERTS_OF_ANSWER:
                return found
            parameters["before"] = page[-1].id

    def artifacts(self) -> list[StoredArtifact]:
        """The artifact versions that it made and read, newest first."""
        answer = self._connection.ask("GET", self._path("/artifacts"), RunArtifacts)
        return [artifact(facts) for facts in answer.artifacts]

    def files(self) -> list[StoredFile]:
        """Every file of the artifact versions that it made."""
        return [file for made in self.artifacts() if made.direction == "output" for file in made.files]

    def download(self, target: str | PathLike[str] | None = None, pattern: str = "*") -> list[Path]:
        """Fetch its files whose path fits the pattern into `target`, verified; where they are now.

        `target` is a folder, one with the run's id in the working directory by default. A file lies below it under its
        artifact's name and version: `checkpoint/v3/model.pt`. What is there already is not fetched again.

        A file that lies elsewhere is fetched from there. One that cannot be had raises IncompleteError once all others
        are here; one of which nothing would tell whether it is what was logged is left out, with a notice.
        """
        wanted = [file for file in self.files() if fnmatchcase(file.path, pattern)]
        return download(self._connection, wanted, Path(self.id if target is None else target))

    def update(
        self, *, name: str | None = None, notes: str | None = None, tags: Iterable[str] | None = None
    ) -> StoredRun:
        """Change what is given, and leave the rest; the run itself, as it is then."""
        if isinstance(tags, str):
            raise TypeError(f"tags must be a list of texts, got the text {tags!r}; write tags=[{tags!r}]")
        given = {"name": name, "notes": notes, "tags": None if tags is None else list(tags)}
        changes = {key: value for key, value in given.items() if value is not None}
        if not changes:
            raise ValueError("update() needs something to change: name, notes or tags")
        return self._take(self._connection.ask("PATCH", self._path(), RunDetail, body=changes))

    def stop(self, reason: str = "") -> StoredRun:
        """Ask its processes to end themselves; they are told at their next word to the server. The run itself."""
        return self._take(self._connection.ask("POST", self._path("/stop"), RunDetail, body={"reason": reason}))

    def delete(self) -> None:
        """Put it into the trash."""
        self._connection.ask("DELETE", self._path(), Nothing)

    def _history(
        self, kind: str, keys: str | Iterable[str] | None, x: Axis, max_points: int | None, label: str | None
    ) -> History:
        _check_view(x, max_points)
        wanted = _checked_keys(keys)
        detail = self._connection.ask("GET", self._path(), RunDetail)
        known = detail.metrics
        metrics = _chosen(wanted, {name: found.count for name, found in known.items() if found.kind == kind}, known)
        reader = Reader(self._connection, self.id, x, detail.started_ms, label)
        lines = reader.all(metrics) if max_points is None else reader.thinned(metrics, max_points)
        return join(x, _main(lines, metrics) if label is None else _labelled(lines))

    def _path(self, rest: str = "") -> str:
        return f"/runs/{quote(self.id, safe='')}{rest}"

    def _whole(self) -> RunDetail:
        if self._detail is None:
            self.refresh()
        assert self._detail is not None
        return self._detail

    def _take(self, detail: RunDetail) -> StoredRun:
        self._facts = self._detail = detail
        return self


def _check_view(x: str, max_points: int | None) -> None:
    if x not in get_args(Axis):
        raise ValueError(
            f"x must be one of {', '.join(get_args(Axis))}, got {x!r}; name a metric among the keys to have it beside"
        )
    if max_points is None:
        return
    if isinstance(max_points, bool) or not isinstance(max_points, int) or not _FEWEST <= max_points <= MAX_POINTS:
        raise ValueError(
            f"max_points must be from {_FEWEST} to {MAX_POINTS}, got {max_points!r}; leave it out for every point"
        )


def _checked_keys(keys: str | Iterable[str] | None) -> list[str] | None:
    if keys is None:
        return None
    wanted = [keys] if isinstance(keys, str) else list(keys)
    for key in wanted:
        if not isinstance(key, str) or not key:
            raise TypeError(f"a key of the history must be the name of a metric, got {key!r}")
    return wanted


def _chosen(keys: Sequence[str] | None, of_kind: dict[str, int], known: dict[str, MetricSummary]) -> dict[str, int]:
    """The metrics that the keys stand for, in the order of the keys, each with how many points it has."""
    if keys is None:
        return of_kind
    chosen: dict[str, int] = {}
    for key in keys:
        if key in known or not _PATTERN.intersection(key):
            chosen[key] = known[key].count if key in known else 0
        else:
            chosen |= {name: count for name, count in of_kind.items() if fnmatchcase(name, key)}
    return chosen


def _main(lines: Iterable[Line], metrics: Iterable[str]) -> dict[str, Line]:
    """The one line of each metric; one without a point has none."""
    found = {line.metric: line for line in lines}
    return {metric: found.get(metric, Line(metric, "", [], [])) for metric in metrics}


def _labelled(lines: Iterable[Line]) -> dict[str, Line]:
    return {f"{line.metric} [{line.label}]" if line.label else line.metric: line for line in lines}
