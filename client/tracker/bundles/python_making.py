"""Any Python class with `load(files)` and `predict(**inputs)`: its source, its files, and a signature from annotations.

What always holds: outputs that are stored are those of an object that was made anew from the bundle's own files, so a
class that only works with what the caller's object has in memory is found out here.
"""

from __future__ import annotations

import inspect
import typing
from typing import Any

import numpy as np

from tracker.bundles import code, examples
from tracker.bundles.lock import lock
from tracker.bundles.made import NEEDED_BY_TRACKER, ExampleError, Made, MakingError, Order, cause
from tracker.manifest import DType, Field, Form, Signature

_DTYPES: dict[Any, DType] = {str: "string", bool: "bool", int: "int64", float: "float64"}


def make(model: Any, order: Order) -> Made:
    """A bundle of a class, or of an object's class."""
    kind = model if isinstance(model, type) else type(model)
    try:
        taken = code.of_class(kind)
    except code.SourceError as error:
        raise MakingError(f"the source of {kind.__qualname__} cannot be taken along: {error}") from error
    made = Made("python")
    made.add_code(taken.files, order.folder)
    apart = None
    if order.example is None:
        made.signature = _annotated(kind)
    else:
        apart = 0.0
        _run_example(made, taken, kind, order)
    packages = lock(sorted({*taken.distributions, "numpy", *NEEDED_BY_TRACKER}))
    made.forms.append(Form("python", packages, None, taken.entry, dict(order.arguments), max_difference=apart))
    return made


def _run_example(made: Made, taken: code.Code, kind: type, order: Order) -> None:
    parameters, takes_any = _parameters(kind)
    required = [each.name for each in parameters if each.default is each.empty]
    names = [*required, *(each.name for each in parameters if each.name not in required)]
    given = examples.named(order.example, names, len(required), takes_any=takes_any)
    made.inputs = {name: examples.plain(name, value) for name, value in given.items()}
    try:
        anew = code.made_of(taken)(**order.arguments)
        anew.load(order.paths())
    except Exception as error:  # code of the model's
        raise MakingError(f"{kind.__qualname__} cannot be loaded from the bundle's files: {cause(error)}") from error

    def run(inputs: examples.Values) -> examples.Values:
        return examples.outputs(anew.predict(**inputs))

    try:
        made.outputs = run(made.inputs)
    except MakingError:
        raise
    except Exception as error:  # as above
        raise ExampleError(
            next(iter(made.inputs)), f"the model cannot run the example's {', '.join(made.inputs)}: {cause(error)}"
        ) from error
    is_batched = examples.are_independent(run, made.inputs, made.outputs, order.tolerance)
    hints = _hints(kind)
    made.signature = Signature(
        tuple(_field(name, value, hints.get(name), is_batched) for name, value in made.inputs.items()),
        tuple(_field(name, value, None, is_batched) for name, value in made.outputs.items()),
        is_batched,
    )


def _field(name: str, value: Any, hint: Any, is_batched: bool) -> Field:
    """By the annotation where there is one, else by the value: arrays are arrays, lists and mappings JSON."""
    dtype = _DTYPES.get(hint)
    if dtype is not None and not isinstance(value, np.ndarray):
        return Field(name, dtype)
    return examples.field(name, value, is_batched=is_batched)


def _parameters(kind: type) -> tuple[list[inspect.Parameter], bool]:
    """What `predict` takes by name, and whether it takes any other."""
    own = list(inspect.signature(kind.predict).parameters.values())[1:]  # type: ignore[attr-defined]
    named = [each for each in own if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    return named, any(each.kind is each.VAR_KEYWORD for each in own)


def _hints(kind: type) -> dict[str, Any]:
    """The annotations of `predict`; none where they cannot be resolved."""
    try:
        return typing.get_type_hints(kind.predict)  # type: ignore[attr-defined]
    except Exception:  # an annotation is any expression
        return {}


def _annotated(kind: type) -> Signature | None:
    """The signature that annotations alone say: of parameters without a default. None where it takes any."""
    parameters, takes_any = _parameters(kind)
    if takes_any:
        return None
    hints = _hints(kind)
    inputs = tuple(
        Field(each.name, _DTYPES.get(hints.get(each.name), "json")) for each in parameters if each.default is each.empty
    )
    outputs: tuple[Field, ...] = (Field("output", _DTYPES.get(hints.get("return"), "json")),)
    returned = hints.get("return")
    if typing.is_typeddict(returned):
        outputs = tuple(Field(name, _DTYPES.get(of, "json")) for name, of in typing.get_type_hints(returned).items())
    elif returned not in _DTYPES:
        return None if not inputs else Signature(inputs, ())
    return Signature(inputs, outputs)
