"""Bundles on a server, for tests: files with a `tracker.yaml` that says what they are, in the app's own store."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from flask import Flask

from tests.server.logged import digest_of, log_artifact, log_run, writing
from tracker import manifest
from tracker_server.artifacts import BlobStore

WEIGHTS = b"the weights of a model"


def described(files: Mapping[str, bytes], **fields: Any) -> bytes:
    """The `tracker.yaml` of these files."""
    listed = tuple(manifest.BundleFile(path, digest_of(data), len(data)) for path, data in files.items())
    said = {"format": 1, "kind": "onnx", "python": "3.12", "files": listed, **fields}
    return manifest.write(manifest.Manifest(**said))


def onnx_files(weights: bytes = WEIGHTS, **fields: Any) -> dict[str, bytes]:
    """A bundle with one form and one role."""
    files = {"model.onnx": weights}
    said = {"forms": (manifest.Form("onnx", ("onnxruntime==1.24.1",), "model.onnx"),)}
    roles = {"weights": ("model.onnx",)}
    return files | {manifest.FILE_NAME: described(files, **(said | {"roles": roles} | fields))}


def stored(app: Flask, files: Mapping[str, bytes], *, run_id: str = "run1", name: str = "model") -> int:
    """The id of an artifact version of these files, whose bytes are in the store."""
    store: BlobStore = app.extensions["tracker.blobs"]
    for data in files.values():
        store.put(digest_of(data), io.BytesIO(data).read)
    with writing(app) as session:
        return log_artifact(session, log_run(session, run_id), files, name=name).id
