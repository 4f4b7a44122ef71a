"""Estimators of scikit-learn, and other models that pickle and have `predict`: a pickle, and ONNX beside it.

What always holds: the pickle says by name what it imports, which is where the lock and the code that goes along come
from. The example is run on what is read back from it, which has to give what the model gives; the caller's own model is
run once. ONNX is made where skl2onnx can, and kept where its outputs are the model's.
"""

from __future__ import annotations

import inspect
import pickle
import pickletools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from tracker.bundles import code, examples, onnx_making
from tracker.bundles.lock import lock
from tracker.bundles.made import NEEDED_BY_TRACKER, ExampleError, Made, MakingError, Order, cause, check_disk
from tracker.bundles.predicting import outputs_of
from tracker.bundles.untouched import random_numbers
from tracker.manifest import Form, Kind

FILE: Final = "model.pkl"

_PROTOCOL: Final = 5
_ML_OPSET: Final = 3
"""Of the operators of classical models; skl2onnx knows some of them no later."""

_SIDE_BY_SIDE: Final = "columns_side_by_side"
_NO_EXAMPLE: Final = "it is made from an example of what the model takes, and none was given"


def make(model: Any, order: Order, kind: Kind) -> Made:
    """A bundle of a model that pickles; `kind` is "sklearn" or "pickle"."""
    made = Made(kind)
    data, copy = _pickled(made, model)
    if order.example is not None:
        _run_example(made, model, copy, order)
    _add_onnx(made, model, order)
    _add_pickle(made, data, order)
    return made


def _pickled(made: Made, model: Any) -> tuple[bytes, Any]:
    """The pickle and what it makes, or the model itself and why it has none."""
    try:
        data = pickle.dumps(model, protocol=_PROTOCOL)
    except Exception as error:  # code of the model's
        made.left_out["pickle"] = cause(error)
        return b"", model
    try:
        return data, pickle.loads(data)  # noqa: S301 (of the caller's own model)
    except Exception as error:  # as above
        made.left_out["pickle"] = f"it cannot be read back: {cause(error)}"
        return b"", model


def _run_example(made: Made, model: Any, copy: Any, order: Order) -> None:
    made.inputs = inputs = _inputs(model, order.example)
    try:
        with random_numbers():  # the copy then draws the same
            returned = outputs_of(model, inputs)
    except Exception as error:  # code of the model's
        name = next(iter(inputs))
        raise ExampleError(name, f"the model cannot run the example's {name!r}: {cause(error)}") from error
    made.outputs = {name: examples.plain(name, value) for name, value in returned.items()}
    if copy is not model:
        _, reason = examples.judged(made.outputs, lambda: _plain_outputs(copy, inputs), order.tolerance)
        if reason:
            made.left_out["pickle"] = f"read back, {reason}"
    is_batched = examples.are_independent(lambda given: outputs_of(copy, given), inputs, made.outputs, order.tolerance)
    made.signature = examples.signature(inputs, made.outputs, is_batched=is_batched)


def _plain_outputs(model: Any, inputs: examples.Values) -> examples.Values:
    return {name: examples.plain(name, value) for name, value in outputs_of(model, inputs).items()}


def _inputs(model: Any, example: Any) -> examples.Values:
    """The one array that `predict` takes, by the parameter's name; of a frame with several columns each of them."""
    if hasattr(example, "columns") and len(example.columns) > 1:
        if not all(isinstance(name, str) for name in example.columns):
            raise ExampleError(
                "", f"the columns of the example need texts as names, got {list(example.columns)!r:.200}"
            )
        return {name: examples.plain(name, np.asarray(example[name])) for name in example.columns}
    try:
        parameters = [name for name in inspect.signature(model.predict).parameters if name != "self"]
    except (TypeError, ValueError):
        parameters = []
    found = examples.named(example, parameters[:1] or ["X"], 1)
    return {
        name: examples.plain(name, np.asarray(value) if isinstance(value, list) else value)
        for name, value in found.items()
    }


