"""The image. No engine runs here: `dockerfile.py` says how near this comes, and what it leaves out."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from urllib.parse import urlsplit

import pytest

from tests.house.dockerfile import Container, Stage, parse


def test_image_runs_without_rights_and_keeps_its_data_in_a_volume(stages: dict[str, Stage]) -> None:
    runtime = list(stages.values())[-1]
    keywords = [instruction.keyword for instruction in runtime.instructions]
    assert runtime.last("USER").arguments not in ("root", "0")
    assert "RUN" not in keywords[keywords.index("USER") :]
    assert runtime.last("VOLUME").arguments == runtime.last("CMD").command()[-1] == "/data"


def test_start_command_answers_its_own_health_check(image: Container, image_url: str, stages: dict[str, Stage]) -> None:
    check = list(stages.values())[-1].last("HEALTHCHECK").command()
    port = str(urlsplit(image_url).port)
    here = image.command([word.replace("8090", port) for word in check])
    subprocess.run(here, env=image.environment, check=True, timeout=30)


def test_health_check_fails_where_nothing_answers(image: Container, stages: dict[str, Stage]) -> None:
    check = list(stages.values())[-1].last("HEALTHCHECK").command()
    nobody = image.command([word.replace("8090", "1") for word in check])
    assert subprocess.run(nobody, env=image.environment, check=False, capture_output=True, timeout=30).returncode != 0


def test_server_open_to_the_network_asks_for_a_key(image_url: str) -> None:
    request = urllib.request.Request(f"{image_url}/api/v1/projects")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    with refused.value as answer:
        assert answer.code == 401
        assert json.load(answer)["error"]["message"]


def test_continued_lines_and_stages_are_read() -> None:
    first, second = parse('FROM a AS build\nRUN one \\\n  && two\n# a remark\nFROM b\nCMD ["x", "y"]\n')
    assert (first.name, first.last("RUN").arguments) == ("build", "one && two")
    assert second.last("CMD").command() == ["x", "y"]
