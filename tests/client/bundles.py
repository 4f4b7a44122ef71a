"""Small bundles for tests, made by hand: a model that adds, as Python and as a pickle."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from tracker import manifest as manifests
from tracker.manifest import BundleFile, Example, Field, Form, Manifest, Signature

ADDS = """\
import numpy as np

class Adder:
    def load(self, files):
        self.term = float(files["weights"].read_text())

    def predict(self, x):
        return {"y": np.asarray(x) + self.term}
"""
SIGNATURE = Signature((Field("x", "float64", ("batch",)),), (Field("y", "float64", ("batch",)),), True)


def bundle(folder: Path, *, code: str = ADDS, stored: Any = (3.0, 4.0), **changes: Any) -> Path:
    """A bundle of kind python whose model adds 2 to `x`; `changes` are of its manifest, `form` of its form."""
    _write(folder / "weights.txt", "2")
    _write(folder / "code" / "adder.py", code)
    _write(folder / "example" / "input.json", json.dumps({"x": [1.0, 2.0]}))
    _write(folder / "example" / "output.json", json.dumps({"y": list(stored)}))
    form = Form("python", changes.pop("packages", ()), entry="adder:Adder")
    described: dict[str, Any] = {
        "kind": "python",
        "python": ".".join(map(str, sys.version_info[:2])),
        "forms": (form,),
        "signature": SIGNATURE,
        "example": Example("example/input.json", "example/output.json"),
        "roles": {"weights": ("weights.txt",), "code": ("code/adder.py",)},
    }
    described |= changes
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = tuple(_described(folder, path) for path in paths)
    (folder / manifests.FILE_NAME).write_bytes(manifests.write(Manifest(format=1, files=files, **described)))
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _described(folder: Path, path: Path) -> BundleFile:
    data = path.read_bytes()
    return BundleFile(path.relative_to(folder).as_posix(), hashlib.sha256(data).hexdigest(), len(data))