def _add_pickle(made: Made, data: bytes, order: Order) -> None:
    taken = code.Code()
    if "pickle" not in made.left_out:
        try:
            taken = code.of_modules(set(_imported(data)))
        except code.SourceError as error:
            made.left_out["pickle"] = str(error)
    if "pickle" in made.left_out:
        if not made.forms:
            raise MakingError(f"the model cannot be kept as a pickle: {made.left_out['pickle']}")
        return
    (order.folder / FILE).write_bytes(data)
    made.add_code(taken.files, order.folder)
    made.roles["weights"] = [FILE]
    of_frames = ["pandas"] if len(made.inputs or ()) > 1 else []
    packages = lock(sorted({*taken.distributions, "numpy", *of_frames, *NEEDED_BY_TRACKER}))
    made.forms.append(Form("pickle", packages, FILE, max_difference=None if made.outputs is None else 0.0))


def _imported(data: bytes) -> Iterator[str]:
    """The modules that a pickle imports from: the first of two texts on its stack, which it may have said before."""
    said: list[str] = []
    remembered: dict[int, str] = {}
    count = 0
    for operation, argument, _ in pickletools.genops(data):
        if operation.name == "GLOBAL":
            yield str(argument).partition(" ")[0]
        elif operation.name == "STACK_GLOBAL":
            yield said[-2]
        elif operation.name == "MEMOIZE":
            remembered[count] = said[-1] if said else ""
            count += 1
        elif operation.name in ("BINGET", "LONG_BINGET"):
            said.append(remembered.get(int(argument or 0), ""))
        elif isinstance(argument, str):
            said.append(argument)


def _add_onnx(made: Made, model: Any, order: Order) -> None:
    """The ONNX form, or why it is left out."""
    if made.inputs is None or made.outputs is None:
        made.left_out["onnx"] = _NO_EXAMPLE
        return
    if made.kind != "sklearn":
        made.left_out["onnx"] = "it is made of estimators of scikit-learn alone"
        return
    path = order.folder / onnx_making.FILE
    try:
        proto = _converted(model, made)
        onnx_making.without_traces(proto)
        onnx_making.write(proto, path)
        session = onnx_making.open_session(path)
    except ImportError as error:
        made.left_out["onnx"] = f'it needs {error.name or "skl2onnx"}: pip install "tracker-runs[models]"'
    except Exception as error:  # skl2onnx refuses what it does not know by errors of many classes
        check_disk(error)
        made.left_out["onnx"] = cause(error)
    else:
        inputs, outputs = made.inputs, made.outputs
        apart, reason = examples.judged(outputs, lambda: onnx_making.run(session, inputs), order.tolerance)
        if not reason and made.signature is not None and made.signature.is_batched:
            is_so = examples.are_independent(
                lambda given: onnx_making.run(session, given), inputs, outputs, order.tolerance
            )
            reason = "" if is_so else "it does not take as many examples at once as one likes"
        if not reason:
            made.roles["onnx"] = [onnx_making.FILE]
            packages, _ = onnx_making.packages_of_onnx()
            made.forms.append(Form("onnx", packages, onnx_making.FILE, max_difference=apart,
                                   notes=onnx_making.told(proto)))  # fmt: skip
            return
        made.left_out["onnx"] = reason
    Path(path).unlink(missing_ok=True)


def _converted(model: Any, made: Made) -> Any:
    """The graph of skl2onnx, with the signature's inputs and outputs."""
    assert made.inputs is not None
    assert made.outputs is not None
    if len(made.inputs) == 1:
        proto = _graph(model, [(name, _type(value.dtype, value.shape[1:])) for name, value in made.inputs.items()])
    else:
        proto = _of_columns(model, made.inputs)
    _shape_outputs(proto, made.outputs)
    return proto


def _graph(model: Any, kinds: list[tuple[str, Any]]) -> Any:
    import skl2onnx
    from sklearn.base import is_classifier

    options = {id(model): {"zipmap": False}} if is_classifier(model) else None
    opsets = {"": skl2onnx.get_latest_tested_opset_version(), "ai.onnx.ml": _ML_OPSET}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what versions of libraries will change; nothing that the caller can act on
        return skl2onnx.to_onnx(model, initial_types=kinds, options=options, target_opset=opsets, name="model")


