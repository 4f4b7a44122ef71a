"""Correcting metrics: renaming, hiding and deleting them, in one run or in a project, and undoing it.

What always holds: an act and its entry in the log are one transaction; those of a project follow one another, because
each holds the project's row. No name is at once what something reads as and what reads as something else, so one look
tells what a name stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import metrics, runs
from tracker_server.corrections import acts, keys, log
from tracker_server.corrections.log import Entry
from tracker_server.corrections.schema import Action, Effects, NewCorrection
from tracker_server.errors import Conflict, NotFound, Refused
from tracker_server.metrics.models import NameRule, Series
from tracker_server.metrics.naming import Rules
from tracker_server.runs.models import Project, Run

RUNS_AT_ONCE = 5000
ACTIONS: dict[str, Action] = {"rename": "metric.renamed", "hide": "metric.hidden", "delete": "metric.deleted"}


def preview(session: Session, project: Project, wanted: NewCorrection, *, lost_before_ms: int) -> Effects:
    """What a correction would be about. Raises as `correct` does, but for a missing reason."""
    rules = metrics.naming.of_project(session, project.id)
    _check_scope(session, project, wanted)
    if wanted.action == "rename":
        check_rename(session, wanted, rules)
    elif wanted.action == "hide":
        check_hide(wanted, rules)
    return _effects(session, project, wanted, rules, lost_before_ms)


def correct(
    session: Session, project: Project, wanted: NewCorrection, *, actor_id: int, now_ms: int, lost_before_ms: int
) -> tuple[Entry, Effects]:
    """Rename, hide or delete a metric.

    Raises NotFound for a metric or run that is not there, Refused for what makes no sense, Conflict for what another
    correction or what a run has logged does not allow.
    """
    if not wanted.reason.strip():
        raise Refused("no_reason", "say why: the log of corrections keeps a reason with every entry", field="reason")
    hold(session, project)
    effects = preview(session, project, wanted, lost_before_ms=lost_before_ms)
    entry = log.record(
        session,
        project.id,
        ACTIONS[wanted.action],
        actor_id=actor_id,
        now_ms=now_ms,
        reason=wanted.reason,
        run_id=wanted.run,
        metric=wanted.metric,
        shown_as=wanted.shown_as,
        details=_details(effects),
    )
    if wanted.action == "delete":
        _delete(session, project, wanted, entry, now_ms)
    else:
        shown_as = wanted.shown_as if wanted.action == "rename" else None
        rule = NameRule(
            id=entry.id, project_id=project.id, run_id=wanted.run or "", name=wanted.metric, shown_as=shown_as
        )
        session.add(rule)
    _touch(session, [wanted.run] if wanted.run is not None else [], now_ms)
    session.flush()
    return entry, effects


def hold(session: Session, project: Project) -> None:
    """Hold the project until the commit, so that nothing else in it is corrected or purged meanwhile."""
    session.get(Project, project.id, with_for_update=True)


def undo(session: Session, project: Project, entry_id: int, reason: str, *, actor_id: int, now_ms: int) -> Entry:
    """Take back an entry. Raises NotFound, and Conflict where it cannot be taken back any more."""
    hold(session, project)
    entry = log.find(session, project.id, entry_id)
    if entry is None:
        raise NotFound("unknown_correction", f"there is no correction {entry_id} in the project {project.name!r}")
    _check_undoable(session, entry)
    if entry.action in ("run.archived", "run.deleted"):
        return acts.undo(session, entry, reason, actor_id=actor_id, now_ms=now_ms)
    if entry.action in ("metric.renamed", "metric.hidden"):
        session.execute(sa.delete(NameRule).where(NameRule.id == entry.id))
        _touch(session, [entry.run_id] if entry.run_id is not None else [], now_ms)
    elif entry.action == "metric.deleted":
        _bring_back(session, entry, now_ms)
    return log.record(
        session,
        project.id,
        "correction.undone",
        actor_id=actor_id,
        now_ms=now_ms,
        reason=reason,
        run_id=entry.run_id,
        metric=entry.metric,
        shown_as=entry.shown_as,
        undoes=entry.id,
    )


def _check_scope(session: Session, project: Project, wanted: NewCorrection) -> None:
    for field, name in (("metric", wanted.metric), ("shown_as", wanted.shown_as)):
        if name is not None and "\0" in name:
            raise Refused("bad_name", "the name of a metric has no NUL", field=field)
    if wanted.run is None:
        return
    run = runs.get(session, wanted.run)
    if run.project_id != project.id:
        raise Refused("run_elsewhere", f"run {run.id!r} is not in the project {project.name!r}", field="run")


def check_rename(session: Session, wanted: NewCorrection, rules: Rules) -> None:
    """Raises unless the name is free to read as the other."""
    name, target = wanted.metric, wanted.shown_as
    if target is None or target == name:
        raise Refused(
            "bad_name",
            f"say as what {name!r} is to be shown: `shown_as` is another name than its own",
            field="shown_as",
        )
    for rule in rules.listed:
        is_same_scope = rule.run_id == (wanted.run or "")
        if rule.shown_as is None or not (is_same_scope or not rule.run_id or wanted.run is None):
            continue
        if rule.name == name and is_same_scope:
            message = f"{name!r} reads as {rule.shown_as!r} by correction {rule.id}; undo that first"
            raise Conflict("already_renamed", message, field="metric", correction=rule.id)
        if rule.shown_as == name:
            message = (
                f"{name!r} is how {rule.name!r} reads by correction {rule.id}; undo that, then rename {rule.name!r}"
            )
            raise Conflict("is_a_new_name", message, field="metric", correction=rule.id)
        if rule.name == target:
            message = (
                f"{target!r} itself reads as {rule.shown_as!r} by correction {rule.id}; use that, or undo it first"
            )
            raise Conflict("is_renamed", message, field="shown_as", correction=rule.id)
    if wanted.run is not None and {name, target} <= _logged(session, wanted.run, (name, target)):
        raise Conflict(
            "both_names",
            f"run {wanted.run!r} has logged {name!r} and {target!r} too, and one name cannot stand for both; delete or "
            "rename one of them first",
            field="shown_as",
        )


def _logged(session: Session, run_id: str, names: Sequence[str]) -> set[str]:
    """Those of the names that the run has points under."""
    is_there = (Series.run_id == run_id, Series.name.in_(names), Series.count > 0, Series.segment >= 0)
    return set(session.scalars(sa.select(Series.name).where(*is_there)))


def check_hide(wanted: NewCorrection, rules: Rules) -> None:
    """Raises Conflict where the metric is hidden already."""
    for rule in rules.listed:
        if rule.shown_as is None and rule.name == wanted.metric and rule.run_id in ("", wanted.run or ""):
            message = f"{wanted.metric!r} is hidden by correction {rule.id} already"
            raise Conflict("already_hidden", message, field="metric", correction=rule.id)


def _effects(session: Session, project: Project, wanted: NewCorrection, rules: Rules, lost_before_ms: int) -> Effects:
    """Raises NotFound where there is nothing to correct."""
    is_alive = sa.and_(Run.status == "running", Run.heartbeat_ms >= lost_before_ms)
    live = sa.case((is_alive, Series.run_id))
    count = sa.func.count
    statement = sa.select(count(Series.run_id.distinct()), count(), sa.func.sum(Series.count), count(live.distinct()))
    run_count, series_count, point_count, live_count = session.execute(
        statement.select_from(Series).join(Run, Run.id == Series.run_id).where(*_of(project, wanted, rules))
    ).one()
    if not series_count:
        where = f"run {wanted.run!r}" if wanted.run is not None else f"the project {project.name!r}"
        what = "has logged" if wanted.action == "rename" else "shows"
        raise NotFound("unknown_metric", f"nothing in {where} {what} a metric {wanted.metric!r}", field="metric")
    kept = _keeping(session, project, wanted, rules) if wanted.action == "rename" and wanted.run is None else 0
    effects = Effects(run_count, series_count, int(point_count), live_count, kept, [])
    return Effects(run_count, series_count, int(point_count), live_count, kept, _notes(wanted, effects))


def _of(project: Project, wanted: NewCorrection, rules: Rules) -> list[sa.ColumnElement[bool]]:
    """The series that a correction is about: by the logged name for renaming, by the shown one for the rest."""
    is_rename = wanted.action == "rename"
    name = Series.name == wanted.metric
    is_meant = name if is_rename else metrics.naming.named(Series, wanted.metric, rules, with_hidden=True)
    conditions = [Run.project_id == project.id, Series.segment >= 0, Series.count > 0, is_meant]
    return [*conditions, Series.run_id == wanted.run] if wanted.run is not None else conditions


def _keeping(session: Session, project: Project, wanted: NewCorrection, rules: Rules) -> int:
    """How many runs have logged both names."""
    other = orm.aliased(Series)
    same = (other.run_id == Series.run_id, other.name == wanted.shown_as, other.count > 0, other.segment >= 0)
    statement = sa.select(sa.func.count(Series.run_id.distinct())).join(Run, Run.id == Series.run_id)
    return session.execute(statement.where(*_of(project, wanted, rules), sa.exists().where(*same))).scalar_one()


def _notes(wanted: NewCorrection, effects: Effects) -> list[str]:
    notes = []
    if effects.kept_count:
        notes.append(
            f"{effects.kept_count} of the runs have logged {wanted.shown_as!r} as well; there, both names stay."
        )
    if wanted.action == "delete" and effects.live_count:
        notes.append(
            f"{effects.live_count} of the runs are running: what they go on logging under this name starts anew."
        )
    return notes


def _details(effects: Effects) -> dict[str, Any]:
    return {
        "run_count": effects.run_count,
        "series_count": effects.series_count,
        "point_count": effects.point_count,
        "kept_count": effects.kept_count,
    }


def _delete(session: Session, project: Project, wanted: NewCorrection, entry: Entry, now_ms: int) -> None:
    rules = metrics.naming.of_project(session, project.id)
    meant = _of(project, wanted, rules)
    touched = sa.select(Series.run_id).distinct().join(Run, Run.id == Series.run_id).where(*meant)
    run_ids = sorted(session.scalars(touched))
    hold_runs(session, run_ids)
    found = session.execute(sa.select(Series.id, Series.name).join(Run, Run.id == Series.run_id).where(*meant)).all()
    metrics.trash.discard(session, [row.id for row in found], entry.id)
    keys.forget(session, project.id, {row.name for row in found})
    _touch(session, run_ids, now_ms)


def _bring_back(session: Session, entry: Entry, now_ms: int) -> None:
    found = metrics.trash.of_entry(session, entry.id)
    hold_runs(session, sorted({series.run_id for series in found}))
    metrics.trash.bring_back(session, entry.id)
    for kind, name in {(series.kind, series.name) for series in found}:
        run_id = next(series.run_id for series in found if series.name == name)
        runs.note_keys(session, run_id, "system" if kind == "system" else "metric", [name])
    _touch(session, sorted({series.run_id for series in found}), now_ms)


def hold_runs(session: Session, run_ids: Sequence[str]) -> None:
    """Hold these runs until the commit, in order of id, so that nothing is stored or moved in them meanwhile."""
    for start in range(0, len(run_ids), RUNS_AT_ONCE):
        portion = run_ids[start : start + RUNS_AT_ONCE]
        session.execute(sa.select(Run.id).where(Run.id.in_(portion)).order_by(Run.id).with_for_update())


def _touch(session: Session, run_ids: Sequence[str], now_ms: int) -> None:
    """Pages that show these runs ask for their rows anew."""
    for start in range(0, len(run_ids), RUNS_AT_ONCE):
        portion = run_ids[start : start + RUNS_AT_ONCE]
        changed = sa.update(Run).where(Run.id.in_(portion), Run.changed_ms < now_ms).values(changed_ms=now_ms)
        session.execute(changed, execution_options={"synchronize_session": False})


def _check_undoable(session: Session, entry: Entry) -> None:
    if entry.action not in log.UNDOABLE:
        raise Conflict("not_undoable", f"correction {entry.id} ({entry.action}) is not one that can be undone")
    later = log.undone_by(session, entry)
    if later is not None:
        raise Conflict("already_undone", f"correction {entry.id} was undone by correction {later} already")
    if not log.described(session, entry).can_undo:
        raise Conflict(
            "purged", f"what correction {entry.id} took away has been deleted for good, and cannot come back"
        )
