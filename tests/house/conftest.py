"""The wheel and the environment that it is installed in, both made once, by the Dockerfile's own steps."""

from __future__ import annotations

import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.dockerfile import Container, Stage, copy_context, parse
from tests.processes import free_port, wait_until

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def checkout() -> Path:
    return CHECKOUT


@pytest.fixture(scope="session")
def stages(checkout: Path) -> dict[str, Stage]:
    return {stage.name: stage for stage in parse((checkout / "docker" / "Dockerfile").read_text())}


@pytest.fixture(scope="session")
def build_stage(checkout: Path, stages: dict[str, Stage], tmp_path_factory: pytest.TempPathFactory) -> Container:
    context = tmp_path_factory.mktemp("context")
    copy_context(checkout, context)
    container = Container(tmp_path_factory.mktemp("build"))
    container.build(stages["build"], context, {})
    return container


@pytest.fixture(scope="session")
def wheel(build_stage: Container) -> Path:
    (built,) = (build_stage.root / "wheels").glob("*.whl")
    return built


@pytest.fixture(scope="session")
def image(
    build_stage: Container, stages: dict[str, Stage], checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> Container:
    container = Container(tmp_path_factory.mktemp("image"))
    container.build(list(stages.values())[-1], checkout, {"build": build_stage})
    return container


@pytest.fixture(scope="session")
def image_url(image: Container, stages: dict[str, Stage]) -> Iterator[str]:
    """The address of a server started by the image's own start command, on a port of its own."""
    stage = list(stages.values())[-1]
    port = free_port()
    words = [*stage.last("ENTRYPOINT").command(), *stage.last("CMD").command(), "--port", str(port)]
    process = subprocess.Popen(image.command(words), cwd=image.root, env=image.environment, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/healthz", process), "the image's server answers", timeout_s=60)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, f"the server ended with status {process.returncode}"
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False
