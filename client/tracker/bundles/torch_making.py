"""Modules of torch: weights as safetensors with the class's source, and torch.export and ONNX forms beside them.

What always holds: the caller's module is never run, moved or switched to another mode. All of it is done with a copy on
the CPU, in eval mode, without gradients. A form is kept where it was made again from its file and gave, on the example,
what the copy gives within the tolerance; else it is left out, with the reason.
"""

from __future__ import annotations

import copy
import inspect
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from tracker.bundles import code, examples, onnx_making
from tracker.bundles.lock import lock
from tracker.bundles.made import NEEDED_BY_TRACKER, ExampleError, Made, MakingError, Order, cause, check_disk
from tracker.bundles.values import plain_array
from tracker.manifest import Form, Signature

WEIGHTS: Final = "model.safetensors"
EXPORTED: Final = "model.pt2"

_NO_EXAMPLE: Final = "it is made from an example of what the model takes, and none was given"
_WRAPPERS: Final = {"DistributedDataParallel": "module", "DataParallel": "module", "OptimizedModule": "_orig_mod"}


def make(model: Any, order: Order) -> Made:
    """A bundle of a `torch.nn.Module`."""
    import torch

    model = _unwrapped(model)
    made = Made("torch")
    with torch.no_grad():
        eager = _copy_on_cpu(model)
        _add_weights(made, eager, order)  # before it is run, which may change its buffers
        if order.example is not None:
            _run_example(made, eager, order)
        _add_exports(made, eager, order)
        _add_source(made, type(model), order)
    return made


def _unwrapped(model: Any) -> Any:
    """The module inside of what trains it in parallel, or compiles it."""
    while type(model).__name__ in _WRAPPERS and type(model).__module__.startswith("torch."):
        model = getattr(model, _WRAPPERS[type(model).__name__])
    return model


def _copy_on_cpu(model: Any) -> Any:
    """The module copied, each tensor once and straight to the CPU: the device needs no room for it.

    Raises MakingError for one that cannot be copied, such as one that holds a lock or an open file.
    """
    import torch

    copies: dict[int, Any] = {}
    try:
        for module in model.modules():
            own = [*module._parameters.values(), *module._buffers.values(), *vars(module).values()]
            for tensor in own:
                if isinstance(tensor, torch.Tensor) and id(tensor) not in copies:
                    there = tensor.detach().to("cpu", copy=True)
                    is_parameter = isinstance(tensor, torch.nn.Parameter)
                    copies[id(tensor)] = torch.nn.Parameter(there, requires_grad=False) if is_parameter else there
        return copy.deepcopy(model, copies).eval()
    except Exception as error:  # whatever its attributes raise
        raise MakingError(
            f"the module {type(model).__qualname__} cannot be copied ({cause(error)}); keep what is no weight out of "
            "it, such as locks, files and runs"
        ) from error


def _run_example(made: Made, eager: Any, order: Order) -> None:
    made.inputs = _inputs(eager, order.example)
    try:
        returned = _call(eager, made.inputs)
    except Exception as error:  # code of the model's
        raise ExampleError(
            "", f"the model, on the CPU, cannot run the example ({_told(made.inputs)}): {cause(error)}"
        ) from error
    made.outputs = returned
    is_batched = examples.are_independent(lambda given: _call(eager, given), made.inputs, returned, order.tolerance)
    examples.check_axes(order.axes, made.inputs)
    made.signature = _signature(made, eager, order, is_batched=is_batched)


def _signature(made: Made, eager: Any, order: Order, *, is_batched: bool) -> Signature:
    assert made.inputs is not None
    assert made.outputs is not None
    followed: dict[str, dict[int, str]] = {}
    if order.axes:
        less = examples.resized(made.inputs, order.axes)
        try:
            others = _call(eager, less)
        except Exception as error:  # code of the model's
            raise ExampleError(
                "", f"the model cannot run {_told(less)}, as axes says it can: {cause(error)}"
            ) from error
        followed = examples.followed(order.axes, made.inputs, made.outputs, others)
    return examples.signature(made.inputs, made.outputs, is_batched=is_batched, free=order.axes, followed=followed)


