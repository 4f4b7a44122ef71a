"""A torch and a scikit-learn model, served by one command from ONNX where neither framework is installed."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import torch
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.serving import Serving
from tracker.bundles.making import make
from tracker.manifest import Manifest

CHECKOUT = Path(__file__).resolve().parents[2]
TRACKER = "import sys; from tracker.cli import main; sys.exit(main())"
FRAMEWORKS = ("torch", "sklearn", "onnx", "skl2onnx", "sqlalchemy")


class Perceptron(torch.nn.Module):
    """Two layers."""

    def __init__(self, inputs: int = 8, outputs: int = 3) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(inputs, 16), torch.nn.ReLU(), torch.nn.Linear(16, outputs), torch.nn.Softmax(1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has what `pip install tracker-runs[serve]` brings, and this checkout's client."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder)
    python = folder / "bin" / "python"
    metadata = configparser.ConfigParser()
    metadata.read(CHECKOUT / "setup.cfg")
    wanted = [metadata["options"]["install_requires"], metadata["options.extras_require"]["serve"]]
    needed = [line for text in wanted for line in text.split("\n") if line]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-compile", *needed], check=True, timeout=300)
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip())
    (packages / "checkout.pth").write_text(f"{CHECKOUT / 'client'}\n")
    return python


def in_torch(folder: Path) -> tuple[Manifest, np.ndarray[Any, Any], dict[str, Any]]:
    """A bundle of it, inputs, and what it gives to them there."""
    torch.manual_seed(7)
    model, inputs = Perceptron().eval(), torch.randn(5, 8)
    manifest = make(model, folder, example={"x": inputs[:2].numpy()})
    with torch.no_grad():
        return manifest, inputs.numpy(), {"output": model(inputs).numpy()}


def in_sklearn(folder: Path) -> tuple[Manifest, np.ndarray[Any, Any], dict[str, Any]]:
    """The same of a pipeline."""
    inputs, labels = make_classification(n_samples=60, n_features=6, random_state=7)
    inputs = inputs.astype(np.float32)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(inputs, labels)
    manifest = make(model, folder, example=inputs[:2])
    return manifest, inputs[:5], {"label": model.predict(inputs[:5]), "probabilities": model.predict_proba(inputs[:5])}


def test_the_environment_has_neither_framework(bare: Path) -> None:
    ask = f"import importlib.util as u; print(*[name for name in {FRAMEWORKS} if u.find_spec(name)])"
    assert subprocess.run([str(bare), "-c", ask], check=True, capture_output=True, text=True).stdout.split() == []


@pytest.mark.parametrize("made", [in_torch, in_sklearn])
def test_outputs_are_those_of_the_framework(made: Any, bare: Path, tmp_path: Path) -> None:
    manifest, inputs, expected = made(tmp_path / "bundle")
    assert manifest.signature is not None
    assert manifest.example is not None
    (field,) = manifest.signature.inputs
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = (str(bare), "-c", TRACKER)
    with Serving(str(tmp_path / "bundle"), tmp_path / "log", env=env, command=command) as serving:
        assert requests.get(f"{serving.url}/health-check", timeout=30).json()["form"] == "onnx"
        body = {"input": {field.name: inputs.tolist()}}
        answer = requests.post(f"{serving.url}/predictions", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    outputs = answer.json()["output"]
    assert {each.name for each in manifest.signature.outputs} == set(outputs)
    for name, values in zip(outputs, expected.values(), strict=True):
        np.testing.assert_allclose(
            np.asarray(outputs[name], np.float64),
            values,
            rtol=manifest.example.relative,
            atol=manifest.example.absolute,
        )
