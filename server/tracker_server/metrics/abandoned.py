"""Tails that nobody will seal any more, because their runs have fallen silent without an end.

What always holds: a run that has had points since its tail was last sealed here stands in `open_tails`; it is put there
in the transaction that stores the points, and taken out in the one that seals them, under the lock of the run's row. So
any number of processes may seal, none has to, and a run that speaks at that moment goes on before or after it.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.metrics import sealing
from tracker_server.metrics.models import OpenTail
from tracker_server.metrics.sealing import LIMITS, Limits
from tracker_server.runs import Run


def note(session: Session, run_ids: Sequence[str]) -> None:
    """These runs have points that are not sealed."""
    rows = [{"run_id": run_id} for run_id in run_ids]
    session.connection().execute(db.insert(session, OpenTail).on_conflict_do_nothing(), rows)


def has_abandoned(session: Session, *, before_ms: int) -> bool:
    """Whether a run last heard of before then has points that are not sealed. Costs a look at each live run."""
    return session.scalar(_abandoned(before_ms)) is not None


def seal_abandoned(session: Session, *, before_ms: int, limits: Limits = LIMITS) -> str | None:
    """Seal the tail of one such run; its id. None where there is none that nobody else is at."""
    run_id = session.scalar(_abandoned(before_ms).with_for_update(of=Run, skip_locked=True))
    if run_id is not None:
        sealing.seal_all(session, run_id, limits)
        session.execute(sa.delete(OpenTail).where(OpenTail.run_id == run_id))
    return run_id


def _abandoned(before_ms: int) -> sa.Select[str]:
    return sa.select(Run.id).join(OpenTail, OpenTail.run_id == Run.id).where(Run.heartbeat_ms < before_ms).limit(1)
