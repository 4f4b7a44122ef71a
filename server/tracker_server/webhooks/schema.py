"""What the API says of webhooks and their deliveries. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

EventName = Literal[
    "model.created",
    "model.changed",
    "version.registered",
    "version.changed",
    "version.deleted",
    "version.verified",
    "alias.moved",
    "alias.rolled_back",
    "alias.removed",
    "proposal.opened",
    "proposal.commented",
    "proposal.approved",
    "proposal.rejected",
    "proposal.withdrawn",
    "rules.changed",
    "run.finished",
    "run.failed",
    "run.stopped",
]
State = Literal["waiting", "delivered", "failed"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Url = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Events = Annotated[list[EventName], msgspec.Meta(min_length=1, max_length=50)]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one webhook. `event` is also `test`. One that failed is not sent again unless somebody says so.

    `attempts` are those so far of `most_attempts`; `status`, `took_ms` and `error` are of the last one: `error` says in
    a sentence why no answer came. `next_try_ms` is None unless it waits.
    """

    id: str
    event: str
    state: State
    attempts: int
    most_attempts: int
    created_ms: int
    tried_ms: int | None
    next_try_ms: int | None
    status: int | None
    took_ms: int | None
    error: str | None


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """The request of the last attempt, whole, and the beginning of its answer. None for what was not."""

    url: str | None
    request_headers: list[tuple[str, str]]
    request_body: str
    answer_headers: list[tuple[str, str]] | None
    answer_body: str | None


class DeliveryDetail(Delivery, frozen=True, kw_only=True):
    exchange: Exchange


class DeliveryList(msgspec.Struct, frozen=True):
    """Newest first. `next_before` asks for older ones; None at the end."""

    deliveries: list[Delivery]
    next_before: int | None


class DeliveryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    before: Annotated[int, msgspec.Meta(ge=1)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 20


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """`last` is the delivery that was tried last; `waiting` counts those that are still to be sent."""

    id: int
    name: str
    url: str
    events: list[EventName]
    is_active: bool
    created_ms: int
    created_by: str
    waiting: int
    last: Delivery | None


class WebhookList(msgspec.Struct, frozen=True):
    """By name."""

    webhooks: list[Webhook]


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    url: Url
    events: Events


class WebhookChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field left out stays. One that is not active is told nothing until it is again."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    url: Url | msgspec.UnsetType = msgspec.UNSET
    events: Events | msgspec.UnsetType = msgspec.UNSET
    is_active: bool | msgspec.UnsetType = msgspec.UNSET


class WebhookSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook with its secret, which is told this once."""

    webhook: Webhook
    secret: str
