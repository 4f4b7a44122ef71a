"""Examples: their inputs by name, what the model gives to them, what these say of the signature, and their files.

Inputs and outputs here are by field name: arrays of numpy, texts, or JSON values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tracker.bundles.made import ExampleError, MakingError, Tolerance, cause
from tracker.bundles.values import plain_array, to_json
from tracker.manifest import Example, Field, Signature

INPUT: Final = "example/input.json"
OUTPUT: Final = "example/output.json"
BATCH: Final = "batch"

_MAX_BYTES: Final = 32 * 1024 * 1024
_MOST_ALONE: Final = 8
_NUMBERS: Final = frozenset(
    ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")
)

_LEAST_FREE: Final = 3
"""Exporters take a size of one for a constant, and one place less is tried."""

Values = dict[str, Any]
Axes = Mapping[int, str]
Run = Callable[[Values], Values]


def named(example: Any, names: Sequence[str], required: int, *, takes_any: bool = False) -> Values:
    """The inputs of an example by name: of a mapping its own, of a tuple in the order of `names`, or of the first.

    The first `required` of the names have to be there. Raises ExampleError for one that is missing or not known.
    """
    told = ", ".join(names) or "none"
    if isinstance(example, Mapping):
        for name in example:
            if not isinstance(name, str) or not (takes_any or name in names):
                raise ExampleError(str(name), f"the example has an input {name!r}, and the model takes {told}")
        found = {name: example[name] for name in names if name in example}
        found |= {name: value for name, value in example.items() if name not in found}
    else:
        values = list(example) if isinstance(example, tuple) and not hasattr(example, "_fields") else [example]
        if len(values) > len(names):
            raise ExampleError("", f"the example has {len(values)} inputs, and the model takes {len(names)}: {told}")
        found = dict(zip(names, values, strict=False))
    for name in names[:required]:
        if name not in found:
            raise ExampleError(name, f"the example lacks the input {name!r}; the model takes {told}")
    if not found:
        raise ExampleError("", "the example has no inputs")
    return found


def outputs(returned: Any) -> Values:
    """What a model returned, by name: a mapping's own, `output_0`… of several, else `output`. Raises MakingError."""
    if isinstance(returned, Mapping):
        pairs = {str(name): value for name, value in returned.items()}
    elif isinstance(returned, tuple) and hasattr(returned, "_fields"):
        pairs = dict(zip(returned._fields, returned, strict=True))
    elif isinstance(returned, tuple):
        pairs = {f"output_{number}": value for number, value in enumerate(returned)}
    else:
        pairs = {"output": returned}
    if not pairs:
        raise MakingError("the model gave no output")
    return {name: plain(name, value) for name, value in pairs.items()}


def plain(name: str, value: Any) -> Any:
    """A value as a field holds it: an array, a text, or what JSON has. Raises MakingError for anything else."""
    array = plain_array(value)
    if array is not None and array.dtype.kind in "biufUTO":
        return array.astype(object) if array.dtype.kind in "UT" else array
    try:
        to_json(value)
    except TypeError as error:
        raise MakingError(f"the value of {name!r} is no array, text or JSON value: {error}") from None
    return value


def field(name: str, value: Any, *, is_batched: bool = False, free: Axes | None = None) -> Field:
    """What an input or output is, from one value of it and the axes that are free."""
    found = _dtype(value)
    if found == "json":
        return Field(name, "json")
    shape: list[int | str | None] = list(np.shape(value))
    if is_batched and shape:
        shape[0] = BATCH
    for axis, called in (free or {}).items():
        shape[axis] = called
    return Field(name, found, tuple(shape))  # type: ignore[arg-type]


def _dtype(value: Any) -> str:
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind in "OUT":
            return "string" if all(isinstance(item, str) for item in np.asarray(value).flat) else "json"
        return value.dtype.name if value.dtype.name in _NUMBERS else "json"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "int64" if isinstance(value, int) else "float64"
    return "string" if isinstance(value, str) else "json"


def signature(
    inputs: Values,
    given: Values,
    *,
    is_batched: bool,
    free: Mapping[str, Axes] | None = None,
    followed: Mapping[str, Axes] | None = None,
) -> Signature:
    """The signature that an example and its outputs show; `free` axes are of inputs, `followed` of outputs."""
    return Signature(
        tuple(field(name, value, is_batched=is_batched, free=(free or {}).get(name)) for name, value in inputs.items()),
        tuple(
            field(name, value, is_batched=is_batched, free=(followed or {}).get(name)) for name, value in given.items()
        ),
        is_batched,
    )


