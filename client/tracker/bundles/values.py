"""Inputs and outputs of a model: from JSON, Python, numpy or tensors to arrays as a signature has them, and back.

What always holds: an array that was read has the dtype and the shape of its field, and nothing of it was rounded to
whole numbers, cut to fit or read out of a text. What does not fit raises InputError, which names the field and the
place in it. Numbers beside JSON's are the texts "NaN", "Infinity" and "-Infinity". numpy has no bfloat16: such a field
is an array of float32.

This is on the way of every prediction: lists are checked by msgspec, in C, and only what is wrong is looked at again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tracker.errors import TrackerError

try:
    import numpy as np
except ModuleNotFoundError:
    raise ImportError('models are loaded and served with numpy: pip install "tracker-runs[models]"') from None

if TYPE_CHECKING:
    from tracker.manifest import Field, Signature

_NUMPY: Final[dict[str, Any]] = {
    name: np.dtype("float32" if name == "bfloat16" else name)
    for name in ("float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16",
                 "uint32", "uint64", "bool")
}  # fmt: skip
_PLAIN: Final = (bool, int, str)
_LISTS: Final = (list, tuple)
_NUMBERS: Final = (list, tuple, float, int)
_FLOATS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_WORDS: Final = {"f": "a number", "i": "a whole number", "u": "a whole number", "b": "true or false"}


class InputError(TrackerError, ValueError):
    """What was given is not what the signature of the model says. `field` is the name of the input (or output)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def read_inputs(signature: Signature | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """An array for each input, in the signature's order; texts and JSON values stay what they are.

    A model without a signature takes what it is given. Raises InputError for the first input that is missing, unknown,
    or not of its dtype and shape, and where sizes that have to agree differ.
    """
    if signature is None:
        return dict(given)
    read: dict[str, Any] = {}
    for field in signature.inputs:
        if field.name not in given:
            raise InputError(field.name, f"the input {field.name!r} is missing: {expected(field)}")
        read[field.name] = from_json(field, given[field.name])
    if len(given) > len(read):
        _refuse_unknown(signature, given)
    _check_sizes(signature, read)
    return read


def from_json(field: Field, value: Any) -> Any:
    """What `value` is as that field: an array, a text, or for `json` the value itself. Raises InputError.

    An empty list says nothing of the axes behind it: they have the sizes that the field names, or 0.
    """
    if field.dtype == "json":
        return value
    if field.dtype == "string":
        return _texts(field, value)
    dtype = _NUMPY[field.dtype]
    if isinstance(value, _NUMBERS):
        array = _of_lists(field, dtype, value)
    elif isinstance(value, str) and value in _FLOATS and dtype.kind == "f":
        array = np.asarray(_FLOATS[value], dtype)
    else:
        array = _of_array(field, dtype, _array(field, value))
    return _shaped(field, array)


def to_json(value: Any) -> Any:
    """Nested lists of an array or a tensor, and plain values of whatever else a model gives.

    Raises TypeError for what JSON has no word for.
    """
    array = plain_array(value) if isinstance(value, np.ndarray) else None
    if array is None:
        if value is None or (isinstance(value, _PLAIN) and not isinstance(value, np.generic)):
            return value if value is None or type(value) in _PLAIN else _plain(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else _float_name(value)
        if isinstance(value, _LISTS):
            return [to_json(item) for item in value]
        if isinstance(value, Mapping):
            return {str(key): to_json(item) for key, item in value.items()}
        array = plain_array(value)
    if array is None:
        raise TypeError(f"a {type(value).__module__}.{type(value).__qualname__} cannot be said in JSON: {value!r:.80}")
    if array.dtype.kind in "iubUT":
        return array.tolist()
    if array.dtype.kind == "f":
        return array.tolist() if np.isfinite(array).all() else _named_floats(array.tolist())
    if array.dtype.kind == "O":
        return to_json(array.tolist())
    raise TypeError(f"an array of {array.dtype} cannot be said in JSON")


def plain_array(value: Any) -> np.ndarray[Any, Any] | None:
    """The array that an array, a tensor, a column or a frame is; None for anything else."""
    if isinstance(value, np.ndarray):
        array = value
    elif hasattr(value, "detach") and hasattr(value, "cpu"):  # a tensor of torch, wherever it lies
        tensor = value.detach().cpu()
        array = (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
    elif hasattr(value, "__array__") or isinstance(value, np.generic):
        array = np.asarray(value)
    else:
        return None
    is_foreign = array.dtype.kind == "V"  # numpy takes microseconds to spell the name of a type
    return array.astype(np.float32) if is_foreign and array.dtype.name == "bfloat16" else array


def expected(field: Field) -> str:
    """What a field is in words: `float32 [batch, 4]`."""
    if not field.shape:
        return field.dtype if field.dtype == "json" else f"one {field.dtype}"
    sizes = ", ".join("any" if size is None else str(size) for size in field.shape)
    return f"{field.dtype} [{sizes}]"


def _of_lists(field: Field, dtype: np.dtype[Any], value: Any) -> np.ndarray[Any, Any]:
    """The array of numbers of Python, in lists as deep as the field has axes."""
    try:
        plain = msgspec.convert(value, _lists_of(dtype.kind, len(field.shape)))
    except msgspec.ValidationError:  # a mistake, or a name among the numbers: that type would be slow to look up
        return _of_array(field, dtype, np.asarray(_checked(field, dtype, value)))
    try:
        if dtype.kind == "f":
            return _of_floats(field, dtype, plain)
        if dtype.kind == "b":
            return np.asarray(plain, dtype)
        return _fitting(field, dtype, np.asarray(plain, np.uint64 if dtype == np.uint64 else np.int64))
    except (ValueError, OverflowError):
        _checked(field, dtype, plain)
        raise InputError(field.name, f"{field.name} must be {expected(field)}") from None


def _of_floats(field: Field, dtype: np.dtype[Any], plain: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(plain, np.float64)
    return array if dtype == np.float64 else _narrowed(field, dtype, array)


@lru_cache(maxsize=256)
def _lists_of(kind: str, axes: int) -> Any:
    of: Any = {"f": float, "b": bool}.get(kind, int)
    for _ in range(axes):
        of = list[of]
    return of


def _checked(field: Field, dtype: np.dtype[Any], value: Any) -> Any:
    """The same lists with names of floats as floats. Raises InputError at the first place that is wrong."""
    axes = len(field.shape)
    sizes: list[int | None] = [None] * axes

    def at(item: Any, place: tuple[int, ...]) -> Any:
        if isinstance(item, list | tuple) and len(place) < axes:
            known = sizes[len(place)]
            if known is not None and len(item) != known:
                raise _wrong(field, place, f"is a list of {len(item)}, where those before it have {known}")
            sizes[len(place)] = len(item)
            return [at(inner, (*place, index)) for index, inner in enumerate(item)]
        array = plain_array(item) if not isinstance(item, str | int | float) else None
        if array is not None and array.ndim + len(place) == axes:
            return _of_array(field, dtype, array)
        if len(place) < axes or isinstance(item, list | tuple | np.ndarray):
            raise _wrong(field, place, f"is {_told(item)}, {len(place)} lists deep")
        return _number(field, dtype, place, item)

    return at(value, ())


def _number(field: Field, dtype: np.dtype[Any], place: tuple[int, ...], item: Any) -> Any:
    if isinstance(item, bool) == (dtype.kind == "b"):
        if dtype.kind == "b":
            return item
        if isinstance(item, int):
            if dtype.kind == "f" and abs(item) > _largest(dtype):
                raise _wrong(field, place, f"is {_told(item)}, which does not fit")
            if dtype.kind in "iu" and not np.iinfo(dtype).min <= item <= np.iinfo(dtype).max:
                raise _wrong(field, place, f"is {_told(item)}, which does not fit")
            return item
        if dtype.kind == "f" and isinstance(item, float):
            if math.isfinite(item) and abs(item) > _largest(dtype):
                raise _wrong(field, place, f"is {item!r}, which does not fit")
            return item
        if dtype.kind == "f" and isinstance(item, str) and item in _FLOATS:
            return _FLOATS[item]
    raise _wrong(field, place, f"is {_told(item)}, not {_WORDS[dtype.kind]}")


def _of_array(field: Field, dtype: np.dtype[Any], array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array of numbers as one of the field's dtype: whole numbers may become others, floats floats, where all of
    them fit."""
    if array.dtype == dtype:
        return array
    kind = array.dtype.kind
    if array.size == 0 and kind in "fiub":
        return array.astype(dtype)
    if dtype.kind == "f" and kind in "fiu":
        return _narrowed(field, dtype, array)
    if dtype.kind in "iu" and kind in "iu":
        return _fitting(field, dtype, array)
    if kind == "O":
        return _of_lists(field, dtype, array.tolist())
    raise InputError(field.name, f"{field.name} must be {expected(field)}, got an array of {array.dtype}")


def _narrowed(field: Field, dtype: np.dtype[Any], array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    try:
        with np.errstate(over="raise"):
            return array.astype(dtype)
    except FloatingPointError:
        is_lost = np.isfinite(array) & (np.abs(array) > _largest(dtype))
        raise _does_not_fit(field, array, is_lost) from None


def _fitting(field: Field, dtype: np.dtype[Any], array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype == dtype or array.size == 0:
        return array.astype(dtype, copy=False)
    range_ = np.iinfo(dtype)
    if int(array.min()) < range_.min or int(array.max()) > range_.max:
        wide = array.astype(object)
        raise _does_not_fit(field, array, np.asarray((wide < range_.min) | (wide > range_.max), bool))
    return array.astype(dtype)


def _does_not_fit(field: Field, array: np.ndarray[Any, Any], which: np.ndarray[Any, Any]) -> InputError:
    found = np.argwhere(which)
    place = tuple(int(index) for index in found[0]) if len(found) else ()
    return _wrong(field, place, f"is {array[place].item() if len(found) else 'too large'!r}, which does not fit")


def _array(field: Field, value: Any) -> np.ndarray[Any, Any]:
    array = plain_array(value)
    if array is None:
        raise InputError(field.name, f"{field.name} must be {expected(field)}, got {_told(value)}")
    return array


def _texts(field: Field, value: Any) -> Any:
    """A text, or an array of texts as numpy's objects."""
    if not field.shape:
        item = value.item() if isinstance(value, np.ndarray | np.generic) and np.ndim(value) == 0 else value
        if not isinstance(item, str):
            raise InputError(field.name, f"{field.name} must be a text, got {_told(item)}")
        return str(item)
    plain = value if isinstance(value, list | tuple) else _array(field, value).tolist()
    try:
        checked = msgspec.convert(plain, _lists_of_texts(len(field.shape)))
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `$")
        where = place.rstrip("`")
        raise InputError(
            field.name, f"{field.name}{where} must be {expected(field)}: {told[:1].lower()}{told[1:]}"
        ) from None
    array = np.asarray(checked, object)
    if array.size and array.ndim != len(field.shape):
        raise InputError(field.name, f"{field.name} must be {expected(field)}; its lists are not of one length")
    return _shaped(field, array)


@lru_cache(maxsize=64)
def _lists_of_texts(axes: int) -> Any:
    of: Any = str
    for _ in range(axes):
        of = list[of]
    return of


def _shaped(field: Field, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array, if its axes are those of the field."""
    shape = field.shape
    if array.size == 0 and array.ndim < len(shape):
        behind = [size if isinstance(size, int) else 0 for size in shape[array.ndim :]]
        array = array.reshape((*array.shape, *behind))
    found = array.shape
    if len(found) != len(shape) or any(
        isinstance(wanted, int) and wanted != size for wanted, size in zip(shape, found, strict=True)
    ):
        raise InputError(field.name, f"{field.name} must be {expected(field)}, got {array.dtype} {list(found)}")
    return array


def _check_sizes(signature: Signature, read: Mapping[str, Any]) -> None:
    """Sizes of one name are equal in all fields, and the first axes where they count examples."""
    known: dict[str, tuple[int, str]] = {}
    fields = [field for field in signature.inputs if field.dtype != "json"]  # whose values have no sizes
    for field in fields:
        for axis, name in enumerate(field.shape):
            if isinstance(name, str):
                size = read[field.name].shape[axis]
                seen, where = known.setdefault(name, (size, field.name))
                if seen != size:
                    raise InputError(
                        field.name, f"{field.name} has {size} as {name!r}, and {where} has {seen}; they must be equal"
                    )
    if signature.is_batched:
        counts = {field.name: len(read[field.name]) for field in fields if field.shape}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise InputError(next(iter(counts)), f"the first axis of every input counts examples, got {told}")


def _refuse_unknown(signature: Signature, given: Mapping[str, Any]) -> None:
    known = [field.name for field in signature.inputs]
    unknown = next(name for name in given if name not in known)
    import difflib  # 5 ms that only a mistake pays

    near = difflib.get_close_matches(str(unknown), known, n=1)
    takes = "; ".join(f"{field.name}: {expected(field)}" for field in signature.inputs) or "nothing"
    hint = f"did you mean {near[0]!r}? It" if near else "it"
    raise InputError(str(unknown), f"the model has no input {unknown!r}; {hint} takes {takes}")


def _wrong(field: Field, place: tuple[int, ...], problem: str) -> InputError:
    where = field.name + "".join(f"[{index}]" for index in place)
    return InputError(field.name, f"{where} {problem}; {field.name} must be {expected(field)}")


def _told(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, int) and abs(value) > 10**30:
        return "a whole number of more than 30 digits"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"{value!r:.80}" if isinstance(value, str | int | float | bool) else f"a {type(value).__name__}"


def _largest(dtype: np.dtype[Any]) -> float:
    return float(np.finfo(dtype).max)


def _plain(value: int | str) -> int | str:
    """What a value of a class made of int or str is, such as a member of an enumeration."""
    return str.__str__(value) if isinstance(value, str) else int(value)


def _named_floats(value: Any) -> Any:
    if isinstance(value, list):
        return [_named_floats(item) for item in value]
    return value if math.isfinite(value) else _float_name(value)


def _float_name(value: float) -> str:
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
