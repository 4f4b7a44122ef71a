"""Proposals as the API tells of them, in a constant number of statements whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import gates, registry, runs
from tracker_server.auth.models import User
from tracker_server.promotion import approvals, schema
from tracker_server.promotion.approvals import Asker
from tracker_server.promotion.models import Proposal, Remark
from tracker_server.promotion.preview import preview
from tracker_server.registry import trail
from tracker_server.registry.models import AuditRow, ModelAlias, RegisteredModel, RegisteredVersion
from tracker_server.registry.schema import AuditEntry

MOST = 500
"""So many are listed."""


def listed(
    session: Session, model: RegisteredModel | None, state: schema.ProposalState | None, *, is_known: bool
) -> schema.ProposalList:
    """Proposals of a model, or of every model that one sees."""
    where = [Proposal.model_id == model.id] if model is not None else []
    where += [Proposal.state == state] if state is not None else []
    return schema.ProposalList(_described(session, where, is_known=is_known))


def described(session: Session, proposal: Proposal, *, is_known: bool) -> schema.Proposal:
    """One as a row of a list."""
    (found,) = _described(session, [Proposal.id == proposal.id], is_known=is_known)
    return found


def detail(
    session: Session, model: RegisteredModel, proposal: Proposal, *, asker: Asker, now_ms: int
) -> schema.ProposalDetail:
    """One with what was said of it, and all that it is decided by."""
    told = described(session, proposal, is_known=asker.is_known)
    is_open = proposal.state == "open"
    holder = registry.holder_of(session, model, proposal.alias) if is_open else None
    shown = None
    if is_open:
        query = schema.PromotionQuery(proposal.alias, told.version)
        shown = preview(
            session, model.name, query, proposed_by=proposal.created_by, is_known=asker.is_known, now_ms=now_ms
        )
    refusal = approvals.refusal(session, model, proposal.created_by, told.needed, asker) if is_open else None
    return schema.ProposalDetail(
        **msgspec.structs.asdict(told),
        remarks=_remarks(session, proposal, holder.version if holder is not None else None),
        preview=shown,
        entry=_entry(session, proposal, told.version),
        refusal=refusal.message if refusal is not None else None,
    )


def _described(session: Session, where: Sequence[sa.ColumnElement[bool]], *, is_known: bool) -> list[schema.Proposal]:
    author, closer = orm.aliased(User), orm.aliased(User)
    statement = (
        sa.select(Proposal, RegisteredModel, runs.Project.name, RegisteredVersion.version, author.name, closer.name)
        .join(RegisteredModel, RegisteredModel.id == Proposal.model_id)
        .join(runs.Project, runs.Project.id == RegisteredModel.project_id)
        .join(RegisteredVersion, RegisteredVersion.id == Proposal.version_id)
        .join(author, author.id == Proposal.created_by)
        .outerjoin(closer, closer.id == Proposal.closed_by)
        .where(*where)
        .order_by(Proposal.state != "open", Proposal.created_ms.desc(), Proposal.id.desc())
        .limit(MOST)
    )
    rows = session.execute(statement).all()
    found = [row[0] for row in rows]
    waiting = [(proposal, model) for proposal, model, *_ in rows if proposal.state == "open"]
    needed = _needed(session, waiting, is_known=is_known)
    given = _approvals(session, found)
    return [
        schema.Proposal(
            model=model.name,
            project=project,
            number=proposal.number,
            alias=proposal.alias,
            version=version,
            reason=proposal.reason,
            state=cast(schema.ProposalState, proposal.state),
            created_ms=proposal.created_ms,
            created_by=created_by,
            closed_ms=proposal.closed_ms,
            closed_by=closed_by,
            approvals=given[proposal.id],
            needed=needed.get(proposal.id, given[proposal.id]),
        )
        for proposal, model, project, version, created_by, closed_by in rows
    ]


def _needed(session: Session, waiting: Sequence[tuple[Proposal, RegisteredModel]], *, is_known: bool) -> dict[int, int]:
    """How many approvals each needs that waits."""
    books = gates.rules_of_all(session, {model.id for _, model in waiting})
    by_default = approvals.by_default(session, is_known=is_known) if waiting else 0
    return {proposal.id: approvals.by_rules(books[model.id], proposal.alias, by_default) for proposal, model in waiting}


def _approvals(session: Session, found: Sequence[Proposal]) -> dict[int, int]:
    """How many count: of one that waits those that saw who holds the alias now, of others those that came."""
    holder = (
        sa.select(ModelAlias.model_id, ModelAlias.alias, RegisteredVersion.version)
        .join(RegisteredVersion, RegisteredVersion.id == ModelAlias.version_id)
        .subquery()
    )
    is_of_it = sa.and_(holder.c.model_id == Proposal.model_id, holder.c.alias == Proposal.alias)
    counts = sa.or_(
        Proposal.state != "open", sa.func.coalesce(Remark.replaces, 0) == sa.func.coalesce(holder.c.version, 0)
    )
    statement = (
        sa.select(Remark.proposal_id, sa.func.count(sa.distinct(Remark.author_id)).label("approvals"))
        .join(Proposal, Proposal.id == Remark.proposal_id)
        .outerjoin(holder, is_of_it)
        .where(Remark.proposal_id.in_([one.id for one in found]), Remark.kind == "approved", counts)
        .group_by(Remark.proposal_id)
    )
    return defaultdict(int, {row.proposal_id: row.approvals for row in session.execute(statement)})


def _remarks(session: Session, proposal: Proposal, holder: int | None) -> list[schema.Remark]:
    """Oldest first."""
    statement = sa.select(Remark, User.name).join(User, User.id == Remark.author_id)
    is_open = proposal.state == "open"
    return [
        schema.Remark(
            id=one.id,
            kind=cast(Any, one.kind),
            author=author,
            time_ms=one.time_ms,
            text=one.text,
            counts=one.kind == "approved" and (not is_open or one.replaces == holder),
        )
        for one, author in session.execute(statement.where(Remark.proposal_id == proposal.id).order_by(Remark.id))
    ]


def _entry(session: Session, proposal: Proposal, version: int) -> AuditEntry | None:
    """What the trail says of the move that came of it; None where none did."""
    if proposal.state != "promoted":
        return None
    found = trail.entries(
        session,
        AuditRow.model_id == proposal.model_id,
        AuditRow.alias == proposal.alias,
        AuditRow.action.in_(("alias.moved", "alias.rolled_back")),
        AuditRow.to_version == version,
        AuditRow.time_ms == proposal.closed_ms,
        limit=1,
    )
    return found[0] if found else None
