"""Alerts of a run: kept whatever they hold, read the newest first, counted by level."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tracker.records import AlertRaised
from tracker_server.runs import alerts

Journals = Callable[..., Journal]

ALERTS = "/api/v1/runs/run1/alerts"


def log(client: FlaskClient, journal: Journals, *raised: AlertRaised) -> None:
    answer = journal().started().add(*raised).post(client)
    assert answer.status_code == 200, answer.json


def read(client: FlaskClient, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(ALERTS, query_string=query)
    assert answer.status_code == 200, answer.json
    found: list[dict[str, Any]] = answer.json["alerts"]
    return found


def test_a_finding_comes_back_as_it_was_raised(client: FlaskClient, journal: Journals) -> None:
    details = {"metric": "loss", "value": "NaN", "last_good": [[410, 0.25], [411, 0.5]]}
    log(client, journal, AlertRaised(START_MS, "loss is NaN", "Last good: 0.5", "warning", "nan", 412, details))
    (found,) = read(client)
    assert found.pop("id") > 0
    assert found == {
        "time_ms": START_MS,
        "title": "loss is NaN",
        "text": "Last good: 0.5",
        "level": "warning",
        "kind": "nan",
        "step": 412,
        "details": details,
    }


def test_alerts_are_read_the_newest_first_page_by_page(client: FlaskClient, journal: Journals) -> None:
    log(client, journal, *(AlertRaised(START_MS, f"alert {number}", "") for number in range(5)))
    first = read(client, limit=3)
    assert [alert["title"] for alert in first] == ["alert 4", "alert 3", "alert 2"]
    second = read(client, limit=3, before=first[-1]["id"])
    assert [alert["title"] for alert in second] == ["alert 1", "alert 0"]
    assert read(client, before=second[-1]["id"]) == []


def test_a_run_counts_its_alerts_by_level(client: FlaskClient, journal: Journals) -> None:
    levels = ("info", "warning", "error", "error")
    log(client, journal, *(AlertRaised(START_MS, "look", "", level) for level in levels))
    run = client.get("/api/v1/runs/run1").json
    assert run["alert_count"] == 4
    assert run["alerts"] == {"error": 2, "warning": 1, "info": 1}


def test_a_level_that_is_not_known_is_an_info(client: FlaskClient, journal: Journals) -> None:
    log(client, journal, AlertRaised(START_MS, "look", "", "catastrophe"))
    assert [alert["level"] for alert in read(client)] == ["info"]


def test_nul_is_kept_as_the_replacement_character(client: FlaskClient, journal: Journals) -> None:
    log(client, journal, AlertRaised(START_MS, "a\0b", "a\0b", "a\0b", "a\0b", details={"a\0b": "a\0b"}))
    (found,) = read(client)
    assert [found[name] for name in ("title", "text", "level", "kind")] == ["a\ufffdb", "a\ufffdb", "info", "a\ufffdb"]
    assert found["details"] == {"a\0b": "a\0b"}


def test_what_is_too_long_is_cut_and_says_so(client: FlaskClient, journal: Journals) -> None:
    log(client, journal, AlertRaised(START_MS, "t" * 501, "x" * 10_001), AlertRaised(START_MS, "t" * 500, "x" * 10_000))
    whole, cut = read(client)
    assert (whole["title"], whole["text"]) == ("t" * alerts.MAX_TITLE, "x" * alerts.MAX_TEXT)
    assert (cut["title"], cut["text"]) == ("t" * (alerts.MAX_TITLE - 1) + "…", "x" * (alerts.MAX_TEXT - 1) + "…")


@pytest.mark.parametrize(
    ("details", "kept"),
    [
        ({"value": float("nan")}, {"value": None}),
        ({"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"at": "2026-01-01 00:00:00+00:00"}),
        ({"raw": b"\0"}, {"raw": "b'\\x00'"}),
        ({"long": "x" * alerts.MAX_DETAILS}, {}),
    ],
    ids=["nan", "time", "bytes", "long"],
)
def test_details_never_cost_the_batch(
    client: FlaskClient, journal: Journals, details: dict[str, Any], kept: dict[str, Any]
) -> None:
    log(client, journal, AlertRaised(START_MS, "look", "", details=details))
    assert [alert["details"] for alert in read(client)] == [kept]


def test_a_limit_that_is_none_is_refused(client: FlaskClient, journal: Journals) -> None:
    log(client, journal)
    assert client.get(ALERTS, query_string={"limit": 0}).status_code == 422
