"""`log_model` makes a bundle of a model: what it can run on the example is in it, and what it cannot is said."""

from __future__ import annotations

import importlib
import json
import random
import sys
import textwrap

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import safetensors.torch
import torch
from onnx import TensorProto, helper, numpy_helper
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import tracker
from tests.client.reading import read_all
from tests.client.served import served
from tracker import manifest as manifests
from tracker.bundles import examples, forms
from tracker.bundles.folder import open_folder
from tracker.bundles.made import ExampleError, MakingError, Tolerance
from tracker.bundles.making import make
from tracker.bundles.values import read_inputs
from tracker.errors import NoActiveRunError
from tracker.records import ArtifactLogged

X = np.random.RandomState(0).randn(60, 4).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(np.int64)


def read(folder, path):
    return json.loads((folder / path).read_text())


def run_onnx(folder, **inputs):
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


NETS = """
    import torch

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(), torch.nn.Linear(8, 3)
            )

        def forward(self, features):
            return {"logits": self.layers(features)}

    class Tied(torch.nn.Module):
        # two layers with one weight, and two inputs and outputs
        def __init__(self, words):
            super().__init__()
            self.embed = torch.nn.Embedding(words, 4)
            self.head = torch.nn.Linear(4, words, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, tokens, scale):
            return self.head(self.embed(tokens).mean(1)) * scale, tokens.sum(1)

    class Reading(torch.nn.Module):
        # takes texts of any length
        def __init__(self):
            super().__init__()
            self.embed = torch.nn.Embedding(9, 4)
            self.head = torch.nn.Linear(4, 3)

        def forward(self, tokens):
            words = self.head(self.embed(tokens))
            return {"words": words, "text": words.mean(1)}

    class Centred(torch.nn.Module):
        # examples depend on one another
        def forward(self, x):
            return x - x.mean(0)

    class Doubling:
        def predict(self, numbers):
            return numbers * 2

    class Forgetting:
        # a pickle of it gives something else, and being run changes it
        def __init__(self):
            self.factor, self.calls = 2, 0

        def __getstate__(self):
            return {"factor": 3, "calls": 0}

        def predict(self, numbers):
            self.calls += 1
            return numbers * self.factor

    class Refusing(Forgetting):
        def __reduce__(self):
            raise NotImplementedError("no pickle")

    class Unreadable(Forgetting):
        def __setstate__(self, state):
            raise RuntimeError("no state")

    class Branching(torch.nn.Module):
        # what it does depends on values, which no exporter can follow
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(4, 2)

        def forward(self, x):
            return self.layer(x) if x.sum() > 0 else self.layer(-x)
"""


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    """A module of one's own, which has the classes."""
    place = tmp_path_factory.mktemp("own")
    (place / "nets_of_mine.py").write_text(textwrap.dedent(NETS))
    sys.path.insert(0, str(place))
    yield importlib.import_module("nets_of_mine")
    sys.path.remove(str(place))
    del sys.modules["nets_of_mine"]


@pytest.fixture(scope="module")
def net_bundle(tmp_path_factory, nets):
    """The bundle of a module of torch in training, beside that module; one, as exporting takes seconds."""
    place = tmp_path_factory.mktemp("net")
    torch.manual_seed(1)
    net = nets.Net()
    net(torch.randn(16, 4))  # statistics of the norm that are not those of the start
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    make(net, place / "bundle", example=torch.from_numpy(X[:3]))
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert before == after
    return place / "bundle", net


