"""The names that series are shown by, and which are not shown.

A *rule* of a project, or of one run in it, says that what is logged under one name reads as another, or that a name is
not shown. Nothing that is stored changes by it; what is logged later follows it too.

What always holds: a name of a run stands for what was logged under one name. It is the first that the run has of: the
name itself, what rules of the run read as it, what rules of its project do; of several the first by name. What is not
taken so keeps the name that it was logged under. Where there are no rules, asking costs one small statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server.metrics.models import NameRule, Series
from tracker_server.runs.models import Run

Condition = sa.ColumnElement[bool]


class _HasName(Protocol):
    """A series, or what has been read of one."""

    @property
    def run_id(self) -> str: ...

    @property
    def name(self) -> str: ...


Named = TypeVar("Named", bound=_HasName)


class Rule(NamedTuple):
    """`run_id` is "" for a whole project. `shown_as` is None where the name is not to be shown; that name is the one
    that is shown otherwise."""

    id: int
    run_id: str
    name: str
    shown_as: str | None


@dataclass(frozen=True)
class Rules:
    """What stands in a project."""

    project_id: int = 0
    listed: tuple[Rule, ...] = ()

    def touch(self, name: str) -> bool:
        """Whether anything is said of the name, so that it may stand for more or less than what was logged as it."""
        return any(name in (rule.name, rule.shown_as) for rule in self.listed)

    def targets(self, name: str) -> list[str]:
        """What is logged under this name reads as one of these, where a rule applies."""
        return sorted({rule.shown_as for rule in self.listed if rule.name == name and rule.shown_as is not None})

    def sources(self, target: str, *, of_runs: bool) -> list[str]:
        """The names that read as the target by rules of single runs, or of the project; the first by name wins."""
        return sorted({rule.name for rule in self.listed if rule.shown_as == target and bool(rule.run_id) == of_runs})


NO_RULES = Rules()


@dataclass(frozen=True)
class Names:
    """The names of some runs' metrics: `read_as` by run and logged name where it differs, `hidden` by run and name."""

    read_as: dict[tuple[str, str], str] = field(default_factory=dict)
    hidden: frozenset[tuple[str, str]] = frozenset()

    def logged(self, names: Iterable[str]) -> list[str]:
        """Under which names that which is shown by these may have been logged; `prefix/*` stands for all below it."""
        wanted = list(names)
        return [*wanted, *sorted({logged for (_, logged), shown in self.read_as.items() if _is_among(shown, wanted)})]

    def shown(
        self, found: Iterable[Named], wanted: Sequence[str] | None, *, with_hidden: bool = False
    ) -> Iterator[tuple[Named, str]]:
        """Those of the series that are shown by a name among these, each with that name; None stands for every name."""
        for series in found:
            name = self.read_as.get((series.run_id, series.name), series.name)
            is_wanted = wanted is None or not self.read_as or _is_among(name, wanted)
            if is_wanted and (with_hidden or (series.run_id, name) not in self.hidden):
                yield series, name


AS_LOGGED = Names()


def _is_among(name: str, wanted: Sequence[str]) -> bool:
    return name in wanted or any(name.startswith(one[:-1]) for one in wanted if one.endswith("/*"))


def of_project(session: Session, project_id: int) -> Rules:
    """The rules that stand in a project and for the runs in it."""
    statement = sa.select(NameRule.id, NameRule.run_id, NameRule.name, NameRule.shown_as)
    found = session.execute(statement.where(NameRule.project_id == project_id).order_by(NameRule.id))
    return Rules(project_id, tuple(Rule(*row) for row in found))


def of_runs(session: Session, run_ids: Sequence[str]) -> Names:
    """The names of these runs' metrics."""
    of_these = sa.select(Run.project_id).where(Run.id.in_(run_ids))
    statement = sa.select(NameRule.project_id, NameRule.id, NameRule.run_id, NameRule.name, NameRule.shown_as).where(
        NameRule.project_id.in_(of_these), sa.or_(NameRule.run_id == "", NameRule.run_id.in_(run_ids))
    )
    listed = [(row[0], Rule(*row[1:])) for row in session.execute(statement)]
    if not listed:
        return AS_LOGGED
    projects = session.execute(sa.select(Run.id, Run.project_id).where(Run.id.in_(run_ids)))
    has = _logged_names(session, run_ids, [rule for _, rule in listed])
    by_project: dict[int, list[Rule]] = defaultdict(list)
    by_run: dict[str, list[Rule]] = defaultdict(list)
    for project_id, rule in listed:
        (by_run[rule.run_id] if rule.run_id else by_project[project_id]).append(rule)
    read_as: dict[tuple[str, str], str] = {}
    hidden: set[tuple[str, str]] = set()
    for run_id, project_id in projects:
        rules = [*sorted(by_run[run_id], key=_by_name), *sorted(by_project[project_id], key=_by_name)]
        read_as |= {(run_id, name): shown for name, shown in _resolved(rules, has[run_id])}
        hidden |= {(run_id, rule.name) for rule in rules if rule.shown_as is None}
    return Names(read_as, frozenset(hidden))


