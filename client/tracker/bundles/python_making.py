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
from tracker.bundles.folder import BundleError
from tracker.bundles.lock import lock
from tracker.bundles.made import NEEDED_BY_TRACKER, ExampleError, Made, MakingError, Order, cause
from tracker.manifest import DType, Field, Form, Signature

_DTYPES: dict[Any, DType] = {str: "string", bool: "bool", int: "int64", float: "float64"}


def make(model: Any, order: Order) -> Made:
    """A bundle of a class, or of an object's class."""
    kind = model if isinstance(model, type) else type(model)
    inputs = None if order.example is None else _inputs(kind, order)
    first = _loaded(code.made_of(_taken(kind)), kind, order)
    if inputs is not None:
        _predicted(first, inputs)
    del first
    taken = _taken(kind)  # anew: with what is imported no earlier than in load or predict
    made = Made("python", inputs=inputs)
    made.add_code(taken.files, order.folder)
    try:
        with code.imported(taken, order.folder) as written:
            anew = _loaded(written, kind, order)
            if inputs is None:
                made.signature = _annotated(kind)
            else:
                _run_example(made, anew, kind, order)
    except BundleError as error:
        raise _cannot_be_loaded(kind, error) from error
    packages = lock(sorted({*taken.distributions, "numpy", *NEEDED_BY_TRACKER}))
    apart = None if inputs is None else 0.0
    made.forms.append(Form("python", packages, None, taken.entry, dict(order.arguments), max_difference=apart))
    return made


def _taken(kind: type) -> code.Code:
    try:
        return code.of_class(kind)
    except code.SourceError as error:
        raise MakingError(f"the source of {kind.__qualname__} cannot be taken along: {error}") from error


def _inputs(kind: type, order: Order) -> examples.Values:
    parameters, takes_any = _parameters(kind)
    required = [each.name for each in parameters if each.default is each.empty]
    names = [*required, *(each.name for each in parameters if each.name not in required)]
    given = examples.named(order.example, names, len(required), takes_any=takes_any)
    return {name: examples.plain(name, value) for name, value in given.items()}


def _loaded(made_from: Any, kind: type, order: Order) -> Any:
    try:
        anew = made_from(**order.arguments)
        anew.load(order.paths())
    except Exception as error:  # code of the model's
        raise _cannot_be_loaded(kind, error) from error
    return anew


def _cannot_be_loaded(kind: type, error: Exception) -> MakingError:
    return MakingError(f"{kind.__qualname__} cannot be loaded from the bundle's files: {cause(error)}")


def _predicted(anew: Any, inputs: examples.Values) -> examples.Values:
    try:
        return examples.outputs(anew.predict(**inputs))
    except MakingError:
        raise
    except Exception as error:  # as above
        raise ExampleError(
            next(iter(inputs)), f"the model cannot run the example's {', '.join(inputs)}: {cause(error)}"
        ) from error


def _run_example(made: Made, anew: Any, kind: type, order: Order) -> None:
    assert made.inputs is not None
    made.outputs = _predicted(anew, made.inputs)
    is_batched = examples.are_independent(
        lambda inputs: examples.outputs(anew.predict(**inputs)), made.inputs, made.outputs, order.tolerance
    )
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
