"""The routes of promotion."""

from __future__ import annotations

from flask import Response
from sqlalchemy.orm import Session

from tracker_server import promotion, registry
from tracker_server.http import Api, Call, reply
from tracker_server.promotion.schema import (
    AliasMove,
    ApprovalGiven,
    Decision,
    Moved,
    NewComment,
    NewProposal,
    PromotionPreview,
    PromotionQuery,
    Proposal,
    ProposalDetail,
    ProposalList,
    ProposalQuery,
    RollBack,
)
from tracker_server.registry.schema import AliasRemoval, AuditEntry

api = Api("promotion")


def _prepare(session: Session, body: AliasMove | NewProposal) -> None:
    registry.prepare(session, body.artifact_version_id)


@api.get("/models/<name>/promotion", query=PromotionQuery, reply=PromotionPreview)
def preview_promotion(call: Call, name: str, query: PromotionQuery) -> PromotionPreview:
    """What promoting would change: the candidate beside the holder, what the rules say, and who has to agree."""
    is_known = call.settings.needs_key
    return promotion.preview(
        call.session, name, query, proposed_by=call.actor_id, is_known=is_known, now_ms=call.now_ms
    )


@api.post("/models/<name>/aliases/<alias>", body=AliasMove, reply=Moved, access="promote", prepare=_prepare)
def move_alias(call: Call, name: str, alias: str, body: AliasMove) -> Moved:
    """Promote: move an alias to a version, registering it first if asked."""
    return promotion.promote(call.session, name, alias, body, asker=_asker(call), now_ms=call.now_ms)


@api.post("/models/<name>/aliases/<alias>/rollback", body=RollBack, reply=Moved, access="promote")
def roll_back_alias(call: Call, name: str, alias: str, body: RollBack) -> Moved:
    """Move an alias back to a version that has held it before."""
    return promotion.roll_back(call.session, name, alias, body, actor_id=call.actor_id, now_ms=call.now_ms)


@api.delete("/models/<name>/aliases/<alias>", query=AliasRemoval, reply=AuditEntry, access="promote")
def remove_alias(call: Call, name: str, alias: str, query: AliasRemoval) -> AuditEntry:
    """Take an alias away from the version that holds it."""
    return promotion.remove_alias(
        call.session, name, alias, replaces=query.replaces, reason=query.reason, actor_id=call.actor_id,
        now_ms=call.now_ms,
    )  # fmt: skip


@api.get("/proposals", query=ProposalQuery, reply=ProposalList, is_followed=True)
def list_all_proposals(call: Call, query: ProposalQuery) -> ProposalList:
    """Proposals of every model: those that wait, then the newest 500 in all."""
    return promotion.listed(call.session, None, query.state, is_known=call.settings.needs_key)


@api.get("/models/<name>/proposals", query=ProposalQuery, reply=ProposalList, is_followed=True)
def list_proposals(call: Call, name: str, query: ProposalQuery) -> ProposalList:
    """Proposals of a model: those that wait, then the newest 500 in all."""
    model = registry.get_model(call.session, name)
    return promotion.listed(call.session, model, query.state, is_known=call.settings.needs_key)


@api.post("/models/<name>/proposals", body=NewProposal, reply=Proposal, status=201, status_before=200, prepare=_prepare)
def propose(call: Call, name: str, body: NewProposal) -> Response:
    """Propose a version for an alias, registering it first if asked; 200 where that is proposed already."""
    made, is_new = promotion.propose(call.session, name, body, asker=_asker(call), now_ms=call.now_ms)
    told = promotion.described(call.session, made, is_known=call.settings.needs_key)
    return reply(told, 201 if is_new else 200)


@api.get("/models/<name>/proposals/<int:number>", reply=ProposalDetail, is_followed=True)
def get_proposal(call: Call, name: str, number: int) -> ProposalDetail:
    """A proposal with what was said of it, and all that it is decided by."""
    return _detail(call, name, number)


@api.post("/models/<name>/proposals/<int:number>/comments", body=NewComment, reply=ProposalDetail, status=201)
def comment_on_proposal(call: Call, name: str, number: int, body: NewComment) -> ProposalDetail:
    """Say something on a proposal."""
    promotion.comment(call.session, name, number, body, asker=_asker(call), now_ms=call.now_ms)
    return _detail(call, name, number)


@api.post("/models/<name>/proposals/<int:number>/approval", body=ApprovalGiven, reply=ProposalDetail, access="promote")
def approve_proposal(call: Call, name: str, number: int, body: ApprovalGiven) -> ProposalDetail:
    """Approve a proposal; the last approval that is needed promotes."""
    promotion.approve(call.session, name, number, body, asker=_asker(call), now_ms=call.now_ms)
    return _detail(call, name, number)


@api.post("/models/<name>/proposals/<int:number>/rejection", body=Decision, reply=ProposalDetail, access="promote")
def reject_proposal(call: Call, name: str, number: int, body: Decision) -> ProposalDetail:
    """Reject a proposal."""
    promotion.reject(call.session, name, number, body, asker=_asker(call), now_ms=call.now_ms)
    return _detail(call, name, number)


@api.post("/models/<name>/proposals/<int:number>/withdrawal", body=Decision, reply=ProposalDetail)
def withdraw_proposal(call: Call, name: str, number: int, body: Decision) -> ProposalDetail:
    """Withdraw a proposal: who made it may, and whoever promotes."""
    promotion.withdraw(call.session, name, number, body, asker=_asker(call), now_ms=call.now_ms)
    return _detail(call, name, number)


def _asker(call: Call) -> promotion.Asker:
    return promotion.Asker(call.actor_id, call.rights, call.settings.needs_key)


def _detail(call: Call, name: str, number: int) -> ProposalDetail:
    model = registry.get_model(call.session, name)
    proposal = promotion.get_proposal(call.session, model, number)
    return promotion.detail(call.session, model, proposal, asker=_asker(call), now_ms=call.now_ms)
