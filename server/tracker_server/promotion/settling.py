"""What becomes of open proposals when an alias moves: those that it makes true are promoted, however that came.

What always holds: of a version and an alias at most one proposal is open, and none while the version holds the alias.
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.promotion.models import Proposal, Remark
from tracker_server.promotion.schema import RemarkKind
from tracker_server.registry import Alias
from tracker_server.registry.models import RegisteredModel, RegisteredVersion


def open_of(session: Session, model: RegisteredModel, alias: str, version: RegisteredVersion) -> Proposal | None:
    """The proposal that waits for this very version and alias."""
    statement = sa.select(Proposal).where(Proposal.model_id == model.id, Proposal.state == "open")
    return session.scalar(statement.where(Proposal.alias == alias, Proposal.version_id == version.id))


def settle(session: Session, found: Alias, version: RegisteredVersion, *, actor_id: int, now_ms: int) -> None:
    """Close the proposal that the move has made true."""
    proposal = open_of(session, found.model, found.name, version)
    if proposal is not None:
        close(session, proposal, "promoted", "", replaces=found.holder, actor_id=actor_id, now_ms=now_ms)


def close(
    session: Session,
    proposal: Proposal,
    state: Literal["promoted", "rejected", "withdrawn"],
    text: str,
    *,
    replaces: int | None,
    actor_id: int,
    now_ms: int,
) -> None:
    """End a proposal, and say so among its remarks."""
    proposal.state, proposal.closed_ms, proposal.closed_by = state, now_ms, actor_id
    add_remark(session, proposal, state, text, replaces=replaces, actor_id=actor_id, now_ms=now_ms)


def add_remark(
    session: Session,
    proposal: Proposal,
    kind: RemarkKind,
    text: str,
    *,
    replaces: int | None,
    actor_id: int,
    now_ms: int,
) -> None:
    """`replaces` is the version that held the alias as it was made."""
    session.add(
        Remark(proposal_id=proposal.id, kind=kind, text=text, replaces=replaces, author_id=actor_id, time_ms=now_ms)
    )
    session.flush()
