"""Entries of the log that come from another server.

What always holds: an entry is of who imported it and of that moment, since nothing was corrected here before; its
details say under `imported` who corrected it there and when. It comes once. A name that reads as another there does so
here, unless what the project has of its own speaks against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import CorrectionCopied
from tracker_server import metrics
from tracker_server.corrections import log, service
from tracker_server.corrections.log import Entry
from tracker_server.corrections.schema import Action, NewCorrection
from tracker_server.errors import Conflict, Refused
from tracker_server.metrics.models import NameRule
from tracker_server.runs.models import Project, Run

Origin = tuple[int, int, str]
"""What an entry was on its own server: id, time, action."""


def put_back(
    session: Session, project: Project, records: Sequence[CorrectionCopied], *, actor_id: int, now_ms: int
) -> list[str]:
    """Take the entries into the log, in their order; a sentence for each name that stays as it is here.

    The project is held. Raises Refused for what no correction can be.
    """
    known = _known(session, project) if records else {}
    objections = []
    for record in records:
        if _origin(record) in known:
            continue
        if record.action not in get_args(Action):
            raise Refused("bad_record", f"{record.action[:80]!r} is not what a correction can be", field="action")
        objection = _objection(session, project, record) if record.stands else None
        entry = _add(session, project, record, known, actor_id=actor_id, now_ms=now_ms)
        known[_origin(record)] = entry.id
        if objection is not None:
            objections.append(objection)
        elif record.stands:
            _rule(session, project, record, entry)
    return objections


def _add(
    session: Session,
    project: Project,
    record: CorrectionCopied,
    known: dict[Origin, int],
    *,
    actor_id: int,
    now_ms: int,
) -> Entry:
    return log.record(
        session,
        project.id,
        cast(Action, record.action),
        actor_id=actor_id,
        now_ms=now_ms,
        reason=record.reason,
        run_id=record.run,
        metric=record.metric,
        shown_as=record.shown_as,
        undoes=_undone(session, record, known),
        details={**record.details, "imported": {"id": record.id, "time_ms": record.time_ms, "by": record.by}},
    )


def _rule(session: Session, project: Project, record: CorrectionCopied, entry: Entry) -> None:
    """Have the metric be shown by its new name, or not at all."""
    session.add(
        NameRule(
            id=entry.id,
            project_id=project.id,
            run_id=record.run or "",
            name=record.metric,
            shown_as=record.shown_as if record.action == "metric.renamed" else None,
        )
    )
    session.flush()


def _origin(record: CorrectionCopied) -> Origin:
    return record.id, record.time_ms, record.action


def _known(session: Session, project: Project) -> dict[Origin, int]:
    """The imported entries of the project by what they were."""
    told = sa.type_coerce(Entry.details, sa.Text).contains('"imported":')
    found: dict[Origin, int] = {}
    for entry in session.scalars(sa.select(Entry).where(Entry.project_id == project.id, told)):
        details: dict[str, Any] = entry.details
        origin = details.get("imported")
        if isinstance(origin, dict):
            found[origin.get("id", 0), origin.get("time_ms", 0), entry.action] = entry.id
    return found


def _undone(session: Session, record: CorrectionCopied, known: dict[Origin, int]) -> int | None:
    """The entry here that this one took back there, unless another has by now."""
    target = next((entry for (origin, _, _), entry in known.items() if origin == record.undoes), None)
    if target is None or session.scalar(sa.select(Entry.id).where(Entry.undoes == target)) is not None:
        return None
    return target


def _objection(session: Session, project: Project, record: CorrectionCopied) -> str | None:
    """Why the metric cannot be renamed or hidden here; None where it can."""
    if record.metric is None or record.action not in ("metric.renamed", "metric.hidden"):
        raise Refused("bad_record", f"a correction {record.action!r} does not stand", field="stands")
    run = session.get(Run, record.run) if record.run is not None else None
    if record.run is not None and (run is None or run.project_id != project.id):
        return f"{record.metric!r} of run {record.run!r} stays as it is: that run is not in the project"
    rules = metrics.naming.of_project(session, project.id)
    is_rename = record.action == "metric.renamed"
    wanted = NewCorrection(
        action="rename" if is_rename else "hide",
        metric=record.metric,
        shown_as=record.shown_as,
        run=record.run,
        reason=record.reason,
    )
    try:
        if is_rename:
            service.check_rename(session, wanted, rules)
        else:
            service.check_hide(wanted, rules)
    except (Conflict, Refused) as error:
        return f"{record.metric!r} stays as it is: {error}"
    return None
