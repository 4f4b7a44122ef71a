"""`tracker.load` gives a model that answers, from a server or a folder, and follows an alias."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

import tracker
from tests.client.boxes import onnx_files, promote, put, register, whole
from tests.client.served import Served, served
from tracker.bundles import consumers
from tracker.bundles.folder import BundleError
from tracker.bundles.model import LoadedModel
from tracker.manifest import Form
from tracker.records import ArtifactUsed

pytest.importorskip("onnxruntime")

X = [[1.0, 2.0]]
WAIT_S = 60.0


def wait_until(is_so, *, what: str):
    until = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < until, f"{what} did not come about within {WAIT_S:.0f} s"
        time.sleep(0.01)


@dataclass
class Shop:
    """A model on a server: v1 doubles, and is in production."""

    server: Served
    name: str

    @property
    def ref(self) -> str:
        return f"{self.name}@production"

    def register(self, files) -> int:
        return register(self.server, files, name=self.name)

    def promote(self, number: int) -> None:
        promote(self.server, number, name=self.name)

    def stock(self) -> Shop:
        self.register(onnx_files(2))
        self.promote(1)
        return self


@pytest.fixture(scope="module")
def server_of_all(tmp_path_factory):
    with served(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def shop(server_of_all, monkeypatch, request):
    """A model of this test's own, on a server that the environment points at."""
    monkeypatch.setenv("TRACKER_URL", server_of_all.url)
    return Shop(server_of_all, f"digits-{len(server_of_all.asked)}").stock()


@pytest.fixture
def closing_shop(tmp_path, monkeypatch):
    """A shop in a `with`, after which its server is away."""

    @contextmanager
    def opened():
        with served(tmp_path / "server") as server:
            monkeypatch.setenv("TRACKER_URL", server.url)
            yield Shop(server, "digits").stock()

    return opened


@pytest.fixture
def load(request):
    """`tracker.load` of what the shop has in production, which reports nothing unless it is told to.

    What it loaded is closed afterwards.
    """
    models = []

    def loaded(ref=None, **options):
        ref = ref or request.getfixturevalue("shop").ref
        models.append(tracker.load(ref, **({"report": False} | options)))
        return models[-1]

    yield loaded
    for model in models:
        model.close()


def test_three_lines_load_a_model_that_answers(shop, load):
    model = load(shop.ref)
    assert model.predict(x=X)["y"].tolist() == [[2, 4]]
    assert (model.model, model.version, model.ref, model.form) == (shop.name, 1, shop.ref, "onnx")
    assert model(x=X)["y"].tolist() == [[2, 4]]
    assert model.manifest.roles == {"weights": ("model.onnx",)}


def test_a_wrong_input_is_told_by_name(shop, load):
    with pytest.raises(tracker.InputError, match=r"x\[0\]\[1\] is 'two', not a number; x must be float32 \[batch, 2\]"):
        load().predict(x=[[1, "two"]])


def test_it_works_while_the_server_is_away(closing_shop, load, capsys):
    with closing_shop() as shop:
        load(shop.ref)
    capsys.readouterr()
    assert load(shop.ref).predict(x=X)["y"].tolist() == [[2, 4]]
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "digits@production is taken as it was when it was last asked for: v1" in said[0]


def test_what_is_here_is_not_downloaded_again(shop, load):
    load()
    before = len(shop.server.asked)
    load(f"{shop.name}:v1")
    assert shop.server.asked[before:] == [f"GET /api/v1/models/{shop.name}/resolve"]


def test_a_file_that_was_altered_here_is_fetched_again(shop, load):
    path = load().held.bundle.path("model.onnx")
    path.write_bytes(b"altered")
    assert load().predict(x=X)["y"].tolist() == [[2, 4]]


def test_what_an_interrupted_download_left_is_no_part_of_it(shop, load):
    folder = load().held.bundle.folder
    (folder / ".68bf0123456789ab").write_bytes(b"the beginning of a file")
    assert load().predict(x=X)["y"].tolist() == [[2, 4]]
    (folder / "another").write_bytes(b"of nobody knows whom")
    with pytest.raises(BundleError, match="does not name 'another'"):
        load()
    (folder / "another").unlink()


def test_a_version_of_loose_files_is_told_what_to_do(shop, load):
    shop.register({"model.pt": b"weights"})
    told = rf'{shop.name}:v2 has no tracker.yaml.*tracker.use_model\("{shop.name}:v2"\).*loader='
    with pytest.raises(BundleError, match=told):
        load(f"{shop.name}:v2")


