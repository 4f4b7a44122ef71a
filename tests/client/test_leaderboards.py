"""Leaderboards read, made and taken away from Python and from a shell."""

from __future__ import annotations

import json

import pytest

import tracker
from tests.client.served import served
from tests.frames import START_MS
from tracker import cli
from tracker.query import NotFoundError
from tracker.records import ArtifactLogged, ConfigChanged, Logged, RunFinished


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """Of a server with the leaderboard `best`: two seeds of one family, and a run on other data."""
    with served(tmp_path_factory.mktemp("server")) as server:
        for number, (accuracy, data) in enumerate(((0.8, "val:v1"), (0.9, "val:v1"), (0.99, "val:v2"))):
            evaluation = server.upload("evaluation.csv", b"example of %s,metric:acc\na,%d\n" % (data.encode(), number))
            version = server.upload("data.csv", b"version %d" % min(number, 1))
            server.log(
                f"run{number}",
                ConfigChanged(START_MS, {"lr": 0.1, "seed": number}),
                Logged(1, START_MS, {"acc": accuracy}),
                ArtifactLogged(START_MS, "val", "dataset", (version,)),
                ArtifactLogged(
                    START_MS, "eval", "evaluation", (evaluation,), metadata={"metrics": ["acc"], "data": data}
                ),
                RunFinished(START_MS + 60_000, "finished", 0),
                name=f"name-{number}",
            )
        made = tracker.Api(server.url)
        made.create_leaderboard("digits", "best", task="digits", metric="acc", goal="max", data="val:v1")
        yield made
        made.close()


@pytest.fixture(autouse=True)
def address(api, monkeypatch):
    monkeypatch.setenv("TRACKER_URL", api.url)


def test_who_stands_where_is_read_with_what_does_not_count(api):
    standing = api.leaderboard("digits", "best").standing()
    (row,) = standing.rows
    assert (row.rank, row.label, row.score, row.run_count) == (1, "name-1", pytest.approx(0.85), 2)
    assert (row.spread, row.duration_ms) == (pytest.approx(0.1 / 2**0.5), 60_000)
    assert [(one.label, one.code) for one in standing.refused] == [("name-2", "other_data")]
    assert [step.score for step in standing.progress] == [0.9]


def test_what_cannot_be_is_refused_in_words(api):
    with pytest.raises(ValueError, match="nobody has said whether a high or a low 'acc' is better"):
        api.create_leaderboard("digits", "other", task="digits", metric="acc")
    with pytest.raises(NotFoundError, match="no artifact version 'val:v9'"):
        api.create_leaderboard("digits", "other", task="digits", metric="acc", goal="max", data="val:v9")
    with pytest.raises(NotFoundError, match="it has 'best'"):
        api.leaderboard("digits", "worst")


def test_one_can_be_deleted(api):
    made = api.create_leaderboard("digits", "short", task="digits", metric="acc", goal="min")
    assert [board.name for board in api.leaderboards("digits")] == ["best", "short"]
    made.delete()
    assert [board.name for board in api.leaderboards("digits")] == ["best"]


def test_the_shell_lists_them_and_prints_one(capsys):
    assert cli.main(["leaderboard", "digits"]) == 0
    assert "higher is better  val:v1" in capsys.readouterr().out
    assert cli.main(["leaderboard", "digits", "best"]) == 0
    told = capsys.readouterr().out
    assert "1  name-1   0.85  0.0707107     2  0:01:00" in told
    assert "name-2: it was evaluated on val:v2, not on val:v1" in told


def test_the_shell_writes_a_page_and_json(capsys, tmp_path):
    page = tmp_path / "best.html"
    assert cli.main(["leaderboard", "digits", "best", "--html", str(page), "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)
    assert (kept["format"], kept["leaderboard"]["name"], kept["standing"]["row_count"]) == (1, "best", 1)
    text = page.read_text(encoding="utf-8")
    assert "0.85 ± 0.0707" in text
    assert "<script" not in text


def test_a_page_that_cannot_be_written_is_told(capsys, tmp_path):
    assert cli.main(["leaderboard", "digits", "best", "--html", str(tmp_path / "no" / "best.html")]) == 1
    assert "No such file" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        cli.main(["leaderboard", "digits", "--html", "x.html"])
    assert ended.value.code == 2
