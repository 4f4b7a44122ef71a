"""What the API tells of acts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.bounds import Id, Name

Area = Literal["accounts", "runs", "models"]
"""Where an act is logged: what was done to people, keys, roles and projects; to runs and metrics; to models."""


class Act(msgspec.Struct, frozen=True):
    """One act. `id` is one of a kind in its area; `subject` is what it was done to, `details` what changed."""

    area: Area
    id: int
    time_ms: int
    actor: str
    action: str
    subject: str
    project: str | None
    reason: str
    details: dict[str, Any]


class ActPage(msgspec.Struct, frozen=True):
    """Newest first. `next_cursor` is None where nothing is older."""

    acts: list[Act]
    next_cursor: str | None


class ActFilter(msgspec.Struct, frozen=True):
    """`action` is one (`key.revoked`) or the beginning of some (`key`)."""

    actor: Name | None = None
    action: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    project: Name | None = None


class ActQuery(ActFilter, frozen=True):
    """`before` is the `next_cursor` of the page before."""

    before: Id | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class ActExportQuery(ActFilter, frozen=True):
    format: Literal["csv", "jsonl"] = "csv"
