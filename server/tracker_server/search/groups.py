"""Groups of runs: which runs belong together, and the curves that stand for each group.

What always holds: every run that was asked for is in one group, but where filters state the groups: these may leave
runs out, have them twice, or have their newest alone. Two values are one where they are the same JSON value: 1 and 1.0
are, 1 and true are not; a value that is missing, null or NaN is none, and none is a value of its own. The order of
groups follows from their values alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only

from tracker_server import runs
from tracker_server.errors import Refused
from tracker_server.metrics import grouping, naming
from tracker_server.metrics.columns import Floats, Integers
from tracker_server.metrics.grouping import Curve, GroupView
from tracker_server.metrics.statistics import RESAMPLES
from tracker_server.runs import Run
from tracker_server.search import fields, filters, language, matching
from tracker_server.search.comparison import identity
from tracker_server.search.groups_schema import CurveColumns, Group, GroupsAnswer, GroupsRequest

MAX_RUNS = 2000
MAX_GROUPS = 200
MAX_IDS = 100

CONFIG = "config."
ATTRIBUTES = {
    "group": "group_name",
    "job_type": "job_type",
    "user": "user_name",
    "name": "name",
    "id": "id",
    "parent": "parent_id",
}
"""Keys that are columns of a run; beside them there are `status`, `tags` and the config keys."""

KEYS = (*ATTRIBUTES, "status", "tags")

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Form:
    """How columns are sent."""

    floats: Callable[[Floats], Any]
    integers: Callable[[Integers], Any]


@dataclass(frozen=True)
class _Together:
    """Runs in order of their ids, the values of the keys that they have in common, and how many there are."""

    values: Values
    ids: list[str]
    matched: int


def read(session: Session, wanted: GroupsRequest, *, now_ms: int, lost_after_ms: int, as_bytes: bool) -> GroupsAnswer:
    """The groups with their curves. The number of statements follows the chunks that are read, not runs or groups.

    Raises NotFound for an unknown project, Refused for keys or a filter that are none, and where it would be too many
    runs, groups or curves.
    """
    _check(wanted)
    keys: Sequence[str] = ()
    if wanted.groups is not None:
        found, groups = _stated(session, wanted, wanted.groups, now_ms=now_ms, lost_after_ms=lost_after_ms)
    else:
        found = _found(session, wanted, now_ms=now_ms, lost_after_ms=lost_after_ms)
        keys, groups = _grouped(session, wanted, found, now_ms=now_ms, lost_after_ms=lost_after_ms)
    if len(groups) > MAX_GROUPS:
        raise Refused(
            "too_many_groups",
            f"these {len(found):,} runs are {len(groups):,} groups, more than the {MAX_GROUPS} that an answer has; "
            "group by fewer keys, leave out more of them with except_keys, or filter the runs",
            field="group_by" if wanted.except_keys is None else "except_keys",
        )
    curves: dict[int, list[CurveColumns]] = defaultdict(list)
    form = BYTES if as_bytes else LISTS
    for curve in grouping.read(session, [group.ids for group in groups], wanted.metrics, _view(wanted, found)):
        curves[curve.group].append(_sent(curve, form, has_band=wanted.band != "none"))
    return GroupsAnswer(
        keys=list(keys),
        groups=[
            Group(list(group.values), len(group.ids), group.matched, group.ids[:MAX_IDS], curves[number])
            for number, group in enumerate(groups)
        ],
        resamples=RESAMPLES if wanted.band == "ci95" else 0,
    )


def _check(wanted: GroupsRequest) -> None:
    if bool(wanted.group_by) + (wanted.except_keys is not None) + (wanted.groups is not None) > 1:
        raise Refused(
            "two_groupings",
            "runs are grouped by the keys of group_by, by all config keys but except_keys, or by the filters of "
            "groups; send one of them",
            field="groups" if wanted.groups is not None else "except_keys",
        )
    if wanted.newest is not None and wanted.groups is None:
        raise Refused(
            "newest_of_no_groups", "newest is of each of groups; send their filters, or leave it out", field="newest"
        )
    for key in wanted.group_by:
        if key not in KEYS and not _is_config(key):
            raise _unknown(key, f"a key is 'config.<key>' or one of {', '.join(KEYS)}", "group_by")
    for key in wanted.except_keys or ():
        if not _is_config(key):
            raise _unknown(key, "what is left out is a config key, 'config.<key>'", "except_keys")


def _is_config(key: str) -> bool:
    return key.startswith(CONFIG) and len(key) > len(CONFIG)


def _unknown(key: str, expected: str, field: str) -> Refused:
    return Refused("unknown_group_key", f"runs cannot be grouped by {key!r}: {expected}", field=field)


def _stated(
    session: Session, wanted: GroupsRequest, stated: Sequence[str], *, now_ms: int, lost_after_ms: int
) -> tuple[list[Run], list[_Together]]:
    """The runs that are in any of the groups that filters state, and the groups in their order."""
    every: dict[str, Run] = {}
    groups = []
    for one in stated:
        found, matched = _newest(session, wanted, one, now_ms=now_ms, lost_after_ms=lost_after_ms)
        groups.append(_Together((), [run.id for run in found], matched))
        every.update((run.id, run) for run in found)
        if len(every) > MAX_RUNS:
            raise _too_many()
    return list(every.values()), groups


def _newest(
    session: Session, wanted: GroupsRequest, group: str, *, now_ms: int, lost_after_ms: int
) -> tuple[list[Run], int]:
    """The runs of a group that a filter states, or as many of the newest as are wanted, by id; and how many it has."""
    statement = _asked(session, wanted, group, now_ms=now_ms, lost_after_ms=lost_after_ms)
    if wanted.newest is None:
        found = _all(session, statement)
        return found, len(found)
    latest = statement.order_by(Run.created_ms.desc(), Run.id.desc()).limit(wanted.newest)
    found = sorted(session.scalars(latest.options(_shown())), key=lambda run: run.id)
    if len(found) < wanted.newest:
        return found, len(found)
    return found, session.scalar(statement.with_only_columns(sa.func.count())) or 0


def _found(session: Session, wanted: GroupsRequest, *, now_ms: int, lost_after_ms: int) -> list[Run]:
    """The runs that were asked for, by id."""
    return _all(session, _asked(session, wanted, "", now_ms=now_ms, lost_after_ms=lost_after_ms))


def _asked(session: Session, wanted: GroupsRequest, group: str, *, now_ms: int, lost_after_ms: int) -> sa.Select[Run]:
    """What finds the runs that were asked for, of those in a group that a filter states."""
    owner = runs.project(session, wanted.project)
    lost_before_ms = now_ms - lost_after_ms
    rules = naming.of_project(session, owner.id) if wanted.filter or group else naming.NO_RULES
    conditions = filters.matching(wanted.text, wanted.status, lost_before_ms=lost_before_ms)
    decides = wanted.archived == "without" and language.speaks_of(wanted.filter, "archived")
    here = filters.listed(owner.id, "with" if decides or wanted.runs is not None else wanted.archived)
    for one in (wanted.filter, group):
        conditions += language.conditions(
            one, now_ms=now_ms, lost_before_ms=lost_before_ms, texts=fields.texts_of(session, here), rules=rules
        )
    statement = sa.select(Run).where(here)
    if conditions:
        statement = statement.where(Run.id.in_(sa.select(matching.of(session, here, conditions).c.id)))
    if wanted.runs is not None:
        statement = statement.where(Run.id.in_(wanted.runs))
    return statement


def _all(session: Session, statement: sa.Select[Run]) -> list[Run]:
    found = list(session.scalars(statement.order_by(Run.id).limit(MAX_RUNS + 1).options(_shown())))
    if len(found) > MAX_RUNS:
        raise _too_many()
    return sorted(found, key=lambda run: run.id)


def _too_many() -> Refused:
    return Refused(
        "too_many_runs",
        f"that is over {MAX_RUNS:,} runs, more than are grouped at once; narrow them with a filter",
        field="filter",
    )


def _shown() -> Any:
    columns = (Run.id, Run.name, Run.group_name, Run.job_type, Run.user_name, Run.parent_id, Run.config)
    return load_only(*columns, Run.status, Run.heartbeat_ms, Run.started_ms, raiseload=True)


def _grouped(
    session: Session, wanted: GroupsRequest, found: Sequence[Run], *, now_ms: int, lost_after_ms: int
) -> tuple[Sequence[str], list[_Together]]:
    """The keys that name the groups, and the groups in their order."""
    if wanted.except_keys is not None:
        return _by_config(found, [key.removeprefix(CONFIG) for key in wanted.except_keys])
    tags = runs.tags(session, [run.id for run in found]) if "tags" in wanted.group_by else {}
    config = (
        {run.id: runs.chosen_config(run.config, None) for run in found} if any(map(_is_config, wanted.group_by)) else {}
    )

    def value(run: Run, key: str) -> Any:
        if key == "status":
            return runs.status(run, now_ms=now_ms, lost_after_ms=lost_after_ms)
        if key == "tags":
            return sorted(tags[run.id])
        return getattr(run, ATTRIBUTES[key]) if key in ATTRIBUTES else config[run.id].get(key.removeprefix(CONFIG))

    return wanted.group_by, _together([(run.id, tuple(value(run, key) for key in wanted.group_by)) for run in found])


def _by_config(found: Sequence[Run], left_out: Sequence[str]) -> tuple[list[str], list[_Together]]:
    """The groups of runs whose configs are equal but for these keys, named by the keys in which groups differ."""
    configs = {run.id: dict(_kept(runs.chosen_config(run.config, None), left_out)) for run in found}
    keys = sorted({key for config in configs.values() for key in config})
    groups = _together([(run_id, tuple(config.get(key) for key in keys)) for run_id, config in configs.items()])
    differing = [
        place for place in range(len(keys)) if len({identity(_none_or(group.values[place])) for group in groups}) > 1
    ]
    named = [replace(group, values=tuple(group.values[place] for place in differing)) for group in groups]
    return [CONFIG + keys[place] for place in differing], named


def _kept(config: dict[str, Any], left_out: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if not any(key == one or key.startswith(f"{one}.") for one in left_out):
            yield key, value


def _together(found: Sequence[tuple[str, Values]]) -> list[_Together]:
    """The runs with the same values, which are given with each, in order of these."""
    ids: dict[tuple[str, ...], tuple[Values, list[str]]] = {}
    for run_id, values in found:
        known = tuple(_none_or(value) for value in values)
        place = tuple(identity(value) for value in known)
        ids.setdefault(place, (known, []))[1].append(run_id)
    groups = [_Together(known, own, len(own)) for known, own in ids.values()]
    return sorted(groups, key=lambda group: [_rank(value) for value in group.values])


def _none_or(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _rank(value: Any) -> tuple[int, float, str]:
    """Where a value stands: numbers, among them bools as 0 and 1, texts, lists and other trees, none."""
    if value is None:
        return 3, 0.0, ""
    if isinstance(value, int | float):
        return 0, _nearest(value), identity(value)
    return (1, 0.0, value) if isinstance(value, str) else (2, 0.0, identity(value))


def _nearest(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond the floats
        return math.inf if value > 0 else -math.inf


def _view(wanted: GroupsRequest, found: Sequence[Run]) -> GroupView:
    return GroupView(
        x=wanted.x,
        range=wanted.range,
        points=wanted.points,
        started_ms={run.id: run.started_ms for run in found},
        statistic=wanted.statistic,
        band=wanted.band,
        interpolates=wanted.align == "interpolate",
        smoothing=wanted.smoothing,
    )


def _sent(curve: Curve, form: Form, *, has_band: bool) -> CurveColumns:
    nothing = np.empty(0, np.float64)
    return CurveColumns(
        metric=curve.metric,
        run_count=curve.run_count,
        x_count=curve.x_count,
        is_exact=curve.is_exact,
        is_interpolated=curve.is_interpolated,
        x=form.floats(curve.x),
        center=form.floats(curve.center),
        low=form.floats(curve.low if has_band else nothing),
        high=form.floats(curve.high if has_band else nothing),
        n=form.integers(curve.n),
        smoothed=form.floats(curve.smoothed),
    )


def _numbers(column: Floats) -> list[float | None]:
    numbers: list[float | None] = column.tolist()
    for place in np.flatnonzero(np.isnan(column)).tolist():
        numbers[place] = None
    return numbers


LISTS = Form(_numbers, lambda column: column.tolist())
BYTES = Form(lambda column: column.astype("<f8").tobytes(), lambda column: column.astype("<i8").tobytes())