def test_a_run_notes_what_it_loaded(server, start, load):
    from tests.client.test_use_model import publish

    publish(server)
    run = start()
    with pytest.raises(BundleError):  # it is none, and nothing was used
        tracker.load("digits@production")
    run.finish()
    assert server.records(ArtifactUsed) == []


def test_a_folder_is_loaded_without_a_server(tmp_path, load, monkeypatch):
    put(tmp_path / "box", onnx_files(3))
    monkeypatch.chdir(tmp_path)
    for ref in ("./box", "box", tmp_path / "box"):
        model = load(ref)
        assert (model.version, model.predict(x=X)["y"].tolist()) == (None, [[3, 6]])


def test_a_folder_that_is_not_there_is_no_reference(load):
    with pytest.raises(BundleError, match=r"nowhere is no folder"):
        load("./nowhere")


@pytest.mark.parametrize(
    ("ref", "options", "message"),
    [
        ("digits:3", {}, "must look like name@production or name:v3"),
        ("digits:v3", {"watch": True}, "always is the same version; watch an alias such as digits@production"),
        ("digits@production", {"watch": True, "watch_every_s": 0}, "watch_every_s must be more than 0 seconds"),
        ("./box", {"watch": True}, "a folder does not change"),
    ],
)
def test_a_wrong_argument_is_told_before_anything_is_asked(load, ref, options, message):
    with pytest.raises(ValueError, match=message):
        load(ref, **options)


def test_a_closed_model_answers_no_more(tmp_path):
    with tracker.load(put(tmp_path, onnx_files())) as model:
        assert model.predict(x=X)
    with pytest.raises(BundleError, match="was closed; load it again"):
        model.predict(x=X)


class TestWatching:
    """With an alias that moves."""

    def test_another_version_takes_its_place_and_no_call_is_interrupted(self, shop, load, capsys):
        model = load(watch=True, watch_every_s=0.05)
        shop.register(onnx_files(3))
        answers, failures = set(), []
        is_over = threading.Event()

        def ask():
            while not is_over.is_set():
                try:
                    answers.add(tuple(model.predict(x=X)["y"][0].tolist()))
                except Exception as error:
                    failures.append(error)

        threads = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        first = weakref.ref(model.held.runner)
        for number in (2, 1, 2):
            shop.promote(number)
            wait_until(lambda number=number: model.version == number, what=f"v{number}")
        is_over.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert answers == {(2, 4), (3, 6)}
        assert f"{shop.ref} is v2 now, in place of v1" in capsys.readouterr().err
        gc.collect()
        assert first() is None, "the version before is let go of"

    def test_a_version_that_fails_its_own_example_does_not(self, shop, load, capsys):
        model = load(watch=True, watch_every_s=0.05)
        shop.promote(shop.register(onnx_files(3, says=4)))
        told = "v2 cannot be held: it does not give what is stored with its example: the output y[0][0] is 3.0, and 4 "
        said = []
        wait_until(lambda: said.append(capsys.readouterr().err) or told in "".join(said), what="a notice")
        assert model.predict(x=X)["y"].tolist() == [[2, 4]]
        shop.promote(shop.register(onnx_files(5)))
        wait_until(lambda: model.version == 3, what="the version that is well")

    @pytest.mark.parametrize(
        ("files", "told"),
        [
            ({"weights.pt": b"weights"}, "has no tracker.yaml"),
            (whole({"m.pkl": b"x"}, Form("pickle", file="m.pkl")), "carries out whatever its file says"),
            (whole({"m.onnx": b"x"}, Form("onnx", file="m.onnx")), "onnxruntime cannot load 'm.onnx'"),
        ],
        ids=["loose files", "a pickle", "a broken graph"],
    )
    def test_one_that_cannot_be_loaded_does_not_either(self, shop, load, capsys, files, told):
        model = load(watch=True, watch_every_s=0.05)
        shop.promote(shop.register(files))
        said = []
        wait_until(lambda: said.append(capsys.readouterr().err) or told in "".join(said), what="a notice")
        assert (model.version, model.predict(x=X)["y"].tolist()) == (1, [[2, 4]])

    def test_a_server_that_is_away_is_asked_again_and_told_of_once(self, closing_shop, load, capsys):
        with closing_shop() as shop:
            model = load(shop.ref, watch=True, watch_every_s=0.02)
        said = []
        wait_until(lambda: said.append(capsys.readouterr().err) or "asked again" in "".join(said), what="a notice")
        assert model.predict(x=X)["y"].tolist() == [[2, 4]]

    def test_a_model_that_nobody_holds_is_watched_no_more(self, shop):
        model = tracker.load(shop.ref, watch=True, watch_every_s=0.02, report=False)
        (thread,) = [each for each in threading.enumerate() if each.name == f"tracker-watch-{shop.name}"]
        del model
        gc.collect()
        thread.join(WAIT_S)
        assert not thread.is_alive()