def _told(inputs: examples.Values) -> str:
    return ", ".join(f"{name}: {value.dtype} {list(value.shape)}" for name, value in inputs.items())


def _inputs(model: Any, example: Any) -> examples.Values:
    """The example's tensors by the names of forward's parameters."""
    parameters = list(inspect.signature(model.forward).parameters.values())
    by_place = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    by_name = [each for each in parameters if each.kind is each.KEYWORD_ONLY]
    required = [each.name for each in by_place if each.default is each.empty]
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters)
    names = [each.name for each in (*by_place, *by_name)]
    if not names and any(each.kind is each.VAR_POSITIONAL for each in parameters):
        names = ["input"]
    found = examples.named(example, names, len(required), takes_any=takes_any)
    return {name: _array(name, value) for name, value in found.items()}


def _array(name: str, value: Any) -> np.ndarray[Any, Any]:
    import torch

    if isinstance(value, bool | int | float | list):  # which torch reads as its own: floats are float32
        try:
            value = torch.as_tensor(value)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ExampleError(name, f"the example's {name!r} makes no tensor: {cause(error)}") from None
    array = plain_array(value)
    if array is None or array.dtype.kind not in "biuf":
        kind = type(value).__name__ if array is None else f"an array of {array.dtype}"
        raise ExampleError(name, f"the example's {name!r} has to be a tensor or an array of numbers, got {kind}")
    return array


def _tensors(inputs: examples.Values) -> dict[str, Any]:
    import torch

    return {name: torch.from_numpy(np.array(value)) for name, value in inputs.items()}


def _call(model: Any, inputs: examples.Values) -> examples.Values:
    return examples.outputs(_apply(model, _tensors(inputs)))


def _apply(model: Any, tensors: Mapping[str, Any]) -> Any:
    """By name; by place where forward takes `*inputs`."""
    parameters = inspect.signature(getattr(model, "forward", model)).parameters.values()
    is_by_place = all(each.kind is each.VAR_POSITIONAL for each in parameters)
    return model(*tensors.values()) if is_by_place else model(**tensors)


def _add_weights(made: Made, eager: Any, order: Order) -> None:
    path = order.folder / WEIGHTS
    try:
        _save_weights(eager, path)
    except Exception as error:  # tensors of kinds that safetensors does not know
        check_disk(error)
        path.unlink(missing_ok=True)
        hint = '; pip install "tracker-runs[models]"' if isinstance(error, ImportError) else ""
        made.left_out["torch"] = f"its weights cannot be written as safetensors: {cause(error)}{hint}"
        return
    made.roles["weights"] = [WEIGHTS]


def _add_source(made: Made, kind: type, order: Order) -> None:
    """The `torch` form, where the weights were written and its class can be had and made anew."""
    if "weights" not in made.roles:
        if not made.forms:
            raise MakingError(made.left_out["torch"])
        return
    try:
        taken = code.of_class(kind)
    except code.SourceError as error:
        made.left_out["torch"] = str(error)
        return
    made.add_code(taken.files, order.folder)
    apart, reason = _tried(made, kind, taken, order)
    if reason:
        made.left_out["torch"] = reason
        made.drop_code(order.folder, order.files.get("code", ()))
        return
    packages = lock(sorted({*taken.distributions, "torch", "safetensors", "numpy", *NEEDED_BY_TRACKER}))
    measured = None if made.inputs is None else apart
    made.forms.append(Form("torch", packages, WEIGHTS, taken.entry, dict(order.arguments), max_difference=measured))