def _of_columns(model: Any, columns: examples.Values) -> Any:
    """A graph of the columns of a frame: each by itself for a pipeline that tells them apart; for an estimator that
    makes one array of them, as numbers side by side."""
    try:
        proto = _graph(model, [(name, _type(value.dtype, (1,))) for name, value in columns.items()])
    except Exception:  # skl2onnx refuses what it does not know by errors of many classes
        dtype = np.result_type(*(value.dtype for value in columns.values()))
        if dtype.kind != "f":
            raise
        proto = _graph(model, [(_SIDE_BY_SIDE, _type(dtype, (len(columns),)))])
        _take_columns(proto, columns, joined_as=dtype)
    else:
        _take_columns(proto, columns, joined_as=None)
    return proto


def _take_columns(proto: Any, columns: examples.Values, *, joined_as: np.dtype[Any] | None) -> None:
    """Have the graph take arrays of one axis, as the model's fields are, and make the columns of them that it took."""
    from onnx import helper, numpy_helper

    taken = [each.name for each in proto.graph.input]  # skl2onnx changes names that are no identifiers
    if len(taken) != (len(columns) if joined_as is None else 1):
        raise MakingError(f"skl2onnx takes {len(taken)} inputs of {len(columns)} columns")
    nodes = []
    for name in columns:
        if joined_as is None:
            _rename(proto.graph, taken.pop(0), f"{name} as a column")
        nodes.append(helper.make_node("Reshape", [name, "shape of a column"], [f"{name} as a column"]))
    if joined_as is not None:
        element = helper.np_dtype_to_tensor_dtype(joined_as)
        cast = [f"{name} as a number" for name in columns]
        for name, number in zip(columns, cast, strict=True):
            nodes.append(helper.make_node("Cast", [f"{name} as a column"], [number], to=element))
        nodes.append(helper.make_node("Concat", cast, taken, axis=1))
    nodes += list(proto.graph.node)
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    proto.graph.initializer.append(numpy_helper.from_array(np.asarray([-1, 1], np.int64), "shape of a column"))
    del proto.graph.input[:]
    for name, value in columns.items():
        element = helper.np_dtype_to_tensor_dtype(value.dtype)
        proto.graph.input.append(helper.make_tensor_value_info(name, element, [examples.BATCH]))


def _type(dtype: np.dtype[Any], sizes: tuple[int, ...]) -> Any:
    """skl2onnx's type of an array, whose first axis is free."""
    from skl2onnx.common import data_types

    names = {
        "float32": "FloatTensorType", "float64": "DoubleTensorType", "int64": "Int64TensorType",
        "int32": "Int32TensorType", "bool": "BooleanTensorType", "object": "StringTensorType",
    }  # fmt: skip
    if dtype.name not in names:
        raise MakingError(f"skl2onnx has no type for an array of {dtype}")
    return getattr(data_types, names[dtype.name])([None, *sizes])


def _shape_outputs(proto: Any, expected: examples.Values) -> None:
    """Have the graph's first outputs be called, shaped and typed as the model's: a regressor of skl2onnx gives a
    column, and trees give float32 whatever they say."""
    from onnx import helper, numpy_helper

    given = list(proto.graph.output)[: len(expected)]
    del proto.graph.output[:]
    for output in given:
        _rename(proto.graph, output.name, f"{output.name} as converted")
    for output, (name, value) in zip(given, expected.items(), strict=True):
        sizes: list[Any] = [examples.BATCH, *np.shape(value)[1:]]
        last = f"{name} in shape"
        shape = numpy_helper.from_array(np.asarray([-1, *sizes[1:]], np.int64), f"shape of {name}")
        proto.graph.initializer.append(shape)
        proto.graph.node.append(helper.make_node("Reshape", [f"{output.name} as converted", shape.name], [last]))
        element = output.type.tensor_type.elem_type
        if np.asarray(value).dtype.kind in "biuf":
            element = helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype)
            proto.graph.node.append(helper.make_node("Cast", [last], [name], to=element))
        else:
            proto.graph.node.append(helper.make_node("Identity", [last], [name]))
        proto.graph.output.append(helper.make_tensor_value_info(name, element, sizes))
    for each in proto.graph.input:
        dims = each.type.tensor_type.shape.dim
        if dims and not dims[0].HasField("dim_value"):
            dims[0].dim_param = examples.BATCH


def _rename(graph: Any, old: str, new: str) -> None:
    """Call a value of the graph otherwise where nodes give and read it."""
    for node in graph.node:
        for names in (node.input, node.output):
            for at, name in enumerate(names):
                if name == old:
                    names[at] = new
