"""Source, files and packages that a bundle takes along: enough to load it elsewhere, and nothing else."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import sys
import textwrap

import pytest

from tracker.bundles import forms
from tracker.bundles.folder import open_folder
from tracker.bundles.lock import lock
from tracker.bundles.made import ExampleError, MakingError
from tracker.bundles.making import make
from tracker.records import ArtifactLogged, Logged

PACKAGE = {
    "spelling/__init__.py": "from .limits import MOST\n",
    "spelling/limits.py": "MOST = 2\n",
    "spelling/unused.py": "raise RuntimeError\n",
    "spelling/deep/words.py": """
        import json
        import msgspec
        from ..limits import MOST

        class Finder:
            def __init__(self, shout=False):
                self.shout = shout

            def load(self, files):
                self.words = files["vocabulary"].read_text().split()
                self.more = [path.name for path in files["more"]]

            def predict(self, text: str, most: int = MOST) -> dict:
                found = [word for word in self.words if word in text][:most]
                return {"found": [word.upper() for word in found] if self.shout else found, "size": len(text)}
    """,
}


@pytest.fixture
def finder(tmp_path, monkeypatch):
    """A class of a package of one's own, and its files."""
    for path, text in PACKAGE.items():
        (tmp_path / "own" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / path).write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(tmp_path / "own")
    import spelling.deep.words  # type: ignore[import-not-found]

    yield spelling.deep.words.Finder
    for name in [name for name in sys.modules if name.partition(".")[0] == "spelling"]:
        del sys.modules[name]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "words.txt").write_text("red green blue")
    (tmp_path / "more" / "deep").mkdir(parents=True)
    (tmp_path / "more" / "b.txt").write_text("b")
    (tmp_path / "more" / "deep" / "a.txt").write_text("a")
    return {"vocabulary": tmp_path / "words.txt", "more": [tmp_path / "more"]}


def test_a_class_is_kept_with_its_modules_and_files(tmp_path, finder, files):
    manifest = make(
        finder(), tmp_path / "b", example={"text": "a red and blue hat"}, files=files,
        roles=["tokenizer", "vocabulary"], init={"shout": True},
    )  # fmt: skip
    assert manifest.roles == {
        "code": ("code/spelling/__init__.py", "code/spelling/deep/words.py", "code/spelling/limits.py"),
        "example": ("example/input.json", "example/output.json"),
        "more": ("more/b.txt", "more/deep/a.txt"),
        "tokenizer": (),
        "vocabulary": ("vocabulary/words.txt",),
    }
    assert manifest.missing_roles == ["tokenizer"]
    (form,) = manifest.forms
    assert (form.kind, form.entry, form.arguments) == ("python", "spelling.deep.words:Finder", {"shout": True})
    assert json.loads((tmp_path / "b/example/output.json").read_text()) == {"found": ["RED", "BLUE"], "size": 18}
    assert [(field.name, field.dtype) for field in (*manifest.signature.inputs, *manifest.signature.outputs)] == [
        ("text", "string"), ("found", "json"), ("size", "int64"),
    ]  # fmt: skip
    assert {each.partition("==")[0] for each in form.packages} == {"msgspec", "numpy", "pyyaml"}
    runner = forms.run(open_folder(tmp_path / "b"))
    assert runner.predict({"text": "green"}) == {"found": ["GREEN"], "size": 5}


def test_annotations_are_the_signature_where_there_is_no_example(tmp_path, finder, files):
    manifest = make(finder, tmp_path / "b", files=files)
    assert [(field.name, field.dtype) for field in manifest.signature.inputs] == [("text", "string")]
    assert manifest.example is None


def test_a_class_that_cannot_be_loaded_from_the_files_is_an_error(tmp_path, finder, files):
    del files["vocabulary"]
    with pytest.raises(MakingError, match="Finder cannot be loaded from the bundle's files: KeyError: 'vocabulary'"):
        make(finder, tmp_path / "b", example="red", files=files)
    assert not (tmp_path / "b").exists()


def test_an_example_that_the_class_cannot_run_is_an_error(tmp_path, finder, files):
    with pytest.raises(ExampleError, match="cannot run the example's text: TypeError"):
        make(finder, tmp_path / "b", example=7, files=files)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"files": ["a"]}, TypeError, "files are a mapping by role"),
        ({"files": {"vocabulary": "/away"}}, FileNotFoundError, "the role 'vocabulary' names /away"),
        ({"files": {"a/b": "/away"}}, ValueError, "a role is a short name"),
        ({"files": {"example": "/away"}}, ValueError, "the role 'example' is the bundle's own"),
        ({"roles": "vocabulary"}, TypeError, "roles are several names"),
        ({"init": [1]}, TypeError, "init must be a mapping"),
        ({"metadata": {"a": float("nan")}}, MakingError, "metadata.a is nan"),
        ({"absolute": -1}, ValueError, "absolute is how much outputs may differ"),
    ],
)
def test_a_wrong_argument_is_an_error(tmp_path, finder, files, options, error, says):
    with pytest.raises(error, match=says):
        make(finder, tmp_path / "b", **{"files": files} | options)
    assert not (tmp_path / "b").exists()


