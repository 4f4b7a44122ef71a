"""What may be logged as a metric, and how it becomes a float.

What always holds: a name is text that is not empty, a value is a 64-bit float; NaN and the infinities are values like
any other. Python and numpy numbers and tensors without a dimension become one; a nested mapping becomes names joined by
`/`; our media, lists, figures and images are left to `media`; anything else is a TypeError that names the key and the
type. None of numpy, torch and plotly is imported: their values are known by the module that their type comes from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tracker.naming import MAX_NAME, is_metric
from tracker.notices import notice
from tracker.records import MAX_EXACT_INTEGER

_NUMERIC_KINDS: Final = "fiub"  # of a numpy dtype: float, integer, unsigned, boolean
_PLAIN_NUMBERS: Final = (float, int)
_MEDIA_ROOTS: Final = frozenset({"tracker", "plotly", "matplotlib", "PIL"})


class Sorted(msgspec.Struct):
    """The content of one `log()`, by what is to be done with it."""

    numbers: dict[str, float] = msgspec.field(default_factory=dict)
    tensors: dict[str, Any] = msgspec.field(default_factory=dict)
    media: dict[str, Any] = msgspec.field(default_factory=dict)


_known_names: set[str] = set()


def are_plain(values: dict[str, Any]) -> bool:
    """Whether every key is known to be good and every value a Python float: the common case, ready as it is."""
    for name, value in values.items():  # noqa: SIM110 (a generator would cost more than the loop does)
        if type(value) is not float or name not in _known_names:
            return False
    return True


def sort(values: Mapping[str, Any]) -> Sorted:
    """Numbers, accelerator tensors and media of a mapping, flattened. Raises TypeError or ValueError for the rest."""
    if not isinstance(values, Mapping):
        raise TypeError(f"log() takes a mapping of names to numbers, got {type(values).__name__}: {values!r:.80}")
    result = Sorted()
    _sort_into(result, values, prefix="")
    return result


def as_number(name: str, value: object) -> float | None:
    """The float that a value stands for; None when it is no number. `name` is for the notice about a huge integer."""
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return _from_integer(name, value)
    root = type(value).__module__.partition(".")[0]
    if root == "torch" and hasattr(value, "is_floating_point"):
        return _from_scalar(name, value) if value.ndim == 0 and not value.is_complex() else None  # type: ignore[attr-defined]
    if getattr(value, "shape", None) == () and getattr(getattr(value, "dtype", None), "kind", "") in _NUMERIC_KINDS:
        return _from_scalar(name, value)
    return None


def is_array(value: object) -> bool:
    """Whether this is a numpy array or scalar, of any shape."""
    return type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist")


def check_name(name: object, what: str) -> None:
    """Raise unless `name` can name something in `what`."""
    if not isinstance(name, str):
        raise TypeError(f"a name in {what} must be text, got {type(name).__name__}: {name!r}")
    if not name:
        raise ValueError(f"a name in {what} is empty; give every value a name")
    if "\0" in name:
        raise ValueError(f"a name in {what} holds a NUL, which no database keeps: {name[:80]!r}")
    if len(name) > MAX_NAME:
        raise ValueError(f"a name in {what} has {len(name)} characters, at most {MAX_NAME} are kept: {name[:80]!r}…")
    if not is_metric(name):
        raise ValueError(f"a name in {what} is no text, as it has half of a surrogate pair: {name!r:.80}")


def _sort_into(result: Sorted, values: Mapping[Any, Any], prefix: str) -> None:
    for name, value in values.items():
        check_name(name, "log()")
        full_name = prefix + name
        if prefix:
            check_name(full_name, "log()")
        if isinstance(value, _PLAIN_NUMBERS):  # nearly all are, and need no further look
            result.numbers[full_name] = float(value) if isinstance(value, float) else _from_integer(full_name, value)
            _known_names.add(full_name)
        elif isinstance(value, Mapping):
            _sort_into(result, value, full_name + "/")
        elif _may_be_media(value):
            result.media[full_name] = value
        elif _is_on_gpu(value):
            result.tensors[full_name] = value
        else:
            number = as_number(full_name, value)
            if number is None:
                raise TypeError(_complaint(full_name, value))
            result.numbers[full_name] = number
            _known_names.add(full_name)


def _from_integer(name: str, value: int) -> float:
    if abs(value) > MAX_EXACT_INTEGER and not isinstance(value, bool):
        _note_huge_integer(name)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


_has_noted_huge_integer = False


def _note_huge_integer(name: str) -> None:
    global _has_noted_huge_integer
    if not _has_noted_huge_integer:
        _has_noted_huge_integer = True
        notice(f"{name!r} is an integer beyond 2**53; such integers are kept as the nearest 64-bit float")


def _from_scalar(name: str, value: Any) -> float | None:
    item = value.item()
    return _from_integer(name, item) if isinstance(item, int) else float(item)


def _is_on_gpu(value: Any) -> bool:
    if type(value).__module__.partition(".")[0] != "torch" or not getattr(value, "is_cuda", False):
        return False
    return bool(value.ndim == 0) and not value.is_complex()


def _may_be_media(value: Any) -> bool:
    """Whether it is for `media` to say what it is."""
    return isinstance(value, (list, tuple)) or type(value).__module__.partition(".")[0] in _MEDIA_ROOTS


def _complaint(name: str, value: Any) -> str:
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if shape is not None and shape != ():
        way_out = "tracker.Table(…)" if hasattr(value, "columns") else "tracker.Image(…) or tracker.Histogram(…)"
        return (
            f"{name!r} is a {kind} of shape {tuple(shape)}; log one number, for example its mean, or media made of it: "
            f"{way_out}"
        )
    way_out = "log text as tracker.Text(…)" if isinstance(value, str) else "or media such as tracker.Image"
    return f"{name!r} must be a number, a nested mapping of numbers, or media, got {kind}: {value!r:.80}; {way_out}"
