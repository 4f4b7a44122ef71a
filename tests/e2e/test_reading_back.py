"""What training code has logged is read back as it was, in Python and on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import tracker
from tests.processes import Server, environment, run_script, wait_until
from tests.processes import tracker as command

TRAIN = """
import sys, pathlib, tracker
for lr in (0.1, 0.01):
    with tracker.init("digits", config={"lr": lr, "data": {"name": "digits"}}, capture_code=False) as run:
        for step in range(200):
            run.log({"train/loss": lr / (step + 1), "val/acc": step * lr})
        run.summary["verdict"] = "good"
        weights = pathlib.Path(sys.argv[1], "model.pt")
        weights.write_text(f"weights of {lr}")
        run.log_artifact(weights, name="checkpoint", type="model")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reading")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A server with two runs."""
    with Server(folder / "server") as server:
        code = TRAIN.replace("sys.argv[1]", repr(str(folder)))
        done = run_script(code, environment(server.url, folder / "client"))
        assert done.returncode == 0, done.stderr
        yield server


@pytest.fixture
def api(server: Server) -> tracker.Api:
    return tracker.Api(server.url)


def test_a_run_gives_back_what_training_logged(api: tracker.Api) -> None:
    (run,) = api.runs("digits", "config.lr > 0.05 and status == 'finished'")
    history = run.history(["train/loss", "val/acc"])
    assert history["step"] == list(range(200))
    assert history["train/loss"] == [0.1 / (step + 1) for step in range(200)]
    assert history["val/acc"] == [step * 0.1 for step in range(200)]
    assert (run.status, run.summary) == ("finished", {"verdict": "good"})


def is_there(api: tracker.Api, run_id: str) -> bool:
    try:
        return api.run(run_id).status == "running"
    except tracker.query.NotFoundError:
        return False


def test_a_history_of_a_run_that_goes_on_has_all_up_to_some_moment(
    server: Server, api: tracker.Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_DIR", str(tmp_path))
    lengths = []
    with tracker.init("long", id="goes-on", url=server.url, capture_code=False, capture_console=False) as run:
        wait_until(lambda: is_there(api, "goes-on"), "the run has begun")
        for step in range(200_000):
            run.log({"loss": 1 / (step + 1)})
            if step % 20_000 == 0:
                steps = api.run("goes-on").history("loss")["step"]
                assert steps == list(range(len(steps)))
                lengths.append(len(steps))
    assert lengths == sorted(lengths)
    assert api.run("goes-on").history("loss")["loss"] == [1 / (step + 1) for step in range(200_000)]


def test_a_metric_of_the_longest_name_is_read(
    server: Server, api: tracker.Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_DIR", str(tmp_path))
    name = "\N{ROCKET}" * 500
    with tracker.init("long", id="names", url=server.url, capture_code=False, capture_console=False) as run:
        run.log({name: 1.0})
    assert api.run("names").history()[name] == [1.0]


def test_the_best_run_is_the_first_in_its_order(api: tracker.Api) -> None:
    assert api.runs("digits", order="-metrics.val/acc.max")[0].config["lr"] == 0.1


def test_its_files_come_verified(api: tracker.Api, tmp_path: Path) -> None:
    run = api.runs("digits", order="config.lr")[0]
    (path,) = run.download(tmp_path)
    assert path.read_text() == "weights of 0.01"


def test_the_command_line_finds_and_shows_a_run(server: Server, folder: Path) -> None:
    env = environment(server.url, folder / "client")
    listed = command(["ls", "digits", "--sort=-config.lr", "-n", "1", "--json"], env)
    assert listed.returncode == 0, listed.stderr
    (run,) = json.loads(listed.stdout)["runs"]
    shown = command(["run", "show", run["id"]], env)
    assert shown.returncode == 0, shown.stderr
    assert "data.name" in shown.stdout
    assert "val/acc" in shown.stdout


def test_the_command_line_says_that_all_is_well_and_when_it_is_not(server: Server, folder: Path) -> None:
    assert command(["status"], environment(server.url, folder / "client")).returncode == 0
    assert command(["status"], environment("http://127.0.0.1:9", folder / "client")).returncode == 3
