"""Estimators of scikit-learn, and other models that pickle and have `predict`: a pickle, and ONNX beside it.

What always holds: the pickle says by name what it imports, which is where the lock and the code that goes along come
from; it is read for that, never loaded. ONNX is made where skl2onnx can, and kept where its outputs are the model's.
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
from tracker.bundles.made import NEEDED_BY_TRACKER, ExampleError, Made, MakingError, Order, cause
from tracker.bundles.predicting import outputs_of
from tracker.manifest import Form, Kind

FILE: Final = "model.pkl"

_PROTOCOL: Final = 5
_NO_EXAMPLE: Final = "it is made from an example of what the model takes, and none was given"


def make(model: Any, order: Order, kind: Kind) -> Made:
    """A bundle of a model that pickles; `kind` is "sklearn" or "pickle"."""
    made = Made(kind)
    if order.example is not None:
        _run_example(made, model, order)
    _add_onnx(made, model, order)
    _add_pickle(made, model, order)
    return made


def _run_example(made: Made, model: Any, order: Order) -> None:
    made.inputs = _inputs(model, order.example)
    try:
        returned = outputs_of(model, made.inputs)
    except Exception as error:  # code of the model's
        name = next(iter(made.inputs))
        raise ExampleError(name, f"the model cannot run the example's {name!r}: {cause(error)}") from error
    made.outputs = {name: examples.plain(name, value) for name, value in returned.items()}
    is_batched = examples.are_independent(
        lambda inputs: outputs_of(model, inputs), made.inputs, made.outputs, order.tolerance
    )
    made.signature = examples.signature(made.inputs, made.outputs, is_batched=is_batched)


def _inputs(model: Any, example: Any) -> examples.Values:
    """The one array that `predict` takes, by the parameter's name; of a frame each column."""
    if hasattr(example, "columns") and hasattr(example, "to_dict"):
        return {str(name): examples.plain(str(name), np.asarray(example[name])) for name in example.columns}
    try:
        parameters = [name for name in inspect.signature(model.predict).parameters if name != "self"]
    except (TypeError, ValueError):
        parameters = []
    found = examples.named(example, parameters[:1] or ["X"], 1)
    return {
        name: examples.plain(name, np.asarray(value) if isinstance(value, list) else value)
        for name, value in found.items()
    }


def _add_pickle(made: Made, model: Any, order: Order) -> None:
    try:
        data = pickle.dumps(model, protocol=_PROTOCOL)
        modules = set(_imported(data))
        taken = code.of_modules(modules)
    except (code.SourceError, pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        made.left_out["pickle"] = cause(error)
        if not made.forms:
            raise MakingError(f"the model does not pickle: {cause(error)}; define its class in a module") from error
        return
    (order.folder / FILE).write_bytes(data)
    made.add_code(taken.files, order.folder)
    made.roles["weights"] = [FILE]
    packages = lock(sorted({*taken.distributions, "numpy", *NEEDED_BY_TRACKER}))
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
    path = order.folder / onnx_making.FILE
    try:
        proto = _converted(model, made)
        onnx_making.without_traces(proto)
        onnx_making.write(proto, path)
        session = onnx_making.open_session(path)
    except ImportError as error:
        made.left_out["onnx"] = f'it needs {error.name or "skl2onnx"}: pip install "tracker-ml[models]"'
    except Exception as error:  # skl2onnx refuses what it does not know by errors of many classes
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
    import skl2onnx

    assert made.inputs is not None
    assert made.outputs is not None
    if len(made.inputs) > 1:
        raise MakingError("a frame of columns is not exported; train on an array to have ONNX")
    name, value = next(iter(made.inputs.items()))
    options = {id(model): {"zipmap": False}} if "probabilities" in made.outputs else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what versions of libraries will change; nothing that the caller can act on
        proto = skl2onnx.to_onnx(model, initial_types=[(name, _type(value))], options=options, name="model")
    _shape_outputs(proto, made.outputs)
    return proto


def _type(value: Any) -> Any:
    """skl2onnx's type of an array, whose first axis is free."""
    from skl2onnx.common import data_types

    if not isinstance(value, np.ndarray):
        raise MakingError(f"an input that is no array cannot be exported, got {type(value).__name__}")
    names = {
        "float32": "FloatTensorType", "float64": "DoubleTensorType", "int64": "Int64TensorType",
        "int32": "Int32TensorType", "bool": "BooleanTensorType", "object": "StringTensorType",
    }  # fmt: skip
    if value.dtype.name not in names:
        raise MakingError(f"skl2onnx has no type for an array of {value.dtype}")
    return getattr(data_types, names[value.dtype.name])([None, *value.shape[1:]])


def _shape_outputs(proto: Any, expected: examples.Values) -> None:
    """Have the graph's first outputs be called and shaped as the model's; a regressor of skl2onnx gives a column."""
    from onnx import helper, numpy_helper

    given = list(proto.graph.output)[: len(expected)]
    del proto.graph.output[:]
    for output in given:
        _rename(proto.graph, output.name, f"{output.name} as converted")
    for output, (name, value) in zip(given, expected.items(), strict=True):
        sizes: list[Any] = [examples.BATCH, *np.shape(value)[1:]]
        proto.graph.initializer.append(numpy_helper.from_array(np.asarray([-1, *sizes[1:]], np.int64), f"{name} shape"))
        proto.graph.node.append(helper.make_node("Reshape", [f"{output.name} as converted", f"{name} shape"], [name]))
        proto.graph.output.append(helper.make_tensor_value_info(name, output.type.tensor_type.elem_type, sizes))
    for each in proto.graph.input:
        dims = each.type.tensor_type.shape.dim
        if dims and not dims[0].HasField("dim_value"):
            dims[0].dim_param = examples.BATCH


def _rename(graph: Any, old: str, new: str) -> None:
    """Call what a node of the graph gives otherwise, wherever it is read."""
    for node in graph.node:
        for names in (node.input, node.output):
            for at, name in enumerate(names):
                if name == old:
                    names[at] = new
