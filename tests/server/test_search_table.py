"""The runs table: what a search finds, in which order, page by page, and what it costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server import seed
from tracker.records import Logged, RunFinished, RunStarted
from tracker_server import auth, metrics, runs
from tracker_server.db import Database
from tracker_server.errors import NotFound, Refused
from tracker_server.metrics.models import NameRule
from tracker_server.runs.schema import RunChanges, Status
from tracker_server.search import cursors, table
from tracker_server.search.schema import RunPage, RunSearch, SortKey

LOST_AFTER_MS = 60_000


def add(
    session: Session,
    actor: auth.Actor,
    run_id: str,
    *,
    config: dict[str, Any] | None = None,
    logged: dict[str, list[float]] | None = None,
    status: str = "running",
    created_ms: int = NOW_MS,
    heard_ms: int = NOW_MS,
    ended_ms: int = NOW_MS,
    label: str = "",
    **fields: Any,
) -> runs.Run:
    """A run of the project "digits", through the doors that ingest uses."""
    record = RunStarted(created_ms, run_id, "digits", f"w{label}", label=label, **{"name": run_id, **fields})
    run = runs.start(session, record, actor_id=actor.id, now_ms=heard_ms)
    runs.set_config(session, run, config or {})
    log(session, run_id, logged or {}, label=label)
    writer = runs.writer(session, run_id, f"w{label}")
    if status != "running" and writer is not None:
        runs.finish(session, run, writer, RunFinished(ended_ms, status))
    session.flush()
    return run


def log(
    session: Session,
    run_id: str,
    logged: dict[str, list[float]],
    *,
    first_step: int = 0,
    label: str = "",
    kind: Literal["metric", "system"] = "metric",
) -> None:
    """Points of these metrics, one a step."""
    arrivals = metrics.Arrivals()
    for name, values in logged.items():
        for step, value in enumerate(values, first_step):
            arrivals.add(Logged(step, NOW_MS + step, {name: value}))
    metrics.append(session, run_id, label, kind, arrivals)


def search(session: Session, **wanted: Any) -> RunPage:
    return table.search(session, "digits", RunSearch(**wanted), now_ms=NOW_MS, lost_after_ms=LOST_AFTER_MS)


def found(session: Session, *keys: str, **wanted: Any) -> list[str]:
    """The ids that a search finds, sorted by keys such as "name" and "-created"."""
    page = search(session, sort=sort(*keys), **wanted)
    assert page.matched == len(page.runs)
    return [row.id for row in page.runs]


def sort(*keys: str) -> list[SortKey]:
    return [SortKey(key.removeprefix("-"), key.startswith("-")) for key in keys]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL that the database is sent meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(database.engine, "before_cursor_execute", note)


def test_without_words_every_run_is_found_the_newest_first(session: Session, actor: auth.Actor) -> None:
    for age in range(3):
        add(session, actor, f"r{age}", created_ms=NOW_MS - age)
    page = search(session)
    assert [row.id for row in page.runs] == ["r0", "r1", "r2"]
    assert (page.matched, page.total, page.next_cursor) == (3, 3, None)


WORDS = {
    "HERON": ["name"],
    "id-of": ["id-of-it"],
    "nightly": ["tagged"],
    "sweep-7": ["grouped"],
    "promising": ["noted"],
    "AdamW": ["configured"],
    "0.001": ["configured"],
    "1e-3": ["configured"],
    "résumé": ["noted"],
    "RÉSUMÉ": ["noted"],
    "100%": ["percent"],
    "%": ["percent"],
    "a_b": ["percent"],
    "\\": ["percent"],
    "'": [],
    "promising résumé": ["noted"],
    "promising heron": [],
    "adamw nightly": [],
    "  ": ["configured", "grouped", "id-of-it", "name", "noted", "percent", "tagged"],
}


def test_every_word_has_to_be_found_somewhere(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "name", name="calm-Heron-1")
    add(session, actor, "id-of-it", name="x")
    add(session, actor, "tagged", tags=("Nightly-build",))
    add(session, actor, "grouped", group="sweep-7")
    add(session, actor, "noted", notes="a promising Résumé")
    add(session, actor, "configured", config={"optim": {"name": "adamw", "lr": 1e-3}})
    add(session, actor, "percent", notes="100% a_b \\ done")
    assert {text: sorted(found(session, text=text)) for text in WORDS} == WORDS


def test_a_search_of_a_hundred_words_is_refused(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r")
    with pytest.raises(Refused, match="at most 10 words, this one has 100"):
        search(session, text=" ".join(map(str, range(100))))


STATUSES: dict[tuple[Status, ...], list[str]] = {
    ("running",): ["alive"],
    ("lost",): ["silent"],
    ("failed", "lost"): ["broken", "silent"],
    ("finished",): ["done"],
    ("stopped",): [],
    (): ["alive", "broken", "done", "silent"],
}


def test_a_silent_run_is_lost_and_not_running(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "alive")
    add(session, actor, "silent", heard_ms=NOW_MS - LOST_AFTER_MS - 1)
    add(session, actor, "done", status="finished", heard_ms=NOW_MS - LOST_AFTER_MS - 1)
    add(session, actor, "broken", status="failed")
    assert {chosen: found(session, "name", status=list(chosen)) for chosen in STATUSES} == STATUSES


def test_runs_in_the_trash_and_of_other_projects_are_not_there(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "kept")
    add(session, actor, "deleted")
    runs.delete(session, "deleted", actor_id=actor.id, now_ms=NOW_MS)
    other = RunStarted(NOW_MS, "elsewhere", "faces", "w")
    runs.start(session, other, actor_id=actor.id, now_ms=NOW_MS)
    page = search(session)
    assert ([row.id for row in page.runs], page.total) == (["kept"], 1)


def test_archived_runs_are_there_for_who_asks_for_them(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "current", logged={"loss": [1.0]})
    archived = add(session, actor, "old", logged={"loss": [2.0]})
    runs.archive(session, archived, is_archived=True, actor_id=actor.id, now_ms=NOW_MS)
    asked = {"without": ["current"], "with": ["current", "old"], "only": ["old"]}
    for filter_ in ("", "metrics.loss > 0"):
        assert {archived: found(session, "name", filter=filter_, archived=archived) for archived in asked} == asked
    assert search(session).total == 1


def test_a_renamed_metric_sorts_and_filters_by_its_new_name_alone(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r1", logged={"environment": [1.0]})
    add(session, actor, "r2", logged={"eval/reward": [2.0]})
    add(session, actor, "r3", logged={"eval/reward": [3.0], "secret": [1.0]})
    project = runs.project(session, "digits").id
    session.add(NameRule(id=1, project_id=project, run_id="", name="environment", shown_as="eval/reward"))
    session.add(NameRule(id=2, project_id=project, run_id="", name="secret", shown_as=None))
    session.flush()
    assert found(session, "-metrics.eval/reward") == ["r3", "r2", "r1"]
    assert found(session, "-created", filter='metrics["eval/reward"] < 2') == ["r1"]
    assert found(session, filter="metrics.environment is not None or metrics.secret is not None") == []


def test_an_unknown_project_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound, match="there is no project 'digits'"):
        search(session)


SORTED = {
    ("created",): ["a", "b", "c", "d"],
    ("-created",): ["d", "c", "b", "a"],
    ("name",): ["a", "c", "d", "b"],
    ("-name",): ["b", "d", "c", "a"],
    ("status",): ["d", "c", "b", "a"],
    ("config.lr",): ["b", "a", "d", "c"],
    ("-config.lr",): ["d", "a", "b", "c"],
    ("config.batch.size", "-created"): ["d", "b", "a", "c"],
    ("-config.batch.size", "created"): ["a", "b", "d", "c"],
    ("metrics.val/acc",): ["c", "a", "b", "d"],
    ("-metrics.val/acc",): ["b", "a", "c", "d"],
    ("-metrics.val/acc.last",): ["b", "a", "c", "d"],
    ("metrics.val/acc.max",): ["b", "c", "a", "d"],
    ("-metrics.val/acc.min",): ["b", "c", "a", "d"],
    ("metrics.val/acc.mean",): ["c", "a", "b", "d"],
    ("-metrics.val/acc.count",): ["a", "c", "b", "d"],
    ("metrics.loss.min",): ["c", "d", "b", "a"],
    ("metrics.loss.min.last",): ["a", "d", "c", "b"],
    ("metrics.nothing",): ["d", "c", "b", "a"],
    ("config.nothing", "name"): ["a", "c", "d", "b"],
}


def test_runs_sort_by_any_columns_with_the_missing_ones_last(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", name="apple", created_ms=NOW_MS - 4000, status="finished", ended_ms=NOW_MS - 3000,
        config={"lr": 0.1, "batch": {"size": 64}}, logged={"val/acc": [0.1, 0.9, 0.5], "loss.min": [1.0]})  # fmt: skip
    add(session, actor, "b", name="pear", created_ms=NOW_MS - 3000, status="failed", ended_ms=NOW_MS,
        config={"lr": 0.01, "batch": {"size": 32}}, logged={"val/acc": [0.6, math.nan], "loss": [3.0]})  # fmt: skip
    add(session, actor, "c", name="Cherry", created_ms=NOW_MS - 2000, heard_ms=NOW_MS - LOST_AFTER_MS - 1, config={},
        logged={"val/acc": [0.7, 0.2], "loss": [1.0]})  # fmt: skip
    add(session, actor, "d", name="fig", created_ms=NOW_MS - 1000, config={"lr": "auto", "batch": {"size": 32}},
        logged={"val/acc": [math.inf], "loss": [2.0]})  # fmt: skip
    assert {keys: found(session, *keys) for keys in SORTED} == SORTED


def test_a_run_without_an_end_lasts_until_it_was_last_heard_of(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "short", created_ms=NOW_MS - 9000, status="finished", ended_ms=NOW_MS - 8000)
    add(session, actor, "long", created_ms=NOW_MS - 9000, status="finished", ended_ms=NOW_MS - 3000)
    add(session, actor, "running", created_ms=NOW_MS - 4000, heard_ms=NOW_MS)
    assert found(session, "duration") == ["short", "running", "long"]


@pytest.mark.parametrize("is_descending", [False, True], ids=["ascending", "descending"])
def test_config_values_sort_by_kind_then_value(session: Session, actor: auth.Actor, is_descending: bool) -> None:
    values = [False, 0.5, 1, math.inf, "", "10", "9", "B", "a", "é", [1, 2]]
    for place, value in enumerate(values):
        add(session, actor, f"r{place:02}", config={"key": value})
    add(session, actor, "z-null", config={"key": None})
    add(session, actor, "z-nan", config={"key": math.nan})
    add(session, actor, "z-without")
    order = ["r00", "r01", "r02", "r03", "r04", "r05", "r06", "r07", "r10", "r08", "r09"]
    expected = order[::-1] if is_descending else order
    key = "-config.key" if is_descending else "config.key"
    assert found(session, key, "name") == [*expected, "z-nan", "z-null", "z-without"]


def test_a_metric_of_another_rank_counts_where_the_main_writer_has_none(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "both", logged={"loss": [2.0]})
    add(session, actor, "both", logged={"loss": [9.0]}, label="rank1")
    add(session, actor, "main", logged={"loss": [3.0]})
    add(session, actor, "other")
    add(session, actor, "other", logged={"loss": [1.0]}, label="rank1")
    add(session, actor, "other", logged={"loss": [8.0]}, label="rank2")
    assert found(session, "metrics.loss") == ["other", "both", "main"]


def test_an_unknown_sort_key_is_refused_with_those_there_are(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r")
    for key in ("colour", "config.", "metrics", "metrics.", "", "created.x"):
        allowed = "created, name, status, duration, 'config.<key>'.*'metrics.<name>'"
        with pytest.raises(Refused, match=f"cannot sort by {key!r}.*{allowed}"):
            search(session, sort=[SortKey(key)])


PAGED = [
    (),
    ("name",),
    ("-status", "name"),
    ("duration",),
    ("config.optim.lr",),
    ("-config.optim.name", "metrics.val/acc"),
    ("config.optim.name", "-config.model.is_wide", "-metrics.val/acc.mean"),
    ("config.mixed",),
    ("-config.mixed", "config.optim.name"),
    ("metrics.val/acc",),
    ("-metrics.val/acc.max",),
    ("-metrics.nothing", "config.nothing", "metrics.train/loss.count"),
]


def test_pages_give_every_run_once_in_the_order_of_one_page(session: Session) -> None:
    seed.fill(session, "digits", run_count=60, now_ms=NOW_MS, config_keys=6, metric_names=2)
    mixed = ["text", 0.5, True, None, math.nan, [1]]
    for place, run_id in enumerate(row.id for row in search(session, columns=[]).runs):
        runs.set_config(session, runs.get(session, run_id), {"mixed": mixed[place % 6]} if place % 7 else {})
    session.flush()
    for keys in PAGED:
        whole = [row.id for row in search(session, sort=sort(*keys), columns=[]).runs]
        pages = all_pages(session, sort=sort(*keys), columns=[], limit=7)
        assert [len(page) for page in pages] == [7] * 8 + [4], keys
        assert list(itertools.chain(*pages)) == whole
        assert len(set(whole)) == 60


def all_pages(session: Session, **wanted: Any) -> list[list[str]]:
    pages = []
    cursor = None
    for _ in range(100):
        page = search(session, cursor=cursor, **wanted)
        pages.append([row.id for row in page.runs])
        cursor = page.next_cursor
        if cursor is None:
            return pages
    raise AssertionError("a hundred pages and no end")


def test_a_run_that_comes_or_goes_between_pages_moves_no_other(session: Session, actor: auth.Actor) -> None:
    for age in range(6):
        add(session, actor, f"r{age}", created_ms=NOW_MS - age)
    first = search(session, limit=3)
    add(session, actor, "new", created_ms=NOW_MS + 1)
    runs.delete(session, "r2", actor_id=actor.id, now_ms=NOW_MS)
    session.flush()
    assert [row.id for row in search(session, limit=3, cursor=first.next_cursor).runs] == ["r3", "r4", "r5"]


def test_a_cursor_that_is_none_is_refused(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r")
    forged = cursors.write((), ["now", {}])  # type: ignore[list-item]
    for cursor in ("x", "é", "AAAA", "k5DA", "!!", forged):
        with pytest.raises(Refused, match="the cursor is not one that this server made"):
            search(session, cursor=cursor)


def test_a_cursor_of_another_sort_is_refused(session: Session, actor: auth.Actor) -> None:
    for number in range(2):
        add(session, actor, f"r{number}")
    cursor = search(session, sort=sort("name"), limit=1).next_cursor
    with pytest.raises(Refused, match="belongs to a search sorted otherwise"):
        search(session, sort=sort("-name"), cursor=cursor)


def test_a_row_has_the_columns_asked_for_with_their_exact_values(session: Session, actor: auth.Actor) -> None:
    config = {"optim": {"lr": 1e-3, "betas": [0.9, 0.99]}, "epochs": 10, "prompt": "x" * 1000, "note": None, "ok": True}
    add(session, actor, "r", config=config, logged={"val/acc": [0.5, 0.75], "loss": [1.0]})
    runs.set_summary(session, runs.get(session, "r"), {"best": 0.75})
    wanted = [
        "config.optim.betas",
        "config.epochs",
        "config.prompt",
        "config.note",
        "config.missing",
        "metrics.val/acc",
    ]
    (row,) = search(session, columns=wanted).runs
    assert row.config == {"optim.betas": [0.9, 0.99], "epochs": 10, "prompt": "x" * 1000, "note": None}
    assert isinstance(row.config["epochs"], int)
    assert {name: (value.last, value.max, value.count) for name, value in row.metrics.items()} == {
        "val/acc": (0.75, 0.75, 2)
    }
    assert row.summary == {"best": 0.75}
    (row,) = search(session).runs
    assert set(row.config) == {"optim.lr", "optim.betas", "epochs", "prompt", "note", "ok"}
    assert set(row.metrics) == {"val/acc", "loss"}
    (row,) = search(session, columns=[]).runs
    assert (row.config, row.metrics) == ({}, {})


def test_an_unknown_column_is_refused(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r")
    for column in ("lr", "config.", "metrics", "summary.best"):
        with pytest.raises(Refused, match=f"no column '{column}': a column is 'config.<key>', 'metrics.<name>' or 'no"):
            search(session, columns=[column])


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {
            "text": "heron 3",
            "status": ["finished", "lost"],
            "filter": 'config.model.depth > 3 and metrics["train/loss"] > 0',
        },
    ],
    ids=["all", "filtered"],
)
def test_a_page_costs_as_many_statements_for_many_runs_and_columns_as_for_one(
    database: Database, session: Session, wanted: dict[str, Any]
) -> None:
    seed.fill(session, "digits", run_count=200, now_ms=NOW_MS, config_keys=30, metric_names=30)
    session.expunge_all()
    with statements(database) as few:
        search(session, limit=1, columns=["config.optim.lr", "metrics.val/acc"], **wanted)
    session.expunge_all()
    with statements(database) as many:
        search(session, limit=1000, sort=sort("-metrics.val/acc", "config.optim.lr", "name"), **wanted)
    assert len(many) == len(few) == 8


def test_the_runs_table_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r1", config={"lr": 0.1})
    add(session, actor, "r2", config={"lr": 0.2})
    runs.change(session, "r2", RunChanges(tags=["kept"]), actor_id=actor.id, now_ms=NOW_MS)
    session.commit()
    body = {"text": "kept", "sort": [{"key": "config.lr", "is_descending": True}], "columns": ["config.lr"], "limit": 5}
    answer = client.post("/api/v1/projects/digits/runs/search", json=body)
    assert answer.status_code == 200
    assert [(row["id"], row["config"], row["tags"]) for row in answer.json["runs"]] == [("r2", {"lr": 0.2}, ["kept"])]
    assert (answer.json["matched"], answer.json["total"]) == (1, 2)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sort": [{"key": "colour"}]}, "sort"),
    ({"cursor": "x"}, "cursor"),
    ({"columns": ["x"]}, "columns"),
    ({"limit": 0}, "limit"),
    ({"status": ["gone"]}, "status"),
]


def test_a_bad_search_is_refused_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r")
    session.commit()
    for body, field in REFUSED:
        answer = client.post("/api/v1/projects/digits/runs/search", json=body)
        assert answer.status_code == 422
        assert answer.json["error"]["field"].startswith(field)