def test_a_torch_module_has_three_forms_that_agree(net_bundle):
    folder, net = net_bundle
    bundle = open_folder(folder)
    assert [form.kind for form in bundle.manifest.forms] == ["onnx", "torch_export", "torch"]
    assert all(form.max_difference is not None and form.max_difference < 1e-5 for form in bundle.manifest.forms)
    assert bundle.manifest.signature == manifests.Signature(
        (manifests.Field("features", "float32", ("batch", 4)),), (manifests.Field("logits", "float32", ("batch", 3)),),
        is_batched=True,
    )  # fmt: skip
    assert bundle.manifest.roles["code"] == ("code/nets_of_mine.py",)
    assert all(each.training for each in net.modules())
    assert all(parameter.requires_grad for parameter in net.parameters())
    with torch.no_grad():
        expected = net.eval()(torch.from_numpy(X[:10]))["logits"].numpy()
    net.train()
    np.testing.assert_allclose(run_onnx(folder, features=X[:10])["logits"], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(read(folder, "example/output.json")["logits"], expected[:3], rtol=1e-6)


COUNTING = """
    import torch

    class Counting(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(4, 2)
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, x):
            self.calls += 1
            return self.layer(x)
"""


@pytest.fixture
def counting(tmp_path, monkeypatch):
    """A module that changes when it is run, and its source."""
    source = tmp_path / "own" / "counting_of_mine.py"
    source.parent.mkdir()
    source.write_text(textwrap.dedent(COUNTING))
    monkeypatch.syspath_prepend(source.parent)
    yield importlib.import_module("counting_of_mine").Counting(), source
    del sys.modules["counting_of_mine"]


def test_the_weights_are_those_from_before_the_example_was_run(tmp_path, counting):
    manifest = make(counting[0], tmp_path / "b", example=torch.ones(2, 4))
    assert "torch" in [form.kind for form in manifest.forms]
    assert safetensors.torch.load_file(tmp_path / "b/model.safetensors")["calls"] == 0


def test_a_module_whose_source_has_changed_has_no_form_of_it(tmp_path, counting):
    model, source = counting
    source.write_text(source.read_text().replace("self.layer(x)", "-self.layer(x)"))
    manifest = make(model, tmp_path / "b", example=torch.ones(2, 4))
    assert "torch" not in [form.kind for form in manifest.forms]
    assert "its outputs differ" in manifest.metadata["left_out"]["torch"]
    assert "code" not in manifest.roles
    assert not list((tmp_path / "b").rglob("*.py"))


@pytest.mark.parametrize("form", ["onnx", "torch_export", "torch"])
def test_every_form_gives_what_is_stored_when_it_is_loaded(net_bundle, form):
    folder, _ = net_bundle
    bundle = open_folder(folder)
    runner = forms.run(bundle, form=form)
    found = runner.predict(read_inputs(bundle.manifest.signature, read(folder, "example/input.json")))
    np.testing.assert_allclose(found["logits"], read(folder, "example/output.json")["logits"], rtol=1e-4, atol=1e-5)


def test_the_onnx_form_needs_no_framework(net_bundle):
    (form, *_, last) = open_folder(net_bundle[0]).manifest.forms
    names = {each.partition("==")[0] for each in form.packages}
    assert {"numpy", "onnxruntime", "msgspec", "pyyaml"} <= names
    assert not names & {"torch", "onnx", "scikit-learn", "tracker-runs"}
    assert {"torch", "safetensors", "numpy"} <= {each.partition("==")[0] for each in last.packages}


def test_nothing_in_the_files_tells_where_they_were_made(net_bundle):
    folder, _ = net_bundle
    assert [
        path for path in folder.rglob("*") if path.is_file() and str(folder.parent).encode() in path.read_bytes()
    ] == []


def test_tied_weights_are_kept_once_and_one_example_is_enough(tmp_path, nets):
    model = nets.Tied(words=6)
    manifest = make(model, tmp_path / "b", example=(torch.tensor([[1, 2, 3]]), np.ones((1, 1), "f")), init={"words": 6})
    assert [(form.kind, form.arguments) for form in manifest.forms] == [
        ("onnx", {}), ("torch_export", {}), ("torch", {"words": 6}),
    ]  # fmt: skip
    with safetensors.safe_open(tmp_path / "b" / "model.safetensors", "np") as file:
        assert list(file.keys()) == ["embed.weight"]
    assert [(field.name, field.dtype, field.shape) for field in manifest.signature.inputs] == [
        ("tokens", "int64", ("batch", 3)), ("scale", "float32", ("batch", 1)),
    ]  # fmt: skip
    tokens = np.array([[0, 1, 2], [5, 5, 4]])
    found = run_onnx(tmp_path / "b", tokens=tokens, scale=np.full((2, 1), 2, np.float32))
    expected = model(torch.from_numpy(tokens), torch.full((2, 1), 2.0))
    np.testing.assert_allclose(found["output_0"], expected[0].detach(), rtol=1e-4, atol=1e-5)
    assert found["output_1"].tolist() == [3, 14]


@pytest.mark.parametrize(
    "example", [np.array([[1, 2]]), np.ones((3, 2)), np.full((1, 2), 2)], ids=["one", "equal", "2"]
)
def test_examples_that_depend_on_one_another_are_no_batch(tmp_path, nets, example):
    manifest = make(nets.Centred(), tmp_path / "b", example=example.astype(np.float32))
    assert not manifest.signature.is_batched
    assert manifest.signature.inputs[0].shape == example.shape


@pytest.mark.parametrize("value", [2.0, 0, 1, 5, True, "red"])
def test_one_example_that_depends_on_no_other_is_a_batch(value):
    def run(inputs):
        return {"y": inputs["x"] * 2}

    x = np.full((1, 3), value, object if isinstance(value, str) else None)
    assert examples.are_independent(run, {"x": x}, run({"x": x}), Tolerance())


def test_a_further_axis_is_free_where_it_is_said_to_be(tmp_path, nets):
    model = nets.Reading()
    tokens = torch.randint(0, 9, (2, 5))
    manifest = make(model, tmp_path / "b", example=tokens, axes={"tokens": {1: "length"}})
    assert [form.kind for form in manifest.forms] == ["onnx", "torch_export", "torch"]
    assert [(field.name, field.shape) for field in (*manifest.signature.inputs, *manifest.signature.outputs)] == [
        ("tokens", ("batch", "length")), ("words", ("batch", "length", 3)), ("text", ("batch", 3)),
    ]  # fmt: skip
    longer = torch.randint(0, 9, (3, 11))
    found = run_onnx(tmp_path / "b", tokens=longer.numpy())
    np.testing.assert_allclose(found["words"], model(longer)["words"].detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("axes", "error", "says"),
    [
        ({"words": {1: "length"}}, ExampleError, "axes name 'words', which is no array among the inputs: tokens"),
        ({"tokens": {2: "length"}}, ExampleError, "axis 2 of 'tokens', whose axes are 1 to 1"),
        ({"tokens": {1: "length"}}, ExampleError, "the example has 2 along 'length' of 'tokens'; give 3 or more"),
        ({"tokens": 1}, TypeError, "axes are names of free axes by input"),
    ],
    ids=["no input", "no axis", "too few", "no names"],
)
def test_axes_that_cannot_be_are_an_error(tmp_path, nets, axes, error, says):
    with pytest.raises(error, match=says):
        make(nets.Reading(), tmp_path / "b", example=torch.zeros(2, 2, dtype=torch.int64), axes=axes)


def test_what_cannot_be_exported_is_left_out_with_the_reason(tmp_path, nets, capsys):
    manifest = make(nets.Branching(), tmp_path / "b", example=np.ones((2, 4), np.float32))
    assert [form.kind for form in manifest.forms] == ["torch"]
    assert "data-dependent" in manifest.metadata["left_out"]["onnx"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tracker: the model is kept as torch; left out: onnx, torch_export: torch.export: ")
    assert not (tmp_path / "b" / "model.onnx").exists()


def test_a_bare_sequential_is_told_how_to_have_its_torch_form(tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    manifest = make(net, tmp_path / "b", example=np.zeros((2, 4), np.float32))
    assert "have a class of your own make it in its __init__" in manifest.metadata["left_out"]["torch"]
    assert {form.kind for form in manifest.forms} == {"onnx", "torch_export"}


def test_a_form_that_gives_something_else_is_left_out(tmp_path, capsys):
    model = LogisticRegression().fit(X, Y)
    manifest = make(model, tmp_path / "b", example=X[:20], absolute=0, relative=0)
    assert [form.kind for form in manifest.forms] == ["pickle"]
    assert "its outputs differ from the model's by up to" in manifest.metadata["left_out"]["onnx"]
    assert "its outputs differ" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("example", "says"),
    [
        (
            torch.zeros(2, 5),
            r"on the CPU, cannot run the example \(x: float32 \[2, 5\]\): RuntimeError: .*shapes cannot be mult",
        ),
        ({"y": torch.zeros(2, 4)}, "the example has an input 'y', and the model takes x"),
        ((torch.zeros(2, 4), 1), "the example has 2 inputs, and the model takes 1: x"),
        ({}, "the example lacks the input 'x'"),
        ([[1.0, 2.0], [3.0]], "the example's 'x' makes no tensor: ValueError"),
        ("text", "'x' has to be a tensor or an array of numbers, got str"),
        ({"x": np.array(["a"])}, "'x' has to be a tensor or an array of numbers, got an array of <U1"),
    ],
)
def test_an_example_of_something_else_is_named(tmp_path, nets, example, says):
    model = nets.Branching()
    with pytest.raises(ExampleError, match=says):
        make(model, tmp_path / "b", example=example)
    assert model.training
    assert not (tmp_path / "b").exists()


def test_a_classifier_gives_labels_and_probabilities_from_onnx(tmp_path):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, np.array(["no", "yes"])[Y])
    manifest = make(model, tmp_path / "b", example=X[:5])
    assert [form.kind for form in manifest.forms] == ["onnx", "pickle"]
    assert manifest.forms[0].max_difference < 1e-5
    found = run_onnx(tmp_path / "b", X=X)
    assert found["label"].tolist() == model.predict(X).tolist()
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(X), atol=1e-5)
    assert [(field.name, field.dtype, field.shape) for field in manifest.signature.outputs] == [
        ("label", "string", ("batch",)), ("probabilities", "float32", ("batch", 2)),
    ]  # fmt: skip
    assert any(each.startswith("scikit-learn==") for each in manifest.forms[1].packages)