PROGRAM = """
    from __future__ import annotations
    import json as notation
    import os
    from pathlib import Path as Place

    FACTOR = 2 + 1
    KEY = os.environ["HOME"]

    def times(number):
        return number * FACTOR

    class Base:
        def load(self, files):
            self.more = notation.loads("1")

    class Model(Base):
        def predict(self, number: int) -> int:
            return times(number) + self.more

    class Keyed(Base):
        def predict(self, number):
            return KEY
"""


def test_a_class_of_the_program_becomes_a_module_of_what_it_uses(tmp_path, program):
    run = program(textwrap.dedent(PROGRAM) + "\nfrom tracker.bundles.making import make\nmake(Model, 'b', example=5)\n")
    assert run.err == ""
    assert run.returncode == 0
    code = (tmp_path / "b/code/model_code.py").read_text()
    assert "FACTOR = 3" in code
    assert not any(each in code for each in ("os", "KEY", "Keyed", "make(", "Place"))
    assert forms.run(open_folder(tmp_path / "b")).predict({"number": 2}) == {"output": 7}


def test_a_text_that_the_program_has_read_is_not_written_into_code(tmp_path, program):
    run = program(textwrap.dedent(PROGRAM) + "\nfrom tracker.bundles.making import make\nmake(Keyed, 'b', example=5)\n")
    assert "it uses 'KEY', a str that the program has made; pass it to __init__" in run.err
    assert not (tmp_path / "b").exists()


READ = """
    SECRET = "hunter" + "2"
    CONFIG = {"token": ""}
    CONFIG["token"] = SECRET
    KEY = ""
    LONGER = SECRET
    LONGER += ""
    PAIR, COUNT = ("plain", 2)

    def read():
        global KEY
        KEY = SECRET
    read()

    class Model:
        def load(self, files): ...
        def predict(self, x):
            return NAME
"""


@pytest.mark.parametrize("name", ["CONFIG", "KEY", "LONGER"])
def test_a_text_that_was_changed_after_it_was_written_is_not_written_into_code(tmp_path, program, name):
    text = textwrap.dedent(READ).replace("NAME", name)
    run = program(f"{text}\nfrom tracker.bundles.making import make\nmake(Model, 'b', example=5)\n")
    assert f"it uses '{name}', a" in run.err
    assert "that the program has made" in run.err
    assert not (tmp_path / "b").exists()


def test_a_text_that_stands_in_the_program_is_written_into_code(tmp_path, program):
    text = textwrap.dedent(READ).replace("NAME", "PAIR")
    run = program(f"{text}\nfrom tracker.bundles.making import make\nmake(Model, 'b', example=5)\n")
    assert run.returncode == 0, run.err
    assert "PAIR = 'plain'" in (tmp_path / "b/code/model_code.py").read_text()


def test_parameters_and_locals_are_no_globals_of_the_program(tmp_path, program):
    run = program("""
from tracker.bundles.making import make
x, found = object(), open(__file__)

class Model:
    def load(self, files): ...
    def predict(self, x):
        found = [x for x in [x]]
        return (lambda found: found)(found[0])

make(Model, "b", example=5)
""")
    assert run.returncode == 0, run.err
    assert forms.run(open_folder(tmp_path / "b")).predict({"x": 7}) == {"output": 7}


def test_a_class_of_a_notebook_is_found_in_its_cells(tmp_path, program):
    cells = [
        "%matplotlib --list",
        "FACTOR = 3",
        "def times(number):\n    return number * FACTOR",
        "class Model:\n    def load(self, files): ...\n    def predict(self, number): return times(number)",
        "from tracker.bundles.making import make; make(Model, 'b', example=5)",
    ]
    run = program(f"""
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in {cells!r}:
    shell.run_cell(cell, store_history=True)
""")
    assert (tmp_path / "b").exists(), run.out + run.err
    assert forms.run(open_folder(tmp_path / "b")).predict({"number": 2}) == {"output": 6}


def test_a_class_within_a_function_says_where_to_put_it(tmp_path):
    class Model:
        def load(self, files): ...

        def predict(self, x):
            return x

    with pytest.raises(MakingError, match="is defined inside of a function; define it in a module"):
        make(Model, tmp_path / "b")


def test_a_lock_has_what_is_needed_in_turn_as_installed_here():
    found = dict(each.split("==") for each in lock(["requests", "PyYAML"]))
    assert {"requests", "urllib3", "idna", "certifi", "pyyaml"} <= set(found)
    assert found["requests"] == importlib.metadata.version("requests")
    assert "pysocks" not in found  # an extra that was not asked for
    assert list(found) == sorted(found)
    assert not any("+" in version for version in found.values())


def test_what_is_not_installed_cannot_be_locked():
    with pytest.raises(MakingError, match="no-such-distribution is not installed here"):
        lock(["no-such-distribution"])


