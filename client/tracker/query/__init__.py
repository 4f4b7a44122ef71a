"""Reading back what runs have logged: the door from Python code to what a server has stored.

    api = tracker.Api()
    for run in api.runs("digits", filter='metrics["val/acc"].max > 0.9', order="-metrics.val/acc.max"):
        print(run.name, run.config["lr"], run.history(["val/acc"])["val/acc"][-1])

What always holds: making an `Api` or a list of runs asks the server nothing; what is asked for is fetched when it is
first looked at. Unlike logging, reading raises: `TransportError` where the server cannot be reached, `RefusedError`
where it says no, `NotFoundError` (a LookupError too) where there is no such project or run, `ValueError` for a filter
or an order that is none, `IncompleteError` where some files of a download lie elsewhere and cannot be had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from tracker import arguments, settings
from tracker.query import groups, leaderboards, models
from tracker.query.answers import (
    Me,
    MetricSummary,
    ProjectFacts,
    ProjectList,
    RunDetail,
    ServerFacts,
    milliseconds,
    moment,
)
from tracker.query.bundles import BundleReport, BundleState, Consumer, FileProblem, NewVerification, Verification
from tracker.query.compared import Comparison
from tracker.query.connection import Connection, NotFoundError
from tracker.query.files import IncompleteError, StoredArtifact, StoredFile
from tracker.query.gates import BadRulesError, CheckedRules, GateReport, Interval, RuleProblem, RuleResult, RuleSet
from tracker.query.groups import Align, Band, Curve, RunGroup, Statistic
from tracker.query.history import History
from tracker.query.leaderboards import BoardDefinition, BoardRow, Leaderboard, ProgressStep, Refusal, Standing
from tracker.query.leaderboards import Value as BoardValue
from tracker.query.model_facts import ArtifactAnswer, Lineage, LineageEdge, LineageNode
from tracker.query.models import Act, AliasHolder, ModelVersion, Move, Proposal, StoredModel
from tracker.query.run_list import RunList
from tracker.query.stored_run import Alert, ConsoleLine, StoredRun

__all__ = [
    "Act",
    "Alert",
    "AliasHolder",
    "Api",
    "BadRulesError",
    "BoardDefinition",
    "BoardRow",
    "BundleReport",
    "BundleState",
    "CheckedRules",
    "Comparison",
    "ConsoleLine",
    "Consumer",
    "Curve",
    "FileProblem",
    "GateReport",
    "History",
    "IncompleteError",
    "Interval",
    "Leaderboard",
    "Lineage",
    "LineageEdge",
    "LineageNode",
    "MetricSummary",
    "ModelVersion",
    "Move",
    "NewVerification",
    "NotFoundError",
    "ProgressStep",
    "Project",
    "Proposal",
    "Refusal",
    "RuleProblem",
    "RuleResult",
    "RuleSet",
    "RunGroup",
    "RunList",
    "Server",
    "Standing",
    "StoredArtifact",
    "StoredFile",
    "StoredModel",
    "StoredRun",
    "Verification",
]


class Server(msgspec.Struct, frozen=True):
    """Which server answered. `user` is who one is there; None where it needs a key and was given none that it takes."""

    url: str
    version: str
    needs_key: bool
    user: str | None


class Project(msgspec.Struct, frozen=True):
    """A project with its counts. `last_activity` is when one of its runs was last heard of; None without runs."""

    name: str
    description: str
    created: datetime
    run_count: int
    running_count: int
    last_activity: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """The same, JSON-like; times are Unix milliseconds."""
        last_activity_ms = None if self.last_activity is None else milliseconds(self.last_activity)
        return {
            "name": self.name,
            "description": self.description,
            "created_ms": milliseconds(self.created),
            "run_count": self.run_count,
            "running_count": self.running_count,
            "last_activity_ms": last_activity_ms,
        }


class Api:
    """What one server has. Without arguments: the server and the key that runs are logged with here.

    An empty `api_key` is none, whatever the settings say. May be used by several threads; their requests follow one
    another. A request that gets no answer is tried `attempts` times.
    """

    def __init__(self, url: str | None = None, api_key: str | None = None, *, attempts: int = 2) -> None:
        chosen = settings.load(url=url)
        key = chosen.api_key if api_key is None else api_key
        self._connection = Connection(chosen.url, key, attempts=attempts)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._connection.url

    def __repr__(self) -> str:
        return f"<tracker.Api of {self.url}>"

    def server(self) -> Server:
        """Which server this is, and who one is there."""
        facts = self._connection.ask("GET", "/server", ServerFacts)
        me = self._connection.ask("GET", "/me", Me)
        return Server(self.url, facts.version, facts.needs_key, me.name if me.is_signed_in else None)

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

    def groups(
        self,
        project: str,
        metrics: str | Iterable[str],
        *,
        by: str | Iterable[str] = (),
        all_but: str | Iterable[str] | None = None,
        filter: str = "",
        text: str = "",
        x: str = "step",
        points: int = 400,
        statistic: Statistic = "mean",
        band: Band = "none",
        align: Align = "exact",
    ) -> list[RunGroup]:
        """The runs of a project that match, in groups, each with one curve a metric, reckoned from every point.

        `by` names what the runs of a group have in common: "config.<key>", "group", "job_type", "user", "status",
        "name", "id", "parent" or "tags". `all_but` groups by everything in the configs but these keys: "config.seed"
        gives the runs that differ in nothing but the seed. With neither, all runs are one group.

        `band` is "min_max", "std", "stderr" or "ci95" (by bootstrap). With `align` "exact" a run counts where it has a
        point; with "interpolate" everywhere between its first and its last. `x` may be "time", "relative_time" (both
        in milliseconds) or "metric:<name>" too.
        """
        return groups.read(
            self._connection, project, metrics, by=by, all_but=all_but, filter=filter, text=text, x=x, points=points,
            statistic=statistic, band=band, align=align,
        )  # fmt: skip

    def run(self, run_id: str) -> StoredRun:
        """One run, whole, as it is now. Raises NotFoundError."""
        if not isinstance(run_id, str) or not run_id:
            raise ValueError(f"run_id must be the id of a run, text such as '06bf3ma3kz7c2q9d', got {run_id!r}")
        detail = self._connection.ask("GET", f"/runs/{quote(run_id, safe='')}", RunDetail)
        return StoredRun(self._connection, detail)

    def models(self, project: str | None = None) -> list[StoredModel]:
        """Every registered model by name, or those of one project."""
        return [model for model in models.every(self._connection) if project in (None, model.project)]

    def model(self, name: str) -> StoredModel:
        """One registered model, whole, as it is now. Raises NotFoundError."""
        return models.one(self._connection, name)

    def artifact_id(self, project: str, ref: str) -> int:
        """The id of the artifact version that "model:v3", "model:latest" or "model:best" means in a project.

        Raises NotFoundError.
        """
        path = f"/projects/{quote(arguments.project(project), safe='')}/artifact"
        return self._connection.ask("GET", path, ArtifactAnswer, parameters={"ref": arguments.text("ref", ref)}).id

    def register_model(
        self, name: str, artifact_version_id: int, *, description: str = "", tags: Iterable[str] = ()
    ) -> ModelVersion:
        """Make an artifact version the next version of a model, which is made where it is new.

        One that is a version of it already is answered as it is. `tracker.register_model` takes files too.
        """
        return models.register(
            self._connection, name, artifact_version_id, description=description, tags=arguments.texts("tags", tags)
        )

    def record_verification(self, model: str, version: int, found: NewVerification | Mapping[str, Any]) -> Verification:
        """Record what verifying a version of a model found, for good."""
        return models.record_verification(self._connection, model, version, found)

    def leaderboards(self, project: str) -> list[Leaderboard]:
        """The leaderboards of a project, by name."""
        return leaderboards.every(self._connection, project)

    def leaderboard(self, project: str, name: str) -> Leaderboard:
        """One leaderboard of a project. Raises NotFoundError."""
        return leaderboards.one(self._connection, project, name)

    def create_leaderboard(
        self,
        project: str,
        name: str,
        *,
        task: str,
        metric: str,
        data: str | None = None,
        value: BoardValue = "shown",
        goal: Literal["min", "max"] | None = None,
        filter: str = "",
        rows: Literal["family", "model"] = "family",
        seed: str | None = None,
        size_metric: str | None = None,
        time_metric: str | None = None,
    ) -> Leaderboard:
        """Keep a leaderboard: run families, or versions of models, ranked by a metric on one version of the data.

        Without `goal` the project's for the metric counts. Raises ValueError where it has none, and for a filter or
        data that cannot be read; RefusedError where the name is taken.
        """
        definition = {
            "task": task, "metric": metric, "data": data, "value": value, "goal": goal, "filter": filter,
            "rows": rows, "seed": seed, "size_metric": size_metric, "time_metric": time_metric,
        }  # fmt: skip
        return leaderboards.create(self._connection, project, name, definition)

    def compare(self, runs: Iterable[str | StoredRun]) -> Comparison:
        """Some runs beside each other, in this order; in a notebook it shows their charts."""
        return Comparison(self._connection, runs)

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