def _tried(made: Made, kind: type, taken: code.Code, order: Order) -> tuple[float, str]:
    """How far the class of the source that was written is from the model, and why it is left out."""
    inputs, outputs = made.inputs, made.outputs
    try:
        with code.imported(taken, order.folder) as written:
            anew = _made_anew(written, order.arguments, order.folder / WEIGHTS)
            if inputs is None or outputs is None:
                return 0.0, ""
            return examples.judged(outputs, lambda: _call(anew, inputs), order.tolerance)
    except Exception as error:  # code of the model's, or weights of other shapes
        return 0.0, f"its class cannot be made anew{_way_out(kind, order)}: {cause(error)}"


def _way_out(kind: type, order: Order) -> str:
    import torch

    if kind is torch.nn.Sequential:
        return " (a Sequential is what it is given: have a class of your own make it in its __init__)"
    return "" if order.arguments else " (give the arguments of its __init__ as init={…})"


def _made_anew(kind: Any, arguments: Mapping[str, Any], path: Path) -> Any:
    import safetensors.torch

    model = kind(**arguments)
    safetensors.torch.load_model(model, str(path))
    return model.eval()


def _save_weights(model: Any, path: Path) -> None:
    """The state dict; of tensors that are one and the same, the first by name, as safetensors.torch.load_model expects.

    One entry of metadata alone: several would be written in any order.
    """
    import safetensors.torch

    kept: dict[str, Any] = {}
    seen: set[tuple[Any, ...]] = set()
    for name, tensor in sorted(model.state_dict().items()):
        if not hasattr(tensor, "untyped_storage"):
            raise TypeError(f"{name!r} of the state dict is no tensor but a {type(tensor).__name__}")
        place = (tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tuple(tensor.shape), tensor.stride())
        if tensor.numel() and place in seen:
            continue
        seen.add(place)
        kept[name] = tensor.detach().clone().contiguous()
    safetensors.torch.save_file(kept, str(path), metadata={"format": "pt"})


def _add_exports(made: Made, eager: Any, order: Order) -> None:
    """The torch_export and onnx forms, with a free batch axis where that works, or why they are left out."""
    if made.inputs is None or made.outputs is None or made.signature is None:
        made.left_out |= {"onnx": _NO_EXAMPLE, "torch_export": _NO_EXAMPLE}
        return
    exported, reason = None, ""
    for is_batched in (True, False) if made.signature.is_batched else (False,):
        try:
            exported = _exported(eager, made.inputs, order.axes, is_batched=is_batched)
        except Exception as error:  # torch refuses by errors of many classes
            reason = reason or cause(error)
            continue
        if is_batched != made.signature.is_batched:
            made.left_out["batch"] = f"exported with the example's number of examples alone: {reason}"
            made.signature = _signature(made, eager, order, is_batched=False)
        break
    if exported is None:
        made.left_out |= {"onnx": f"torch.export: {reason}", "torch_export": f"torch.export: {reason}"}
        return
    for kind, add in (("onnx", _add_onnx), ("torch_export", _add_exported)):
        try:
            form = add(made, eager, exported, order)
        except ImportError as error:
            made.left_out[kind] = f'it needs {error.name or error}: pip install "tracker-runs[models]"'
        except Exception as error:  # as above
            check_disk(error)
            made.left_out[kind] = cause(error)
        else:
            made.forms.append(form)
            made.roles[kind] = made.roles.pop(kind)
            continue
        for name in made.roles.pop(kind, []):
            order.folder.joinpath(name).unlink(missing_ok=True)


