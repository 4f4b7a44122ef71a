"""The examples, run as their first lines say, against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.reading import get, post
from tests.processes import Server, environment, free_port
from tracker import kinds

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server


def run(command: Sequence[str], server: Server, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run an example in a folder of its own; `python` in it is this one."""
    here = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "GLOO_SOCKET_IFNAME": "lo"}
    return subprocess.run(
        command, env=environment(server.url, folder / "client", **here, **more), cwd=folder, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip


def the_run(server: Server, project: str) -> Any:
    (found,) = post(server.url, f"/projects/{project}/runs/search", {})["runs"]
    return get(server.url, f"/runs/{found['id']}")


def series(server: Server, run_id: str, metric: str) -> list[Any]:
    return list(post(server.url, "/series", {"runs": [run_id], "metrics": [metric], "points": 10_000})["series"])


def test_training_goes_on_from_a_checkpoint_as_one_curve(server: Server, tmp_path: Path) -> None:
    script = [sys.executable, str(EXAMPLES / "resume_from_checkpoint.py"), "--project", "resumed", "--steps", "300"]
    assert run([*script, "--stop-at", "120"], server, tmp_path).returncode == 9
    done = run(script, server, tmp_path)
    assert done.returncode == 0, done.stderr
    detail = the_run(server, "resumed")
    assert detail["status"] == "finished"
    kept = {one["segment"]: one["steps"] for one in series(server, detail["id"], "train/loss")}
    assert kept == {0: list(range(1, 301)), 1: list(range(101, 121))}


def test_two_ranks_write_one_run(server: Server, tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    torchrun += ["--master_addr", "127.0.0.1", "--master_port", str(free_port())]
    done = run([*torchrun, str(EXAMPLES / "two_ranks.py"), "--project", "ranks"], server, tmp_path)
    assert done.returncode == 0, done.stderr
    detail = the_run(server, "ranks")
    found = series(server, detail["id"], "train/loss")
    assert [(one["label"], one["steps"]) for one in found] == [("", list(range(50))), ("rank1", list(range(50)))]
    assert found[0]["values"] != found[1]["values"]


def test_what_was_trained_offline_arrives(server: Server, tmp_path: Path) -> None:
    done = run([str(EXAMPLES / "offline_then_sync.sh"), "offline"], server, tmp_path)
    assert done.returncode == 0, done.stderr
    detail = the_run(server, "offline")
    assert [one["steps"] for one in series(server, detail["id"], "train/loss")] == [list(range(1, 101))]


def test_every_kind_of_media_arrives(server: Server, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("plotly")
    script = [sys.executable, str(EXAMPLES / "media.py"), "--project", "media", "--epochs", "1"]
    done = run(script, server, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not kept" not in done.stderr
    detail = the_run(server, "media")
    assert detail["lost_records"] == 0
    media = get(server.url, f"/runs/{detail['id']}/media")["media"]
    assert {one["kind"] for one in media} == set(kinds.KINDS)
    assert len([one for one in media if one["name"] == "samples"]) == 6


def test_the_notebook_runs_from_top_to_bottom(server: Server, tmp_path: Path) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3")
    client.execute(env=environment(server.url, tmp_path / "client"), cwd=str(tmp_path))
    assert notebook.cells[-1].outputs[0]["data"]["text/plain"] == "100"
