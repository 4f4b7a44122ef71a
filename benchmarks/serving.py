"""What `tracker serve` adds to onnxruntime: how long a lone client waits, and how many are answered a second.

The clients are lean on purpose: they write the same bytes again and again to connections that they keep, and read the
answer's length from its head. The bare session is in this process and gets its array ready made. Both have one thread
for the model, so that neither waits for cores that others use.
"""

from __future__ import annotations

import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.figures import Ceiling, Figure
from tests.serving import Serving, write_bundle
from tracker.manifest import Field, Form, Signature

CLIENTS = 16
MODEL_THREADS = 1
WARM_UP = 50
OUTPUTS = 10


@dataclass(frozen=True)
class Model:
    """A perceptron: its name for people, its inputs, and the width and number of its layers."""

    name: str
    inputs: int
    width: int
    layers: int


MODELS = (Model("a small MLP", 16, 32, 2), Model("a larger MLP", 256, 2048, 4))


def figures(*, repetitions: int, requests: int) -> list[Figure]:
    """Of each model: one client, then many, each with one example a request; both beside the bare session."""
    return [figure for model in MODELS for figure in _of(model, repetitions, requests)]


def _of(model: Model, repetitions: int, requests: int) -> list[Figure]:
    example = np.random.default_rng(7).standard_normal((1, model.inputs)).astype(np.float32)
    body = msgspec.json.encode({"input": {"x": example.tolist()}})
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name:
        folder = Path(name)
        graph = _graph(model)
        _write(folder / "bundle", model, graph)
        bare, alone, many = [], [], []
        with _served(folder) as serving:
            for _ in range(repetitions):  # by turns, so that whatever else the machine does slows both
                bare.append(_lone(_bare(graph, example), requests))
                alone.append(_lone(_asking(serving.url, body), requests))
                many.append(_rate(partial(_asking, serving.url, body), requests))
    what = model.name
    p50, bare_p50 = [_quantile(one, 50) for one in alone], [_quantile(one, 50) for one in bare]
    added = [served - bare_one for served, bare_one in zip(p50, bare_p50, strict=True)]
    p99, bare_p99 = [_quantile(one, 99) for one in alone], [_quantile(one, 99) for one in bare]
    bare_rate = Ceiling("bare onnxruntime, one after another", [1000 / statistics.fmean(one) for one in bare])
    return [
        Figure(f"{what} served, one client, p50", "ms", p50, ceiling=Ceiling("bare onnxruntime, p50", bare_p50)),
        Figure(f"{what} served, one client, p99", "ms", p99, ceiling=Ceiling("bare onnxruntime, p99", bare_p99)),
        Figure(f"{what} served, one client, overhead, p50", "ms", added, note="HTTP, JSON and checking the inputs"),
        Figure(f"{what} served, {CLIENTS} clients", "requests/s", many, is_rate=True, ceiling=bare_rate),
    ]


def _graph(model: Model) -> bytes:
    chance = np.random.default_rng(7)
    sizes = [model.inputs, *[model.width] * (model.layers - 1), OUTPUTS]
    nodes, weights, value = [], [], "x"
    for number, (rows, columns) in enumerate(pairwise(sizes)):
        is_last = number == model.layers - 1
        matrix = (chance.standard_normal((rows, columns)) / np.sqrt(rows)).astype(np.float32)
        weights.append(numpy_helper.from_array(matrix, f"w{number}"))
        nodes.append(helper.make_node("MatMul", [value, f"w{number}"], ["y" if is_last else f"sum{number}"]))
        if not is_last:
            nodes.append(helper.make_node("Relu", [f"sum{number}"], [f"hidden{number}"]))
        value = f"hidden{number}"
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", model.inputs])
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", OUTPUTS])
    graph = helper.make_graph(nodes, "perceptron", [given], [made], weights)
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(whole)
    return bytes(whole.SerializeToString())


def _write(folder: Path, model: Model, graph: bytes) -> None:
    inputs = (Field("x", "float32", ("n", model.inputs)),)
    signature = Signature(inputs, (Field("y", "float32", ("n", OUTPUTS)),), is_batched=True)
    write_bundle(folder, {"model.onnx": graph}, forms=(Form(kind="onnx", file="model.onnx"),), signature=signature)


@contextmanager
def _served(folder: Path) -> Iterator[Serving]:
    more = ["--model-threads", str(MODEL_THREADS)]
    with Serving(str(folder / "bundle"), folder / "log", more, dict(os.environ)) as serving:
        yield serving


def _bare(graph: bytes, example: np.ndarray[Any, Any]) -> Callable[[], object]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = MODEL_THREADS
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(["y"], {"x": example})


def _asking(url: str, body: bytes) -> Callable[[], object]:
    """Asks once, by a connection of its own that it keeps. Raises RuntimeError for an answer that is none."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = f"POST /predictions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def ask() -> None:
        connection.sendall(request)
        answer = connection.recv(65536)
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536)
        said, _, rest = answer.partition(b"\r\n\r\n")
        wanted = int(said.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        while len(rest) < wanted:
            rest += connection.recv(65536)
        if not said.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(rest.decode())

    return ask


def _lone(ask: Callable[[], object], requests: int) -> list[float]:
    """Milliseconds of each, one after another."""
    for _ in range(WARM_UP):
        ask()
    costs = []
    for _ in range(requests):
        begun = time.perf_counter()
        ask()
        costs.append(1000 * (time.perf_counter() - begun))
    return costs


def _rate(connect: Callable[[], Callable[[], object]], requests: int) -> float:
    """Answers a second of all clients together, who begin at the same moment."""
    gate = threading.Barrier(CLIENTS + 1)
    each = max(1, requests // CLIENTS)
    failures: list[BaseException] = []

    def work() -> None:
        ask = connect()
        ask()
        gate.wait()
        try:
            for _ in range(each):
                ask()
        except (OSError, RuntimeError) as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    gate.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if failures:
        raise RuntimeError(f"{len(failures)} of {CLIENTS} clients failed: {failures[0]!r}")
    return each * CLIENTS / seconds


def _quantile(costs: list[float], percent: float) -> float:
    return float(np.percentile(costs, percent))
