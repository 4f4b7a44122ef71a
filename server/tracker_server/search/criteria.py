"""The runs that a search is about, for whoever asks something else of them than a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.metrics.naming import Rules
from tracker_server.runs import Project, Run
from tracker_server.runs.schema import Status
from tracker_server.search import fields, filters, language, matching
from tracker_server.search.schema import Archived


class Criteria(Protocol):
    """What a search says of the runs that it is about."""

    @property
    def text(self) -> str: ...
    @property
    def status(self) -> Sequence[Status]: ...
    @property
    def filter(self) -> str: ...
    @property
    def archived(self) -> Archived: ...


def run_ids(
    session: Session, owner: Project, wanted: Criteria, rules: Rules, *, now_ms: int, lost_after_ms: int
) -> Any:
    """A query for the ids of the runs that match, to be read from more than once. Raises Refused for a bad filter."""
    lost_before_ms = now_ms - lost_after_ms
    decides = wanted.archived == "without" and language.speaks_of(wanted.filter, "archived")
    here = filters.listed(owner.id, "with" if decides else wanted.archived)
    conditions = filters.matching(wanted.text, wanted.status, lost_before_ms=lost_before_ms)
    conditions += language.conditions(
        wanted.filter, now_ms=now_ms, lost_before_ms=lost_before_ms, texts=fields.texts_of(session, here), rules=rules
    )
    if not conditions:
        return sa.select(Run.id).where(here)
    return sa.select(matching.of(session, here, conditions).c.id)