def test_without_numpy_it_says_how_to_have_it(program):
    run = program("""
import sys
sys.modules["numpy"] = None
import tracker
tracker.init("digits", mode="offline", capture_console=False, capture_code=False, system_interval_s=0)
tracker.log_model(object())
""")
    assert 'numpy: pip install "tracker-runs[models]"' in run.err


def test_a_full_disk_costs_the_model_and_not_the_training(server, program):
    run = program("""
import resource
import tracker

class Model:
    def load(self, files): ...

    def predict(self, number):
        return number

with open("big.bin", "wb") as file:
    file.truncate(3_000_000)
run = tracker.init("digits", capture_console=False, capture_code=False, system_interval_s=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
logged = tracker.log_model(Model, "echo", example=5, files={"weights": "big.bin"})
assert logged.files == ()
run.log({"loss": 1.0})
run.finish()
""")
    assert run.returncode == 0, run.err
    assert "tracker: the model 'echo' was not kept: [Errno 27] File too large" in run.err
    assert server.records(Logged)
    assert server.records(ArtifactLogged) == []


def test_a_full_disk_costs_the_weights_of_a_module_and_not_the_training(program):
    run = program("""
import resource
import torch
import tracker

run = tracker.init("digits", mode="offline", capture_console=False, capture_code=False, system_interval_s=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
assert tracker.log_model(torch.nn.Linear(1000, 1000), "wide", register="wide").files == ()
run.log({"loss": 1.0})
run.finish()
""")
    assert run.returncode == 0, run.err
    assert "tracker: the model 'wide' was not kept: [Errno 27] File too large" in run.err


def test_a_class_gets_the_same_files_when_it_is_tried_and_when_it_is_loaded(tmp_path, finder, files):
    class_ = "import msgspec\n\nclass Listing:\n    def load(self, files): self.roles = sorted(files)\n"
    (tmp_path / "own" / "listing.py").write_text(class_ + "    def predict(self, x): return self.roles\n")
    listing = importlib.import_module("listing")
    make(listing.Listing, tmp_path / "b", example=1, files=files, roles=["tokenizer"])
    del sys.modules["listing"]
    expected = ["more", "tokenizer", "vocabulary"]
    assert json.loads((tmp_path / "b/example/output.json").read_text()) == {"output": expected}
    assert forms.run(open_folder(tmp_path / "b")).predict({"x": 1}) == {"output": expected}


@pytest.mark.parametrize("example", [None, {"text": "a red hat"}])
def test_what_is_tried_is_the_source_that_was_written(tmp_path, finder, files, example):
    source = tmp_path / "own/spelling/deep/words.py"
    before = set(sys.modules)
    text = source.read_text()
    source.write_text(text.replace("len(text)", "len(text) + 100"))
    make(finder, tmp_path / "b", example={"text": "a red hat"}, files=files)
    assert json.loads((tmp_path / "b/example/output.json").read_text())["size"] == 109
    source.write_text(text.replace("def load(self, files)", "def load(self, files, more)"))
    with pytest.raises(MakingError, match="Finder cannot be loaded from the bundle's files: TypeError"):
        make(finder, tmp_path / "c", example=example, files=files)
    source.write_text("raise RuntimeError('changed')")
    with pytest.raises(MakingError, match=r"cannot be loaded from the bundle's files: .*RuntimeError: changed"):
        make(finder, tmp_path / "c", example=example, files=files)
    assert {name for name in sys.modules if name.startswith("_tracker_bundle_")} <= before


def test_modules_that_are_imported_late_go_along(tmp_path, finder, files):
    own = tmp_path / "own/spelling"
    late = "    def load(self, files):\n        from . import early\n        self.most = early.MOST\n"
    late += "    def predict(self, x):\n        from spelling.latest import LAST\n        return self.most + LAST + x\n"
    (own / "late.py").write_text(f"class Late:\n{late}")
    (own / "early.py").write_text("MOST = 1\n")
    (own / "latest.py").write_text("LAST = 10\n")
    manifest = make(importlib.import_module("spelling.late").Late, tmp_path / "b", example=100)
    assert {"code/spelling/early.py", "code/spelling/latest.py"} <= set(manifest.roles["code"])
    assert forms.run(open_folder(tmp_path / "b")).predict({"x": 100}) == {"output": 111}


@pytest.mark.parametrize("method", ["__init__(self, size)", "load(self, paths, more)"])
def test_without_an_example_a_class_is_made_and_loaded_all_the_same(tmp_path, finder, method):
    other = "load(self, files)" if "init" in method else "__init__(self)"
    text = f"class Own:\n    def {method}: ...\n    def {other}: ...\n    def predict(self, x): ...\n"
    (tmp_path / "own/spelling/own.py").write_text(text)
    with pytest.raises(MakingError, match="Own cannot be loaded from the bundle's files: TypeError"):
        make(importlib.import_module("spelling.own").Own, tmp_path / "b")
