"""Webhooks: who is told of what, when again, and what is never told."""

from __future__ import annotations

import base64
import ipaddress
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import NOW_MS
from tests.frames import START_MS, Journal
from tests.processes import wait_until
from tests.server.logged import log_run, writing
from tests.server.model_registry import Registry, code_of, make_artifacts
from tests.server.people import Somebody
from tests.server.receiving import Receiver, receiving
from tests.server.signatures import is_signed
from tracker.records import RunFinished
from tracker_server import webhooks
from tracker_server.db import Database
from tracker_server.outgoing import Network
from tracker_server.settings import Settings
from tracker_server.webhooks import deliveries, outbox
from tracker_server.webhooks.deliveries import KEPT, MOST_ATTEMPTS, Outcome
from tracker_server.webhooks.models import DeliveryRow, WebhookRow

HOOKS = "/api/v1/projects/digits/webhooks"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
MOVES = ["alias.moved", "alias.rolled_back"]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Of a server that may send to this machine, and tries again at once."""
    folder = tmp_path / "data"
    may = {"webhook_networks": LOOPBACK, "webhook_first_wait_s": 0.0}
    return Settings.in_folder(folder, database_url=database_url, operator="ada", **may)


@contextmanager
def sending(app: Flask, *, allowed: Sequence[Network] = LOOPBACK) -> Iterator[webhooks.Sender]:
    """The thread that sends, as `tracker server` has it."""
    wake = app.extensions["tracker.outbox"].filled
    sender = webhooks.Sender(app.extensions["tracker.database"], wake, allowed=allowed, first_wait_s=0.0)
    try:
        yield sender
    finally:
        sender.stop()


@pytest.fixture
def sender(app: Flask) -> Iterator[webhooks.Sender]:
    with sending(app) as sender:
        yield sender


@pytest.fixture
def digits(client: FlaskClient, app: Flask) -> Registry:
    """The model `digits` of the project `digits`, with versions v1 to v3, none of them promoted."""
    registry = Registry(client)
    for artifact in make_artifacts(app, 3):
        assert registry.register(artifact).status_code == 201
    return registry


def add_hook(client: FlaskClient, url: str, events: list[str] = MOVES, **fields: Any) -> dict[str, Any]:
    answer = client.post(HOOKS, json={"name": "deploy-bot", "url": url, "events": events, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def hook(client: FlaskClient, number: int = 0) -> dict[str, Any]:
    return dict(client.get(HOOKS).json["webhooks"][number])


def log_of(client: FlaskClient, webhook_id: int, **query: Any) -> list[dict[str, Any]]:
    return list(client.get(f"{HOOKS}/{webhook_id}/deliveries", query_string=query).json["deliveries"])


def test_a_promotion_is_told_once_and_signed(client: FlaskClient, digits: Registry, sender: webhooks.Sender) -> None:
    with receiving() as receiver:
        made = add_hook(client, receiver.url)
        moved = digits.move(replaces=None, version=2)
        wait_until(lambda: hook(client)["last"] is not None, "it was sent")
        (received,) = receiver.requests
    assert is_signed(received, made["secret"])
    assert not is_signed(received, "whsec_" + base64.b64encode(b"another key").decode())
    said = json.loads(received.body)
    assert said["id"] == received.headers["Webhook-Id"]
    facts = {"model": "digits", "alias": "production", "from_version": None, "to_version": 2, "reason": "it is better"}
    assert said["data"] == {**facts, "audit_id": moved.json["entry"]["id"], "proposal": None, "outcome": None}
    assert (said["version"], said["event"], said["project"], said["actor"]) == (1, "alias.moved", "digits", "ada")
    last = hook(client)["last"]
    assert (last["id"], last["state"], last["attempts"], last["status"]) == (said["id"], "delivered", 1, 200)


def test_the_secret_is_told_once(client: FlaskClient, digits: Registry, sender: webhooks.Sender) -> None:
    with receiving() as receiver:
        made = add_hook(client, receiver.url)
        secret, address = made["secret"], f"{HOOKS}/{made['webhook']['id']}"
        digits.move(replaces=None, version=1)
        receiver.wait_for(1)
        wait_until(lambda: hook(client)["last"] is not None, "it was sent")
        (delivery,) = log_of(client, made["webhook"]["id"])
        told = [
            client.get(HOOKS),
            client.get(f"{address}/deliveries"),
            client.get(f"{address}/deliveries/{delivery['id']}"),
        ]
        told.append(client.patch(address, json={"name": "other"}))
        assert all(secret not in answer.text and "whsec_" not in answer.text for answer in told)
        renewed = client.post(f"{address}/secret").json["secret"]
        assert renewed != secret
        client.post(f"{address}/test")
        assert is_signed(receiver.wait_for(2)[1], renewed)


def test_the_secret_is_not_kept_with_the_answer_of_an_act(client: FlaskClient, app: Flask, digits: Registry) -> None:
    body = {"name": "bot", "url": "https://hooks.example.org/", "events": MOVES}
    answer = client.post(HOOKS, json=body, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 201
    again = client.post(HOOKS, json=body, headers={"Idempotency-Key": "once"})
    assert answer.json["secret"] not in again.text
    assert len(client.get(HOOKS).json["webhooks"]) == 1


def test_an_act_that_fails_tells_nothing(client: FlaskClient, app: Flask, digits: Registry) -> None:
    made = add_hook(client, "https://hooks.example.org/", ["version.registered", *MOVES])
    (artifact,) = make_artifacts(app, 1, run_id="run2")
    assert code_of(digits.move(replaces=7, artifact_version_id=artifact)) == (409, "alias_moved")
    assert log_of(client, made["webhook"]["id"]) == []
    assert digits.move(replaces=None, artifact_version_id=artifact).status_code == 200
    told = [delivery["event"] for delivery in log_of(client, made["webhook"]["id"])]
    assert told == ["alias.moved", "version.registered"]


def test_others_and_the_paused_are_told_nothing(client: FlaskClient, app: Flask, digits: Registry) -> None:
    other_kind = add_hook(client, "https://hooks.example.org/1", ["run.failed"])["webhook"]["id"]
    paused = add_hook(client, "https://hooks.example.org/2")["webhook"]["id"]
    assert client.patch(f"{HOOKS}/{paused}", json={"is_active": False}).json["is_active"] is False
    with writing(app) as session:
        log_run(session, "elsewhere", project="letters")
    address = "/api/v1/projects/letters/webhooks"
    body = {"name": "bot", "url": "https://hooks.example.org/3", "events": MOVES}
    elsewhere = client.post(address, json=body).json["webhook"]["id"]
    digits.move(replaces=None, version=1)
    assert log_of(client, other_kind) == log_of(client, paused) == []
    assert client.get(f"{address}/{elsewhere}/deliveries").json["deliveries"] == []


def test_what_failed_is_sent_again_with_the_same_id(
    client: FlaskClient, digits: Registry, sender: webhooks.Sender
) -> None:
    statuses = [503, 0, 200]
    with receiving(lambda count: statuses[count]) as receiver:
        made = add_hook(client, receiver.url)
        digits.move(replaces=None, version=1)
        received = receiver.wait_for(3)
        wait_until(lambda: hook(client)["last"]["state"] == "delivered", "it is delivered")
    assert len({one.headers["Webhook-Id"] for one in received}) == len({one.body for one in received}) == 1
    assert all(is_signed(one, made["secret"]) for one in received)
    assert hook(client)["last"]["attempts"] == 3


def test_it_is_given_up_in_the_end_and_sent_again_by_hand(
    client: FlaskClient, digits: Registry, sender: webhooks.Sender
) -> None:
    with receiving(lambda count: 500 if count < MOST_ATTEMPTS else 204) as receiver:
        webhook_id = add_hook(client, receiver.url)["webhook"]["id"]
        digits.move(replaces=None, version=1)
        wait_until(lambda: (hook(client)["last"] or {}).get("state") == "failed", "it is given up")
        (failed,) = log_of(client, webhook_id)
        assert (failed["attempts"], failed["status"], failed["next_try_ms"]) == (MOST_ATTEMPTS, 500, None)
        again = client.post(f"{HOOKS}/{webhook_id}/deliveries/{failed['id']}/redeliver")
        assert (again.status_code, again.json["state"]) == (200, "waiting")
        wait_until(lambda: hook(client)["last"]["state"] == "delivered", "it is delivered")
        assert len({one.headers["Webhook-Id"] for one in receiver.requests}) == 1


def test_waits_grow_to_hours_and_are_spread() -> None:
    waits = [deliveries.wait_after(tries, first_wait_s=2.0, chance=0.5) for tries in range(1, MOST_ATTEMPTS)]
    assert waits == [2, 10, 50, 250, 1250, 6250, 28800]
    spread = [deliveries.wait_after(2, first_wait_s=2.0, chance=chance) for chance in (0.0, 1.0)]
    assert spread == pytest.approx([8, 12])


def test_a_test_is_sent_once_also_of_a_paused_webhook_and_shows_all_of_it(
    client: FlaskClient, digits: Registry, sender: webhooks.Sender
) -> None:
    with receiving(lambda _count: 400) as receiver:
        webhook_id = add_hook(client, receiver.url)["webhook"]["id"]
        client.patch(f"{HOOKS}/{webhook_id}", json={"is_active": False})
        sent = client.post(f"{HOOKS}/{webhook_id}/test")
        assert (sent.status_code, sent.json["event"], sent.json["most_attempts"]) == (201, "test", 1)
        address = f"{HOOKS}/{webhook_id}/deliveries/{sent.json['id']}"
        wait_until(lambda: client.get(address).json["state"] == "failed", "it was sent")
        (received,) = receiver.requests
        exchange = client.get(address).json["exchange"]
    assert exchange["url"] == receiver.url
    assert exchange["request_body"].encode() == received.body
    sent_headers = dict(exchange["request_headers"])
    assert {name: received.headers[name] for name in sent_headers} == sent_headers
    assert exchange["answer_body"] == "not now"
    assert "Server" in dict(exchange["answer_headers"])


def test_what_has_waited_while_it_was_paused_goes_out_after_it(
    client: FlaskClient, app: Flask, digits: Registry
) -> None:
    with receiving() as receiver:
        webhook_id = add_hook(client, receiver.url)["webhook"]["id"]
        digits.move(replaces=None, version=1)
        client.patch(f"{HOOKS}/{webhook_id}", json={"is_active": False})
        with sending(app):
            client.post(f"{HOOKS}/{webhook_id}/test")
            assert json.loads(receiver.wait_for(1)[0].body)["event"] == "test"
            client.patch(f"{HOOKS}/{webhook_id}", json={"is_active": True})
            assert json.loads(receiver.wait_for(2)[1].body)["event"] == "alias.moved"


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "http://169.254.169.254/latest/", "http://[::1]/", "http://0x7f000001/", "ftp://example.org/"],
)
def test_an_address_that_is_not_sent_to_is_refused_when_it_is_given(
    client: FlaskClient, digits: Registry, url: str
) -> None:
    refused = client.post(HOOKS, json={"name": "bot", "url": url, "events": MOVES})
    assert code_of(refused)[0] == 422
    assert refused.json["error"]["field"] == "url"
    made = add_hook(client, "https://hooks.example.org/")["webhook"]
    assert client.patch(f"{HOOKS}/{made['id']}", json={"url": url, "name": "changed"}).status_code == 422
    assert [one["name"] for one in client.get(HOOKS).json["webhooks"]] == ["deploy-bot"]


def test_a_refused_address_is_told_in_the_log(client: FlaskClient, app: Flask, digits: Registry) -> None:
    with receiving() as receiver:
        made = add_hook(client, receiver.url)["webhook"]
        with sending(app, allowed=()):
            client.post(f"{HOOKS}/{made['id']}/test")
            wait_until(lambda: hook(client)["last"] is not None, "it was tried")
        assert "'127.0.0.1' is of this machine itself" in hook(client)["last"]["error"]
        assert "--allow-webhook-to 127.0.0.1/32" in hook(client)["last"]["error"]
        assert receiver.requests == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "url": "https://example.org/", "events": MOVES}, "name"),
        ({"name": "bot", "url": "https://example.org/", "events": []}, "events"),
        ({"name": "bot", "url": "https://example.org/", "events": ["alias.stolen"]}, "events[0]"),
        ({"name": "bot", "events": MOVES}, "url"),
    ],
    ids=["no name", "no event", "unknown event", "no address"],
)
def test_what_is_no_webhook_is_refused(client: FlaskClient, digits: Registry, body: dict[str, Any], field: str) -> None:
    answer = client.post(HOOKS, json=body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_a_project_has_so_many_webhooks_and_no_more(client: FlaskClient, digits: Registry) -> None:
    for _ in range(20):
        add_hook(client, "https://hooks.example.org/")
    answer = client.post(HOOKS, json={"name": "bot", "url": "https://hooks.example.org/", "events": MOVES})
    assert code_of(answer) == (422, "too_many_webhooks")


def test_a_webhook_goes_with_its_deliveries_and_is_no_other_projects(
    client: FlaskClient, app: Flask, digits: Registry
) -> None:
    webhook_id = add_hook(client, "https://hooks.example.org/")["webhook"]["id"]
    digits.move(replaces=None, version=1)
    with writing(app) as session:
        log_run(session, "elsewhere", project="letters")
    elsewhere = f"/api/v1/projects/letters/webhooks/{webhook_id}"
    asked: list[TestResponse] = [
        client.patch(elsewhere, json={"name": "mine"}),
        client.delete(elsewhere),
        client.post(f"{elsewhere}/test"),
        client.post(f"{elsewhere}/secret"),
        client.get(f"{elsewhere}/deliveries"),
    ]
    assert {code_of(answer) for answer in asked} == {(404, "unknown_webhook")}
    assert client.delete(f"{HOOKS}/{webhook_id}").status_code == 204
    assert code_of(client.get(f"{HOOKS}/{webhook_id}/deliveries")) == (404, "unknown_webhook")
    with writing(app) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DeliveryRow)) == 0


def outcome(status: int | None = 200, tried_ms: int = NOW_MS) -> Outcome:
    return Outcome(tried_ms, 12, "https://hooks.example.org/", [], status, None if status else "away", [], "")


def put(app: Flask, webhook_id: int, number: int) -> None:
    with writing(app) as session:
        outbox.put(session, webhook_id, f"evt_{number}", "alias.moved", "{}", now_ms=NOW_MS + number)


def test_the_log_is_bounded_and_paged_and_keeps_what_waits(client: FlaskClient, app: Flask, digits: Registry) -> None:
    webhook_id = add_hook(client, "https://hooks.example.org/")["webhook"]["id"]
    put(app, webhook_id, 0)
    with writing(app) as session:
        for number in range(1, KEPT + 6):
            row = outbox.put(session, webhook_id, f"evt_{number}", "alias.moved", "{}", now_ms=NOW_MS + number)
            deliveries.record(session, row.id, outcome(), first_wait_s=2.0, chance=0.5)
    first = client.get(f"{HOOKS}/{webhook_id}/deliveries?limit=200").json
    rest = client.get(f"{HOOKS}/{webhook_id}/deliveries?limit=200&before={first['next_before']}").json
    kept = [delivery["id"] for delivery in first["deliveries"] + rest["deliveries"]]
    assert kept == [f"evt_{number}" for number in (*range(KEPT + 5, 5, -1), 0)]
    assert rest["next_before"] is None
    month_later = outcome(tried_ms=NOW_MS + 31 * 86_400_000)
    with writing(app) as session:
        row = outbox.put(session, webhook_id, "evt_new", "alias.moved", "{}", now_ms=month_later.tried_ms)
        deliveries.record(session, row.id, month_later, first_wait_s=2.0, chance=0.5)
    assert [delivery["id"] for delivery in log_of(client, webhook_id)] == ["evt_new", "evt_0"]


def test_what_is_leased_is_nobody_elses_until_the_lease_is_over(
    client: FlaskClient, app: Flask, digits: Registry
) -> None:
    webhook_id = add_hook(client, "https://hooks.example.org/")["webhook"]["id"]
    for number in range(2):
        put(app, webhook_id, number)

    def lease(now_ms: int) -> list[str]:
        with writing(app) as session:
            return [one.uid for one in outbox.lease(session, now_ms=now_ms, limit=8)]

    assert lease(NOW_MS) == ["evt_0"]
    assert lease(NOW_MS + 1) == []
    assert lease(NOW_MS + outbox.LEASE_MS) == ["evt_0"]
    with writing(app) as session:
        row = session.scalars(sa.select(DeliveryRow).where(DeliveryRow.uid == "evt_0")).one()
        deliveries.record(session, row.id, outcome(503, NOW_MS + outbox.LEASE_MS), first_wait_s=2.0, chance=0.5)
    assert lease(NOW_MS + outbox.LEASE_MS + 1) == ["evt_1"]


def test_many_senders_at_once_send_each_once(client: FlaskClient, app: Flask, digits: Registry) -> None:
    with receiving() as receiver:
        ids = [add_hook(client, f"{receiver.url}/{number}")["webhook"]["id"] for number in range(6)]
        with sending(app), sending(app), sending(app):
            for number, webhook_id in enumerate(ids * 3):
                put(app, webhook_id, number)
            receiver.wait_for(18)
            wait_until(lambda: all(one["waiting"] == 0 for one in client.get(HOOKS).json["webhooks"]), "all are sent")
        assert len(receiver.requests) == len({one.headers["Webhook-Id"] for one in receiver.requests}) == 18


def test_a_receiver_that_hangs_holds_up_nobody_else(
    client: FlaskClient, app: Flask, digits: Registry, sender: webhooks.Sender
) -> None:
    is_over = threading.Event()

    def hang(_count: int) -> int:
        is_over.wait(20)
        return 200

    with receiving(hang) as hanging, receiving() as quick:
        add_hook(client, hanging.url)
        add_hook(client, quick.url, name="quick")
        for version in (1, 2, 1, 2):
            assert digits.move(replaces=digits.holder(), version=version).status_code == 200
        quick.wait_for(4)
        assert len(hanging.requests) == 1  # one at a time
        is_over.set()
        hanging.wait_for(4)


def test_the_end_of_a_run_is_told_once(client: FlaskClient, app: Flask, journal: Callable[..., Journal]) -> None:
    with writing(app) as session:
        log_run(session, "earlier")
    ends = ["run.finished", "run.failed", "run.stopped"]
    webhook_id = add_hook(client, "https://hooks.example.org/", ends)["webhook"]["id"]
    good = journal("good").started().add(RunFinished(START_MS + 10, "finished", 0))
    bad = journal("bad").started(name="calm-heron").add(RunFinished(START_MS + 10, "failed", 1, "out of memory" * 500))
    for written in (good, good, bad, bad):
        assert written.post(client).status_code == 200
    rank = journal("bad", writer="w1", label="rank1").started().add(RunFinished(START_MS + 20, "failed", 1, "too"))
    assert rank.post(client).status_code == 200
    told = log_of(client, webhook_id)
    assert [delivery["event"] for delivery in told] == ["run.failed", "run.finished"]
    body = client.get(f"{HOOKS}/{webhook_id}/deliveries/{told[0]['id']}").json["exchange"]["request_body"]
    said = json.loads(body)
    assert (said["actor"], said["data"]["run"], said["data"]["name"]) == (None, "bad", "calm-heron")
    assert (said["data"]["exit_code"], len(said["data"]["error"])) == (1, 2000)


def test_telling_costs_one_statement_where_nobody_listens(client: FlaskClient, app: Flask, digits: Registry) -> None:
    database: Database = app.extensions["tracker.database"]
    seen: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    digits.move(replaces=None, version=1)
    assert len([text for text in seen if "webhook" in text]) == 1


def looks(statements: list[str]) -> list[str]:
    return [text for text in statements if "webhook_deliveries" in text]


def test_an_idle_sender_asks_the_database_nothing(app: Flask) -> None:
    database: Database = app.extensions["tracker.database"]
    seen: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    with sending(app) as sender:
        wait_until(lambda: len(looks(seen)) == 2, "it has looked when it began")
        with writing(app) as session:
            log_run(session)
        assert not app.extensions["tracker.outbox"].filled.is_set()
        sender.stop()
    assert len(looks(seen)) == 2


@pytest.mark.parametrize("count", [1, 5], ids=["one", "five"])
def test_listing_costs_the_same_however_many_there_are(
    client: FlaskClient, app: Flask, digits: Registry, count: int
) -> None:
    for _ in range(count):
        add_hook(client, "https://hooks.example.org/")
    digits.move(replaces=None, version=1)
    database: Database = app.extensions["tracker.database"]
    seen: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    assert [one["waiting"] for one in client.get(HOOKS).json["webhooks"]] == [1] * count
    assert len([text for text in seen if "webhook" in text]) == 3


def test_what_a_stopped_server_left_is_sent_by_the_next(client: FlaskClient, app: Flask, digits: Registry) -> None:
    with receiving() as receiver:
        add_hook(client, receiver.url)
        digits.move(replaces=None, version=1)
        with writing(app) as session:  # a server that died while it was sending
            leased = outbox.lease(session, now_ms=NOW_MS, limit=1)
        assert len(leased) == 1
        with sending(app):
            assert receiver.wait_for(1)[0].headers["Webhook-Id"] == leased[0].uid


def receiver_names(receiver: Receiver) -> list[str]:
    return [received.path for received in receiver.requests]


def test_an_address_that_was_changed_is_the_one_sent_to(
    client: FlaskClient, digits: Registry, sender: webhooks.Sender
) -> None:
    with receiving() as receiver:
        webhook_id = add_hook(client, "https://hooks.example.org/")["webhook"]["id"]
        client.patch(f"{HOOKS}/{webhook_id}", json={"url": f"{receiver.url}/new", "events": ["alias.removed"]})
        digits.move(replaces=None, version=1)
        digits.remove(replaces=1)
        assert json.loads(receiver.wait_for(1)[0].body)["event"] == "alias.removed"
        assert receiver_names(receiver) == ["/hook/new"]


def test_webhooks_of_a_project_that_is_not_there_are_not_found(client: FlaskClient) -> None:
    assert code_of(client.get("/api/v1/projects/none/webhooks")) == (404, "unknown_project")


def test_the_secret_is_not_in_what_the_model_of_a_row_shows(app: Flask, client: FlaskClient, digits: Registry) -> None:
    secret = add_hook(client, "https://hooks.example.org/")["secret"]
    with writing(app) as session:
        assert secret not in repr(session.scalars(sa.select(WebhookRow)).one())


def test_who_may_promote_is_told_of_but_does_not_see_where(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    (artifact,) = make_artifacts(guarded, 1)
    ada.done("POST", "/models/digits/versions", {"artifact_version_id": artifact})
    hooks = "/projects/digits/webhooks"
    body = {"name": "bot", "url": "https://hooks.example.org/services/T0/secret", "events": MOVES}
    webhook_id = ada.done("POST", hooks, body)["webhook"]["id"]
    ada.done("PUT", "/projects/digits/members/bob", {"role": "promoter"})
    bob.done("POST", "/models/digits/aliases/staging", {"version": 1, "replaces": None, "reason": "it is better"})
    (told,) = ada.done("GET", f"{hooks}/{webhook_id}/deliveries")["deliveries"]
    whole = ada.done("GET", f"{hooks}/{webhook_id}/deliveries/{told['id']}")
    assert json.loads(whole["exchange"]["request_body"])["actor"] == "bob"
    webhook = f"{hooks}/{webhook_id}"
    for method, path in (("GET", hooks), ("GET", f"{webhook}/deliveries"), ("DELETE", webhook)):
        assert code_of(bob.ask(method, path)) == (403, "no_access")


def test_who_changed_a_webhook_is_logged_without_its_address_or_secret(guarded: Flask, ada: Somebody) -> None:
    ada.done("POST", "/projects", {"name": "digits"})
    hooks = "/projects/digits/webhooks"
    body = {"name": "bot", "url": "https://hooks.example.org/services/T0/token", "events": MOVES}
    made = ada.done("POST", hooks, body)
    webhook = f"{hooks}/{made['webhook']['id']}"
    ada.done("PATCH", webhook, {"is_active": False, "url": "https://other.example.org/token"})
    renewed = ada.done("POST", f"{webhook}/secret")["secret"]
    ada.done("DELETE", webhook)
    answer = ada.get("/acts?action=webhook")
    acts = [(act["action"], act["actor"], act["subject"], act["project"]) for act in answer.json["acts"]]
    done = ("webhook.deleted", "webhook.secret_renewed", "webhook.changed", "webhook.created")
    assert acts == [(action, "ada", "bot", "digits") for action in done]
    assert answer.json["acts"][2]["details"] == {"host": "other.example.org", "is_active": False}
    assert not any(word in answer.text for word in ("token", made["secret"], renewed))
