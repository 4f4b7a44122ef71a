"""The routes of webhooks."""

from __future__ import annotations

import secrets

from tracker_server import runs, webhooks
from tracker_server.http import Api, Call, Created
from tracker_server.webhooks.schema import (
    Delivery,
    DeliveryDetail,
    DeliveryList,
    DeliveryQuery,
    NewWebhook,
    Webhook,
    WebhookChanges,
    WebhookList,
    WebhookSecret,
)
from tracker_server.webhooks.signing import SECRET_BYTES

api = Api("webhooks")


@api.get("/projects/<project>/webhooks", access="manage", reply=WebhookList)
def list_webhooks(call: Call, project: str) -> WebhookList:
    """The webhooks of a project, without their secrets."""
    return WebhookList(webhooks.listed(call.session, runs.project(call.session, project)))


@api.post(
    "/projects/<project>/webhooks", access="manage", body=NewWebhook, reply=WebhookSecret, status=201, shows_secret=True
)
def create_webhook(call: Call, project: str, body: NewWebhook) -> Created[WebhookSecret]:
    """Have an address be told of events; the answer has the secret of its signatures, which is not told again."""
    made = webhooks.create(
        call.session, runs.project(call.session, project), body, key=secrets.token_bytes(SECRET_BYTES),
        allowed=call.settings.webhook_networks, actor_id=call.actor_id, now_ms=call.now_ms,
    )  # fmt: skip
    return Created(made)


@api.patch("/projects/<project>/webhooks/<int:webhook>", access="manage", body=WebhookChanges, reply=Webhook)
def change_webhook(call: Call, project: str, webhook: int, body: WebhookChanges) -> Webhook:
    """Rename a webhook, change its address or events, pause it or have it go on."""
    found = webhooks.get(call.session, runs.project(call.session, project), webhook)
    return webhooks.change(
        call.session, found, body, allowed=call.settings.webhook_networks, actor_id=call.actor_id, now_ms=call.now_ms
    )


@api.delete("/projects/<project>/webhooks/<int:webhook>", access="manage", status=204)
def delete_webhook(call: Call, project: str, webhook: int) -> None:
    """Delete a webhook for good, with its deliveries."""
    found = webhooks.get(call.session, runs.project(call.session, project), webhook)
    webhooks.delete(call.session, found, actor_id=call.actor_id, now_ms=call.now_ms)


@api.post("/projects/<project>/webhooks/<int:webhook>/secret", access="manage", reply=WebhookSecret, shows_secret=True)
def renew_webhook_secret(call: Call, project: str, webhook: int) -> WebhookSecret:
    """Give a webhook another secret, and tell it once; the former one signs nothing any more."""
    found = webhooks.get(call.session, runs.project(call.session, project), webhook)
    key = secrets.token_bytes(SECRET_BYTES)
    return webhooks.renew_secret(call.session, found, key=key, actor_id=call.actor_id, now_ms=call.now_ms)


@api.post("/projects/<project>/webhooks/<int:webhook>/test", access="manage", reply=Delivery, status=201)
def test_webhook(call: Call, project: str, webhook: int) -> Created[Delivery]:
    """Send a test, once; what came of it stands among the deliveries."""
    owner = runs.project(call.session, project)
    found = webhooks.get(call.session, owner, webhook)
    uid = webhooks.random_id()
    return Created(webhooks.send_test(call.session, owner, found, uid=uid, actor=call.actor, now_ms=call.now_ms))


@api.get(
    "/projects/<project>/webhooks/<int:webhook>/deliveries", access="manage", query=DeliveryQuery, reply=DeliveryList
)
def list_deliveries(call: Call, project: str, webhook: int, query: DeliveryQuery) -> DeliveryList:
    """What a webhook was told, newest first."""
    found = webhooks.get(call.session, runs.project(call.session, project), webhook)
    return webhooks.delivery_page(call.session, found, before=query.before, limit=query.limit)


@api.get("/projects/<project>/webhooks/<int:webhook>/deliveries/<delivery>", access="manage", reply=DeliveryDetail)
def get_delivery(call: Call, project: str, webhook: int, delivery: str) -> DeliveryDetail:
    """One delivery with the request of its last attempt, whole, and the beginning of the answer."""
    found = webhooks.get(call.session, runs.project(call.session, project), webhook)
    return webhooks.delivery_detail(call.session, found, delivery)


@api.post("/projects/<project>/webhooks/<int:webhook>/deliveries/<delivery>/redeliver", access="manage", reply=Delivery)
def redeliver(call: Call, project: str, webhook: int, delivery: str) -> Delivery:
    """Send a delivery again, with its id and body; one that waits is sent at once."""
    found = webhooks.get(call.session, runs.project(call.session, project), webhook)
    return webhooks.redeliver(call.session, found, delivery, now_ms=call.now_ms)