def test_anything_that_pickles_and_predicts_is_kept(tmp_path, nets):
    manifest = make(nets.Doubling(), tmp_path / "b", example=[1.5, 2.0])
    assert (manifest.kind, [form.kind for form in manifest.forms]) == ("pickle", ["pickle"])
    assert manifest.roles["code"] == ("code/nets_of_mine.py",)
    assert {each.partition("==")[0] for each in manifest.forms[0].packages} >= {"numpy", "torch"}  # which it imports
    runner = forms.run(open_folder(tmp_path / "b"), allow_pickle=True)
    assert runner.predict({"numbers": np.array([4.0])})["output"].tolist() == [8.0]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Forgetting", "read back, its outputs differ from the model's by up to 3"),
        ("Refusing", "NotImplementedError: no pickle"),
        ("Unreadable", "it cannot be read back: RuntimeError: no state"),
    ],
)
def test_a_pickle_that_is_not_the_model_is_an_error(tmp_path, nets, name, says):
    with pytest.raises(MakingError, match=f"the model cannot be kept as a pickle: {says}"):
        make(getattr(nets, name)(), tmp_path / "b", example=np.array([1.0, 3.0]))


def test_the_callers_own_model_is_run_once(tmp_path, nets):
    model = nets.Forgetting()
    model.factor = 3
    make(model, tmp_path / "b", example=np.array([1.0, 3.0]))
    assert model.calls == 1


