"""What happens, told in the transaction in which it happens.

A domain tells what it did and knows nobody who listens; who listens stands above it and writes, at once and in the same
session, whatever is to follow. So what follows is there if and only if the act is. `docs/design/webhooks.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

LISTENERS: Final = "tracker.listeners"
"""Under which name a session knows who listens."""

NOTES: Final = "tracker.notes"
"""Under which name a session has what listeners note until its commit; a savepoint within it has the same."""


@dataclass(frozen=True)
class Event:
    """`kind` is what it is called outside (`alias.moved`); `facts` are plain values. No actor: a run did it itself."""

    kind: str
    project_id: int
    time_ms: int
    actor_id: int | None
    facts: dict[str, Any]


Listener = Callable[[Session, Event], None]


def tell(session: Session, event: Event) -> None:
    """Have everybody hear of it who listens on the session's database."""
    for listener in session.info.get(LISTENERS, ()):
        listener(session, event)