class TestConsumers:
    """What a server is told of who holds what."""

    @staticmethod
    def told(shop):
        api = tracker.Api(shop.server.url)
        try:
            return [(each.version, each.ref, each.kind) for each in api.model(shop.name).consumers()]
        finally:
            api.close()

    def test_a_process_tells_what_it_holds_and_that_it_ended(self, shop, load):
        model = load(report=True)
        wait_until(lambda: self.told(shop) == [(1, "production", "load")], what="the report")
        model.close()
        wait_until(lambda: self.told(shop) == [], what="its end")

    def test_it_tells_when_another_version_has_taken_its_place(self, shop, load):
        load(report=True, watch=True, watch_every_s=0.05)
        shop.promote(shop.register(onnx_files(3)))
        wait_until(lambda: self.told(shop) == [(2, "production", "load")], what="the report")

    def test_a_model_that_nobody_holds_is_not_told_of(self, shop):
        model = tracker.load(shop.ref)
        wait_until(lambda: self.told(shop) != [], what="the report")
        del model
        gc.collect()
        wait_until(lambda: self.told(shop) == [], what="its end")

    def test_the_end_of_a_process_is_told(self, shop, program):
        done = program(
            "import time, tracker\n"
            f"model = tracker.load('{shop.ref}')\n"
            f"while not tracker.Api().model('{shop.name}').consumers(): time.sleep(0.01)\n"
        )
        assert (done.returncode, done.err) == (0, "")
        assert self.told(shop) == []

    def test_a_forked_child_speaks_for_itself(self, shop, program):
        done = program(
            "import os, time, tracker\n"
            f"model = tracker.load('{shop.ref}')\n"
            f"def consumers(): return tracker.Api().model('{shop.name}').consumers()\n"
            "while len(consumers()) != 1: time.sleep(0.01)\n"
            "child = os.fork()\n"
            "if not child:\n"
            "    model.predict(x=[[1, 2]])\n"
            "    while len(consumers()) != 2: time.sleep(0.01)\n"
            "    os._exit(0)\n"
            "assert os.waitpid(child, 0)[1] == 0\n"
        )
        assert done.returncode == 0, done.err

    def test_nothing_is_told_where_logging_is_offline(self, shop, load, monkeypatch):
        monkeypatch.setenv("TRACKER_MODE", "offline")
        model = load(report=True)
        assert model.companions == [] or shop.name not in [each.model for each in consumers._reporter._reports]
        model.close()

    def test_a_server_that_is_away_costs_nothing(self, closing_shop, program):
        script = "import tracker\nmodel = tracker.load('digits@production')\nmodel.predict(x=[[1, 2]])\n"
        with closing_shop():
            assert program(script).err == ""
        done = program(script)
        assert (done.returncode, len(done.err.splitlines())) == (0, 1), done.err


def test_loading_imports_nothing_of_a_framework(shop, program):
    done = program(
        "import sys, tracker\n"
        "assert 'numpy' not in sys.modules\n"
        f"tracker.load('{shop.ref}').predict(x=[[1, 2]])\n"
        "assert not {'torch', 'sklearn', 'flask', 'onnx'} & set(sys.modules), sorted(sys.modules)\n"
    )
    assert done.returncode == 0, done.err


def test_the_files_are_the_users_alone(shop, load):
    folder = load().held.bundle.folder
    assert os.stat(folder).st_mode & 0o077 == 0


def test_a_version_is_read_back_as_a_bundle(shop):
    from tracker.query import NewVerification

    api = tracker.Api(shop.server.url)
    model = api.model(shop.name)
    found = NewVerification(outcome="pass", checked="replay", form="onnx", latency_p50_ms=0.5)
    recorded = model.record_verification("production", found)
    assert (recorded.outcome, recorded.actor, recorded.time.year >= 2024) == ("pass", "ada", True)
    report = model.bundle("production")
    assert report.manifest is not None
    assert [form.kind for form in report.manifest.forms] == ["onnx"]
    assert (report.version, report.verifications) == (1, [recorded])
    (state,) = model.bundles()
    assert (state.version, state.proof, state.barred_by) == (1, recorded, None)
    assert api.record_verification(shop.name, 1, found).id > recorded.id
    api.close()


def test_two_threads_of_a_fork_begin_what_goes_along_once():
    begun = []

    class Companion:
        def start(self):
            begun.append(self)

        def close(self):
            pass

    model = LoadedModel("digits", "digits:v1", None, [Companion()], True)
    model._begin_again()
    model._begin_again()  # by a thread that had seen the same as the first
    assert len(begun) == 1
