"""A model from training to the code that uses it: promoted in the registry, fetched and verified by the client."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.reading import get, post
from tests.processes import Server, environment, run_script

TRAIN = """
import sys, pathlib, tracker
weights = pathlib.Path(sys.argv[1])
with tracker.init("digits", name=weights.stem, capture_console=False) as run:
    tracker.log({"val/loss": 0.5})
    tracker.log_artifact(weights, name="digits-cnn", type="model")
print(run.id)
"""

USE = """
import tracker
folder = tracker.use_model("digits-cnn@production")
print((folder / "model.pt").read_text())
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server") as server:
        yield server


def train(server: Server, folder: Path, content: str) -> int:
    """A run that logs a model with that content; the id of its artifact version."""
    weights = folder / content / "model.pt"
    weights.parent.mkdir()
    weights.write_text(content)
    done = run_script(TRAIN.replace("sys.argv[1]", repr(str(weights))), environment(server.url, folder / "client"))
    assert done.returncode == 0, done.stderr
    (artifact,) = get(server.url, f"/runs/{done.stdout.split()[-1]}/artifacts")["artifacts"]
    return int(artifact["id"])


def promote(server: Server, version: int, replaces: int | None) -> Any:
    body = {"artifact_version_id": version, "replaces": replaces, "reason": "it is better"}
    return post(server.url, "/models/digits-cnn/aliases/production", body)


def use(server: Server, folder: Path) -> subprocess.CompletedProcess[str]:
    return run_script(USE, environment(server.url, folder / "consumer"))


def test_code_gets_what_is_in_production_and_the_former_after_a_roll_back(server: Server, tmp_path: Path) -> None:
    promote(server, train(server, tmp_path, "first"), None)
    assert use(server, tmp_path).stdout.strip() == "first"
    promote(server, train(server, tmp_path, "second"), 1)
    assert use(server, tmp_path).stdout.strip() == "second"
    post(server.url, "/models/digits-cnn/aliases/production/rollback", {"reason": "it forgets sevens", "replaces": 2})
    assert use(server, tmp_path).stdout.strip() == "first"


READ = """
import pathlib, sys, tracker
rows = pathlib.Path(sys.argv[1])
rows.write_text("0,1,2")
with tracker.init("digits", name="prepare", capture_console=False) as maker:
    tracker.log_artifact(rows, name="rows", type="dataset", aliases=["clean"])
with tracker.init("digits", name="train", capture_console=False) as reader:
    folder = tracker.use_artifact("rows@clean", type="dataset")
    assert (folder / "rows.csv").read_text() == "0,1,2"
print(maker.id, reader.id)
"""


def test_a_dataset_knows_who_made_it_and_who_read_it(server: Server, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    done = run_script(READ.replace("sys.argv[1]", repr(str(rows))), environment(server.url, tmp_path / "client"))
    assert done.returncode == 0, done.stderr
    directions = [get(server.url, f"/runs/{run}/artifacts")["artifacts"] for run in done.stdout.split()]
    assert [[(one["name"], one["direction"]) for one in each] for each in directions] == [
        [("rows", "output")],
        [("rows", "input")],
    ]


def test_a_model_that_was_fetched_once_works_without_the_server(server: Server, tmp_path: Path) -> None:
    promote(server, train(server, tmp_path, "first"), None)
    use(server, tmp_path)
    server.kill()
    assert use(server, tmp_path).stdout.strip() == "first"


def test_an_alias_that_nothing_holds_is_an_error_that_says_so(server: Server, tmp_path: Path) -> None:
    train(server, tmp_path, "first")
    done = use(server, tmp_path)
    assert done.returncode == 1
    assert "digits-cnn" in done.stderr.splitlines()[-1]