def test_columns_of_a_frame_are_inputs(tmp_path):
    frame = pd.DataFrame({"age": [20.0, 30.0, 40.0] * 4, "home town": ["a", "b", "a"] * 4})
    steps = ColumnTransformer([("age", StandardScaler(), ["age"]), ("town", OneHotEncoder(), ["home town"])])
    model = make_pipeline(steps, LogisticRegression()).fit(frame, [0, 1, 1] * 4)
    manifest = make(model, tmp_path / "b", example=frame[:3])
    assert [form.kind for form in manifest.forms] == ["onnx", "pickle"]
    assert any(each.startswith("pandas==") for each in manifest.forms[1].packages)
    inputs = {"age": [30.0, 20.0], "home town": ["a", "b"]}
    bundle = open_folder(tmp_path / "b")
    expected = model.predict_proba(pd.DataFrame(inputs))
    for kind in ("onnx", "pickle"):
        found = forms.run(bundle, form=kind, allow_pickle=True).predict(read_inputs(manifest.signature, inputs))
        np.testing.assert_allclose(found["probabilities"], expected, atol=1e-5)


def test_a_library_that_is_missing_costs_its_form_and_says_how_to_have_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    manifest = make(LinearRegression().fit(X, Y), tmp_path / "b", example=X[:2])
    assert [form.kind for form in manifest.forms] == ["pickle"]
    assert manifest.metadata["left_out"]["onnx"] == 'it needs skl2onnx: pip install "tracker-runs[models]"'
    assert "it needs skl2onnx" in capsys.readouterr().err


