"""The log of what was done to people, keys, roles and projects: written beside the act, in its transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from tracker_server.auth.models import AccountAct


def record(
    session: Session,
    action: str,
    subject: str,
    *,
    actor_id: int,
    now_ms: int,
    project_id: int | None = None,
    **details: Any,
) -> None:
    """Note an act: `action` as `what.done` (`key.revoked`), `subject` what it was done to, `details` what changed.

    No secret is ever among the details.
    """
    act = AccountAct(
        time_ms=now_ms, actor_id=actor_id, action=action, subject=subject, project_id=project_id, details=details
    )
    session.add(act)
