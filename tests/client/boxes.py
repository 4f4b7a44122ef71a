"""Bundles made by hand, small enough to be seen through: for tests of what loads them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.client.served import Served
from tests.frames import START_MS
from tracker import Api, manifest
from tracker.manifest import BundleFile, Example, Field, Form, Manifest, Signature
from tracker.records import ArtifactLogged

DOUBLED = Signature((Field("x", "float32", ("batch", 2)),), (Field("y", "float32", ("batch", 2)),), is_batched=True)


def onnx_bytes(factor: float = 2.0) -> bytes:
    """A graph that gives `factor` times `x` as `y`."""
    from onnx import TensorProto, helper

    axes = ["batch", 2]
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "factor"], ["y"])],
        "times",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, axes)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, axes)],
        [helper.make_tensor("factor", TensorProto.FLOAT, [], [factor])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return model.SerializeToString()


def describe(files: Mapping[str, bytes], **said: Any) -> bytes:
    """The `tracker.yaml` of these files."""
    listed = tuple(BundleFile(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in files.items())
    fields = {"format": 1, "kind": "python", "python": "3.12", "files": listed, "signature": DOUBLED} | said
    return manifest.write(Manifest(**fields))


def whole(files: Mapping[str, bytes], *forms: Form, **said: Any) -> dict[str, bytes]:
    """The files with their manifest."""
    return {**files, manifest.FILE_NAME: describe(files, forms=forms, **said)}


def onnx_files(factor: float = 2.0, *, says: float | None = None) -> dict[str, bytes]:
    """A bundle of ONNX alone, with an example. `says` is the factor of the stored output, where that is another."""
    files = {
        "model.onnx": onnx_bytes(factor),
        "example/input.json": json.dumps({"x": [[1, 2]]}).encode(),
        "example/output.json": json.dumps({"y": [[n * (says or factor) for n in (1, 2)]]}).encode(),
    }
    form = Form("onnx", ("onnxruntime==1.24.1",), "model.onnx")
    example = Example("example/input.json", "example/output.json")
    return whole(files, form, kind="onnx", roles={"weights": ("model.onnx",)}, example=example)


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    """The folder with these files."""
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder


def register(server: Served, files: Mapping[str, bytes], *, name: str = "digits") -> int:
    """Make the files the next version of a model, of a run of its own; its number."""
    box = f"box-{len(server.asked)}"
    logged = tuple(server.upload(path, data) for path, data in files.items())
    server.log(box, ArtifactLogged(START_MS, box, "model", logged))
    api = Api(server.url)
    try:
        return api.register_model(name, api.artifact_id("digits", f"{box}:latest")).version
    finally:
        api.close()


def promote(server: Served, number: int, *, name: str = "digits") -> None:
    """Have `production` point at the version."""
    api = Api(server.url)
    try:
        api.model(name).promote(number, "production", reason="a test")
    finally:
        api.close()
