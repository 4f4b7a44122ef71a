"""The commands of the checkout: what `make` offers, and what `make run` leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import requests

from tests.processes import free_port


def test_make_help_lists_every_command(checkout: Path) -> None:
    listed = subprocess.run(["make", "help"], cwd=checkout, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make (\w+) ", listed, re.MULTILINE)) >= {"run", "test", "lint", "bench", "web", "wheel"}


def test_make_alone_shows_the_help(checkout: Path) -> None:
    answers = [
        subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=True).stdout
        for words in (["make"], ["make", "help"])
    ]
    assert answers[0] == answers[1]


def test_demo_trains_two_runs_and_leaves_the_server_up(checkout: Path, tmp_path: Path) -> None:
    options = ["--epochs", "1", "--data", str(tmp_path / "data"), "--port", str(free_port())]
    demo = [sys.executable, "examples/demo.py", *options]
    env = {**os.environ, "TRACKER_DIR": str(tmp_path / "journals")}
    with subprocess.Popen(demo, cwd=checkout, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            (page,) = re.findall(r"http://\S+", next(line for line in lines if "Both runs are done" in line))
            next(line for line in lines if "Ctrl-C" in line)
            base, _, project = page.rpartition("/p/")
            found = requests.post(
                f"{base}/api/v1/projects/{project}/runs/search",
                json={},
                headers={"X-Tracker-Client": "test"},
                timeout=10,
            )
            runs = {(run["name"], run["status"]) for run in found.json()["runs"]}
            assert runs == {("lr-0.003", "finished"), ("lr-0.0003", "finished")}
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert process.returncode == 0
