"""Who has to agree before an alias moves: how many other people, and who they can be.

What always holds: nobody approves what they have proposed themselves where an approval is needed; an approver is a
person, who may promote in the project; what they approved is a version in place of the one that held the alias then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker_server import auth, gates
from tracker_server.promotion.schema import Approval
from tracker_server.registry.models import RegisteredModel
from tracker_server.rights import ROLES, Level, Rights

MOST_NAMED = 20


@dataclass(frozen=True)
class Asker:
    """Who asks, and what they may do. `is_known` is False on a server that asks nobody to sign in: there everybody is
    its operator."""

    id: int
    rights: Rights
    is_known: bool

    def may_promote(self, model: RegisteredModel) -> bool:
        return self.rights.level(model.project_id) >= Level.PROMOTE

    def may_override(self, model: RegisteredModel) -> bool:
        return self.rights.level(model.project_id) >= Level.MANAGE


class Refusal(NamedTuple):
    """Why somebody may not approve a proposal."""

    code: str
    message: str


def needed(session: Session, book: gates.RuleBook, alias: str, *, is_known: bool) -> int:
    """How many other people have to approve: as the rules say, else one for a protected alias, as soon as more than one
    person has an account."""
    return by_rules(book, alias, by_default(session, is_known=is_known))


def by_default(session: Session, *, is_known: bool) -> int:
    """How many, where the rules leave it to the server: none where nobody else could."""
    return 1 if is_known and auth.has_several_people(session) else 0


def by_rules(book: gates.RuleBook, alias: str, otherwise: int) -> int:
    """How many, where the rules do not leave it to the server; `otherwise`, where they do. None for a free alias."""
    protection = book.protection(alias)
    if protection is None:
        return 0
    return protection.approvals if protection.approvals is not None else otherwise


def of_alias(
    session: Session, book: gates.RuleBook, alias: str, project_id: int, *, proposed_by: int, is_known: bool
) -> Approval:
    """The same with the names of those who can."""
    count = needed(session, book, alias, is_known=is_known)
    names = auth.people_with(session, project_id, Level.PROMOTE, but=proposed_by, limit=MOST_NAMED) if count else []
    return Approval(needed=count, may=names)


def refusal(session: Session, model: RegisteredModel, proposed_by: int, count: int, asker: Asker) -> Refusal | None:
    """Why who asks may not approve what somebody proposed, where so many approvals are needed; None where they may."""
    level = asker.rights.level(model.project_id)
    if level < Level.PROMOTE:
        role = ROLES.get(level, "visitor")
        article = "an" if role[0] in "ae" else "a"
        return Refusal("no_access", f"approving takes a promoter of this project, and you are {article} {role} of it")
    if not auth.is_person(session, asker.id):
        return Refusal("only_people", "a service account proposes and comments, but approving is for a person to do")
    if count and asker.id == proposed_by:
        names = auth.people_with(session, model.project_id, Level.PROMOTE, but=proposed_by, limit=MOST_NAMED)
        who = f"ask {', '.join(names)}" if names else "no one else may promote here yet; its admins can make somebody"
        return Refusal("own_proposal", f"you have proposed this yourself, so another person has to approve it: {who}")
    return None
