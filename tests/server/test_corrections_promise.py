"""Metrics logged, renamed, hidden, deleted, undone and purged in any order: what is read equals a plain model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Literal

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.points import Point, assert_same, assert_summary
from tracker.records import Logged, RunStarted
from tracker_server import auth, corrections, metrics, retention, runs
from tracker_server.corrections.schema import NewCorrection
from tracker_server.db import Database
from tracker_server.errors import ApiError
from tracker_server.metrics import naming
from tracker_server.metrics.models import Series
from tracker_server.retention import trash
from tracker_server.retention.schema import PurgeRequest
from tracker_server.runs.models import Project

RUNS = ("r1", "r2")
NAMES = ("a", "b", "x/c")
SMALL = metrics.Limits(tail_rows=3, tail_points=20, seal_points=4, least_points=2, chunk_points=6)

Act = Literal["rename", "hide", "delete"]
Rule = tuple[str | None, str, str | None]
"""The run or None, the name, and what it reads as; None where it is hidden."""


@dataclass
class Entry:
    """What an act did, and whether it can still be undone."""

    rule: Rule | None = None
    trash: dict[tuple[str, str], list[Point]] = field(default_factory=dict)
    stands: bool = True


@dataclass
class Model:
    """Points by run and logged name in order of arrival, and the entries by their ids."""

    points: dict[tuple[str, str], list[Point]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[int, Entry] = field(default_factory=dict)
    trashed: set[str] = field(default_factory=set)
    purged: set[str] = field(default_factory=set)

    def rules(self) -> list[Rule]:
        return [entry.rule for entry in self.entries.values() if entry.stands and entry.rule is not None]

    def names(self, run: str) -> dict[str, str]:
        """What each name that the run has logged is shown as, hidden or not."""
        logged = {name for (its_run, name), points in self.points.items() if its_run == run and points}
        own = {name: target for scope, name, target in self.rules() if scope == run and target}
        general = {name: target for scope, name, target in self.rules() if scope is None and target}
        general = {name: target for name, target in general.items() if name not in own}
        shown = {name: name for name in logged}
        for target in {*own.values(), *general.values()}:
            ranked = [
                target,
                *sorted(n for n in own if own[n] == target),
                *sorted(n for n in general if general[n] == target),
            ]
            first = next((name for name in ranked if name in logged), None)
            if first is not None:
                shown[first] = target
        return shown

    def is_hidden(self, run: str, name: str) -> bool:
        return any(target is None and hidden == name and scope in (None, run) for scope, hidden, target in self.rules())

    def seen(self, run: str) -> dict[str, list[Point]]:
        """The points of each name that is shown."""
        return {
            shown: self.points[run, name] for name, shown in self.names(run).items() if not self.is_hidden(run, shown)
        }

    def meant(self, act: Act, scope: str | None, name: str) -> list[tuple[str, str]]:
        """What an act is about, by run and logged name."""
        return [
            (run, logged)
            for run in ([scope] if scope else RUNS)
            for logged, shown in self.names(run).items()
            if (logged if act == "rename" else shown) == name
        ]

    def allows(self, act: Act, scope: str | None, name: str, target: str | None) -> bool:
        if scope in self.trashed | self.purged or not self.meant(act, scope, name):
            return False
        if act == "hide":
            return not any(rule in ((None, name, None), (scope, name, None)) for rule in self.rules())
        return act == "delete" or (target is not None and target != name and self._is_plain(scope, name, target))

    def _is_plain(self, scope: str | None, name: str, target: str) -> bool:
        for its_scope, its_name, its_target in self.rules():
            if its_target is None or (scope is not None and its_scope not in (None, scope)):
                continue
            if its_target == name or its_name == target or (its_scope == scope and its_name == name):
                return False
        return scope is None or not (self.points[scope, name] and self.points[scope, target])

    def correct(self, entry_id: int, act: Act, scope: str | None, name: str, target: str | None) -> None:
        if act != "delete":
            self.entries[entry_id] = Entry((scope, name, target if act == "rename" else None))
            return
        taken = {place: self.points.pop(place) for place in self.meant(act, scope, name)}
        self.entries[entry_id] = Entry(trash=taken)

    def undo(self, entry_id: int) -> bool:
        entry = self.entries[entry_id]
        if not entry.stands or (entry.rule is None and not entry.trash):
            return False
        entry.stands = False
        for place, points in entry.trash.items():
            self.points[place] += points
        entry.trash = {}
        return True

    def purge_metric(self, entry_id: int) -> bool:
        entry = self.entries[entry_id]
        if not entry.trash:
            return False
        entry.trash = {}
        return True

    def purge_run(self, run: str) -> bool:
        if run not in self.trashed:
            return False
        self.trashed.remove(run)
        self.purged.add(run)
        self.points = defaultdict(list, {place: points for place, points in self.points.items() if place[0] != run})
        for entry in self.entries.values():
            entry.trash = {place: points for place, points in entry.trash.items() if place[0] != run}
            entry.stands = entry.stands and not (entry.rule is not None and entry.rule[0] == run)
        return True


@dataclass
class Server:
    """The same acts on the database; each gives whether it was done."""

    session: Session
    project: Project
    actor_id: int
    now_ms: Any = field(default_factory=lambda: count(NOW_MS))

    def by(self) -> dict[str, int]:
        return {"actor_id": self.actor_id, "now_ms": next(self.now_ms)}

    def id_of(self, run: str) -> str:
        return f"{self.project.name}-{run}"

    def log(self, run: str, name: str, values: list[tuple[int, float]]) -> list[Point]:
        points = [(step, next(self.now_ms), value) for step, value in values]
        records = [Logged(step, time_ms, {name: value}) for step, time_ms, value in points]
        metrics.append(self.session, self.id_of(run), "", "metric", records, limits=SMALL)
        return points

    def correct(self, act: Act, scope: str | None, name: str, target: str | None) -> int | None:
        run = self.id_of(scope) if scope else None
        wanted = NewCorrection(act, name, "because", target if act == "rename" else None, run)
        try:
            entry, _ = corrections.correct(self.session, self.project, wanted, lost_before_ms=0, **self.by())
        except ApiError:
            return None
        return entry.id

    def undo(self, entry_id: int) -> bool:
        return self._try(lambda: corrections.undo(self.session, self.project, entry_id, "", **self.by()))

    def purge(self, **what: Any) -> bool:
        wanted = PurgeRequest("because", **what)
        return self._try(lambda: retention.purge(self.session, self.project, wanted, **self.by()))

    def _try(self, act: Any) -> bool:
        try:
            act()
        except ApiError:
            return False
        return True

    def check(self, model: Model) -> None:
        here = [run for run in RUNS if run not in model.trashed | model.purged]
        self.session.flush()
        self.session.expunge_all()
        self.project = runs.project(self.session, self.project.name)
        ids = {self.id_of(run): run for run in here}
        expected = {(run, name): points for run in here for name, points in model.seen(run).items()}
        answers = metrics.read(self.session, list(ids), list(NAMES), metrics.View(points=10_000))
        assert {(ids[one.run], one.metric) for one in answers} == expected.keys()
        for one in answers:
            assert_same(one, sorted(expected[ids[one.run], one.metric], key=lambda point: point[:2]))
        self.session.expunge_all()
        summaries = metrics.last(self.session, list(ids), None)
        found = {(ids[run_id], name): one for run_id, by_name in summaries.items() for name, one in by_name.items()}
        assert found.keys() == expected.keys()
        for place, one in found.items():
            assert_summary(one, expected[place])
        assert self._found_in_sql(ids) == expected.keys()
        assert self._in_trash() == {
            key: sum(map(len, one.trash.values())) for key, one in model.entries.items() if one.trash
        }

    def _found_in_sql(self, ids: dict[str, str]) -> set[tuple[str, str]]:
        rules = naming.of_project(self.session, self.project.id)
        found = set()
        for name in NAMES:
            series = orm.aliased(Series)
            shown = naming.named(series, name, rules)
            statement = sa.select(series.run_id).where(series.run_id.in_(ids), series.segment == 0, series.count > 0)
            listed = list(self.session.scalars(statement.where(shown)))
            assert len(listed) == len(set(listed))
            found |= {(ids[run_id], name) for run_id in listed}
        return found

    def _in_trash(self) -> dict[int, int]:
        return {one.correction: one.point_count for one in trash.look(self.session, self.project, limit=100).metrics}


WEIGHTS = {
    "log": 8, "rename": 6, "hide": 2, "delete": 5, "undo": 7, "purge metric": 1, "trash run": 0.8, "restore run": 0.5,
    "purge run": 0.3,
}  # fmt: skip


def histories(chance: Random, length: int) -> Iterator[tuple[Any, ...]]:
    """Acts that mostly do something: hypothesis, left to itself, writes few of those."""
    for _ in range(length):
        (act,) = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
        run, name = chance.choice(RUNS), chance.choice(NAMES)
        scope = chance.choice([None, None, run])
        if act == "log":
            values = [(chance.randrange(9), chance.choice([1.0, -2.5, 0.0, 7.0])) for _ in range(chance.randint(1, 4))]
            yield act, run, name, values
        elif act in ("rename", "hide", "delete"):
            yield act, scope, name, chance.choice(NAMES)
        elif act in ("undo", "purge metric"):
            yield act, chance.randrange(3)
        else:
            yield act, run


projects = count()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_corrected_history_reads_as_the_model_says(database: Database, seed: int) -> None:
    with database.writing() as session:
        actor = auth.ensure_operator(session, "ada", NOW_MS)
        project = runs.create_project(session, f"p{next(projects)}", "", actor_id=actor.id, now_ms=NOW_MS)
        server, model = Server(session, project, actor.id), Model()
        for run in RUNS:
            started = RunStarted(NOW_MS, server.id_of(run), project.name, "w0")
            runs.start(session, started, actor_id=actor.id, now_ms=NOW_MS)
        for act, *words in histories(Random(seed), 30):
            apply(act, words, server, model)
            if act != "log":
                server.check(model)
        server.check(model)
        session.rollback()


def apply(act: str, words: list[Any], server: Server, model: Model) -> None:
    """Do an act on both sides: both do it, or both refuse."""
    if act == "log":
        run, name, logged = words
        if run not in model.purged:
            model.points[run, name] += server.log(run, name, logged)
    elif act in ("rename", "hide", "delete"):
        scope, name, target = words
        entry_id = server.correct(act, scope, name, target)  # type: ignore[arg-type]
        assert (entry_id is not None) == model.allows(act, scope, name, target)  # type: ignore[arg-type]
        if entry_id is not None:
            model.correct(entry_id, act, scope, name, target)  # type: ignore[arg-type]
    elif act in ("undo", "purge metric"):
        latest = list(model.entries)[::-1]
        entry_id = latest[words[0]] if words[0] < len(latest) else None
        if entry_id is not None and act == "undo":
            assert server.undo(entry_id) == model.undo(entry_id)
        elif entry_id is not None:
            assert server.purge(metrics=[entry_id]) == model.purge_metric(entry_id)
    else:
        apply_to_run(act, words[0], server, model)


def apply_to_run(act: str, run: str, server: Server, model: Model) -> None:
    run_id = server.id_of(run)
    if act == "trash run" and run not in model.trashed | model.purged:
        corrections.delete(server.session, run_id, reason="", **server.by())
        model.trashed.add(run)
    elif act == "restore run" and run in model.trashed:
        corrections.restore(server.session, run_id, **server.by())
        model.trashed.remove(run)
    elif act == "purge run":
        assert server.purge(runs=[run_id]) == model.purge_run(run)
