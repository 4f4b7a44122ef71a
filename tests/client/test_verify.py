"""`tracker verify` on a real server: what holds is said to hold, and what does not is named."""

from __future__ import annotations

import json
import math
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

import tracker
from tests.client.bundles import ADDS, bundle
from tests.client.places import web
from tests.client.served import served
from tests.processes import free_port
from tracker import cli
from tracker.bundles import replay, verifying
from tracker.bundles.folder import BundleError
from tracker.errors import TransportError
from tracker.manifest import Form
from tracker.query import Api

PICKLE = """\
import pickle, sys
class Bad:
    def __reduce__(self):
        return (open, (sys.argv[2], "w"))
pickle.dump(Bad(), open(sys.argv[1], "wb"))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(data):
    with served(data) as made:
        yield made


@pytest.fixture(autouse=True)
def address(server, monkeypatch):
    monkeypatch.setenv("TRACKER_URL", server.url)


@pytest.fixture
def register(start, tmp_path, request):
    """Registers a folder, or a small bundle; its reference."""

    def act(folder=None, **changes):
        made = folder or bundle(tmp_path / "bundle", **changes)
        run = start()
        name = request.node.name.partition("[")[0][:100]
        logged = tracker.log_artifact(made, name=name, type="model")
        version = tracker.register_model(name, logged)
        run.finish()
        return version.ref

    return act


@pytest.fixture
def newest(server):
    """What the server has as the newest verification of a version."""

    def ask(ref):
        name, _, number = ref.partition(":v")
        api = Api(server.url)
        answer = api._connection.ask("GET", f"/models/{name}/versions/{number}/bundle", dict)
        api.close()
        return answer["verifications"][0] if answer["verifications"] else None

    return ask


@pytest.fixture
def damage(data, tmp_path):
    """Has the server's copy of a file be another one, or none."""

    def act(path, content):
        (copy,) = [each for each in data.rglob("*") if each.is_file() and each.read_bytes() == path.read_bytes()]
        os.chmod(copy, 0o600)
        copy.unlink() if content is None else copy.write_bytes(content)

    return act


def test_files_that_are_what_they_were_hold(register, newest):
    ref = register()
    found = verifying.verify(ref, files_only=True)
    assert (found.is_passed, found.finding.checked, found.is_recorded) == (True, "files", True)
    recorded = newest(ref)
    assert (recorded["outcome"], recorded["checked"], recorded["problems"]) == ("pass", "files", [])


@pytest.mark.parametrize(
    ("content", "what"), [(b"unlike it", "the server's copy is damaged"), (None, "the server no longer has the bytes")],
    ids=["altered", "lost"],
)  # fmt: skip
def test_a_file_that_is_not_what_it_was_is_named(register, newest, damage, tmp_path, content, what):
    folder = bundle(tmp_path / "bundle")
    (folder / "notes.txt").write_text(f"only {content!r}")
    (folder / "tracker.yaml").unlink()
    ref = register(bundle(folder))
    damage(folder / "notes.txt", content)
    found = verifying.verify(ref, environment=True)
    assert [(problem.path, problem.message[: len(what)]) for problem in found.finding.problems] == [("notes.txt", what)]
    assert newest(ref)["problems"][0]["path"] == "notes.txt"
    assert (newest(ref)["outcome"], newest(ref)["checked"]) == ("fail", "files")


def test_a_reference_that_has_changed_is_named(newest, tmp_path):
    with web() as pages:
        pages.files |= {"a.pt": b"weights", "words.txt": b"a b"}
        (tmp_path / "notes.txt").write_text("as they were")
        files = {
            "weights": f"{pages.url}/a.pt", "vocabulary": f"{pages.url}/words.txt", "notes": tmp_path / "notes.txt"
        }  # fmt: skip
        ref = tracker.register_model("referring", files=files, project="digits", by="reference").ref
        assert verifying.verify(ref).is_passed
        pages.files["a.pt"] = b"wei9hts"
        (tmp_path / "notes.txt").unlink()
        problems = verifying.verify(ref).finding.problems
        assert [problem.path for problem in problems] == ["weights/a.pt", "notes/notes.txt"]
        assert "has the ETag" in problems[0].message
        assert problems[1].message.endswith("is gone")
        assert [problem["path"] for problem in newest(ref)["problems"]] == ["weights/a.pt", "notes/notes.txt"]


def test_a_place_that_is_away_is_no_verdict(newest):
    with web() as pages:
        pages.files["a.pt"] = b"weights"
        ref = tracker.register_model(
            "away", files={"weights": f"{pages.url}/a.pt"}, project="digits", by="reference"
        ).ref
    with pytest.raises(TransportError, match="cannot be reached"):
        verifying.verify(ref)
    assert newest(ref) is None


def test_the_example_is_replayed_by_another_process(register, newest):
    found = verifying.verify(register(), environment=False)
    finding = found.finding
    assert (finding.outcome, finding.checked, finding.form, finding.max_difference) == ("pass", "replay", "python", 0.0)
    assert 0 < finding.latency_p50_ms <= finding.latency_p99_ms
    assert finding.load_ms > 0
    assert 10**7 < finding.peak_memory_bytes < 10**9
    assert finding.python == platform.python_version()
    assert not found.is_recorded
    assert newest(f"{found.model}:v{found.version}") is None


def test_an_output_that_differs_is_named(register):
    ref = register(stored=(3.0, 4.5))
    finding = verifying.verify(ref, environment=False).finding
    assert finding.outcome == "fail"
    assert finding.message.startswith("the output y[1] is 4.0, and 4.5 was stored")
    assert finding.max_difference == 0.5
    assert verifying.verify(ref, environment=False, tolerance=0.6).is_passed


@pytest.mark.parametrize(
    ("code", "what"),
    [
        (ADDS.replace("+ self.term", "+ self.nothing"), "its example cannot be run: .*AttributeError"),
        ("import no_such_module\n" + ADDS, "it cannot be loaded: .*no_such_module"),
        (ADDS.replace('{"y": ', '{"z": '), "the model gives z, and y was stored"),
        ("import os\nos._exit(7)\n", "its process ended with status 7 before it had an answer"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "its process ended by signal 11"),
        ("print('x' * 10_000_000)\nraise ValueError\n", "it cannot be loaded: .*ValueError"),
    ],
    ids=["predict", "import", "output", "exit", "crash", "chatty"],
)
def test_a_model_that_does_not_answer_fails_with_the_reason(register, code, what):
    finding = verifying.verify(register(code=code), environment=False).finding
    assert finding.outcome == "fail"
    assert re.search(what, finding.message), finding.message


def test_a_model_that_never_answers_is_ended(register):
    code = "import time\nwhile True:\n    time.sleep(1)\n"
    finding = verifying.verify(register(code=code), environment=False, timeout_s=6).finding
    assert (finding.outcome, finding.message) == ("fail", "it was not done in time, and was ended")


def test_a_model_to_which_building_left_no_time_is_not_blamed(tmp_path):
    code = "import time\nwhile True:\n    time.sleep(1)\n"
    folder = bundle(tmp_path / "bundle", code=code)
    request = replay.Request(
        folder=str(folder), form="python", allow_pickle=False, absolute=0.0, relative=0.0, measured_s=0.0
    )
    with pytest.raises(TransportError, match=r"left of 60 s .*; --timeout gives it more"):
        verifying._asked(Path(sys.executable), request, tmp_path, time.monotonic() + 0.5, 60.0)


@pytest.mark.parametrize("tolerance", [-1.0, math.inf, math.nan])
def test_a_tolerance_that_is_no_number_is_refused(tolerance):
    with pytest.raises(ValueError, match="tolerance must be a finite number"):
        verifying.verify("m:v1", tolerance=tolerance)


def test_a_disk_that_does_not_take_it_is_told_in_words(monkeypatch, tracker_dir, capsys):
    (tracker_dir / "verifying").parent.mkdir(parents=True, exist_ok=True)
    (tracker_dir / "verifying").write_text("in the way")
    assert cli.main(["verify", "m:v1"]) == 1
    assert re.fullmatch(r"tracker: .*verifying.*: (File exists|Not a directory)\n", capsys.readouterr().err)


def test_the_other_process_knows_no_server_and_no_key(register, monkeypatch):
    monkeypatch.setenv("TRACKER_API_KEY", "tk_secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    code = ADDS + (
        "import os, pathlib, sys, tracker\n"
        "known = [name for name in os.environ if name.startswith(('TRACKER', 'AWS'))]\n"
        "if known or 'tracker.transport' in sys.modules or list(pathlib.Path.home().iterdir()):\n"
        "    raise ValueError(f'it knows {known}')\n"
    )
    assert verifying.verify(register(code=code), environment=False).is_passed


def test_a_pickle_is_not_opened_unless_that_is_allowed(register, tmp_path):
    opened = tmp_path / "opened"
    folder = tmp_path / "bundle"
    folder.mkdir()
    subprocess.run([sys.executable, "-c", PICKLE, str(folder / "model.pkl"), str(opened)], check=True)
    ref = register(
        kind="pickle", forms=(Form("pickle", file="model.pkl"),), roles={"weights": ("model.pkl",)}, example=None
    )  # fmt: skip
    with pytest.raises(BundleError, match="--allow-pickle"):
        verifying.verify(ref, environment=False)
    assert verifying.verify(ref, files_only=True).is_passed
    assert not opened.exists()
    verifying.verify(ref, environment=False, allow_pickle=True)
    assert opened.exists()


def test_loose_files_are_no_bundle(register, tmp_path):
    (tmp_path / "a.pt").write_bytes(b"weights")
    with pytest.raises(BundleError, match=r"is no bundle: it has no tracker\.yaml"):
        verifying.verify(register(tmp_path / "a.pt"))


def test_a_python_that_is_not_here_is_no_verdict(register, newest):
    ref = register(python="3.99")
    with pytest.raises(BundleError, match=r"needs Python 3\.99; this is .*--no-environment"):
        verifying.verify(ref)
    assert newest(ref) is None


@pytest.mark.parametrize(
    ("stored", "found", "largest", "problem"),
    [
        ({"y": [1.0, "NaN"]}, {"y": [1.00001, "NaN"]}, 1e-05, ""),
        ({"y": [1.0]}, {"y": ["NaN"]}, float("inf"), "the output y[0] is 'NaN', and 1.0 was stored"),
        ({"y": [math.nan]}, {"y": [5.0]}, float("inf"), "the output y[0] is 5.0, and nan was stored"),
        ({"y": [math.inf]}, {"y": [5.0]}, float("inf"), "the output y[0] is 5.0, and inf was stored"),
        ({"y": [math.inf]}, {"y": [math.inf]}, 0.0, ""),
        ({"y": [[1], [2]]}, {"y": [[1]]}, float("inf"), "the output y is a list of 1, and a list of 2 was stored"),
        ({"y": True}, {"y": 1}, float("inf"), "the output y is 1, and True was stored"),
        ({"y": 1}, {}, float("inf"), "gives nothing, and y was stored"),
        ({"y": {"label": "cat"}}, {"y": {"label": "dog"}}, float("inf"), "the output y.label is 'dog'"),
    ],
    ids=["close", "nan", "stored nan", "stored inf", "both inf", "shape", "bool", "missing", "text"],
)
def test_outputs_are_compared_at_every_place(stored, found, largest, problem):
    difference, told = replay.compared(stored, found, absolute=1e-4, relative=0.0)
    assert difference == pytest.approx(largest)
    assert problem in told if problem else told == ""


def test_the_other_process_imports_no_more_of_us_than_it_is_given(tmp_path):
    modules = verifying._modules(tmp_path)
    names = [f"tracker.bundles.forms.{path.stem}" for path in (modules / "tracker/bundles/forms").glob("*.py")]
    program = (
        f"import importlib\nfor name in {names}: importlib.import_module(name)\nimport tracker; print(tracker.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(modules)}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "status", "what"),
    [
        ([], 0, "holds, its files were checked"),
        (["--url", f"http://127.0.0.1:{free_port()}"], 3, "cannot be reached"),
        (["--form", "onnx"], 1, "the bundle has no form 'onnx'; it has python"),
        (["--tolerance", "-1"], 2, "tolerance must be a finite number, 0 or more"),
    ],
    ids=["holds", "away", "no such form", "wrong"],
)
def test_the_command_ends_with_the_status_that_it_documents(register, capsys, arguments, status, what):
    ref = register()
    files_only = ["--files-only"] if not arguments else []
    assert cli.main(["verify", ref, *files_only, *arguments]) == status
    said = capsys.readouterr()
    assert what in said.out + said.err


def test_the_command_says_it_in_json(register, capsys):
    assert cli.main(["verify", register(stored=(0, 0)), "--no-environment", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["outcome"], said["checked"], said["is_recorded"], said["version"]) == ("fail", "replay", False, 1)


def test_what_is_recorded_is_what_the_server_takes():
    from tracker_server.bundles.schema import FileProblem, NewVerification

    assert verifying.Finding.__struct_fields__ == NewVerification.__struct_fields__
    assert verifying.FileProblem.__struct_fields__ == FileProblem.__struct_fields__
    most = verifying.Finding(outcome="fail", checked="files", problems=[verifying.FileProblem("a", "b" * 2000)] * 100)
    msgspec.convert(msgspec.to_builtins(most), NewVerification)
