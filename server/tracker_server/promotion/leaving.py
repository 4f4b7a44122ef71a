"""What becomes of proposals when the version that they are about is deleted.

What always holds: one that is open keeps its version there; those that are closed go with it, and what was decided by
them stays in the trail.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import registry
from tracker_server.errors import Conflict
from tracker_server.promotion.models import Proposal, Remark
from tracker_server.registry.models import RegisteredModel, RegisteredVersion


@registry.leaves
def leave(session: Session, model: RegisteredModel, version: RegisteredVersion) -> None:
    """Raises Conflict `proposal_open` where a proposal waits, naming it."""
    of_version = Proposal.version_id == version.id
    waiting = sa.select(Proposal.number).where(of_version, Proposal.state == "open").order_by(Proposal.number)
    number = session.scalar(waiting.limit(1))
    if number is not None:
        raise Conflict(
            "proposal_open",
            f"proposal {number} to promote v{version.version} of {model.name!r} is open, so the version cannot be "
            "deleted; reject or withdraw it first",
            number=number,
        )
    ids = sa.select(Proposal.id).where(of_version)
    session.execute(sa.delete(Remark).where(Remark.proposal_id.in_(ids)))
    session.execute(sa.delete(Proposal).where(of_version))
