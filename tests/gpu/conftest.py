"""What the tests on a GPU share."""

from __future__ import annotations

import pytest

from tracker.live_run import Run
from tracker.records import RunStarted
from tracker.settings import Settings


@pytest.fixture
def run(tmp_path):
    """One that is sent nowhere."""
    settings = Settings(url="http://127.0.0.1:9", api_key=None, directory=tmp_path, mode="offline")
    made = Run(settings, RunStarted(1, "run1", "digits", "w1"))
    yield made
    made.finish()