def test_equal_models_make_equal_bundles(tmp_path):
    for name in ("one", "other"):
        make(LinearRegression().fit(X, Y), tmp_path / name, example=X[:2].astype(float), metadata={"a": 1})
    one, other = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.*")} for name in ("one", "other")
    )
    assert one == other
    assert "tracker.yaml" in one


def test_an_onnx_file_says_its_signature(tmp_path):
    onnx.save(scaled(), tmp_path / "m.onnx")
    manifest = make(tmp_path / "m.onnx", tmp_path / "b", example={"x": X[:2]})
    assert manifest.signature.inputs == (manifests.Field("x", "float32", ("batch", 4)),)
    assert manifest.signature.is_batched
    assert read(tmp_path / "b", "example/output.json")["y"] == (X[:2] * 2).tolist()
    assert "opset ai.onnx 17" in manifest.forms[0].notes
    assert (tmp_path / "b" / "model.onnx").read_bytes() == (tmp_path / "m.onnx").read_bytes()


def test_weights_beside_an_onnx_file_are_taken_along(tmp_path):
    model = scaled()
    onnx.save_model(
        model, tmp_path / "m.onnx", save_as_external_data=True, location="m.weights", size_threshold=0,
        convert_attribute=True,
    )  # fmt: skip
    manifest = make(str(tmp_path / "m.onnx"), tmp_path / "b", example=X[:2])
    assert manifest.roles["weights"] == ("model.onnx", "m.weights")
    assert run_onnx(tmp_path / "b", x=X[:1])["y"].tolist() == (X[:1] * 2).tolist()
    (tmp_path / "m.weights").unlink()
    with pytest.raises(MakingError, match=r"weights 'two' in 'm\.weights', and there is no such file beside it"):
        make(tmp_path / "m.onnx", tmp_path / "again")


def test_an_onnx_model_without_an_example_has_its_free_axes(tmp_path):
    manifest = make(scaled(), tmp_path / "b")
    assert manifest.signature.inputs[0].shape == ("n", 4)
    assert not manifest.signature.is_batched
    assert manifest.example is None


def test_a_broken_onnx_model_says_what_is_wrong(tmp_path):
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(MakingError, match=r"text\.onnx is no ONNX model"):
        make(tmp_path / "text.onnx", tmp_path / "b")
    model = scaled()
    model.graph.node[0].input[1] = "three"
    with pytest.raises(MakingError, match=r"is no valid ONNX model: .*three"):
        make(model, tmp_path / "b")
    with pytest.raises(FileNotFoundError, match="no ONNX file at"):
        make(tmp_path / "away.onnx", tmp_path / "b")


