"""Looking into an .onnx file with `onnx` alone: its names, and the files that lie beside it. Nothing is run."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from tracker.manifest import BundleFile
from tracker.packaging.shipment import PackagingError, Shipment

if TYPE_CHECKING:
    import onnx

_MAX_DEPTH: Final = 20


def parsed(shipment: Shipment, path: str) -> onnx.ModelProto:
    """The model without what lies in files beside it. Raises PackagingError."""
    try:
        import onnx
    except ImportError as error:
        raise PackagingError(
            f'{error.name} is not installed, which reads {path!r}: pip install "tracker-runs[models]"'
        ) from None
    try:
        return onnx.load_model(str(shipment.bundle.path(path)), load_external_data=False)
    except Exception as error:  # protobuf's own, which share no base that is public
        raise PackagingError(f"{path!r} is no ONNX model: {error}") from None


def beside(shipment: Shipment, path: str) -> dict[str, BundleFile]:
    """The files with the model's larger tensors, by their place from its folder. Raises PackagingError."""
    here = {file.path: file for file in shipment.manifest.files}
    found: dict[str, BundleFile] = {}
    for tensor in _tensors(parsed(shipment, path).graph, 0):
        place = next((entry.value for entry in tensor.external_data if entry.key == "location"), None)
        if place is None:
            continue
        file = here.get(posixpath.normpath(posixpath.join(posixpath.dirname(path), place)))
        if file is None or place != posixpath.normpath(place) or place.startswith("../"):
            raise PackagingError(f"{path!r} has tensors in {place!r:.200}, which is no file of the bundle beside it")
        found[place] = file
    return found


def names(shipment: Shipment, path: str) -> tuple[list[str], list[str]]:
    """The names of the graph's inputs and outputs."""
    graph = parsed(shipment, path).graph
    constants = {tensor.name for tensor in graph.initializer}
    return [each.name for each in graph.input if each.name not in constants], [each.name for each in graph.output]


def _tensors(graph: Any, depth: int) -> Iterator[Any]:
    """Every tensor of the graph and of the graphs in it."""
    if depth > _MAX_DEPTH:
        raise PackagingError(f"the ONNX model has graphs more than {_MAX_DEPTH} deep in one another")
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                if inner.ByteSize():
                    yield from _tensors(inner, depth + 1)
