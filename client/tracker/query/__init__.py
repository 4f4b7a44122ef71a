"""Reading back what runs have logged: the door from Python code to what a server has stored.

    api = tracker.Api()
    for run in api.runs("digits", filter='metrics["val/acc"].max > 0.9', order="-metrics.val/acc.max"):
        print(run.name, run.config["lr"], run.history(["val/acc"])["val/acc"][-1])

What always holds: making an `Api` or a list of runs asks the server nothing; what is asked for is fetched when it is
first looked at. Unlike logging, reading raises: `TransportError` where the server cannot be reached, `RefusedError`
where it says no, `NotFoundError` (a LookupError too) where there is no such project or run, `ValueError` for a filter
or an order that is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

import msgspec

from tracker import settings
from tracker.query.answers import MetricSummary, ProjectFacts, ProjectList, RunDetail, moment
from tracker.query.connection import Connection, NotFoundError
from tracker.query.files import StoredArtifact, StoredFile
from tracker.query.history import History
from tracker.query.run_list import RunList
from tracker.query.stored_run import ConsoleLine, StoredRun

__all__ = [
    "Api",
    "ConsoleLine",
    "History",
    "MetricSummary",
    "NotFoundError",
    "Project",
    "RunList",
    "StoredArtifact",
    "StoredFile",
    "StoredRun",
]


class Project(msgspec.Struct, frozen=True):
    """A project with its counts. `last_activity` is when one of its runs was last heard of; None without runs."""

    name: str
    description: str
    created: datetime
    run_count: int
    running_count: int
    last_activity: datetime | None


class Api:
    """What one server has. Without arguments: the server and the key that runs are logged with here.

    May be used by several threads; their requests follow one another. A request that fails is tried `attempts` times.
    """

    def __init__(self, url: str | None = None, api_key: str | None = None, *, attempts: int = 2) -> None:
        chosen = settings.load(url=url)
        self._connection = Connection(chosen.url, api_key or chosen.api_key, attempts=attempts)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._connection.url

    def __repr__(self) -> str:
        return f"<tracker.Api of {self.url}>"

    def projects(self) -> list[Project]:
        """Every project, the one heard of last first."""
        return [_project(facts) for facts in self._connection.ask("GET", "/projects", ProjectList).projects]

    def runs(
        self, project: str, filter: str = "", *, order: str | Iterable[str] = "-created", text: str = ""
    ) -> RunList:
        """The runs of a project that match, fetched as they are looked at.

        `filter` is an expression such as `config.lr < 1e-3 and "baseline" in tags`. `order` is one key or several, each
        "created", "name", "status", "duration", "config.<key>" or "metrics.<name>[.last|min|max|mean|count]", with "-"
        before it for the highest first; runs that lack the value come last. `text` finds runs by words.
        """
        return RunList(self._connection, project, filter=filter, order=order, text=text)

    def run(self, run_id: str) -> StoredRun:
        """One run, whole, as it is now. Raises NotFoundError."""
        if not isinstance(run_id, str) or not run_id:
            raise ValueError(f"run_id must be the id of a run, text such as '06bf3ma3kz7c2q9d', got {run_id!r}")
        detail = self._connection.ask("GET", f"/runs/{quote(run_id, safe='')}", RunDetail)
        return StoredRun(self._connection, detail)

    def close(self) -> None:
        """Let go of the connections; whatever asks again opens new ones."""
        self._connection.close()


def _project(facts: ProjectFacts) -> Project:
    return Project(
        name=facts.name,
        description=facts.description,
        created=moment(facts.created_ms),
        run_count=facts.run_count,
        running_count=facts.running_count,
        last_activity=None if facts.last_activity_ms is None else moment(facts.last_activity_ms),
    )
