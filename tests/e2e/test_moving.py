"""`tracker export` and `tracker import`: a project moves between servers and databases, whole, whatever happens."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from chaos.proxy import FAULTS, Proxy, by_chance, in_order
from tests.processes import TRACKER, Server, environment, run_script, tracker, wait_until
from tracker.archive import MANIFEST, PROJECT, Archive, ArchiveError

TRAINING = """
import tracker
nan, inf = float("nan"), float("inf")
with open("model.bin", "wb") as file:
    file.write(bytes(range(256)) * 40)
with tracker.init(project="digits/é", id="first", config={"lr": 0.1, "x": nan}, tags=["a"], notes="*n*") as run:
    for step in range(500):
        tracker.log({"loss": 1 / (step + 1), "../../odd": -0.0 if step % 2 else nan, "up": inf}, step=step - 20)
    print("printed")
    run.alert("look", text="here")
    run.summary["best"] = 0.25
    tracker.log_artifact("model.bin", name="net", type="model", aliases=["best"])
with tracker.init(project="digits/é", id="second") as run:
    tracker.log({"loss": 2.0})
    tracker.log_artifact("model.bin", name="other", type="model")
""".replace("digits/é", "digits é")

PROJECT_NAME = "digits é"
METRICS = ("loss", "../../odd", "up")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("source")
    with Server(folder / "data") as server:
        env = environment(server.url, folder / "client", TRACKER_SYSTEM_INTERVAL="1")
        done = subprocess.run(
            [sys.executable, "-c", TRAINING],
            env=env,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield server


@pytest.fixture(scope="module")
def archived(source: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "digits.tracker"
    done = command(source, "export", PROJECT_NAME, str(path))
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that nothing ever reaches."""
    with Server(tmp_path_factory.mktemp("empty") / "data") as server:
        yield server


@pytest.fixture
def target(tmp_path: Path, make_database_url: Callable[[str], str]) -> Iterator[Server]:
    with Server(tmp_path / "target", make_database_url("postgres")) as server:
        yield server


