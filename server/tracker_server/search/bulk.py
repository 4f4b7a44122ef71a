"""One change of many runs: of those that are named, or of all that match a search.

What always holds: it is one transaction; who asks hears which runs were changed by it, so that the opposite change of
these takes back this one and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import corrections, runs
from tracker_server.errors import Refused
from tracker_server.metrics import naming
from tracker_server.runs import Project, Run
from tracker_server.search import criteria
from tracker_server.search.schema import RunsChange, RunsChanged

MOST = 10_000


def change(
    session: Session,
    project: str,
    wanted: RunsChange,
    *,
    actor: str,
    actor_id: int,
    now_ms: int,
    lost_after_ms: int,
) -> RunsChanged:
    """Raises NotFound for an unknown project, Refused for a bad filter, for too many runs and for an empty tag."""
    owner = runs.project(session, project)
    ids = _meant(session, owner, wanted, now_ms=now_ms, lost_after_ms=lost_after_ms)
    by = {"actor_id": actor_id, "now_ms": now_ms}
    match wanted.action:
        case "tag" | "untag":
            is_added = wanted.action == "tag"
            changed = runs.tag_all(session, owner, ids, _tag(wanted), is_added=is_added, **by)
        case "stop":
            changed = runs.stop_all(session, owner, ids, wanted.reason, actor=actor, now_ms=now_ms)
        case _:
            changed = corrections.act_on_all(session, owner, ids, wanted.action, reason=wanted.reason, **by)
    return RunsChanged(changed, len(ids))


def _tag(wanted: RunsChange) -> str:
    tag = wanted.tag.strip()
    if not tag:
        raise Refused("no_tag", "say which tag: `tag` is a text of 1 to 500 characters", field="tag")
    return tag


def _meant(session: Session, owner: Project, wanted: RunsChange, *, now_ms: int, lost_after_ms: int) -> Sequence[str]:
    if wanted.runs is not None:
        return sorted(set(wanted.runs))
    if wanted.action == "restore":
        raise Refused("no_runs", "what is in the trash is not searched: name the `runs` to restore", field="runs")
    rules = naming.of_project(session, owner.id)
    matching = criteria.run_ids(session, owner, wanted, rules, now_ms=now_ms, lost_after_ms=lost_after_ms)
    found = session.scalars(sa.select(Run.id).where(Run.id.in_(matching)).order_by(Run.id).limit(MOST + 1)).all()
    if len(found) > MOST:
        message = f"more than {MOST:,} runs match, which is more than one change is made of; narrow the filter"
        raise Refused("too_many_runs", message, field="filter")
    return found