def check_axes(axes: Mapping[str, Axes], inputs: Values) -> None:
    """Raises ExampleError unless they are axes of the inputs, of sizes that agree and can be seen to be free."""
    sizes: dict[str, int] = {}
    for name, own in axes.items():
        shape = np.shape(inputs[name]) if isinstance(inputs.get(name), np.ndarray) else None
        if shape is None:
            raise ExampleError(name, f"axes name {name!r}, which is no array among the inputs: {', '.join(inputs)}")
        for axis, called in own.items():
            if not 0 < axis < len(shape):
                raise ExampleError(name, f"axes name axis {axis} of {name!r}, whose axes are 1 to {len(shape) - 1}")
            if shape[axis] < _LEAST_FREE or sizes.setdefault(called, shape[axis]) != shape[axis]:
                raise ExampleError(
                    name, f"the example has {shape[axis]} along {called!r} of {name!r}; give {_LEAST_FREE} or more, "
                    "equal wherever the name stands"
                )  # fmt: skip


def resized(inputs: Values, axes: Mapping[str, Axes]) -> Values:
    """The inputs with one place less along each free axis."""
    found = dict(inputs)
    for name, own in axes.items():
        for axis in own:
            found[name] = np.take(found[name], range(found[name].shape[axis] - 1), axis=axis)
    return found


def followed(axes: Mapping[str, Axes], inputs: Values, given: Values, others: Values) -> dict[str, dict[int, str]]:
    """The axes of the outputs that follow those of the inputs, from two runs: those whose size became one less too."""
    sizes = {called: inputs[name].shape[axis] for name, own in axes.items() for axis, called in own.items()}
    found: dict[str, dict[int, str]] = {}
    for name, value in given.items():
        before, after = np.shape(value), np.shape(others[name])
        for axis, (size, other) in enumerate(zip(before, after, strict=False)):
            if size != other:
                called = [each for each, known in sizes.items() if (known, known - 1) == (size, other)]
                if len(called) != 1 or len(before) != len(after):
                    raise MakingError(
                        f"{name!r} has the shape {list(before)}, and {list(after)} with one place less along "
                        f"{', '.join(sizes)}: a signature cannot say how these depend on one another"
                    )
                found.setdefault(name, {})[axis] = called[0]
    return found


def batch_size(values: Values) -> int | None:
    """How many examples there are, where the first axis of every array may count them; else None."""
    sizes = {value.shape[0] if isinstance(value, np.ndarray) and value.ndim else 0 for value in values.values()}
    return sizes.pop() if len(sizes) == 1 and 0 not in sizes else None


def are_independent(run: Run, inputs: Values, given: Values, tolerance: Tolerance) -> bool:
    """Whether examples along the first axis may be run together or alone: twice as many, and each of the first few by
    itself, give what they give together. Beside examples that are all equal, one is put that differs."""
    size = batch_size(inputs)
    if size is None or batch_size(given) != size:
        return False
    try:
        if not is_close(joined(given), run(joined(inputs)), tolerance):
            return False
        if _are_equal(inputs) and not _stands_beside_others(run, _row(inputs, 0), _row(given, 0), tolerance):
            return False
        alone = range(min(size, _MOST_ALONE))
        return all(is_close(_row(given, at), run(_row(inputs, at)), tolerance) for at in alone)
    except Exception:  # a model of somebody else's that takes no other number of examples may say so in any way
        return False


def _are_equal(inputs: Values) -> bool:
    """Whether the examples are one and the same, so that who mixes them gives what each would give."""
    return all(len(value) == 1 or bool(np.all(value == value[:1])) for value in inputs.values())


def _stands_beside_others(run: Run, inputs: Values, given: Values, tolerance: Tolerance) -> bool:
    """Whether an example gives the same beside another one; a model may know no other texts or whole numbers."""
    for kinds in ("fbiuO", "f"):
        others = {name: _changed(value) if value.dtype.kind in kinds else value for name, value in inputs.items()}
        if all(np.array_equal(value, inputs[name]) for name, value in others.items()):
            continue
        try:
            found = run({name: np.concatenate([value, others[name]]) for name, value in inputs.items()})
        except Exception:  # noqa: S112 (code of the model's, which need not take the other example)
            continue
        return batch_size(found) == 2 and is_close(given, _row(found, 0), tolerance)
    return False


