"""The compose file, held against the part of the Compose specification that it uses (`compose_schema.json`)."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.processes import TRACKER

Compose = dict[str, Any]


@pytest.fixture
def schema() -> jsonschema.Draft202012Validator:
    description = json.loads((Path(__file__).parent / "compose_schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(description)
    return jsonschema.Draft202012Validator(description)


@pytest.fixture
def compose(checkout: Path) -> Compose:
    loaded: Compose = yaml.safe_load((checkout / "docker" / "compose.yaml").read_text())
    return loaded


def test_compose_file_keeps_to_the_schema(schema: jsonschema.Draft202012Validator, compose: Compose) -> None:
    assert [error.message for error in schema.iter_errors(compose)] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("imgae", "tracker"), ("ports", "8090"), ("depends_on", {"database": {"condition": "service_ready"}})],
    ids=["misspelt key", "ports without a list", "unknown condition"],
)
def test_schema_refuses_a_broken_service(
    schema: jsonschema.Draft202012Validator, compose: Compose, key: str, value: object
) -> None:
    compose["services"]["server"][key] = value
    assert not schema.is_valid(compose)


def test_everything_that_services_name_is_there(compose: Compose, checkout: Path) -> None:
    for service in compose["services"].values():
        named = [mount.partition(":")[0] for mount in service.get("volumes", [])]
        assert set(named) <= set(compose["volumes"])
        assert set(service.get("depends_on", {})) <= set(compose["services"])
        if "build" in service:
            context = (checkout / "docker" / service["build"]["context"]).resolve()
            assert (context / service["build"]["dockerfile"]).is_file()


def test_one_server_alone_is_up_without_a_profile(compose: Compose) -> None:
    always = {name for name, service in compose["services"].items() if "profiles" not in service}
    assert always == {"server"}
    assert compose["services"]["server"]["volumes"] == ["data:/data"]


def test_server_of_the_postgres_profile_waits_for_its_database(compose: Compose) -> None:
    server, database = compose["services"]["server-postgres"], compose["services"]["database"]
    assert server["profiles"] == database["profiles"] == ["postgres"]
    assert server["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "healthcheck" in database
    assert "ports" not in database


def test_options_of_the_services_are_options_of_the_server(compose: Compose) -> None:
    known = subprocess.run([TRACKER, "server", "--help"], capture_output=True, text=True, check=True).stdout
    for service in compose["services"].values():
        for option in filter(re.compile("--").match, service.get("command", [])):
            assert re.search(rf"{option}\b", known), f"tracker server has no {option}"