def renamed(names: Names, found: Sequence[Series], wanted: Sequence[str], *, with_hidden: bool = False) -> list[Series]:
    """Those of the series that are shown by these names, called so in the session; nothing of it is ever written."""
    if names == AS_LOGGED:
        return list(found)
    shown = list(names.shown(found, wanted, with_hidden=with_hidden))
    for series, name in shown:
        orm.attributes.set_committed_value(series, "name", name)
    return sorted((series for series, _ in shown), key=lambda one: (one.run_id, one.name, one.label, one.segment))


def _by_name(rule: Rule) -> str:
    return rule.name


def _logged_names(session: Session, run_ids: Sequence[str], rules: Iterable[Rule]) -> defaultdict[str, set[str]]:
    """Which of the names that the rules speak of each run has logged."""
    names = {name for rule in rules if rule.shown_as is not None for name in (rule.name, rule.shown_as)}
    found: defaultdict[str, set[str]] = defaultdict(set)
    statement = sa.select(Series.run_id, Series.name).distinct()
    is_there = (Series.run_id.in_(run_ids), Series.name.in_(names), Series.count > 0, Series.segment >= 0)
    for run_id, name in session.execute(statement.where(*is_there)) if names else ():
        found[run_id].add(name)
    return found


def _resolved(rules: Sequence[Rule], logged: set[str]) -> Iterator[tuple[str, str]]:
    """What of a run that has logged these names reads as another, the rules being in the order in which they count."""
    taken = set(logged)
    renamed: set[str] = set()
    for rule in rules:
        if rule.shown_as is None or rule.name in renamed:
            continue
        renamed.add(rule.name)  # a rule of the run stands in place of one of the project
        if rule.name in logged and rule.shown_as not in taken:
            taken.add(rule.shown_as)
            yield rule.name, rule.shown_as


def named(series: type[Series], name: str, rules: Rules, *, with_hidden: bool = False) -> Condition:
    """Whether a series of the rules' project is shown by this name, as SQL."""
    if not rules.touch(name):
        return series.name == name
    own = [series.name == name, *(~_reads_as(series, name, target, rules) for target in rules.targets(name))]
    sources = {*rules.sources(name, of_runs=True), *rules.sources(name, of_runs=False)}
    others = [sa.and_(series.name == source, _reads_as(series, source, name, rules)) for source in sorted(sources)]
    found = sa.or_(sa.and_(*own), *others)
    return found if with_hidden else sa.and_(found, *_not_hidden(series, name, rules))


def _not_hidden(series: type[Series], name: str, rules: Rules) -> Iterator[Condition]:
    hiding = [rule for rule in rules.listed if rule.name == name and rule.shown_as is None]
    if any(not rule.run_id for rule in hiding):
        yield sa.false()
    elif hiding:
        yield series.run_id.not_in(_runs_of(rules, name, NameRule.shown_as.is_(None)))


def _reads_as(series: type[Series], name: str, target: str, rules: Rules) -> Condition:
    """Whether what the series' run has logged under the name reads as the target."""
    of_runs, of_project = rules.sources(target, of_runs=True), rules.sources(target, of_runs=False)
    claims = [_claims(series, one, target, rules, of_runs=True) for one in of_runs]
    ways: list[Condition] = []
    if name in of_runs:
        earlier = claims[: of_runs.index(name)]
        ways.append(
            sa.and_(_applies(series, name, target, rules, of_runs=True), ~_has(series, target), *map(_no, earlier))
        )
    if name in of_project:
        claims += [_claims(series, one, target, rules, of_runs=False) for one in of_project[: of_project.index(name)]]
        ways.append(
            sa.and_(_applies(series, name, target, rules, of_runs=False), ~_has(series, target), *map(_no, claims))
        )
    return sa.or_(sa.false(), *ways)


def _no(condition: Condition) -> Condition:
    return ~condition


def _claims(series: type[Series], name: str, target: str, rules: Rules, *, of_runs: bool) -> Condition:
    return sa.and_(_applies(series, name, target, rules, of_runs=of_runs), _has(series, name))


def _applies(series: type[Series], name: str, target: str, rules: Rules, *, of_runs: bool) -> Condition:
    """Whether a rule that reads the name as the target is one for the series' run."""
    if of_runs:
        return series.run_id.in_(_runs_of(rules, name, NameRule.shown_as == target))
    if any(rule.run_id and rule.name == name and rule.shown_as is not None for rule in rules.listed):
        return series.run_id.not_in(_runs_of(rules, name, NameRule.shown_as.is_not(None)))
    return sa.true()


def _runs_of(rules: Rules, name: str, which: Condition) -> sa.Select[Any]:
    """The runs with a rule of their own for a name: a query, since they may be more than a statement has room for."""
    return sa.select(NameRule.run_id).where(
        NameRule.project_id == rules.project_id, NameRule.run_id != "", NameRule.name == name, which
    )


def _has(series: type[Series], name: str) -> Condition:
    other = orm.aliased(Series)
    is_there = (other.run_id == series.run_id, other.name == name, other.count > 0, other.segment >= 0)
    return sa.exists().where(*is_there)