def command(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    return tracker(arguments, environment(server.url, server.data / "client"))


def asked(server: Server, path: str, accept: str = "application/json") -> bytes:
    headers = {"X-Tracker-Client": "test", "Accept": accept}
    with urllib.request.urlopen(
        urllib.request.Request(f"{server.url}/api/v1{path}", headers=headers), timeout=30
    ) as answer:
        return bytes(answer.read())


def points(server: Server, run_id: str) -> Any:
    query = "&".join(f"metric={name}" for name in METRICS)
    lines = asked(server, f"/runs/{run_id}/series?resolution=full&{query}", "application/x-ndjson").splitlines()
    parts = [json.loads(line) for line in lines]
    return sorted((part["metric"], part["first"], part["steps"], part["times"], part["values"]) for part in parts)


def test_a_project_moves_to_another_database_and_back(
    archived: Path, source: Server, target: Server, tmp_path: Path
) -> None:
    done = command(target, "import", str(archived))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{PROJECT_NAME}: 2 runs imported\n", "")
    back = tmp_path / "back.tracker"
    assert command(target, "export", PROJECT_NAME, str(back)).returncode == 0
    with Server(tmp_path / "third") as third:
        assert command(third, "import", str(back)).returncode == 0
        for run_id in ("first", "second"):
            assert points(source, run_id) == points(target, run_id) == points(third, run_id) != []
        digest = json.loads(asked(third, "/runs/first/artifacts"))["artifacts"][0]["files"][0]["digest"]
        assert asked(third, f"/blobs/{digest}", "*/*") == bytes(range(256)) * 40
        assert tracker(["fsck", "--data", str(third.data)], dict(os.environ)).returncode == 0


def test_an_import_done_again_changes_nothing(archived: Path, target: Server) -> None:
    assert command(target, "import", str(archived)).returncode == 0
    before = [
        asked(target, path) for path in ("/runs/first", "/runs/first/artifacts", "/projects", "/runs/first/console")
    ]
    done = command(target, "import", str(archived), "--json")
    (outcome,) = json.loads(done.stdout)["archives"]
    assert (done.returncode, outcome["runs"], outcome["there_already"], outcome["left_out"]) == (
        0, 0, ["first", "second"], [],
    )  # fmt: skip
    after = [
        asked(target, path) for path in ("/runs/first", "/runs/first/artifacts", "/projects", "/runs/first/console")
    ]
    assert after == before


def assert_there_once(target: Server, source: Server) -> None:
    for run_id in ("first", "second"):
        assert points(target, run_id) == points(source, run_id)
        here, there = (json.loads(asked(server, f"/runs/{run_id}")) for server in (target, source))
        same = ("number", "status", "config_tree", "console_lines", "alert_count", "finished_ms", "metrics")
        assert {name: here[name] for name in same} == {name: there[name] for name in same}
    artifacts = json.loads(asked(target, f"/projects/{quote(PROJECT_NAME)}/artifacts"))["artifacts"]
    assert [(one["name"], one["version"]) for one in artifacts] == [("net", 1), ("other", 1)]


def test_an_import_that_is_killed_after_any_request_goes_on(archived: Path, source: Server, target: Server) -> None:
    killed = [number for number in range(1, 20) if is_killed_at(number, archived, target)]
    assert killed == list(range(1, len(killed) + 1))
    assert len(killed) > 4
    assert command(target, "import", str(archived)).returncode == 0
    assert_there_once(target, source)


def is_killed_at(number: int, archived: Path, target: Server) -> bool:
    """Import, and be killed when so many requests have been answered, before the last answer arrives.

    False where fewer are left to do by now.
    """
    seen = 0
    process: subprocess.Popen[bytes] | None = None
    is_started = threading.Event()

    def on_answer(_request: object, _answer: object) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            is_started.wait(10)
            assert process is not None
            process.kill()

    with Proxy(target.url, on_answer=on_answer) as proxy:
        env = environment(proxy.url, target.data / "client")
        process = subprocess.Popen([TRACKER, "import", str(archived)], env=env, stdout=subprocess.DEVNULL)
        is_started.set()
        status = process.wait(60)
    assert status in (0, -signal.SIGKILL)
    return status != 0


def test_a_network_that_cuts_every_third_request_makes_one_of_each(
    archived: Path, source: Server, target: Server
) -> None:
    faults = by_chance(dict.fromkeys(FAULTS, 0.06), seed=5)
    with Proxy(target.url, faults) as proxy:
        env = environment(proxy.url, target.data / "client")
        for _ in range(3):
            done = tracker(["import", str(archived)], env)
            assert done.returncode == 0, done.stderr
        proxy.settle()
        assert sum(proxy.counts[fault] for fault in FAULTS) > 3
    assert_there_once(target, source)


def test_an_export_over_a_network_that_cuts_is_whole(archived: Path, source: Server, tmp_path: Path) -> None:
    with Proxy(source.url, in_order(["cut inside", "none", "cut after", "cut after", "none", "cut after"])) as proxy:
        env = environment(proxy.url, tmp_path / "client")
        done = tracker(["export", PROJECT_NAME, str(tmp_path / "again.tracker")], env)
        assert done.returncode == 0, done.stderr
    with Archive(tmp_path / "again.tracker") as again, Archive(archived) as before:
        again.verify()
        assert [member.name for member in again.manifest.members] == [one.name for one in before.manifest.members]


def test_a_server_that_is_killed_meanwhile_is_waited_for(archived: Path, source: Server, tmp_path: Path) -> None:
    with Server(tmp_path / "target") as server:
        env = environment(server.url, tmp_path / "client")
        server.kill()
        with subprocess.Popen(
            [TRACKER, "import", str(archived)], env=env, stdout=subprocess.PIPE, text=True
        ) as process:
            server.start()
            assert process.communicate(timeout=60)[0] == f"{PROJECT_NAME}: 2 runs imported\n"
        assert points(server, "first") == points(source, "first")


def test_it_goes_into_a_project_of_another_name(archived: Path, target: Server) -> None:
    assert command(target, "import", str(archived), "--project", "elsewhere").returncode == 0
    assert json.loads(asked(target, "/runs/first"))["project"] == "elsewhere"
    done = command(target, "import", str(archived))
    assert done.returncode == 1
    assert "2 of the runs belong to another project than 'digits é' here (first, second)" in done.stderr


def test_a_run_that_is_there_from_elsewhere_stays(archived: Path, target: Server, tmp_path: Path) -> None:
    script = (
        f"import tracker\nwith tracker.init(project={PROJECT_NAME!r}, id='first') as run: tracker.log({{'loss': 7.0}})"
    )
    assert run_script(script, environment(target.url, tmp_path / "own")).returncode == 0
    done = command(target, "import", str(archived))
    assert (done.returncode, done.stdout) == (0, f"{PROJECT_NAME}: 1 runs imported, 1 were there already\n")
    assert "run 'first' is there already" in done.stderr
    ((_, _, _, _, values),) = points(target, "first")
    assert values == [7.0]


def test_every_project_of_a_server_goes_into_a_folder(source: Server, target: Server, tmp_path: Path) -> None:
    done = command(source, "export", "--all", str(tmp_path / "all"))
    assert (done.returncode, [path.name for path in (tmp_path / "all").iterdir()]) == (0, ["digits_.tracker"])
    assert command(target, "import", *map(str, (tmp_path / "all").iterdir())).returncode == 0
    assert points(target, "first") == points(source, "first")


def rewritten(archived: Path, path: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> Path:
    """The same archive with members that `change` has made of its own."""
    with zipfile.ZipFile(archived) as read, zipfile.ZipFile(path, "w") as made:
        for info in read.infolist():
            made.writestr(*change(info.filename, read.read(info)))
    return path


def damaged(name: str, data: bytes) -> tuple[str, bytes]:
    return name, data[:-1] + bytes([data[-1] ^ 1]) if name.startswith("runs/") else data


def hostile(name: str, data: bytes) -> tuple[str, bytes]:
    if name == MANIFEST:
        data = data.replace(b"project.journal", b"../../etc/x")
    return ("../../etc/x" if name == PROJECT else name), data


def newer(name: str, data: bytes) -> tuple[str, bytes]:
    return name, data.replace(b'"version": 1', b'"version": 2') if name == MANIFEST else data


def foreign(name: str, data: bytes) -> tuple[str, bytes]:
    return name, data.replace(b"tracker archive", b"holiday photos!") if name == MANIFEST else data


def headless(name: str, data: bytes) -> tuple[str, bytes]:
    return ("something.txt" if name == MANIFEST else name), data


def added(name: str, data: bytes) -> tuple[str, bytes]:
    return (
        (name, data) if name != MANIFEST else (name, data.replace(b'"second"', b'"third"').replace(b"second", b"third"))
    )


BAD = {
    "another hash": (damaged, "has the sha256"),
    "a hostile name": (hostile, "which no archive of tracker export has"),
    "a newer version": (newer, "a newer one wrote it; upgrade"),
    "something else": (foreign, "is a 'holiday photos!'"),
    "a zip file": (headless, "it has no manifest.json"),
    "another member": (added, "it was cut short or changed"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_archive_is_refused_before_anything_is_sent(
    archived: Path, tmp_path: Path, empty: Server, fault: str
) -> None:
    change, sentence = BAD[fault]
    done = command(empty, "import", str(rewritten(archived, tmp_path / "bad.tracker", change)))
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert json.loads(asked(empty, "/projects"))["projects"] == []
    assert not (tmp_path.parent.parent / "etc").exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_refused(archived: Path, tmp_path: Path, share: float) -> None:
    data = archived.read_bytes()
    (tmp_path / "cut.tracker").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ArchiveError, match="cut short"):
        Archive(tmp_path / "cut.tracker")


def test_any_changed_byte_is_found(archived: Path, tmp_path: Path) -> None:
    data = archived.read_bytes()
    chance = random.Random(3)
    with zipfile.ZipFile(archived) as opened:
        spans = [(info.header_offset + 30 + len(info.filename) + 20, info.compress_size) for info in opened.infolist()]
    for start, size in spans[:-1]:
        place = start + chance.randrange(max(1, size - 1))
        path = tmp_path / "changed.tracker"
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        with pytest.raises(ArchiveError), Archive(path) as changed:
            changed.verify()


def test_what_is_not_there_is_a_sentence(source: Server, tmp_path: Path) -> None:
    done = command(source, "export", "nothing", str(tmp_path / "x.tracker"))
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])
    assert "there is no project 'nothing'" in done.stderr
    done = command(source, "import", str(tmp_path / "absent.tracker"))
    assert (done.returncode, done.stderr) == (
        1,
        f"tracker: {tmp_path / 'absent.tracker'} cannot be read: No such file or directory\n",
    )


def test_a_file_that_is_there_is_not_written_over(source: Server, archived: Path) -> None:
    before = archived.read_bytes()
    done = command(source, "export", PROJECT_NAME, str(archived))
    assert (done.returncode, archived.read_bytes()) == (1, before)
    assert "is there already, and is not written over" in done.stderr


def test_a_full_disk_leaves_nothing_behind(source: Server, tmp_path: Path) -> None:
    limited = [
        "bash",
        "-c",
        'ulimit -f 4; exec "$@"',
        "bash",
        TRACKER,
        "export",
        PROJECT_NAME,
        str(tmp_path / "x.tracker"),
    ]
    env = environment(source.url, tmp_path.parent / "client")
    done = subprocess.run(limited, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert "the archive cannot be written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_away_is_said(archived: Path, tmp_path: Path) -> None:
    env = environment("http://127.0.0.1:9", tmp_path)
    done = tracker(["import", "--timeout", "0.2", str(archived)], env)
    assert done.returncode == 3
    assert "the same command goes on from there" in done.stderr
    assert tracker(["export", "--timeout", "0.2", "x", str(tmp_path / "x")], env).returncode == 3


def test_a_live_project_is_exported_as_it_is(source: Server, tmp_path: Path) -> None:
    script = """
import tracker, sys
run = tracker.init(project="live", id="live")
for step in range(10**9):
    tracker.log({"loss": float(step)}, step=step)
"""
    env = environment(source.url, tmp_path / "client")
    with subprocess.Popen([sys.executable, "-c", script], env=env) as process:
        try:
            wait_until(lambda: is_there(source, "live"), "the run is there")
            done = command(source, "export", "live", str(tmp_path / "live.tracker"))
        finally:
            process.kill()
    assert done.returncode == 0, done.stderr
    with Server(tmp_path / "data") as target:
        assert command(target, "import", str(tmp_path / "live.tracker")).returncode == 0
        for _, first, steps, _, values in points(target, "live"):
            assert steps == [int(value) for value in values] == list(range(first, first + len(steps)))


def is_there(server: Server, run_id: str) -> bool:
    try:
        return points(server, run_id) != []
    except OSError:
        return False
