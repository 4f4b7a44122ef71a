"""Proposals: opening them, and what people say and decide on them.

What always holds: of a version and an alias one proposal is open at most; it is decided once, under the model's lock;
the last approval that is needed promotes in its own transaction, and where the rules refuse that, the approval is not
kept either.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import auth, events, gates, registry
from tracker_server.auth.models import User
from tracker_server.errors import Conflict, Forbidden, NotFound, Refused
from tracker_server.promotion import approvals, candidates, settling
from tracker_server.promotion.approvals import Asker
from tracker_server.promotion.models import Proposal, Remark
from tracker_server.promotion.schema import ApprovalGiven, Decision, NewComment, NewProposal
from tracker_server.promotion.service import Consent, check_can_hold, hold_with, move
from tracker_server.registry import trail
from tracker_server.registry.models import AuditRow, RegisteredModel, RegisteredVersion
from tracker_server.registry.schema import Action, AuditEntry

MAX_NUMBER = 2**31 - 1


def get(session: Session, model: RegisteredModel, number: int) -> Proposal:
    """A proposal of a model. Raises NotFound."""
    found = None
    if 0 < number <= MAX_NUMBER:
        statement = sa.select(Proposal).where(Proposal.model_id == model.id, Proposal.number == number)
        found = session.scalar(statement, execution_options={"populate_existing": True})
    if found is None:
        raise NotFound(
            "unknown_proposal",
            f"the model {model.name!r} has no proposal {number}; those that there are stand on its page",
            field="number",
        )
    return found


def propose(session: Session, model_name: str, new: NewProposal, *, asker: Asker, now_ms: int) -> tuple[Proposal, bool]:
    """Propose that a version holds an alias, registering it first where an artifact version is named; whether it was
    made now, or is open already.

    Raises Conflict `version_archived` and `bundle_barred`, NotFound for what is not there, Refused for a bad name, an
    empty reason, and a version that holds the alias already.
    """
    reason = registry.checked_reason(new.reason)
    found, version = hold_with(
        session, model_name, new.alias, new.version, new.artifact_version_id, asker=asker, now_ms=now_ms
    )
    check_can_hold(found, version)
    candidates.check_not_barred(session, version)
    waits = settling.open_of(session, found.model, found.name, version)
    if waits is not None:
        return waits, False
    proposal = Proposal(
        model_id=found.model.id,
        number=_next_number(session, found.model),
        alias=found.name,
        version_id=version.id,
        reason=reason,
        state="open",
        created_ms=now_ms,
        created_by=asker.id,
    )
    session.add(proposal)
    session.flush()
    _record(session, found, version, proposal, "proposal.opened", reason, actor_id=asker.id, now_ms=now_ms)
    return proposal, True


def comment(session: Session, model_name: str, number: int, new: NewComment, *, asker: Asker, now_ms: int) -> None:
    """Say something on a proposal, also on one that is closed."""
    found, proposal, version = _held(session, model_name, number)
    if not new.text.strip():
        raise Refused("invalid", "a comment says something: write it into `text`", field="text")
    settling.add_remark(
        session, proposal, "comment", new.text.strip(), replaces=found.holder, actor_id=asker.id, now_ms=now_ms
    )
    facts = {
        "model": found.model.name,
        "alias": found.name,
        "from_version": found.holder,
        "to_version": version.version,
        "reason": new.text.strip(),
        "audit_id": None,
        "proposal": proposal.number,
    }
    events.tell(session, events.Event("proposal.commented", found.model.project_id, now_ms, asker.id, facts))


def approve(session: Session, model_name: str, number: int, given: ApprovalGiven, *, asker: Asker, now_ms: int) -> None:
    """Agree that the version replaces what holds the alias. The last approval that is needed promotes.

    Raises Forbidden `own_proposal` and `only_people`; Conflict `proposal_closed`, `alias_moved` when the holder is not
    the one that was seen, `approved_already`, `version_archived`, `bundle_barred`, and `gate_failed` where it
    would promote and a rule does not pass.
    """
    found, proposal, version = _held_open(session, model_name, number)
    book = gates.rules_of(session, found.model)
    needed = approvals.needed(session, book, found.name, is_known=asker.is_known)
    refusal = approvals.refusal(session, found.model, proposal.created_by, needed, asker)
    if refusal is not None:
        raise Forbidden(refusal.code, refusal.message)
    if given.override and not given.text.strip():
        raise Refused("invalid", "promoting past a rule needs a reason: write it into `text`", field="text")
    registry.check_holder(session, found, given.replaces)
    check_can_hold(found, version)
    candidates.check_not_barred(session, version)
    before = approvers(session, proposal, found.holder)
    if asker.id in before:
        raise Conflict(
            "approved_already",
            f"you have approved proposal {number} already; it waits for {max(needed - len(before), 0)} more of others",
        )
    text = given.text.strip()
    settling.add_remark(session, proposal, "approved", text, replaces=found.holder, actor_id=asker.id, now_ms=now_ms)
    _record(session, found, version, proposal, "proposal.approved", text, actor_id=asker.id, now_ms=now_ms)
    if len(before) + 1 < needed:
        return
    names = (*before.values(), session.get_one(User, asker.id).name)
    reason = f"{proposal.reason} (promoted anyway: {text})" if given.override else proposal.reason
    consent = Consent(proposal.number, names)
    move(session, found, version, book, reason, is_override=given.override, asker=asker, now_ms=now_ms, consent=consent)


def reject(session: Session, model_name: str, number: int, why: Decision, *, asker: Asker, now_ms: int) -> None:
    """Decide that it is not to be. Raises Conflict `proposal_closed`, Forbidden `only_people`."""
    found, proposal, version = _held_open(session, model_name, number)
    if not auth.is_person(session, asker.id):
        raise Forbidden("only_people", "a service account proposes and comments, but rejecting is for a person to do")
    text = registry.checked_reason(why.text)
    settling.close(session, proposal, "rejected", text, replaces=found.holder, actor_id=asker.id, now_ms=now_ms)
    _record(session, found, version, proposal, "proposal.rejected", text, actor_id=asker.id, now_ms=now_ms)


def withdraw(session: Session, model_name: str, number: int, why: Decision, *, asker: Asker, now_ms: int) -> None:
    """Take it back. Raises Conflict `proposal_closed`, Forbidden `not_yours` for who neither proposed it nor may
    promote."""
    found, proposal, version = _held_open(session, model_name, number)
    if asker.id != proposal.created_by and not asker.may_promote(found.model):
        author = session.get_one(User, proposal.created_by).name
        raise Forbidden(
            "not_yours", f"proposal {number} is {author}'s; they withdraw it, or a promoter of the project does"
        )
    text = registry.checked_reason(why.text)
    settling.close(session, proposal, "withdrawn", text, replaces=found.holder, actor_id=asker.id, now_ms=now_ms)
    _record(session, found, version, proposal, "proposal.withdrawn", text, actor_id=asker.id, now_ms=now_ms)


def _next_number(session: Session, model: RegisteredModel) -> int:
    """One more than were ever opened, as the trail tells: a proposal goes with its version, its number never comes
    again."""
    is_opening = (AuditRow.model_id == model.id, AuditRow.action == "proposal.opened")
    return (session.scalar(sa.select(sa.func.count()).select_from(AuditRow).where(*is_opening)) or 0) + 1


def approvers(session: Session, proposal: Proposal, holder: int | None) -> dict[int, str]:
    """Whose approvals count while that version holds the alias: names by id, oldest first."""
    is_seen = Remark.replaces == holder if holder is not None else Remark.replaces.is_(None)
    statement = (
        sa.select(User.id, User.name)
        .join(Remark, Remark.author_id == User.id)
        .where(Remark.proposal_id == proposal.id, Remark.kind == "approved", is_seen)
        .order_by(Remark.id)
    )
    return {row.id: row.name for row in session.execute(statement)}


def _held(session: Session, model_name: str, number: int) -> tuple[registry.Alias, Proposal, RegisteredVersion]:
    """A proposal as it is now, its alias and version, ours until the commit."""
    alias = get(session, registry.get_model(session, model_name), number).alias
    found = registry.hold(session, model_name, alias)
    proposal = get(session, found.model, number)
    return found, proposal, session.get_one(RegisteredVersion, proposal.version_id)


def _held_open(session: Session, model_name: str, number: int) -> tuple[registry.Alias, Proposal, RegisteredVersion]:
    """The same of one that waits. Raises Conflict `proposal_closed`, naming who closed it."""
    held = _held(session, model_name, number)
    proposal = held[1]
    if proposal.state != "open":
        closer = session.get(User, proposal.closed_by) if proposal.closed_by is not None else None
        who = closer.name if closer is not None else "somebody"
        raise Conflict(
            "proposal_closed",
            f"proposal {number} of {model_name!r} was {proposal.state} by {who}, so there is nothing left to "
            "decide; propose the version again if it is to be promoted after all",
            state=proposal.state,
        )
    return held


def _record(
    session: Session,
    found: registry.Alias,
    version: RegisteredVersion,
    proposal: Proposal,
    action: Action,
    reason: str,
    *,
    actor_id: int,
    now_ms: int,
) -> AuditEntry:
    return trail.record(
        session, found.model, action, alias=found.name, from_version=found.holder, to_version=version.version,
        reason=reason, actor_id=actor_id, now_ms=now_ms, details={"proposal": proposal.number},
    )  # fmt: skip
