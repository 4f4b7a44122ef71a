"""Media of runs that go on: what a resumed run supersedes is not shown any more, like its points."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tests.server.test_history import logged, segments, summary, writer
from tracker.records import MediaLogged

RESUMED_MS = 1000
"""When the writer of number 1 began, after the one before it."""


def pictured(journal: Journal, *steps: int, caption: str, after_ms: int = 0, **fields: Any) -> Journal:
    """With a histogram at each of the steps, logged so long after the first writer began."""
    details = {"edges": [0, 1], "counts": [1]}
    pieces = [
        MediaLogged(step, START_MS + after_ms, "weights", "histogram", "", 0, caption, details=details, **fields)
        for step in steps
    ]
    return journal.add(*pieces)


def resumed_at(step: int) -> Journal:
    return writer(1, is_resumed=True, resume_from_step=step)


def shown(client: FlaskClient, run_id: str = "run1") -> list[tuple[int, str]]:
    """(step, caption) of what there is."""
    return [(one["step"], one["caption"]) for one in client.get(f"/api/v1/runs/{run_id}/media").json["media"]]


def seen_at(client: FlaskClient, step: int | None) -> tuple[int, int, list[str]]:
    body = {"runs": ["run1"], "names": ["weights"], "step": step}
    (group,) = client.post("/api/v1/projects/digits/media/at", json=body).json["groups"]
    return group["step"], group["count"], [piece["caption"] for piece in group["media"]]


def test_resuming_from_a_step_supersedes_the_media_after_it(client: FlaskClient) -> None:
    pictured(writer(0), 0, 5, 10, 15, caption="old").post(client)
    pictured(resumed_at(5), 10, caption="new", after_ms=RESUMED_MS).post(client)
    assert shown(client) == [(0, "old"), (5, "old"), (10, "new")]
    assert seen_at(client, 12) == (10, 1, ["new"])
    assert seen_at(client, None) == (10, 1, ["new"])
    assert seen_at(client, 7) == (5, 1, ["old"])
    assert client.get("/api/v1/runs/run1/media/steps").json == {"steps": [0, 5, 10], "count": 3}
    (name,) = client.get("/api/v1/runs/run1/media/names").json["names"]
    assert (name["count"], name["last_step"]) == (3, 10)
    assert client.get("/api/v1/runs/run1").json["media_count"] == 3


def test_where_all_of_a_name_was_superseded_there_is_none(client: FlaskClient) -> None:
    pictured(writer(0), 10, caption="old").post(client)
    resumed_at(5).post(client)
    assert shown(client) == []
    assert client.get("/api/v1/runs/run1/media/names").json["names"] == []
    assert client.get("/api/v1/runs/run1/media/steps").json == {"steps": [], "count": 0}


def test_media_of_the_process_before_that_come_late_are_superseded_too(client: FlaskClient) -> None:
    early = pictured(writer(0), 0, 10, caption="old")
    early.post(client, 0, 2)
    pictured(resumed_at(5), 10, caption="new", after_ms=RESUMED_MS).post(client)
    early.post(client, 2)
    assert shown(client) == [(0, "old"), (10, "new")]


def test_restoring_a_segment_restores_its_media_and_its_points(client: FlaskClient) -> None:
    logged(pictured(writer(0), 0, 10, caption="old"), range(10), 1.0).post(client)
    logged(pictured(resumed_at(5), 10, caption="new", after_ms=RESUMED_MS), range(6, 9), 2.0).post(client)
    for back_and_forth in (True, False, True, False):
        (segment,) = segments(client)
        assert client.post(f"/api/v1/runs/run1/segments/{segment['number']}/restore").status_code == 200
        assert shown(client) == [(0, "old"), (10, "old" if back_and_forth else "new")]
        assert summary(client)["last"] == (1.0 if back_and_forth else 2.0)


def test_what_a_process_logs_after_it_was_superseded_by_a_restored_segment_is_superseded(client: FlaskClient) -> None:
    pictured(logged(writer(0), range(10), 1.0), 10, caption="old").post(client)
    going = pictured(resumed_at(5), 10, caption="new", after_ms=RESUMED_MS)
    going.post(client)
    assert client.post("/api/v1/runs/run1/segments/1/restore").status_code == 200
    pictured(going, 20, caption="newer", after_ms=10 * RESUMED_MS).post(client)
    assert shown(client) == [(10, "old")]


def test_a_fork_has_what_counts_of_the_media_of_its_parent(client: FlaskClient) -> None:
    early = pictured(pictured(writer(0), 0, 10, caption="old"), 12, caption="late")
    early.post(client, 0, 3)
    pictured(resumed_at(5), 10, caption="new", after_ms=RESUMED_MS).post(client)
    writer(2, run_id="child", fork_of="run1", fork_step=20).post(client)
    early.post(client, 3)
    assert shown(client, "child") == [(0, "old"), (10, "new")]


def test_a_run_that_goes_on_counts_its_steps_after_its_last_media(client: FlaskClient) -> None:
    pictured(writer(0), 3, caption="old").post(client)
    going_on = writer(1, is_resumed=True)
    pictured(going_on, 0, caption="new", after_ms=RESUMED_MS, is_onward=True).post(client)
    assert shown(client) == [(3, "old"), (4, "new")]
