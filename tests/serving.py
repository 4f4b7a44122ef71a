"""Bundles made by hand, and `tracker serve` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.processes import TRACKER, wait_until
from tracker import manifest
from tracker.manifest import BundleFile, Example, Field, Form, Manifest, Signature

COLUMNS = 3


def write_bundle(folder: Path, files: Mapping[str, bytes], **said: Any) -> Path:
    """A bundle of these files, whose manifest says the rest of what is given."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    listed = tuple(BundleFile(name, sha256(content).hexdigest(), len(content)) for name, content in files.items())
    whole = Manifest(**{"format": manifest.FORMAT, "kind": "onnx", "python": "3.11", "files": listed} | said)
    (folder / manifest.FILE_NAME).write_bytes(manifest.write(whole))
    return folder


def scaling_bundle(folder: Path, scale: float = 2.0, *, model: bytes | None = None, **said: Any) -> Path:
    """A bundle whose model gives `y`, each `x` times `scale`, for any number of rows; `model` are other bytes."""
    files = {
        "model.onnx": scaling_model(scale) if model is None else model,
        "example/input.json": msgspec.json.encode({"x": [[1.0] * COLUMNS]}),
        "example/output.json": msgspec.json.encode({"y": [[scale] * COLUMNS]}),
    }
    shape = ("batch", COLUMNS)
    defaults: dict[str, Any] = {
        "forms": (Form(kind="onnx", file="model.onnx"),),
        "signature": Signature((Field("x", "float32", shape),), (Field("y", "float32", shape),), is_batched=True),
        "example": Example("example/input.json", "example/output.json"),
    }
    return write_bundle(folder, files, **defaults | said)


def scaling_model(scale: float) -> bytes:
    shape = ["batch", COLUMNS]
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "scale"], ["y"])],
        "scaling",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [onnx.numpy_helper.from_array(np.asarray(scale, np.float32), "scale")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(made.SerializeToString())


@dataclass
class Serving:
    """`tracker serve` of `what`, until the end of the `with`; the port is one that was free."""

    what: str
    log: Path
    more: Sequence[str] = ()
    env: dict[str, str] = field(default_factory=dict)
    command: Sequence[str] = (TRACKER,)
    url: str = ""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Serving:
        command = [*self.command, "serve", self.what, "--port", "0", *self.more]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env=self.env)
        wait_until(self.is_ready, f"it answers; {self.log} says why not", timeout_s=60)
        return self

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        found = re.search(r"serving .+ on (http://\S+)", self.said())
        if found is None:
            return False
        self.url = found[1]
        try:
            with urllib.request.urlopen(f"{self.url}/health-check", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def stop(self) -> int:
        """Ask it to end, and give its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(60)

    def __enter__(self) -> Serving:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()  # it takes its folder away, if it is let
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
