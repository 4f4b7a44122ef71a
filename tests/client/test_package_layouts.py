"""`tracker package` for the Hugging Face Hub, MLflow and as bare ONNX, read back by those tools' own code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import onnx
import onnxruntime
import pytest
import yaml
from safetensors.numpy import save

from tests.client.bundled import INPUT, LOCK, OUTPUT, bundle, product
from tracker import packaging
from tracker.bundles.folder import open_folder
from tracker.bundles.forms import run
from tracker.manifest import Field, Form, Signature

CODE = b"class Net: ...\n"
TORCH = {"weights/net.safetensors": save({"w": np.ones(4, "float32")}), "code/net.py": CODE, "README.md": b"mine"}
TORCH_FORM = Form("torch", ("torch==2.13.0",), file="weights/net.safetensors", entry="net:Net", arguments={"width": 4})
ONNX_FORM = Form("onnx", LOCK, file="model.onnx")
PICKLE_FORM = Form("pickle", LOCK, file="model.pkl")


@pytest.fixture
def made(tmp_path):
    return bundle(tmp_path / "product")


@pytest.fixture
def external(tmp_path):
    """A bundle whose ONNX keeps its weights in a file beside it."""
    (tmp_path / "made").mkdir()
    model = product(external="model.onnx.data", folder=tmp_path / "made")
    files = {"graph/model.onnx": model, "graph/model.onnx.data": (tmp_path / "made" / "model.onnx.data").read_bytes()}
    form = Form("onnx", LOCK, file="graph/model.onnx")
    return bundle(tmp_path / "external", files, forms=(form,))


def packed(source, out, format, **options):
    packaging.package(str(source), out, format=format, **options)
    return out


def answer(model):
    session = onnxruntime.InferenceSession(str(model))
    return {"y": session.run(["y"], {"x": np.array(INPUT["x"], "float32")})[0].tolist()}


def test_onnx_says_where_it_came_from_and_gives_the_same(made, tmp_path):
    out = packed(made, tmp_path / "out", "onnx")
    said = {entry.key: entry.value for entry in onnx.load_model(out / "model.onnx").metadata_props}
    assert said["tracker.model"] == "product"
    assert len(said["tracker.digest"]) == 64
    assert answer(out / "model.onnx") == OUTPUT
    signature = json.loads((out / "signature.json").read_text())
    assert signature["inputs"][0] | {"description": ""} == {
        "name": "x", "dtype": "float32", "shape": ["batch", 4], "description": "",
    }  # fmt: skip


def test_equal_bundles_make_equal_onnx(made, tmp_path):
    first, second = (packed(made, tmp_path / name, "onnx") / "model.onnx" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("format", "place"), [("onnx", ""), ("huggingface", "onnx/"), ("mlflow", "")], ids=["onnx", "huggingface", "mlflow"]
)
def test_weights_beside_an_onnx_file_go_with_it(external, tmp_path, format, place):
    out = packed(external, tmp_path / "out", format)
    assert (out / f"{place}model.onnx.data").is_file()
    assert answer(out / f"{place}model.onnx") == OUTPUT


def test_onnx_that_points_out_of_the_bundle_is_refused(tmp_path):
    model = onnx.load_model_from_string(product())
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../secret")
    made = bundle(tmp_path / "b", {"model.onnx": model.SerializeToString()})
    for format in ("onnx", "mlflow", "huggingface"):
        with pytest.raises(packaging.PackagingError, match="no file of the bundle"):
            packed(made, tmp_path / format, format)


def test_a_bundle_without_onnx_has_no_onnx_package(tmp_path):
    made = bundle(tmp_path / "b", TORCH, kind="torch", forms=(TORCH_FORM,))
    with pytest.raises(packaging.PackagingError, match="no form onnx; it has torch"):
        packed(made, tmp_path / "out", "onnx")


def test_bytes_that_are_no_onnx_are_named(tmp_path):
    made = bundle(tmp_path / "b", {"model.onnx": b"\xff\xff not a model"})
    with pytest.raises(packaging.PackagingError, match="no ONNX model"):
        packed(made, tmp_path / "out", "onnx")


def test_the_hub_finds_each_file_under_its_name(tmp_path):
    made = bundle(tmp_path / "b", TORCH, kind="torch", forms=(ONNX_FORM, TORCH_FORM))
    out = packed(made, tmp_path / "out", "huggingface")
    for name in ("README.md", "config.json", "model.safetensors", "onnx/model.onnx", "code/net.py", ".gitattributes"):
        assert (out / name).is_file(), name
    config = json.loads((out / "config.json").read_text())
    assert (config["architectures"], config["arguments"]) == (["Net"], {"width": 4})
    assert (out / "bundle" / "README.md").read_bytes() == b"mine"


def test_a_repository_of_the_hub_is_a_bundle_that_runs(made, tmp_path):
    opened = open_folder(packed(made, tmp_path / "out", "huggingface"))
    inputs = {"x": np.array(INPUT["x"], "float32")}
    assert run(opened).predict(inputs)["y"].tolist() == OUTPUT["y"]


def test_a_pickle_goes_to_the_hub_only_where_it_is_allowed(tmp_path):
    made = bundle(tmp_path / "b", {"model.pkl": b"x"}, kind="sklearn", forms=(ONNX_FORM, PICKLE_FORM))
    without = open_folder(packed(made, tmp_path / "without", "huggingface"))
    assert [form.kind for form in without.manifest.forms] == ["onnx"]
    assert not (without.folder / "model.pkl").exists()
    with_it = open_folder(packed(made, tmp_path / "with", "huggingface", allow_pickle=True))
    assert [form.kind for form in with_it.manifest.forms] == ["onnx", "pickle"]


def test_the_hub_reads_the_card(made, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub = pytest.importorskip("huggingface_hub")
    out = packed(made, tmp_path / "out", "huggingface")
    card = hub.ModelCard.load(out / "README.md")
    assert card.data.library_name == "onnx"
    assert "tracker" in hub.metadata_load(out / "README.md")["tags"]
    assert "four \\| &lt;numbers>" in card.text


def test_mlflow_is_told_of_flavors_environment_signature_and_example(made, tmp_path):
    out = packed(made, tmp_path / "out", "mlflow")
    said = yaml.safe_load((out / "MLmodel").read_text())
    assert said["flavors"]["python_function"]["loader_module"] == "mlflow.onnx"
    assert said["flavors"]["onnx"]["data"] == "model.onnx"
    assert json.loads(said["signature"]["inputs"]) == [
        {"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}
    ]
    assert set(LOCK) <= set((out / "requirements.txt").read_text().splitlines())
    conda = yaml.safe_load((out / "conda.yaml").read_text())
    assert conda["dependencies"][0] == "python=3.11.7"
    assert set(LOCK) <= set(conda["dependencies"][-1]["pip"])
    assert yaml.safe_load((out / "python_env.yaml").read_text())["python"] == "3.11.7"
    assert json.loads((out / "input_example.json").read_text()) == INPUT
    assert json.loads((out / "serving_input_example.json").read_text()) == {"inputs": INPUT}


def test_a_graph_with_other_names_than_the_signature_is_loaded_by_the_bundle(tmp_path):
    made = bundle(tmp_path / "b", {"model.onnx": product(input_name="tokens")})
    out = packed(made, tmp_path / "out", "mlflow")
    said = yaml.safe_load((out / "MLmodel").read_text())
    assert said["flavors"]["python_function"]["loader_module"] == "tracker.packaging.mlflow_loader"
    assert "onnx" not in said["flavors"]
    assert open_folder(out / "bundle").manifest.forms[0].kind == "onnx"


def test_a_signature_that_mlflow_has_no_words_for_is_left_out_and_told(tmp_path):
    signature = Signature(inputs=(Field("x", "json"),), outputs=())
    made = bundle(tmp_path / "b", {"model.onnx": product()}, signature=signature)
    made_package = packaging.package(str(made), tmp_path / "out", format="mlflow")
    assert "signature" not in yaml.safe_load((tmp_path / "out" / "MLmodel").read_text())
    assert any("no tensors" in notice for notice in made_package.notices)


PREDICT = """
import json, sys
import mlflow.pyfunc, numpy
for folder in sys.argv[2:]:
    model = mlflow.pyfunc.load_model(folder)
    assert model.metadata.get_input_schema().input_names() == ["x"]
    found = model.predict({"x": numpy.array(json.loads(sys.argv[1]), "float32")})
    print(json.dumps({name: value.tolist() for name, value in found.items()}))
"""


@pytest.mark.skipif(find_spec("mlflow") is None, reason="MLflow is not installed")
def test_mlflow_itself_loads_both_kinds_and_predicts(tmp_path):
    """In a process of its own, which MLflow may do with as it likes."""
    other = bundle(tmp_path / "other", {"model.onnx": product(input_name="tokens")})
    made = [packed(bundle(tmp_path / "same"), tmp_path / "a", "mlflow"), packed(other, tmp_path / "b", "mlflow")]
    done = subprocess.run(
        [sys.executable, "-c", PREDICT, json.dumps(INPUT["x"]), *map(str, made)],
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}, cwd=tmp_path, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == [OUTPUT, OUTPUT]
