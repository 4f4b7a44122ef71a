"""`examples/ci-gate/` trains, registers, gates and proposes, and ends as the gate does, against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from junitparser import JUnitXml

from tests.e2e.reading import PROGRAM, get, post
from tests.processes import Server, environment, tracker

SCRIPT = Path(__file__).parent.parent.parent / "examples" / "ci-gate" / "ci_gate.sh"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server


def ci(
    server: Server, folder: Path, *arguments: str, model: str = "ring", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the script as a CI job does, in a folder of its own; `python` and `tracker` in it are these."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = environment(server.url, folder / "client", PATH=path, OUT=str(folder / "out"), MODEL=model, **more)
    return subprocess.run(
        [str(SCRIPT), *arguments], env=env, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def promote(server: Server, folder: Path, version: str) -> None:
    env = environment(server.url, folder / "client")
    moved = tracker(["promote", version, "production", "--reason", "the first that works"], env)
    assert moved.returncode == 0, moved.stderr


def proposals(server: Server, model: str) -> list[tuple[int, str]]:
    found = get(server.url, f"/models/{model}/proposals")["proposals"]
    return [(proposal["version"], proposal["state"]) for proposal in found]


def failures(folder: Path) -> dict[str, list[str]]:
    """The types of the failures of each rule, as a CI system reads them."""
    (suite,) = JUnitXml.fromfile(str(folder / "out" / "gate.xml"))
    return {case.name: [found.type for found in case.result if found.type] for case in suite}


def test_the_first_candidate_is_proposed_though_there_is_nothing_to_compare_with(
    server: Server, tmp_path: Path
) -> None:
    done = ci(server, tmp_path, model="first")
    assert done.returncode == 0, done.stderr
    assert "first:v1 against production, which nothing holds" in done.stdout
    assert proposals(server, "first") == [(1, "open")]
    assert not any(failures(tmp_path).values())
    (version,) = get(server.url, "/models/first")["versions"]
    assert version["tags"] == ["ci"]


def test_a_candidate_is_compared_with_what_is_in_production(server: Server, tmp_path: Path) -> None:
    assert ci(server, tmp_path, model="compared").returncode == 0
    promote(server, tmp_path, "compared:v1")
    done = ci(server, tmp_path, "--degree", "3", model="compared")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "compared:v2 against production, which v1 holds" in done.stdout
    assert (2, "open") in proposals(server, "compared")


def test_a_candidate_that_fails_a_rule_is_not_proposed_and_it_says_why(server: Server, tmp_path: Path) -> None:
    done = ci(server, tmp_path, "--degree", "1", model="failing")
    assert done.returncode == 1
    assert "FAIL    accuracy" in done.stdout
    assert "val/acc is at least 0.9" in done.stdout
    assert "is not proposed: a rule fails" in done.stderr
    assert proposals(server, "failing") == []
    assert failures(tmp_path)["accuracy"] == ["fail"]


def test_too_few_seeds_are_not_enough_evidence_and_it_says_what_would_be(server: Server, tmp_path: Path) -> None:
    assert ci(server, tmp_path, model="unsure").returncode == 0
    promote(server, tmp_path, "unsure:v1")
    done = ci(server, tmp_path, "--degree", "3", "--epochs", "21", "--seeds", "2", model="unsure")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "enough" in done.stdout
    assert "2 more seeds" in done.stdout.replace("two", "2")
    assert failures(tmp_path)["no worse than production"] == ["not_enough_evidence"]
    assert (2, "open") not in proposals(server, "unsure")


def test_without_a_server_there_is_no_answer(server: Server, tmp_path: Path) -> None:
    env = {"TRACKER_URL": "http://127.0.0.1:1"}
    done = ci(server, tmp_path, "--seeds", "1", model="nowhere", **env)
    assert done.returncode == 2
    assert "cannot be reached" in done.stderr
    assert "ci_gate: the candidate is not registered" in done.stderr


def key_of_a_service_account(server: Server) -> str:
    """Made as an admin of the server would, on its page: an editor of one project, with a key for writing.

    There is a second person, so that production asks for somebody's approval.
    """
    post(server.url, "/projects", {"name": "ci-gate"})
    post(server.url, "/people", {"name": "eve"})
    assert requests.put(
        f"{server.url}/api/v1/projects/ci-gate/members/eve", json={"role": "admin"}, headers=PROGRAM, timeout=20
    ).ok
    post(server.url, "/people", {"name": "builder", "kind": "service"})
    role = f"{server.url}/api/v1/projects/ci-gate/members/builder"
    assert requests.put(role, json={"role": "editor"}, headers=PROGRAM, timeout=20).ok
    key: Any = post(server.url, "/keys", {"name": "ci", "owner": "builder", "scope": "write"})
    return str(key["secret"])


def test_the_key_of_a_service_account_is_enough_on_a_server_with_accounts(tmp_path: Path) -> None:
    with Server(tmp_path / "server") as open_server:
        key = key_of_a_service_account(open_server)
        open_server.stop()
    with Server(tmp_path / "server", more=["--auth"]) as server:
        done = ci(server, tmp_path, TRACKER_API_KEY=key)
        assert done.returncode == 0, done.stderr
        assert "proposal 1: ring:v1 for production, open; 0 of 1 approvals" in done.stdout
        refused = tracker(
            ["promote", "ring:v1", "production", "--reason", "by itself"],
            environment(server.url, tmp_path / "client", TRACKER_API_KEY=key),
        )
        assert refused.returncode == 1
        assert "promot" in refused.stderr
