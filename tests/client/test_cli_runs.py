"""`tracker ls` and `tracker run show` say what the server has, to people and to programs."""

from __future__ import annotations

import json
import sys

import pytest

from tests.client.served import log_a_whole_run, served
from tests.frames import START_MS
from tracker import cli
from tracker.records import ConfigChanged, Logged


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("server")) as made:
        log_a_whole_run(made)
        for number in range(3):
            made.log(
                f"run{number}", ConfigChanged(START_MS, {"lr": number, "data": "faces"}),
                Logged(1, START_MS, {"val/acc": number / 3}), project="many", name=f"name-{number}",
            )  # fmt: skip
        yield made


@pytest.fixture(autouse=True)
def address(server, monkeypatch):
    monkeypatch.setenv("TRACKER_URL", server.url)


@pytest.fixture
def told(capsys):
    """Runs a command that is to end well; its lines."""

    def run(*arguments):
        assert cli.main(list(arguments)) == 0
        return capsys.readouterr().out.splitlines()

    return run


@pytest.fixture
def document(told):
    """Runs a command that is to end well; its JSON."""

    def run(*arguments):
        return json.loads("\n".join(told(*arguments, "--json")))

    return run


def test_without_a_project_the_projects_are_listed(told, document):
    head, *lines = [line.split() for line in told("ls")]
    assert head[:2] == ["PROJECT", "RUNS"]
    counts = {project["name"]: project["run_count"] for project in document("ls")["projects"]}
    assert (counts["digits"], counts["many"]) == (1, 3)
    assert {(name, count) for name, count, *_ in lines} == {(name, str(count)) for name, count in counts.items()}


def test_runs_are_listed_with_the_columns_asked_for(told):
    head, *lines = told("ls", "many", "--sort=-metrics.val/acc.max", "--columns", "config.data,metrics.val/acc.max")
    assert head.split() == ["ID", "NAME", "STATUS", "CREATED", "config.data", "metrics.val/acc.max"]
    assert [(line.split()[0], *line.split()[-2:]) for line in lines] == [
        ("run2", "faces", "0.666667"), ("run1", "faces", "0.333333"), ("run0", "faces", "0"),
    ]  # fmt: skip


def test_columns_are_aligned(told):
    lines = told("ls", "many", "--columns=metrics.val/acc")
    assert len({len(line) for line in lines}) == 1


def test_only_so_many_runs_are_listed_and_it_says_so(capsys):
    assert cli.main(["ls", "many", "-n", "2"]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 3
    assert "2 of 3 runs" in said.err


def test_a_filter_chooses_runs(document):
    found = document("ls", "many", "--filter", 'config.lr > 0 and config.data == "faces"', "--sort=config.lr")
    assert [run["config"]["lr"] for run in found["runs"]] == [1, 2]


def test_words_choose_runs(document):
    found = document("ls", "many", "--text", "name-1")
    assert (found["matched"], [run["config"]["lr"] for run in found["runs"]]) == (1, [1])


def test_on_a_narrow_terminal_a_row_stays_one_line(told, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    lines = told("ls", "many", "--columns=config.data,metrics.val/acc")
    assert all(len(line) <= 60 for line in lines)
    assert any("…" in line for line in lines)


def test_a_name_cannot_drive_the_terminal(server, told):
    server.log("evil", project="hostile", name="\x1b[2Jred\u202e\nnext")
    (_, line) = told("ls", "hostile")
    assert "\\x1b[2Jred\\u202e\\nnext" in line


def test_a_run_is_shown_whole(told):
    shown = "\n".join(told("run", "show", "whole"))
    for part in ("calm-otter (finished)", "/r/whole", "optim.name", "adam", "verdict", "val/acc", "node-1", "baseline"):
        assert part in shown


def test_a_run_as_json_has_config_metrics_and_environment(document):
    run = document("run", "show", "whole")
    assert run["config_tree"] == {"lr": 0.1, "optim": {"name": "adam"}}
    assert run["metrics"]["val/acc"]["max"] == 0.4
    assert run["environment"]["host"] == "node-1"


def test_a_run_is_asked_to_stop(server, told, document):
    server.log("going", project="hands")
    assert "is asked to stop" in told("run", "stop", "going", "--reason", "it diverges")[0]
    assert document("run", "show", "going")["stop"]["reason"] == "it diverges"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["ls", "nope"], 1, "no project 'nope'"),
        (["run", "show", "nope"], 1, "no run 'nope'"),
        (["run", "stop", "whole"], 1, "nothing to stop"),
        (["ls", "many", "--filter", "color == 1"], 2, "color"),
        (["ls", "many", "--sort=color"], 2, "cannot sort by 'color'"),
        (["ls", "many", "--columns=color"], 2, "there is no column 'color'"),
        (["ls", "--url", "nonsense"], 2, "must look like http"),
        (["ls", "--url", "http://127.0.0.1:9"], 3, "cannot be reached"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_one_sentence_and_a_status(capsys, arguments, status, said):
    assert cli.main(arguments) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.parametrize(
    "arguments", [["ls", "-n", "0", "many"], ["ls", "--text", "x"], ["run"], ["run", "show"]], ids=str
)
def test_wrong_use_ends_with_status_2(arguments):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
