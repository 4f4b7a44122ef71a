"""Bundles made by hand, of the smallest model there is: y = x · w, in ONNX, with whatever else a test wants in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.helper as graphs
from onnx import TensorProto

from tests.serving import write_bundle
from tracker.manifest import Example, Field, Form, Signature

LOCK = tuple(f"{name}=={version(name)}" for name in ("numpy", "onnxruntime"))
INPUT = {"x": [[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 1.0]]}
OUTPUT = {"y": [[30.0], [4.0]]}
SIGNATURE = Signature(
    inputs=(Field("x", "float32", ("batch", 4), "four | <numbers>"),),
    outputs=(Field("y", "float32", ("batch", 1)),),
    is_batched=True,
)


def product(*, input_name: str = "x", external: str | None = None, folder: Path | None = None) -> bytes:
    """The bytes of the model; with `external`, its weights lie in a file of that name in the folder."""
    model = graphs.make_model(
        graphs.make_graph(
            [graphs.make_node("MatMul", [input_name, "w"], ["y"])],
            "product",
            [graphs.make_tensor_value_info(input_name, TensorProto.FLOAT, ["batch", 4])],
            [graphs.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 1])],
            [onnx.numpy_helper.from_array(np.array([[1], [2], [3], [4]], "float32"), "w")],
        ),
        opset_imports=[graphs.make_opsetid("", 17)],
        ir_version=8,
    )
    if external is None:
        return model.SerializeToString()
    assert folder is not None
    onnx.save_model(
        model, folder / "made.onnx", save_as_external_data=True, location=external, size_threshold=0
    )  # fmt: skip
    data = (folder / "made.onnx").read_bytes()
    (folder / "made.onnx").unlink()
    return data


def bundle(folder: Path, files: Mapping[str, bytes] | None = None, **changes: Any) -> Path:
    """A bundle in `folder`; `files` come beside the model and its example, `changes` are of the manifest."""
    content = {
        "model.onnx": product(),
        "example/input.json": json.dumps(INPUT).encode(),
        "example/output.json": json.dumps(OUTPUT).encode(),
    }
    said: dict[str, Any] = {
        "python": "3.11.7",
        "forms": (Form("onnx", LOCK, file="model.onnx"),),
        "signature": SIGNATURE,
        "example": Example("example/input.json", "example/output.json"),
        "roles": {"weights": ("model.onnx",)},
    }
    return write_bundle(folder, content | dict(files or {}), **said | changes)
