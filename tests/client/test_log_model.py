"""`log_model` makes a bundle of a model: what it can run on the example is in it, and what it cannot is said."""

from __future__ import annotations

import json
import random
import sys
import textwrap

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tracker
from tracker import manifest as manifests
from tracker.bundles.folder import open_folder
from tracker.bundles.made import ExampleError, MakingError
from tracker.bundles.making import make
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


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module of the caller's own, and imports it: `module("nets", source)`."""
    made = []
    monkeypatch.syspath_prepend(tmp_path / "own")

    def write(name: str, source: str):
        path = tmp_path / "own" / (name.replace(".", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        made.append(name)
        __import__(name)
        return sys.modules[name]

    yield write
    for name in made:
        for each in [each for each in sys.modules if each == name or each.startswith(name.partition(".")[0] + ".")]:
            del sys.modules[each]


NET = """
    import torch

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(), torch.nn.Linear(8, 3)
            )

        def forward(self, features):
            return {"logits": self.layers(features)}
"""


@pytest.fixture(scope="module")
def net_bundle(tmp_path_factory):
    """The bundle of a module of torch in training, beside that module; one, as exporting takes seconds."""
    place = tmp_path_factory.mktemp("net")
    (place / "tracked_net.py").write_text(textwrap.dedent(NET))
    sys.path.insert(0, str(place))
    import tracked_net

    sys.path.remove(str(place))
    torch.manual_seed(1)
    net = tracked_net.Net()
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
    assert bundle.manifest.roles["code"] == ("code/tracked_net.py",)
    assert all(each.training for each in net.modules())
    assert all(parameter.requires_grad for parameter in net.parameters())
    with torch.no_grad():
        expected = net.eval()(torch.from_numpy(X[:10]))["logits"].numpy()
    net.train()
    np.testing.assert_allclose(run_onnx(folder, features=X[:10])["logits"], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(read(folder, "example/output.json")["logits"], expected[:3], rtol=1e-6)


def test_the_onnx_form_needs_no_framework(net_bundle):
    (form, *_, last) = open_folder(net_bundle[0]).manifest.forms
    names = {each.partition("==")[0] for each in form.packages}
    assert {"numpy", "onnxruntime", "msgspec", "pyyaml"} <= names
    assert not names & {"torch", "onnx", "scikit-learn", "tracker-ml"}
    assert {"torch", "safetensors", "numpy"} <= {each.partition("==")[0] for each in last.packages}


def test_nothing_in_the_files_tells_where_they_were_made(net_bundle):
    folder, _ = net_bundle
    assert [
        path for path in folder.rglob("*") if path.is_file() and str(folder.parent).encode() in path.read_bytes()
    ] == []


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


def scaled() -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "two"], ["y"])], "scaled",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])],
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
