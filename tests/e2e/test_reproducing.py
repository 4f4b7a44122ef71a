"""A run's code is got back, and run again, from another folder than the one where it ran."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tracker
from tests.e2e.reading import get, post
from tests.processes import Server, environment
from tracker.cli import main
from tracker.query import Api
from tracker.reproducing import Checkout, captured, checkout

EXAMPLE = Path(__file__).parents[2] / "examples" / "train_digits.py"
TRAIN = """
import argparse, os, sys
import tracker
from helper import noise
from untracked.more import SCALE

options = argparse.ArgumentParser()
options.add_argument("--steps", type=int)
options.add_argument("--data")
chosen = options.parse_args()
with tracker.init(os.environ["WHERE"], name="first", config=vars(chosen), system_interval_s=0) as run:
    folder = tracker.use_artifact(chosen.data) if chosen.data else None
    start = float((folder / "start.txt").read_text()) if folder else 1.0
    for step in range(chosen.steps):
        tracker.log({"loss": start * noise(step) * SCALE, "seed": float(os.environ["PYTHONHASHSEED"])})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def told(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a user who stands in an empty folder."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    env = environment(server.url, tmp_path / "client")
    for name in ("TRACKER_URL", "TRACKER_DIR"):
        monkeypatch.setenv(name, env[name])
    monkeypatch.setenv("WHERE", tmp_path.name)
    return {**env, "WHERE": tmp_path.name}


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits, a change that no commit has, and a file that git does not know."""
    root = tmp_path / "work" / "project"
    root.mkdir(parents=True)
    git(root, "init", "--quiet")
    (root / "helper.py").write_text("def noise(step):\n    return 1.0\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "A beginning")
    (root / "src").mkdir()
    (root / "src" / "train.py").write_text(TRAIN)
    (root / "src" / "helper.py").write_text("def noise(step):\n    return 1.0\n")
    (root / "src" / "picture.bin").write_bytes(bytes(range(256)))
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "Train")
    (root / "src" / "helper.py").write_text("def noise(step):\n    return 1.0 / (1 + step)\n")
    (root / "src" / "untracked").mkdir()
    (root / "src" / "untracked" / "more.py").write_text("SCALE = 0.125\n")
    return root


def run(command: list[str], folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def the_run(server: Server, project: str) -> Any:
    (found,) = post(server.url, f"/projects/{project}/runs/search", {})["runs"]
    return get(server.url, f"/runs/{found['id']}")


@pytest.fixture
def first(server: Server, told: dict[str, str], repository: Path) -> Any:
    """A run of the repository, in the state that it has now."""
    env = {**told, "PYTHONHASHSEED": "7"}
    run([sys.executable, "train.py", "--steps", "3"], repository / "src", env)
    return the_run(server, told["WHERE"])


def test_the_example_gives_the_same_metrics_from_another_folder(
    server: Server, told: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    root = tmp_path / "work"
    root.mkdir()
    shutil.copy(EXAMPLE, root)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "Train on digits")
    run([sys.executable, "train_digits.py", "--epochs", "2", "--width", "8", "--seed", "3"], root, told)
    old = the_run(server, "digits")
    status = main(["reproduce", old["id"], "again", "--json"])
    document = json.loads(capfd.readouterr().out)
    assert {each["outcome"] for each in document["metrics"]} == {"equal"}, document["metrics"]
    assert (status, document["is_same"], document["status"], document["reproduces"]) == (0, True, 0, old["id"])
    new = get(server.url, f"/runs/{document['run']}")
    assert (new["reproduces"], new["config_tree"]) == (old["id"], old["config_tree"])
    assert get(server.url, f"/runs/{old['id']}")["reproduced_by"] == [document["run"]]
    assert new["environment"]["cwd"] == str(Path.cwd() / "again") != old["environment"]["cwd"]


def test_commit_patch_and_untracked_files_are_put_together(
    first: Any, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("helper.py", "untracked/more.py"):  # what was there then has gone since
        (repository / "src" / name).unlink()
    git(repository, "commit", "--quiet", "-a", "-m", "Later")
    assert main(["checkout", first["id"]]) == 0
    here = Path.cwd() / "first"
    assert (here / "src" / "helper.py").read_text().endswith("1.0 / (1 + step)\n")
    assert (here / "src" / "untracked" / "more.py").read_text() == "SCALE = 0.125\n"
    assert (here / "src" / "picture.bin").read_bytes() == bytes(range(256))
    assert f"msgspec=={first['environment']['packages']['msgspec']}" in (here / ".tracker/requirements.txt").read_text()
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == (f"cd {here / 'src'} && PYTHONHASHSEED=7 {sys.executable} train.py --steps 3")
    assert main(["checkout", first["id"]]) == 2
    assert f"{here} is there already, and not empty" in capsys.readouterr().err


def test_what_was_captured_again_is_what_was_captured_before(server: Server, first: Any) -> None:
    assert main(["reproduce", first["id"]]) == 0
    (new,) = get(server.url, f"/runs/{first['id']}")["reproduced_by"]
    one, other = first["environment"], get(server.url, f"/runs/{new}")["environment"]
    assert [one["git"][key] for key in ("commit", "patch", "log")] == [
        other["git"][key] for key in ("commit", "patch", "log")
    ]
    assert one["source"]["files"] == other["source"]["files"]
    assert [commit["subject"] for commit in one["git"]["log"]] == ["Train", "A beginning"]


def test_another_result_is_told_by_metric_and_status(
    server: Server, first: Any, repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(server.url)
    found = captured(api.run(first["id"]))
    monkeypatch.setattr("tracker.reproducing.running.captured", lambda run: _changed(found))
    assert main(["reproduce", first["id"], "other"]) == 1
    said = capsys.readouterr().out
    assert [line.split() for line in said.splitlines() if "differs" in line] == [
        ["loss", "differs", "count", "3", "4"], ["seed", "differs", "count", "3", "4"]
    ]  # fmt: skip
    assert "first again: NOT the same. Of 2 metrics" in said
    assert main(["reproduce", first["id"], "third", "--ignore", "*"]) == 0


def _changed(found: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(found, command=(*found.command[:-1], "4"))


def test_a_reference_without_a_version_means_what_the_first_run_read(
    server: Server, told: dict[str, str], repository: Path, tmp_path: Path
) -> None:
    env = {**told, "PYTHONHASHSEED": "7"}
    for start in (2, 3):
        (tmp_path / "start.txt").write_text(str(start))
        if start == 3:
            run([sys.executable, "train.py", "--steps", "2", "--data", "starts@latest"], repository / "src", env)
        with tracker.init(told["WHERE"], name=f"data {start}", system_interval_s=0) as made:
            made.log_artifact(tmp_path / "start.txt", "starts")
    runs = post(server.url, f"/projects/{told['WHERE']}/runs/search", {})["runs"]
    (old,) = [each["id"] for each in runs if each["config"].get("data")]
    assert main(["reproduce", old, "pinned"]) == 0
    assert json.loads((Path.cwd() / "pinned/.tracker/inputs.json").read_text()) == {f"{told['WHERE']}/starts": "v1"}


def test_what_was_not_captured_is_named_before_anything_runs(
    server: Server, told: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "alone.py").write_text(
        "import tracker\nwith tracker.init('alone', system_interval_s=0):\n    tracker.log({'x': 1.0})\n"
    )
    run([sys.executable, "alone.py"], outside, told)
    old = the_run(server, "alone")["id"]
    assert main(["reproduce", old, "again"]) == 1
    assert "the run was outside of git: of its code only alone.py was captured" in capsys.readouterr().err
    assert not Path("again").exists()
    assert main(["reproduce", old, "again", "--anyway"]) == 0
    assert main(["checkout", "no-such-run"]) == 1


def test_without_the_commit_the_way_out_is_named_and_nothing_is_left(
    first: Any, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = repository.rename(tmp_path / "moved")
    assert main(["checkout", first["id"], "here"]) == 1
    said = capsys.readouterr().err
    assert first["environment"]["git"]["commit"] in said
    assert "--repository PLACE" in said
    assert not Path("here").exists()
    assert main(["checkout", first["id"], "here", "--repository", str(moved)]) == 0
    assert main(["checkout", first["id"], "there", "--repository", str(tmp_path)]) == 1


def made_of(server: Server, first: Any, folder: Path, **changes: Any) -> Checkout:
    import msgspec

    return checkout(msgspec.structs.replace(captured(Api(server.url).run(first["id"])), **changes), folder)


def test_a_run_that_lies_writes_nothing_outside(server: Server, first: Any, repository: Path, tmp_path: Path) -> None:
    from tracker.reproducing.captured import SourceFile
    from tracker.reproducing.checkout import CheckoutError

    victim = tmp_path / "victim"
    victim.mkdir()
    (repository / "out").symlink_to(victim)
    git(repository, "add", "out")
    git(repository, "commit", "--quiet", "-m", "A link")
    head = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    with pytest.raises(CheckoutError, match="by a link of the commit"):
        made_of(server, first, tmp_path / "one", commit=head, patch="", sources=(SourceFile("out/x.py", "1"),))
    patch = "diff --git a/../x b/../x\nnew file mode 100644\n--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+1\n"
    with pytest.raises(CheckoutError, match="do not fit the commit"):
        made_of(server, first, tmp_path / "two", patch=patch)
    assert list(victim.iterdir()) == []
    assert [path for path in (tmp_path / "one", tmp_path / "two", tmp_path / "x") if path.exists()] == []
    listed = subprocess.run(
        ["git", "-C", str(repository), "worktree", "list"], capture_output=True, text=True, check=True
    ).stdout
    assert len(listed.splitlines()) == 1
