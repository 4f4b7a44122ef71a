"""Three loose files become a version, are promoted and loaded elsewhere; one is altered, and everybody says which."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.client.places import Web, bucket, web
from tests.e2e.reading import PROGRAM, get
from tests.processes import Server, environment, run_script, tracker

LOADER = """\
class Words:
    def __init__(self, files):
        self.weights = [float(line) for line in files["weights"].read_text().split()]
        self.words = files["vocabulary"].read_text().split()

    def predict(self, word):
        return {"score": self.weights[self.words.index(word)]}


def load(files):
    assert files["tokenizer"].read_text() == "{}"
    return Words(files)
"""
LOAD = """
import tracker
model = tracker.load("words@production")
print(model.predict(word="green")["score"])
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server") as server:
        yield server


@pytest.fixture
def pages() -> Iterator[Web]:
    with web() as made:
        yield made


@pytest.fixture
def env(server: Server, tmp_path: Path) -> dict[str, str]:
    """Of whoever adopts: the loader is found in its working folder."""
    (tmp_path / "words_loader.py").write_text(LOADER)
    return environment(server.url, tmp_path / "client", PYTHONPATH=str(tmp_path))


def adopt(env: dict[str, str], by: str, **files: str) -> None:
    given = [f"--file={role}={place}" for role, place in files.items()]
    more = ["--loader", "words_loader:load", "--by", by, "--project", "words"]
    done = tracker(["register", "words", *given, *more], env)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "words:v1"), done.stderr


def promote(server: Server, alias: str) -> requests.Response:
    body = {"version": 1, "replaces": None, "reason": "it is the first"}
    address = f"{server.url}/api/v1/models/words/aliases/{alias}"
    return requests.post(address, json=body, headers=PROGRAM, timeout=20)


def verify(env: dict[str, str], ref: str = "words@production") -> list[str]:
    """The paths of the files that are not what they were; the exit status agrees."""
    done = tracker(["verify", ref, "--files-only", "--json"], env)
    said = json.loads(done.stdout)
    assert (done.returncode == 0) == (said["outcome"] == "pass") == (not said["problems"])
    return [problem["path"] for problem in said["problems"]]


def says(env: dict[str, str]) -> str:
    """What the model says to another process."""
    done = run_script(LOAD, env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def is_barred(server: Server, path: str) -> None:
    answer = promote(server, "staging")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "bundle_barred"), answer.text
    assert path in answer.json()["error"]["message"]
    (state,) = get(server.url, "/models/words/bundles")["bundles"]
    assert path in state["barred_by"]
    assert state["proof"]["outcome"] == "fail"


def test_a_file_that_changes_where_it_lies(server: Server, pages: Web, env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0.25 0.5 0.75")
    pages.files["vocab.txt"] = b"red green blue"
    with bucket() as storage:
        tokenizer = storage.put("words/tokenizer.json", b"{}")
        env |= storage.environment
        adopt(
            env, "reference", weights=str(tmp_path / "a.txt"), vocabulary=f"{pages.url}/vocab.txt", tokenizer=tokenizer
        )  # fmt: skip
        assert verify(env, "words:v1") == []
        assert promote(server, "production").ok
        elsewhere = env | {"TRACKER_DIR": str(tmp_path / "elsewhere"), "PYTHONPATH": ""}
        assert says(elsewhere) == "0.5"

        pages.files["vocab.txt"] = b"red black blue"
        assert verify(env) == ["vocabulary/vocab.txt"]
        is_barred(server, "vocabulary/vocab.txt")
        assert says(elsewhere) == "0.5"  # what was fetched once is what was adopted
        anew = run_script(LOAD, elsewhere | {"TRACKER_DIR": str(tmp_path / "anew")})
        assert "vocab.txt has the ETag" in anew.stderr.splitlines()[-1]

        pages.files["vocab.txt"] = b"red green blue"
        assert verify(env) == []
        assert promote(server, "staging").ok


def test_a_file_that_changes_on_the_servers_disk(
    server: Server, pages: Web, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("0.25 0.5 0.75")
    (tmp_path / "vocab.txt").write_text("red green blue")
    pages.files["tokenizer.json"] = b"{}"
    adopt(
        env, "copy", weights=str(tmp_path / "a.txt"), vocabulary=(tmp_path / "vocab.txt").as_uri(),
        tokenizer=f"{pages.url}/tokenizer.json",
    )  # fmt: skip
    (tmp_path / "vocab.txt").write_text("what lay here before is the server's now")
    pages.files.clear()
    assert verify(env, "words:v1") == []
    assert promote(server, "production").ok
    assert says(env | {"PYTHONPATH": ""}) == "0.5"

    copies = [path for path in (tmp_path / "server").rglob("*") if path.is_file()]
    (weights,) = [path for path in copies if path.read_bytes() == b"0.25 0.5 0.75"]
    weights.chmod(0o600)
    weights.write_bytes(b"0.25 9.5 0.75")
    assert verify(env) == ["weights/a.txt"]
    is_barred(server, "weights/a.txt")