def _changed(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """One example made another that the model should take too: other numbers, whole ones out of those that are there or
    one less, texts twice. The same where there is no such."""
    if value.dtype.kind == "f":
        other = value * 0.5 + 1
        return (value + 1 if np.array_equal(other, value) else other).astype(value.dtype)
    if value.dtype.kind == "b":
        return ~value
    if value.dtype.kind in "iu":
        other = np.roll(value.reshape(-1), 1).reshape(value.shape)
        less: np.ndarray[Any, Any] = np.where(value > 0, value - 1, 1).astype(value.dtype)
        return less if np.array_equal(other, value) else other
    if all(isinstance(each, str) for each in value.flat):
        return np.asarray(value + value, dtype=object)
    return value


def joined(values: Values) -> Values:
    """The examples, and once more in the opposite order."""
    return {name: np.concatenate([value, value[::-1]]) for name, value in values.items()}


def _row(values: Values, at: int) -> Values:
    return {name: value[at : at + 1] for name, value in values.items()}


def difference(expected: Values, found: Values) -> float:
    """The largest absolute difference; infinite where names, shapes, texts or JSON values differ, or NaN is in one."""
    if set(expected) != set(found):
        return math.inf
    return max(_difference(value, found[name]) for name, value in expected.items())


def _difference(expected: Any, found: Any) -> float:
    one, other = _numbers(expected), _numbers(found)
    if one is None or other is None:
        return 0.0 if to_json(expected) == to_json(found) else math.inf
    if one.shape != other.shape:
        return math.inf
    with np.errstate(invalid="ignore"):
        differs = ~((one == other) | (np.isnan(one) & np.isnan(other)))
        apart = np.abs(one - other)[differs]
    if not np.isfinite(apart).all():
        return math.inf
    return float(apart.max()) if apart.size else 0.0


def is_close(expected: Values, found: Values, tolerance: Tolerance) -> bool:
    """Whether the outputs are equal within the tolerance."""
    if set(expected) != set(found):
        return False
    return all(_is_close(value, found[name], tolerance) for name, value in expected.items())


def _is_close(expected: Any, found: Any, tolerance: Tolerance) -> bool:
    one, other = _numbers(expected), _numbers(found)
    if one is None or other is None:
        return bool(to_json(expected) == to_json(found))
    return one.shape == other.shape and np.allclose(
        other, one, rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True
    )


def _numbers(value: Any) -> np.ndarray[Any, Any] | None:
    """The numbers of an array, or of one number, as float64; None for texts and JSON values."""
    if isinstance(value, bool | int | float | np.generic | np.ndarray):
        array = np.asarray(value)
        return array.astype(np.float64) if array.dtype.kind in "biuf" else None
    return None


def judged(expected: Values, run: Callable[[], Values], tolerance: Tolerance) -> tuple[float, str]:
    """How far a form's outputs are from the model's, and why it is left out; empty where it may stay."""
    try:
        found = run()
    except Exception as error:  # code of the model's, and of its exporter
        return math.inf, f"it cannot run the example: {cause(error)}"
    apart = difference(expected, found)
    if is_close(expected, found, tolerance):
        return apart, ""
    if not math.isfinite(apart):
        return apart, "its outputs have other names, shapes or values than the model's"
    return apart, (
        f"its outputs differ from the model's by up to {apart:.3g}, more than {tolerance.absolute:g} + "
        f"{tolerance.relative:g} of the value"
    )


def write(folder: Path, inputs: Values, given: Values, tolerance: Tolerance) -> Example:
    """Write the two files, and describe them. Raises MakingError for what JSON cannot say, or is too large."""
    for path, values in ((INPUT, inputs), (OUTPUT, given)):
        try:
            text = json.dumps({name: to_json(value) for name, value in values.items()}, ensure_ascii=False)
        except TypeError as error:
            raise MakingError(f"the example cannot be kept: {error}") from None
        if len(text) > _MAX_BYTES:
            raise MakingError(
                f"the example's {path} would have {len(text) // 2**20} MiB; at most {_MAX_BYTES // 2**20} are kept: "
                "give fewer examples"
            )
        target = folder.joinpath(*path.split("/"))
        target.parent.mkdir(exist_ok=True)
        target.write_text(text + "\n", encoding="utf-8")
    return Example(INPUT, OUTPUT, tolerance.absolute, tolerance.relative)
