"""A model from its training to an answer over HTTP, as the README says and as `examples/serve/serve.sh` goes."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.reading import get
from tests.processes import Server, environment, free_port, wait_until

CHECKOUT = Path(__file__).parents[2]
PROMISED_S = 120

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the lines have curl in them")
pytest.importorskip("skl2onnx")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server") as server:
        yield server


@pytest.fixture
def env(server: Server, tmp_path: Path) -> dict[str, str]:
    """The programs of these tests before all others, in a folder where `examples/` is."""
    (tmp_path / "examples").symlink_to(CHECKOUT / "examples")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return environment(server.url, tmp_path / "client", PATH=path)


def lines(beginning: str) -> list[str]:
    """The lines of the README's section that begin so."""
    readme = (CHECKOUT / "README.md").read_text()
    section = readme.partition("## From a run to an answer\n")[2].partition("\n## ")[0]
    found = [line.strip() for line in section.splitlines() if line.startswith(f"    {beginning}")]
    assert found, f"the README has no line that begins with {beginning!r}"
    return found


def done(line: str, env: dict[str, str], folder: Path) -> str:
    """What a line prints, as a shell carries it out."""
    ended = subprocess.run(
        line, shell=True, env=env, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def is_ready(url: str, process: subprocess.Popen[str]) -> bool:
    assert process.poll() is None, f"tracker serve ended with status {process.returncode}"
    try:
        with urllib.request.urlopen(f"{url}/health-check", timeout=5):
            return True
    except OSError:
        return False


def test_the_lines_of_the_readme_lead_to_an_answer_within_two_minutes(
    server: Server, env: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    began = time.monotonic()
    assert "digits:v1 is registered" in done(*lines("python"), env, tmp_path)
    registered = time.monotonic()
    done(*lines("tracker promote"), env, tmp_path)
    (serve,) = (re.sub(r"\s+#.*", "", line) for line in lines("tracker serve"))
    process = subprocess.Popen([*shlex.split(serve), "--port", str(port)], env=env, cwd=tmp_path, text=True)
    try:
        wait_until(lambda: is_ready(url, process), "the model answers", timeout_s=60)
        (ask,) = (line.replace("http://127.0.0.1:8091", url) for line in lines("curl"))
        answer = json.loads(done(f"{ask} --silent", env, tmp_path))
        took = time.monotonic() - began
        print(f"from registering to the first answer {time.monotonic() - registered:.1f} s, with training {took:.1f} s")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert (answer["output"]["label"], answer["model"], answer["version"]) == ([0], "digits", 1)
    assert took < PROMISED_S
    (package,) = (re.sub(r"\s+#.*", "", line) for line in lines("tracker package"))
    done(package, env, tmp_path)
    assert (tmp_path / "box" / "Dockerfile").is_file()


def test_the_example_script_goes_the_whole_way(server: Server, env: dict[str, str], tmp_path: Path) -> None:
    env |= {"PORT": str(free_port()), "VERIFY": "--no-environment"}
    said = done("examples/serve/serve.sh", env, tmp_path).splitlines()
    answer = json.loads(said[-1])
    assert (answer["output"]["label"], answer["version"]) == ([0], 1)
    assert get(server.url, "/models/digits")["aliases"][0]["version"] == 1
