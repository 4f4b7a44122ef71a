"""The image of `tracker package`. No engine runs here: `dockerfile.py` says how near this comes."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.bundled import INPUT, OUTPUT, bundle
from tests.house.conftest import answers
from tests.house.dockerfile import Container, Stage, parse
from tests.processes import free_port, wait_until
from tracker import packaging


@pytest.fixture(scope="module")
def context(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with the wheel in it, as from a checkout."""
    folder = tmp_path_factory.mktemp("package")
    packaging.package(str(bundle(folder / "product")), folder / "out", wheel=wheel)
    return folder / "out"


@pytest.fixture(scope="module")
def stage(context: Path) -> Stage:
    (only,) = parse((context / "Dockerfile").read_text())
    return only


@pytest.fixture(scope="module")
def built(context: Path, stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Container:
    container = Container(tmp_path_factory.mktemp("packaged"))
    container.build(stage, context, {})
    return container


@pytest.fixture(scope="module")
def url(built: Container, stage: Stage) -> Iterator[str]:
    """What the image's own start command serves, on a port of its own."""
    port = str(free_port())
    words = [word.replace("8091", port) for word in stage.last("CMD").command()]
    process = subprocess.Popen(
        built.command(words), cwd=built.workdir, env=built.environment, start_new_session=True
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{address}/health-check", process), "the packaged model answers", timeout_s=60)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_a_packaged_model_answers_without_the_framework_that_made_it(url: str, built: Container) -> None:
    body = json.dumps({"input": INPUT}).encode()
    asked = urllib.request.Request(f"{url}/predictions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert json.load(answer)["output"] == OUTPUT
    installed = {path.name.partition("-")[0] for path in built.root.rglob("*.dist-info")}
    assert not installed & {"torch", "scikit_learn", "onnx", "sqlalchemy", "alembic"}


def test_a_packaged_model_answers_its_own_health_check(url: str, built: Container, stage: Stage) -> None:
    check = [word.replace("http://127.0.0.1:8091", url) for word in stage.last("HEALTHCHECK").command()]
    subprocess.run(built.command(check), env=built.environment, check=True, timeout=30)
