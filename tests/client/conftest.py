"""What the client's tests share: a folder of their own, and a server that records."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import tracker
from tests.client.recording_server import RecordingServer


@pytest.fixture(autouse=True)
def tracker_dir(tmp_path, monkeypatch):
    """The client's folder of this test; no settings of the machine reach it."""
    for name in [name for name in os.environ if name.startswith("TRACKER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRACKER_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TRACKER_SETTINGS", str(tmp_path / "settings.toml"))
    return tmp_path / "state"


@pytest.fixture
def server(monkeypatch):
    """A server that the environment points at."""
    made = RecordingServer()
    monkeypatch.setenv("TRACKER_URL", made.url)
    yield made
    made.close()


@pytest.fixture
def start():
    """`tracker.init` without the watchers, which have tests of their own. What it started is finished afterwards."""
    runs = []

    def init(project="digits", *arguments, **options):
        quiet = {"capture_console": False, "capture_code": False, "system_interval_s": 0} | options
        runs.append(tracker.init(project, *arguments, **quiet))
        return runs[-1]

    yield init
    for run in runs:
        run.finish()


@pytest.fixture
def program(tmp_path):
    """Runs a training program in a process of its own: `program(text)` waits, `program(text, wait=False)` does not."""
    started = []

    def run(text: str, *, wait: bool = True, **environment: str):
        script = tmp_path / "train.py"
        script.write_text(text)
        process = subprocess.Popen(
            [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | environment, cwd=tmp_path, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        if wait:
            process.out, process.err = process.communicate(timeout=120)
        return process

    yield run
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # and what it has started: that may hold its pipes open
        process.communicate()


@pytest.fixture
def journals(tracker_dir):
    """The journals that are in the client's folder now."""

    def found() -> list[Path]:
        return sorted((tracker_dir / "journals").rglob("*.journal"))

    return found