def _exported(eager: Any, inputs: examples.Values, axes: Mapping[str, examples.Axes], *, is_batched: bool) -> Any:
    """torch takes a size of one for fixed, so that a single example is exported as two."""
    import torch

    given = examples.joined(inputs) if is_batched and examples.batch_size(inputs) == 1 else inputs
    tensors = _tensors(given)
    called = {examples.BATCH, *(each for own in axes.values() for each in own.values())}
    dims = {name: torch.export.Dim(name) for name in called}
    shapes = {
        name: ({0: dims[examples.BATCH]} if is_batched else {})
        | {axis: dims[each] for axis, each in axes.get(name, {}).items()}
        for name in tensors
    }
    parameters = inspect.signature(eager.forward).parameters.values()
    is_by_place = all(each.kind is each.VAR_POSITIONAL for each in parameters)
    with _quietly():
        if is_by_place:
            exported = torch.export.export(eager, tuple(tensors.values()), dynamic_shapes=(tuple(shapes.values()),))
        else:
            exported = torch.export.export(eager, (), tensors, dynamic_shapes=shapes)
    for module in exported.graph_module.modules():
        for node in getattr(getattr(module, "graph", None), "nodes", ()):
            for trace in ("stack_trace", "source_fn_stack", "from_node"):  # paths of this machine, and lines of source
                node.meta.pop(trace, None)
    return exported


def _add_onnx(made: Made, eager: Any, exported: Any, order: Order) -> Form:
    import torch

    assert made.inputs is not None
    assert made.outputs is not None
    path = order.folder / onnx_making.FILE
    made.roles["onnx"] = [onnx_making.FILE]
    with _quietly():
        program = torch.onnx.export(
            exported, (), kwargs=None, dynamo=True, verbose=False,
            input_names=list(made.inputs), output_names=list(made.outputs),
        )  # fmt: skip
    assert program is not None
    proto = program.model_proto
    onnx_making.without_traces(proto)
    assert made.signature is not None
    onnx_making.name_axes(proto, made.signature)
    made.roles["onnx"] += onnx_making.write(proto, path)
    session = onnx_making.open_session(path)
    apart = _checked(made, eager, order, lambda given: onnx_making.run(session, given))
    packages, unlocked = onnx_making.packages_of_onnx()
    notes = f"{onnx_making.told(proto)}{unlocked}"
    return Form("onnx", packages, onnx_making.FILE, max_difference=apart, notes=notes)


def _add_exported(made: Made, eager: Any, exported: Any, order: Order) -> Form:
    import torch

    path = order.folder / EXPORTED
    made.roles["torch_export"] = [EXPORTED]
    with _quietly():
        torch.export.save(exported, str(path))
        module = torch.export.load(str(path)).module()
    apart = _checked(made, eager, order, lambda given: _call(module, given))
    packages = lock(["torch", "numpy", *NEEDED_BY_TRACKER])
    return Form("torch_export", packages, EXPORTED, max_difference=apart)


def _checked(made: Made, eager: Any, order: Order, run: Callable[[examples.Values], examples.Values]) -> float:
    """The form's difference on the example. Raises MakingError where it is not the model."""
    assert made.inputs is not None
    assert made.outputs is not None
    assert made.signature is not None
    inputs, outputs = made.inputs, made.outputs
    apart, reason = examples.judged(outputs, lambda: run(inputs), order.tolerance)
    if not reason and made.signature.is_batched:
        is_so = examples.are_independent(run, inputs, outputs, order.tolerance)
        reason = "" if is_so else "it does not take as many examples at once as one likes"
    if not reason and order.axes:
        less = examples.resized(inputs, order.axes)
        _, reason = examples.judged(_call(eager, less), lambda: run(less), order.tolerance)
        reason = f"with one place less along its free axes, {reason}" if reason else ""
    if reason:
        raise MakingError(reason)
    return apart


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what exporters say of themselves: libraries that they could use, names that will change, and the whole
    graph of a module that cannot be exported, which torch prints."""
    logs = [logging.getLogger(name) for name in ("torch.onnx", "torch.fx.experimental.symbolic_shapes")]
    levels = [log.level for log in logs]
    stderr = sys.stderr
    silent = _Silent(stderr)
    for log in logs:
        log.setLevel(logging.ERROR)
    sys.stderr = silent
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if sys.stderr is silent:  # nobody has put another in its place
            sys.stderr = stderr
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


class _Silent:
    """A standard error on which the thread that made it says nothing; the others go on."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        return len(text) if threading.get_ident() == self._thread else int(self._stream.write(text) or 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
