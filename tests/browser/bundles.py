"""Bundles on a real server, and a small server that answers as `tracker serve` does, for pages that show both."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.browser.pages import ask
from tests.browser.training import Reachable

LOG = r"""
import hashlib, json, os, tracker
from pathlib import Path
from tracker import manifest

folder = Path(os.environ["TRACKER_DIR"]) / "bundle"
(folder / "example").mkdir(parents=True)
Field, Form = manifest.Field, manifest.Form
signature = manifest.Signature(
    (Field("pixels", "float32", ("batch", 4), "grey values, 0 to 1"), Field("scale", "float32")),
    (Field("digit", "int64", ("batch",)), Field("logits", "float32", ("batch", 3))),
    is_batched=True,
)
forms = (
    Form("onnx", ("numpy==2.1.3", "onnxruntime==1.20.1"), "model.onnx", max_difference=2.4e-7),
    Form("torch", ("numpy==2.1.3", "torch==2.5.1"), "model.safetensors", "net:Digits", {"width": 64}, notes="logged"),
)

with tracker.init("digits", name="calm-heron", system_interval_s=0) as run:
    tracker.log({"val/acc": 0.98})
    for number in (1, 2):
        files = {"model.onnx": b"graph %d" % number * 900, "model.safetensors": b"state %d" % number * 5000}
        files["code/net.py"] = b"class Digits: ..."
        files["example/input.json"] = b'{"pixels": [[0.0, 0.25, 0.5, 1.0], [1.0, 0.5, 0.25, 0.0]], "scale": 1.0}'
        files["example/output.json"] = b'{"digit": [3, 8], "logits": [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]]}'
        vocabulary = ("labels.txt",) if number == 1 else ()
        files |= {path: b"zero one two" for path in vocabulary}
        for path, data in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        if number == 2:
            (folder / "labels.txt").unlink()
        digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
        listed = tuple(manifest.BundleFile(path, digests[path], len(data)) for path, data in files.items())
        said = manifest.Manifest(
            format=1, kind="torch", python="3.12", forms=forms, signature=signature, files=listed,
            example=manifest.Example("example/input.json", "example/output.json"),
            roles={"weights": ("model.onnx", "model.safetensors"), "vocabulary": vocabulary, "code": ("code/net.py",)},
            references=(manifest.Reference("embeddings.bin", "s3://lake/embeddings-v4.bin", 4_000_000_000, "9b2cf5"),),
        )
        (folder / manifest.FILE_NAME).write_bytes(manifest.write(said))
        run.log_artifact(folder, name="net", type="model")
    (folder / "labels.txt").write_text("loose")
    run.log_artifact(folder / "labels.txt", name="net", type="model")
print(run.id)
"""
"""Three versions: a whole bundle, one without a file for one of its roles, and a loose file."""

VERIFIED = {
    "outcome": "pass", "checked": "replay", "form": "onnx", "python": "3.12.3", "platform": "linux-x86_64",
    "load_ms": 212.0, "latency_p50_ms": 0.412, "latency_p99_ms": 1.93, "peak_memory_bytes": 184_000_000,
    "max_difference": 2.4e-7,
}  # fmt: skip
ALTERED = {
    "outcome": "fail", "checked": "files", "message": "1 of 7 files is not what was registered",
    "problems": [{"path": "embeddings.bin", "message": "the ETag is 77aa01, and was 9b2cf5"}],
}  # fmt: skip


def register(server: Reachable, run: str, model: str) -> None:
    """Have a model with the versions of LOG, oldest first, of which the first is in production."""
    artifacts = ask(server, f"/runs/{run}/artifacts")["artifacts"]
    for artifact in sorted(artifacts, key=lambda one: one["version"]):
        ask(server, f"/models/{model}/versions", {"artifact_version_id": artifact["id"]})
    move = {"version": 1, "replaces": None, "reason": "the first that holds"}
    ask(server, f"/models/{model}/aliases/production", move)


def verify(server: Reachable, model: str, version: int, found: dict[str, Any]) -> None:
    """Record what verifying found."""
    ask(server, f"/models/{model}/versions/{version}/verifications", found)


def hold(server: Reachable, model: str, name: str, version: int, ref: str, **more: Any) -> None:
    """Say that a process holds a version."""
    said = {"version": version, "ref": ref, "kind": "load", "host": f"{name}.cluster", **more}
    ask(server, f"/models/{model}/consumers/{name}", said, method="PUT")


@dataclass
class Serve:
    """Where it answers, what it was asked, and whether pages of other origins may read its answers."""

    url: str = ""
    asked: list[Any] = field(default_factory=list)
    allows: bool = True
    version: int = 1


@contextmanager
def serve() -> Iterator[Serve]:
    """Answers every prediction with the number of rows, and refuses a scale below zero, until the end of the `with`."""
    made = Serve()

    class Answers(BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            self.answer(204, b"")

        def do_GET(self) -> None:
            self.answer(200, b"ok")

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
            made.asked.append(given)
            if given["scale"] < 0:
                error = {"code": "bad_input", "message": "scale must not be below 0", "field": "scale"}
                self.answer(422, json.dumps({"error": error}).encode())
                return
            output = {"digit": [7] * len(given["pixels"])}
            self.answer(200, json.dumps({"output": output, "model": "digits", "version": made.version}).encode())

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if made.allows:
                self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
                self.send_header("Access-Control-Allow-Headers", "Content-Type, Authorization")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
