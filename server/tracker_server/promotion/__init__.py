"""Promotion: what a candidate changes, proposals that wait for somebody's approval, and the act itself.

*Promoting* moves an alias to another version, *rolling back* returns it to one that has held it before. Who has to
agree, and which rules have to pass, is asked in the transaction of the act. `docs/promotion.md` is for who promotes.
"""

from tracker_server.promotion.approvals import Asker
from tracker_server.promotion.leaving import leave
from tracker_server.promotion.preview import preview
from tracker_server.promotion.proposals import approve, comment, propose, reject, withdraw
from tracker_server.promotion.proposals import get as get_proposal
from tracker_server.promotion.reading import described, detail, listed
from tracker_server.promotion.service import promote, remove_alias, roll_back

__all__ = [
    "Asker",
    "approve",
    "comment",
    "described",
    "detail",
    "get_proposal",
    "leave",
    "listed",
    "preview",
    "promote",
    "propose",
    "reject",
    "remove_alias",
    "roll_back",
    "withdraw",
]
