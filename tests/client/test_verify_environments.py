"""An environment is built of a bundle's own lock, with pip, and kept. Skipped where no package index can be reached."""

from __future__ import annotations

import fcntl
import os
import platform
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import tracker
from tests.client.bundles import ADDS, bundle
from tests.client.served import served
from tracker.bundles import environments, verifying
from tracker.bundles.folder import BundleError
from tracker.bundles.lock import lock
from tracker.errors import TransportError
from tracker.query import Api

ALONE = ADDS + (
    "import importlib.util, sys\n"
    "if importlib.util.find_spec('requests') or sys.prefix == sys.base_prefix:\n"
    "    raise ValueError('this is no environment of the lock')\n"
)


@pytest.fixture
def server(tmp_path, monkeypatch):
    with served(tmp_path / "server") as made:
        monkeypatch.setenv("TRACKER_URL", made.url)
        yield made


@pytest.fixture
def register(server, start, tmp_path):
    def act(name, **changes):
        run = start()
        version = tracker.register_model(name, tracker.log_artifact(bundle(tmp_path / name, **changes), type="model"))
        run.finish()
        return version

    return act


@contextmanager
def index(status):
    """An index that answers whatever it is asked with this status; its address."""

    class Refuses(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(status)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as answering:
        thread = threading.Thread(target=answering.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{answering.server_port}/simple"
        finally:
            answering.shutdown()
            thread.join()


def verified(version):
    """What verifying it finds; the test is skipped where packages cannot be had, or not soon."""
    try:
        return verifying.verify(version.ref, timeout_s=120)
    except TransportError as error:
        if not re.search("could not be fetched|was not built in time", str(error)):
            raise
        pytest.skip(f"no package index answers in time: {error}")


def test_an_example_is_replayed_in_an_environment_of_the_lock(register, server, tracker_dir):
    version = register("locked", code=ALONE, packages=lock(["numpy", "msgspec", "pyyaml"]))
    found = verified(version)
    assert (found.finding.message, found.finding.outcome, found.finding.checked) == ("", "pass", "replay")
    answer = Api(server.url)._connection.ask("GET", "/models/locked/versions/1/bundle", dict)
    assert answer["verifications"][0]["max_difference"] == 0.0
    (kept,) = [path for path in (tracker_dir / "environments").iterdir() if path.is_dir()]
    built = (kept / "lock.txt").stat().st_mtime_ns
    assert verified(version).is_passed
    assert (kept / "lock.txt").stat().st_mtime_ns == built

    finding = verified(register("unlocked", packages=("numpy==1.0", "no-such-thing-as-this==9.9"))).finding
    assert (finding.outcome, finding.checked, finding.form) == ("fail", "replay", "python")
    assert "the lock cannot be satisfied, at 'no" in finding.message or "at 'numpy==1.0'" in finding.message
    assert [path for path in (tracker_dir / "environments").iterdir() if path.is_dir()] == [kept]


@pytest.mark.parametrize(
    ("said", "kind", "what"),
    [
        ("ERROR: Ignored the following versions that require a different python version: 2.5 Requires-Python >=3.12\n"
         "ERROR: Could not find a version that satisfies the requirement numpy==99.1 (from versions: 1.0)\n"
         "ERROR: No matching distribution found for numpy==99.1", environments.UnsatisfiableError,
         r"at 'numpy==99\.1': ERROR: Could not find"),
        ("ERROR: Cannot install a-b==1 and numpy==99.1 because these package versions have conflicting dependencies.",
         environments.UnsatisfiableError, "at 'a-b==1'"),
        ("  Preparing metadata: finished with status 'error'\nerror: metadata-generation-failed\n╰─> numpy",
         environments.UnsatisfiableError, r"at 'numpy==99\.1': error: metadata-generation-failed"),
        ("WARNING: Retrying (Retry(total=0)) after connection broken\nERROR: No matching distribution found for a-b==1",
         TransportError, "could not be fetched"),
        ("ERROR: HTTP error 403 while getting https://index/a-b", TransportError, "HTTP error 403"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", BundleError,
         "could not be installed here"),
    ],
    ids=["no such version", "conflict", "cannot be built", "index away", "index refuses", "full disk"],
)  # fmt: skip
def test_what_pip_says_is_a_verdict_only_of_the_lock(said, kind, what):
    with pytest.raises(kind, match=what) as told:
        environments._check_installed(environments.Ended(1, "", said), ["a-b==1", "numpy==99.1"])
    assert type(told.value) is kind


@pytest.mark.parametrize("status", [401, 404, 503])
def test_only_an_index_that_lists_no_such_package_is_a_verdict(tmp_path, monkeypatch, status):
    with index(status) as url:
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", url)
        monkeypatch.setenv("PIP_RETRIES", "0")
        expected = environments.UnsatisfiableError if status == 404 else TransportError
        with (
            pytest.raises(expected),
            environments.ready(
                ("no-such-thing==1.0",), platform.python_version(), tmp_path, until=time.monotonic() + 120
            ),
        ):
            pass
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_those_used_longest_ago_go_and_none_that_is_in_use(tmp_path):
    for number in range(environments.KEPT + 3):
        (tmp_path / f"{number}" / "bin").mkdir(parents=True)
        marker = tmp_path / f"{number}.used"
        marker.touch()
        os.utime(marker, (number, number))
    (tmp_path / "never built.used").touch()
    (tmp_path / ".left behind").mkdir()
    os.utime(tmp_path / ".left behind", (1, 1))
    with environments._in_use(tmp_path / "1.used"):
        os.utime(tmp_path / "1.used", (1, 1))
        environments._prune(tmp_path, "7")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["1", "3", "4", "5", "6", "7"]
    assert not (tmp_path / "never built.used").exists()


def test_an_environment_is_gone_whole_or_not_at_all(tmp_path, monkeypatch):
    (tmp_path / "old" / "bin").mkdir(parents=True)
    (tmp_path / "old.used").touch()
    monkeypatch.setattr(environments.shutil, "rmtree", lambda *_, **__: None)  # as if it were ended meanwhile
    environments._remove(tmp_path / "old", tmp_path / "old.used")
    assert not (tmp_path / "old").exists()


def test_a_marker_that_is_removed_before_it_is_locked_is_made_anew(tmp_path, monkeypatch):
    marker = tmp_path / "1.used"
    lock, locks = fcntl.flock, []

    def late(file, how):
        locks.append(how)
        if len(locks) == 1:
            marker.unlink()
        lock(file, how)

    monkeypatch.setattr(environments.fcntl, "flock", late)
    with environments._in_use(marker):
        assert marker.exists()
        environments._remove(tmp_path / "1", marker)
        assert marker.exists()


def test_building_ends_in_time(tmp_path):
    here = platform.python_version()
    with (
        pytest.raises(TransportError, match="was not built in time"),
        environments.ready((), here, tmp_path, until=time.monotonic()),
    ):
        pass
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []
