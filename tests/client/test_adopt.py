"""`register_model(files=…)` makes a bundle of files that lie somewhere already, on a real server."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest

import tracker
from tests.client.places import web
from tests.client.served import served
from tests.processes import free_port
from tracker import cli
from tracker import manifest as manifests

LOADER = """\
import json
import numpy as np
from shared_words import lower

class Words:
    def __init__(self, weights, words):
        self.weights, self.words = weights, words

    def predict(self, text):
        return {"index": np.asarray([self.words.index(lower(word)) for word in text])}

def load(files):
    return Words(files["weights"].read_bytes(), files["vocabulary"].read_text().split())
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("server")) as made:
        yield made


@pytest.fixture
def api(server, monkeypatch):
    monkeypatch.setenv("TRACKER_URL", server.url)
    made = tracker.Api()
    yield made
    made.close()


@pytest.fixture
def pages():
    with web() as made:
        made.files["tokenizer.json"] = b"{}"
        yield made


@pytest.fixture
def files(tmp_path, pages):
    """Three loose files: two here, and one behind an address."""
    (tmp_path / "a.pt").write_bytes(b"weights")
    (tmp_path / "vocab.txt").write_text("red green blue")
    return {
        "weights": tmp_path / "a.pt", "vocabulary": str(tmp_path / "vocab.txt"),
        "tokenizer": f"{pages.url}/tokenizer.json",
    }  # fmt: skip


@pytest.fixture
def loader(tmp_path, monkeypatch):
    """A loader whose code lies in the working folder, in two files."""
    folder = tmp_path / "code here"
    folder.mkdir()
    (folder / "words_loader.py").write_text(LOADER)
    (folder / "shared_words.py").write_text("def lower(word):\n    return word.lower()\n")
    monkeypatch.chdir(folder)
    return "words_loader:load"


def manifest_of(version):
    return manifests.read((tracker.use_model(version.ref) / manifests.FILE_NAME).read_bytes())


def test_files_are_copied_into_a_bundle(api, files):
    version = tracker.register_model("copied", files=files, project="digits", roles=["card"])
    folder = tracker.use_model(version.ref)
    made = manifest_of(version)
    assert (folder / "weights" / "a.pt").read_bytes() == b"weights"
    assert (made.kind, made.references, made.missing_roles) == ("files", (), ["card"])
    assert made.roles["tokenizer"] == ("tokenizer/tokenizer.json",)


def test_files_are_left_where_they_are(api, files, pages):
    version = tracker.register_model("referred", files=files, project="digits", by="reference")
    folder = tracker.use_model(version.ref)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["tracker.yaml"]
    by_path = {each.path: each for each in manifest_of(version).references}
    assert by_path["weights/a.pt"].sha256 is not None
    assert by_path["tokenizer/tokenizer.json"].etag is not None
    assert "GET /tokenizer.json" not in pages.asked


def test_without_a_run_a_short_one_registers_them(api, files):
    version = tracker.register_model("short", files=files, project="adopted")
    run = api.run(version.run)
    assert (run.project, run.job_type, run.status) == ("adopted", "register", "finished")


def test_the_active_run_registers_them(api, files, start):
    run = start()
    assert tracker.register_model("active", files=files).run == run.id


def test_a_folder_is_every_file_in_it(api, tmp_path):
    for name in ("words/a.txt", "words/more/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    version = tracker.register_model("folder", files={"tokenizer": tmp_path / "words"}, project="digits")
    assert manifest_of(version).roles["tokenizer"] == ("tokenizer/words/a.txt", "tokenizer/words/more/b.txt")


def test_a_loader_brings_its_code_and_its_lock(api, files, loader):
    version = tracker.register_model("loaded", files=files, loader=loader, project="digits")
    made = manifest_of(version)
    (form,) = made.forms
    assert made.roles["code"] == ("code/shared_words.py", "code/words_loader.py")
    assert (form.kind, form.entry) == ("loader", "words_loader:load")
    assert {"numpy", "msgspec", "pyyaml"} == {line.partition("==")[0] for line in form.packages}


def test_code_that_is_named_does_not_leave_out_the_loader_itself(api, files, loader):
    version = tracker.register_model("named", files=files, project="digits", loader=loader, code=["shared_words.py"])
    assert manifest_of(version).roles["code"] == ("code/shared_words.py", "code/words_loader.py")


def test_of_a_package_that_was_found_its_modules_alone_go_along(api, files, loader):
    package = Path("words_package")
    (package / "inner").mkdir(parents=True)
    for name, text in {
        "load.py": "from .inner import a\n" + LOADER,
        "inner/a.py": "",
        "credentials.json": "{}",
    }.items():
        (package / name).write_text(text)
    given = {"files": files, "project": "digits", "loader": "words_package.load:load"}
    modules = ("code/shared_words.py", "code/words_package/inner/a.py", "code/words_package/load.py")
    assert manifest_of(tracker.register_model("found", **given)).roles["code"] == modules
    named = tracker.register_model("found", **given, code=["words_package", "shared_words.py"])
    assert set(manifest_of(named).roles["code"]) == {*modules, "code/words_package/credentials.json"}


@pytest.mark.parametrize("by", ["copy", "reference"])
def test_an_example_is_run_and_shows_the_signature(api, files, loader, by):
    example = {"text": ["Blue", "red"]}
    version = tracker.register_model(
        f"tried-{by}", files=files, loader=loader, example=example, by=by, project="digits"
    )
    made = manifest_of(version)
    folder = tracker.use_model(version.ref)
    assert json.loads((folder / made.example.output).read_text()) == {"index": [2, 0]}
    assert [field.name for field in made.signature.outputs] == ["index"]
    assert all(reference.sha256 for reference in made.references)


def test_an_example_that_cannot_be_run_registers_nothing(api, files, loader):
    with pytest.raises(tracker.TrackerError, match=r"cannot run the example: ValueError"):
        tracker.register_model("untried", files=files, loader=loader, example={"text": ["mauve"]}, project="digits")
    assert "untried" not in [model.name for model in api.models()]


@pytest.mark.parametrize("by", ["copy", "reference"])
@pytest.mark.parametrize("place", ["nowhere.pt", "{pages}/none.pt"], ids=["path", "http"])
def test_a_missing_file_is_named_with_its_role_and_nothing_is_registered(api, files, pages, by, place):
    there = place.format(pages=pages.url)
    with pytest.raises(
        FileNotFoundError, match=r"the file of the role 'card' is missing: there is no file at .*no"
    ) as told:
        tracker.register_model("missing", files=files | {"card": there}, by=by, project="never-made")
    assert place.rpartition("/")[2] in str(told.value)
    assert "never-made" not in [project.name for project in api.projects()]


def test_a_place_that_is_away_is_named_with_its_role(api, files):
    away = f"http://127.0.0.1:{free_port()}/a.pt"
    with pytest.raises(tracker.TransportError, match=f"the file of the role 'card' cannot be read: {away}"):
        tracker.register_model("away", files=files | {"card": away}, by="reference", project="digits")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"files": {}}, "files must say what is where"),
        ({"files": {"a/b": "x"}}, "a role is a word such as weights"),
        ({"files": {"code": "x"}}, "is made by code="),
        ({"files": {"weights": "ftp://host/a.pt"}}, "the role 'weights': .* is neither a path here nor one of"),
        ({"files": {"weights": []}}, "the role 'weights' has no files"),
        ({"by": "link"}, "by must be one of copy, reference"),
        ({"loader": "words_loader"}, "loader must look like package.module:function"),
        ({"loader": "no_such_module:load"}, "there is no module 'no_such_module' here"),
        ({"loader": "words_loader:open_it"}, "has no 'open_it'"),
        ({"code": ["x.py"]}, "belong to a loader"),
        (
            {"by": "reference", "files": {"weights": "https://host/a?X-Amz-Signature=ab"}},
            "a password, a token or a signature",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value),
)
def test_a_wrong_argument_is_named(api, files, loader, changes, what):
    with pytest.raises(ValueError, match=what):
        tracker.register_model("wrong", **{"files": files, "project": "digits"} | changes)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"tags": [" "]}, "tags"),
        ({"timeout_s": -1}, "timeout_s must be a number of seconds"),
        ({"metadata": functools.reduce(lambda inner, _: {"a": inner}, range(40), {})}, "nested deeper than 30"),
    ],
    ids=["tags", "timeout", "metadata"],
)
def test_a_wrong_argument_is_told_before_anything_is_kept(api, files, journals, changes, what):
    with pytest.raises(ValueError, match=what):
        tracker.register_model("wrong", files=files, project="digits", **changes)
    assert journals() == []


def test_files_need_a_project_or_a_run(api, files):
    with pytest.raises(tracker.NoActiveRunError, match="project="):
        tracker.register_model("nowhere", files=files)


def test_either_a_source_or_files(api, files):
    with pytest.raises(TypeError, match="either a source or files"):
        tracker.register_model("both", "model:v1", files=files)
    with pytest.raises(TypeError, match="with files="):
        tracker.register_model("both", "model:v1", loader="a:b")


def test_a_server_that_is_away_starts_no_run(files, monkeypatch, journals):
    monkeypatch.setenv("TRACKER_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(tracker.TransportError, match="cannot be reached"):
        tracker.register_model("away", files=files, project="digits")
    assert journals() == []


def test_the_command_adopts(api, files, loader, tmp_path, capsys):
    example = tmp_path / "example.json"
    example.write_text('{"text": ["green"]}')
    given = [f"--file={role}={place}" for role, place in files.items()]
    more = ["--loader", loader, "--by", "reference", "--role", "card", "--example", str(example), "--project", "digits"]
    assert cli.main(["register", "by-command", *given, *more]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "by-command:v1"
    assert manifest_of(api.model("by-command").version()).missing_roles == ["card"]


@pytest.mark.parametrize(
    ("arguments", "status", "what"),
    [
        (["--file", "weights"], 2, "must look like weights=s3://bucket/a.pt"),
        (["--file", "weights=none.pt"], 2, "the file of the role 'weights' is missing"),
        (["--file", "weights=http://127.0.0.1:9/a.pt"], 3, "the file of the role 'weights' cannot be read"),
        (["model:v1", "--file", "weights=a"], 2, "either an artifact or --file"),
        (["model:v1", "--loader", "a:b"], 2, "--loader belongs to files"),
        ([], 2, "say what is to be registered"),
    ],
    ids=["no place", "missing", "away", "both", "loader", "nothing"],
)
def test_the_command_says_what_is_wrong(api, capsys, arguments, status, what):
    assert cli.main(["register", "wrong", "--project", "digits", *arguments]) == status
    assert what in capsys.readouterr().err
