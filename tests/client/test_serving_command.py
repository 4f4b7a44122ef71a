"""`tracker serve` as a command: how it starts, why it does not, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
from contextlib import ExitStack

import psutil
import pytest
import requests

from tests.processes import free_port, tracker, wait_until
from tests.serving import Serving, scaling_bundle, write_bundle
from tracker.bundles.making import make
from tracker.manifest import Form
from tracker.serving import process

BODY = b'{"input": {"x": [[1, 2, 3]]}}'


def serve(what, *more):
    """The command, which ends by itself."""
    return tracker(["serve", str(what), "--port", str(free_port()), *more], dict(os.environ))


def serving(tmp_path, *more):
    """A model that doubles, served until the end of the `with`."""
    return Serving(str(scaling_bundle(tmp_path / "scaling")), tmp_path / "log", more, dict(os.environ))


def ask(url):
    headers = {"Content-Type": "application/json"}
    return requests.post(f"{url}/predictions", data=BODY, headers=headers, timeout=30)


def test_two_workers_count_as_one_server(tmp_path):
    """Each request comes by a connection of its own, which either of them may take."""
    with serving(tmp_path, "--workers", "2") as served:
        assert [ask(served.url).status_code for _ in range(20)] == [200] * 20
        text = requests.get(f"{served.url}/metrics", timeout=30).text
        assert 'tracker_serve_requests_total{route="/predictions",status="200"} 20.0' in text
        assert holders(served) == workers_of(served)


def test_told_to_end_it_answers_what_it_is_at(tmp_path):
    with serving(tmp_path) as served:
        with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), timeout=30) as client:
            head = b"POST /predictions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            client.sendall(head + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY[:5])
            assert ask(served.url).ok  # who came later was let in, so the one before was too
            served.process.send_signal(signal.SIGTERM)
            wait_until(lambda: is_refused(served.url), "nobody else is let in")
            client.sendall(BODY[5:])
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert served.process.wait(30) == 0
        assert served.said().count("\n") == 1


def test_a_worker_that_died_is_replaced_and_answers_before_it_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving(tmp_path, "--workers", "2") as served:
        worker = psutil.Process(served.process.pid).children()[0]
        worker.kill()
        wait_until(lambda: len(workers_of(served) - {worker.pid}) == 2, "another one is there")
        assert [ask(served.url).status_code for _ in range(20)] == [200] * 20
        wait_until(lambda: holders(served) == workers_of(served), "the figures are of those that live")
        wait_until(lambda: ready(tmp_path) == workers_of(served), "who is ready is of those that live")


def ready(folder):
    """The processes that have said that they are ready, in the folder that they share."""
    return {int(file.name.partition("-")[2]) for file in folder.glob("tracker-serve-*/ready-*")}


def holders(served):
    """The processes that say which version they hold."""
    text = requests.get(f"{served.url}/metrics", timeout=30).text
    return {int(found) for found in re.findall(r'^tracker_serve_held_version\{pid="(\d+)"', text, re.MULTILINE)}


def workers_of(served):
    return {child.pid for child in psutil.Process(served.process.pid).children()}


def is_refused(url):
    try:
        requests.get(f"{url}/health-check", timeout=30)
    except requests.ConnectionError:
        return True
    return False


class Killing:
    """A class of Python whose loading ends the process."""

    def load(self, files):
        import os

        if "SPARED" not in os.environ:
            os.kill(os.getpid(), 9)

    def predict(self, text):
        return {"length": len(text)}


def test_a_model_that_ends_its_process_ends_the_command_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARED", "while it is made")
    make(Killing(), tmp_path / "killing", example={"text": "four"})
    monkeypatch.delenv("SPARED")
    done = serve(tmp_path / "killing")
    assert done.returncode == 1
    assert "cannot be served: the process that loaded it was killed" in done.stderr


def test_many_may_connect_before_anybody_is_let_in():
    with ExitStack() as opened:
        listener = opened.enter_context(process.listen("127.0.0.1", 0))
        for _ in range(20):
            opened.enter_context(socket.create_connection(listener.getsockname(), timeout=5))


def test_a_client_that_does_not_read_holds_no_thread():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process.limit_stalls(listener, 1)
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as connection:
            assert struct.unpack("@ll", connection.getsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, 16)) == (1, 0)
            with pytest.raises(BlockingIOError):
                connection.sendall(bytes(64 * 1024 * 1024))


def test_a_port_in_use_is_named_before_anything_is_fetched():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = tracker(["serve", "digits@production", "--port", str(port)], dict(os.environ))
    assert done.returncode == 1
    assert done.stderr == f"tracker: port {port} is in use on 127.0.0.1; give another with --port\n"


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path):
    done = serve(tmp_path)
    assert done.returncode == 1
    assert "tracker.yaml" in done.stderr


def test_a_file_that_was_altered_is_named(tmp_path):
    bundle = scaling_bundle(tmp_path / "scaling")
    (bundle / "model.onnx").write_bytes(b"something else")
    done = serve(bundle)
    assert done.returncode == 1
    assert "'model.onnx' is not the file" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pickle_is_not_run_unless_it_is_allowed(tmp_path):
    bundle = write_bundle(
        tmp_path / "scaling", {"model.pkl": b"cos\nsystem\n."}, kind="pickle",
        forms=(Form(kind="pickle", file="model.pkl"),),
    )  # fmt: skip
    done = serve(bundle)
    assert done.returncode == 1
    assert "--allow-pickle" in done.stderr


def test_a_model_that_is_nowhere_is_said_to_be(monkeypatch):
    monkeypatch.setenv("TRACKER_URL", f"http://127.0.0.1:{free_port()}")
    done = serve("digits@production")
    assert done.returncode == 3
    assert "digits@production" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--workers", "0"], "--workers must be 1 or more, got 0"),
        (["--cors", "app.example"], "--cors must be an origin"),
        (["--cors", "https://app.example/page"], "without a path"),
        (["--address", "models"], "--address must look like"),
        (["--max-wait-ms", "-1"], "--max-wait-ms must be 0 or more"),
        (["--max-wait-ms", "inf"], "--max-wait-ms must be a number that ends"),
        (["--watch-every", "inf"], "--watch-every must be a number that ends"),
    ],
    ids=["workers", "no origin", "a path", "address", "wait", "endless wait", "no look"],
)
def test_what_cannot_be_meant_is_used_wrongly(arguments, said, capsys):
    from tracker import cli

    assert cli.main(["serve", "digits@production", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_answers_as_the_version_that_it_came_from(tmp_path):
    with serving(tmp_path, "--as", "digits:v3") as served:
        said = ask(served.url).json()
    assert (said["model"], said["version"]) == ("digits", 3)


@pytest.mark.parametrize("name", ["digits@production", "digits:latest", "a b"])
def test_a_folder_is_known_as_a_version_alone(tmp_path, name):
    done = serve(scaling_bundle(tmp_path / "scaling"), "--as", name)
    assert done.returncode == 2
    assert name.partition(":")[0] in done.stderr