@pytest.mark.parametrize(
    ("model", "error", "says"),
    [
        ("model.pt", ValueError, r"a path names an \.onnx file, got 'model\.pt'; .*register_model"),
        (7, TypeError, "a model is a torch.nn.Module, .*, got a int: 7"),
        (torch.nn.Linear, TypeError, "got the class Linear"),
    ],
    ids=["another file", "no model", "a class of torch"],
)
def test_what_is_no_model_is_an_error(tmp_path, model, error, says):
    with pytest.raises(error, match=says):
        make(model, tmp_path / "b")


def scaled() -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "two"], ["y"])], "scaled",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(np.array([2], np.float32), "two")],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def test_it_is_logged_as_a_model_with_every_file(server, start):
    run = start()
    logged = tracker.log_model(
        LinearRegression().fit(X, Y), "prices", example=X[:2], aliases=["best"], metadata={"k": 1}
    )
    run.finish()
    (record,) = server.records(ArtifactLogged)
    assert (record.name, record.kind, record.aliases, record.metadata["k"]) == ("prices", "model", ("best",), 1)
    assert {file.path for file in logged.files} == {
        "tracker.yaml", "model.onnx", "model.pkl", "example/input.json", "example/output.json",
    }  # fmt: skip
    yaml = next(file.digest for file in record.files if file.path == "tracker.yaml")
    assert manifests.read(server.blobs[yaml]).kind == "sklearn"


def test_without_an_active_run_it_says_so(start):
    start(mode="offline").finish()
    with pytest.raises(NoActiveRunError, match="log_model"):
        tracker.log_model(LinearRegression())


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"register": "a b"}, ValueError, "a model's name has"),
        ({"name": "a/b"}, ValueError, "an artifact's name is printable text without"),
    ],
    ids=["no name of a model", "no name of an artifact"],
)
def test_what_could_not_be_registered_is_an_error_before_anything_is_made(start, options, error, says):
    start(mode="offline")
    with pytest.raises(error, match=says):
        tracker.log_model(LinearRegression(), example="never run", **options)


def test_a_model_that_cannot_be_registered_offline_is_kept(start):
    run = start(mode="offline")
    with pytest.raises(tracker.TrackerError, match=r"is kept .* `tracker register prices digits/line:latest`"):
        tracker.log_model(LinearRegression().fit(X, Y), "line", register="prices")
    run.finish()
    logged = [record for record in read_all(run.journal_path) if isinstance(record, ArtifactLogged)]
    assert [(each.name, each.kind) for each in logged] == [("line", "model")]


def test_a_run_that_is_disabled_registers_nothing_and_goes_on(start, capsys):
    start(mode="disabled")
    assert tracker.log_model(LinearRegression().fit(X, Y), register="prices").files == ()
    assert "was not kept, so it is no version of 'prices'" in capsys.readouterr().err


def test_an_example_that_the_model_cannot_run_is_an_error_and_logs_nothing(server, start):
    run = start()
    with pytest.raises(ExampleError, match="the example's 'X': ValueError: X has 3 features") as caught:
        tracker.log_model(LinearRegression().fit(X, Y), "prices", example=X[:2, :3])
    assert caught.value.field == "X"
    run.finish()
    assert server.records(ArtifactLogged) == []


def test_a_failed_bundle_leaves_its_folder_as_it_was(tmp_path):
    (tmp_path / "there").mkdir()
    for name in ("there", "new"):
        with pytest.raises(MakingError):
            make(LinearRegression().fit(X, Y), tmp_path / name, example=X[:2, :3])
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert list((tmp_path / "there").iterdir()) == []


def test_it_is_registered_where_a_name_says_so(tmp_path, start, monkeypatch):
    with served(tmp_path / "server") as real:
        monkeypatch.setenv("TRACKER_URL", real.url)
        run = start()
        model = LinearRegression().fit(X, Y)
        version = tracker.log_model(model, example=X[:2], register="prices", tags=["small"], description="as a line")
        assert (version.ref, version.tags, version.description) == ("prices:v1", ["small"], "as a line")
        assert tracker.log_model(model, example=X[:2], register="prices").version == 1
        run.finish()
        folder = tracker.use_model("prices:v1")
        assert open_folder(folder).manifest.kind == "sklearn"
