"""ONNX: bundles of models that are ONNX already, and what makers of other kinds do with an ONNX form of theirs.

What always holds: files are read with `onnx` alone; onnxruntime is asked only where there is an example to run. Of a
model that was given as a file, the bytes are kept as they are.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tracker.bundles import examples
from tracker.bundles.lock import lock, version_of
from tracker.bundles.made import NEEDED_BY_TRACKER, ExampleError, Made, MakingError, Order, cause
from tracker.manifest import DType, Field, Form, Signature
from tracker.naming import is_path

FILE: Final = "model.onnx"

_MAX_ONE_FILE: Final = 1_800_000_000
"""Bytes of an ONNX file with its weights inside; protobuf ends at 2 GiB."""


def make(model: Any, order: Order) -> Made:
    """A bundle of a `.onnx` file, with the files of its weights where they lie beside it, or of a ModelProto."""
    made = Made("onnx")
    proto, others = _from_path(Path(model), order.folder) if isinstance(model, str | os.PathLike) else _given(model)
    if not others and not isinstance(model, str | os.PathLike):
        write(proto, order.folder / FILE)
    made.roles["weights"] = [FILE, *others]
    made.signature = signature(proto)
    apart = None
    if order.example is not None:
        apart = 0.0
        _run_example(made, proto, order)
    packages, unlocked = packages_of_onnx()
    made.forms.append(Form("onnx", packages, FILE, max_difference=apart, notes=f"{told(proto)}{unlocked}"))
    return made


def _run_example(made: Made, proto: Any, order: Order) -> None:
    assert made.signature is not None
    names = [field.name for field in made.signature.inputs]
    made.inputs = {
        name: examples.plain(name, np.asarray(value) if isinstance(value, list) else value)
        for name, value in examples.named(order.example, names, len(names)).items()
    }
    try:
        session = open_session(order.folder / FILE)
        made.outputs = run(session, made.inputs)
    except ImportError:
        raise MakingError(
            'running the example needs onnxruntime: pip install "tracker-runs[models]", or give no example'
        ) from None
    except Exception as error:  # onnxruntime's errors share no base but this
        raise ExampleError("", f"the model cannot run the example: {cause(error)}") from error
    free = made.signature
    if all(field.shape and isinstance(field.shape[0], str | None) for field in (*free.inputs, *free.outputs)):
        is_batched = examples.are_independent(
            lambda inputs: run(session, inputs), made.inputs, made.outputs, order.tolerance
        )
        if is_batched:
            made.signature = Signature(_with_batch(free.inputs), _with_batch(free.outputs), True)


def _with_batch(fields: Sequence[Field]) -> tuple[Field, ...]:
    return tuple(Field(each.name, each.dtype, (examples.BATCH, *each.shape[1:]), each.description) for each in fields)


def _from_path(path: Path, folder: Path) -> tuple[Any, list[str]]:
    """The model without its external weights, and the names of their files, copied beside it."""
    onnx = _onnx()
    if not path.is_file():
        raise FileNotFoundError(f"there is no ONNX file at {path}")
    try:
        proto = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's error, whose class depends on its implementation
        raise MakingError(f"{path} is no ONNX model: {cause(error)}") from None
    others = sorted(set(_external(proto, path)))
    _check(str(path), path)
    shutil.copyfile(path, folder / FILE)
    for name in others:
        target = folder.joinpath(*name.split("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path.parent.joinpath(*name.split("/")), target)
    return proto, others


def _given(proto: Any) -> tuple[Any, list[str]]:
    if next(_tensors_outside(proto), None) is not None:
        raise MakingError("the ModelProto has weights in other files; save it, and give the path of its .onnx file")
    _check(proto, "the ModelProto")
    return proto, []


def _check(model: Any, where: object) -> None:
    onnx = _onnx()
    try:
        onnx.checker.check_model(model)
    except Exception as error:  # a ValidationError, a MemoryError of a length that lies, a ValueError
        raise MakingError(f"{where} is no valid ONNX model: {cause(error)}") from None


def _external(proto: Any, path: Path) -> Iterator[str]:
    for tensor in _tensors_outside(proto):
        location = next((pair.value for pair in tensor.external_data if pair.key == "location"), "")
        name = location.replace("\\", "/").removeprefix("./")
        if not is_path(name) or name in (FILE, "tracker.yaml"):
            raise MakingError(
                f"{path} has the weights {tensor.name!r} in {location!r:.200}, which does not lie beside it; save it "
                "with onnx.save_model(…, save_as_external_data=True)"
            )
        beside = path.parent.joinpath(*name.split("/"))
        if beside.is_symlink() or not beside.is_file():
            raise MakingError(
                f"{path} has the weights {tensor.name!r} in {name!r}, and there is no such file beside it"
            )
        yield name


def _tensors_outside(proto: Any) -> Iterator[Any]:
    from onnx.external_data_helper import uses_external_data

    return (tensor for graph in _graphs(proto.graph) for tensor in _tensors(graph) if uses_external_data(tensor))


def _graphs(graph: Any) -> Iterator[Any]:
    """A graph, and those within its nodes."""
    pending = [graph]
    while pending:
        each = pending.pop()
        yield each
        for node in each.node:
            for attribute in node.attribute:
                pending += [attribute.g] if attribute.HasField("g") else []
                pending += list(attribute.graphs)


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from [attribute.t] if attribute.HasField("t") else []
            yield from attribute.tensors


def signature(proto: Any) -> Signature:
    """What the graph takes and gives: names of free axes are kept, those without a name are null."""
    inside = {tensor.name for tensor in proto.graph.initializer}
    inputs = tuple(_field(each) for each in proto.graph.input if each.name not in inside)
    return Signature(inputs, tuple(_field(each) for each in proto.graph.output))


def _field(value: Any) -> Field:
    onnx = _onnx()
    if not value.type.HasField("tensor_type"):
        return Field(value.name, "json")
    tensor = value.type.tensor_type
    shape = tuple(dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None for dim in tensor.shape.dim)
    names: dict[int, DType] = {
        getattr(onnx.TensorProto, name): dtype  # type: ignore[misc]
        for name, dtype in (
            ("FLOAT16", "float16"), ("FLOAT", "float32"), ("DOUBLE", "float64"), ("BFLOAT16", "bfloat16"),
            ("INT8", "int8"), ("INT16", "int16"), ("INT32", "int32"), ("INT64", "int64"), ("UINT8", "uint8"),
            ("UINT16", "uint16"), ("UINT32", "uint32"), ("UINT64", "uint64"), ("BOOL", "bool"), ("STRING", "string"),
        )
    }  # fmt: skip
    dtype = names.get(tensor.elem_type)
    if dtype is None:
        raise MakingError(f"{value.name!r} of the ONNX model has an element type that signatures lack")
    return Field(value.name, dtype, shape)


def told(proto: Any) -> str:
    """What is worth knowing of a model: its opsets, the version of the format, who made it."""
    sets = ", ".join(sorted({f"{each.domain or 'ai.onnx'} {each.version}" for each in proto.opset_import}))
    producer = " ".join(part for part in (proto.producer_name, proto.producer_version.partition("+")[0]) if part)
    return f"opset {sets}; IR {proto.ir_version}" + (f"; made by {producer}" if producer else "")


def packages_of_onnx() -> tuple[tuple[str, ...], str]:
    """The lock of an ONNX form, and what to note where onnxruntime is not here to be locked."""
    here = [name for name in ("onnxruntime", "onnxruntime-gpu") if version_of(name) is not None][:1]
    note = "" if here else "; onnxruntime is not installed where this was made, so no version of it is locked"
    return lock(["numpy", *here, *NEEDED_BY_TRACKER]), note


def write(proto: Any, path: Path) -> list[str]:
    """Write a model, the same bytes for the same one. Gives the names of files beside it: of many weights."""
    onnx = _onnx()
    if proto.ByteSize() <= _MAX_ONE_FILE:
        path.write_bytes(proto.SerializeToString(deterministic=True))
        return []
    beside = f"{path.name}.data"
    onnx.save_model(proto, str(path), save_as_external_data=True, location=beside)
    return [beside]


def without_traces(proto: Any) -> None:
    """Take out what exporters note of the machine and the program: paths, lines of source."""
    for graph in [*_graphs(proto.graph), *proto.functions]:
        for each in (graph, *graph.node, *getattr(graph, "input", ()), *getattr(graph, "output", ()),
                     *graph.value_info, *getattr(graph, "initializer", ())):  # fmt: skip
            if hasattr(each, "metadata_props"):
                del each.metadata_props[:]
            if hasattr(each, "doc_string"):
                each.doc_string = ""
    del proto.metadata_props[:]


def name_axes(proto: Any, wanted: Signature) -> None:
    """Call free axes as the signature does, wherever they stand."""
    names: dict[str, str] = {}
    fields = {each.name: each for each in (*wanted.inputs, *wanted.outputs)}
    ends = [*proto.graph.input, *proto.graph.output]
    for each in ends:
        for dim, size in zip(each.type.tensor_type.shape.dim, fields[each.name].shape, strict=False):
            if dim.dim_param and isinstance(size, str):
                names.setdefault(dim.dim_param, size)
    for each in (*ends, *proto.graph.value_info):
        for dim in each.type.tensor_type.shape.dim:
            if dim.dim_param in names:
                dim.dim_param = names[dim.dim_param]


def open_session(path: Path) -> Any:
    """A session of onnxruntime on the CPU."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4  # what is wrong is raised; it need not be printed too
    return onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])


def run(session: Any, inputs: examples.Values) -> examples.Values:
    """The outputs by name. Inputs that the graph does not have are not given to it."""
    names = [each.name for each in session.get_outputs()]
    feed = {each.name: inputs[each.name] for each in session.get_inputs()}
    return dict(zip(names, session.run(names, feed), strict=True))


def _onnx() -> Any:
    try:
        import onnx
        import onnx.checker
    except ImportError:
        raise MakingError('a bundle of an ONNX model needs onnx: pip install "tracker-runs[models]"') from None
    return onnx
