"""Bundles made by hand, of the smallest model there is: y = x · w, in ONNX, with whatever else a test wants in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import onnx.helper as graphs
from onnx import TensorProto

from tracker import manifest as manifests
from tracker.manifest import BundleFile, Example, Field, Form, Manifest, Signature

LOCK = ("numpy==2.4.6", "onnxruntime==1.31.1")
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


def bundle(folder: Path, files: dict[str, bytes] | None = None, **changes: Any) -> Path:
    """A bundle in `folder`; `files` come beside the model and its example, `changes` are of the manifest."""
    content = {
        "model.onnx": product(),
        "example/input.json": json.dumps(INPUT).encode(),
        "example/output.json": json.dumps(OUTPUT).encode(),
    } | (files or {})
    for path, data in content.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    made = Manifest(
        format=1,
        kind="onnx",
        python="3.11.7",
        forms=(Form("onnx", LOCK, file="model.onnx"),),
        signature=SIGNATURE,
        example=Example("example/input.json", "example/output.json"),
        roles={"weights": ("model.onnx",)},
        files=tuple(
            BundleFile(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in sorted(content.items())
        ),
    )
    (folder / manifests.FILE_NAME).write_bytes(manifests.write(msgspec.structs.replace(made, **changes)))
    return folder
