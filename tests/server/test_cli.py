"""`tracker server` as a person starts it."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import requests

from tests.processes import TRACKER, Server, free_port, wait_until
from tracker_server.checkpoints import PERIOD_S


def ask(url: str, **headers: str) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_it_needs_nothing_and_answers(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        assert ask(f"{server.url}/api/v1/projects") == (200, {"projects": []})
        assert (tmp_path / "data" / "tracker.db").exists()


def test_it_ends_in_order_when_it_is_asked_to(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        assert server.stop() == 0


def test_it_leaves_one_file_with_all_of_the_database(tmp_path: Path) -> None:
    """Also where the log was brought in by its thread meanwhile, which begins seconds after the first write."""
    begun = time.monotonic()
    with Server(tmp_path / "data") as server:
        names = iter(range(10_000))

        def has_gone_on() -> bool:
            add_project(server, f"digits-{next(names)}")
            return time.monotonic() - begun > 1.5 * PERIOD_S

        wait_until(has_gone_on, "it was written to for a while")
        assert server.stop() == 0
    assert [file.name for file in (tmp_path / "data").glob("tracker.db*")] == ["tracker.db"]


def add_project(server: Server, name: str) -> None:
    body = json.dumps({"name": name}).encode()
    headers = {"Content-Type": "application/json", "X-Tracker-Client": "test"}
    urllib.request.urlopen(urllib.request.Request(f"{server.url}/api/v1/projects", body, headers)).close()


def test_what_it_has_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        add_project(server, "digits")
        server.kill()
        server.start()
        assert ask(f"{server.url}/api/v1/projects/digits")[0] == 200


def test_on_another_address_it_makes_an_admin_once_and_has_people_sign_in(tmp_path: Path) -> None:
    port = free_port()
    command = [TRACKER, "server", "--host", "0.0.0.0", "--port", str(port), "--data", str(tmp_path)]
    greetings = []
    for _ in range(2):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            wait_until(lambda: _answers(port), "the server answers")
            if not greetings:
                assert ask(f"http://127.0.0.1:{port}/api/v1/projects")[0] == 401
        finally:
            process.terminate()
            greetings.append(process.communicate(timeout=20)[0])
    (name, password) = re.findall(r"sign in as '(.+)'; the password, shown this once: (\S+)", greetings[0])[0]
    assert "password" not in greetings[1]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: _answers(port), "the server answers")
            _sign_in(f"http://127.0.0.1:{port}", name, password)
        finally:
            process.terminate()


def _sign_in(url: str, name: str, password: str) -> None:
    body = {"name": name, "password": password}
    answer = requests.post(f"{url}/api/v1/session", json=body, headers={"X-Tracker-Client": "test"}, timeout=20)
    assert (answer.status_code, answer.json()["is_admin"]) == (200, True)
    assert requests.get(f"{url}/api/v1/projects", cookies=answer.cookies, timeout=20).status_code == 200


def _answers(port: int) -> bool:
    try:
        return ask(f"http://127.0.0.1:{port}/healthz")[0] == 200
    except OSError:
        return False


def _refusal(*arguments: str) -> str:
    done = subprocess.run([TRACKER, "server", *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2, done.stdout
    return done.stderr


def test_several_workers_on_sqlite_are_refused_with_the_way_out(tmp_path: Path) -> None:
    assert "several workers need PostgreSQL" in _refusal("--workers", "2", "--data", str(tmp_path))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"cannot make the folder {tmp_path / 'file' / 'data'}" in _refusal("--data", str(tmp_path / "file" / "data"))


@pytest.mark.parametrize("url", ["nonsense", "postgresql+psycopg://127.0.0.1:1/none"], ids=["nonsense", "away"])
def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path, url: str) -> None:
    assert f"cannot open the database {url}" in _refusal("--data", str(tmp_path), "--database", url)


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} is in use" in _refusal("--port", str(port), "--data", str(tmp_path))


@pytest.mark.parametrize(
    "origin", ["https://models.example; script-src *", "https://models.example/", "*", "http://a:0"]
)
def test_an_origin_of_models_that_is_none_is_named(tmp_path: Path, origin: str) -> None:
    said = _refusal("--serving-origin", origin, "--data", str(tmp_path))
    assert (
        f"--serving-origin must be an origin such as https://models.example or http://gpu1:8000, got {origin!r}" in said
    )


def test_a_network_for_webhooks_that_is_none_is_named(tmp_path: Path) -> None:
    said = _refusal("--allow-webhook-to", "10.1.2.3/16", "--data", str(tmp_path))
    assert "--allow-webhook-to must be a network such as 10.1.0.0/16 or fd00::/8, got '10.1.2.3/16'" in said
