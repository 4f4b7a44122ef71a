"""Calling what somebody else wrote: inputs by name or in their order, outputs by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tracker.bundles.folder import BundleError
from tracker.bundles.values import plain_array
from tracker.manifest import Signature


def takes_names(function: Callable[..., Any], names: list[str]) -> bool:
    """Whether it takes every one of the names as a keyword; a signature that cannot be seen takes none."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
    by_name = {
        name
        for name, each in parameters.items()
        if each.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    }
    return any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()) or by_name.issuperset(names)


def caller(
    function: Callable[..., Any], signature: Signature | None, *, like: Callable[..., Any] | None = None
) -> Callable[[Mapping[str, Any]], Any]:
    """Calls it with the inputs as keywords where it takes them so, else in the order of the signature.

    `like` has the parameters, where the function itself does not show them.
    """
    names = [field.name for field in signature.inputs] if signature is not None else []
    if signature is None or takes_names(like or function, names):
        return lambda given: function(**given)
    return lambda given: function(*(given[name] for name in names))


def plain_inputs(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays of no axes as the numbers that they are, which is what code of Python's expects."""
    return {
        name: value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
        for name, value in given.items()
    }


def named_outputs(signature: Signature | None, result: Any) -> dict[str, Any]:
    """What a call gave by the names of the outputs: of a mapping its own, of a tuple in their order, or of the one.

    Tensors, columns and the like are arrays then. Raises BundleError where there are more or fewer than there shall be.
    """
    if isinstance(result, Mapping):
        found = {str(name): value for name, value in result.items()}
    else:
        given = list(result) if isinstance(result, tuple) else [result]
        names = [field.name for field in signature.outputs] if signature is not None else []
        if not names and isinstance(result, tuple):
            names = list(getattr(result, "_fields", None) or (f"output_{number}" for number in range(len(given))))
        names = names or ["output"]
        if len(names) != len(given):
            raise BundleError(f"the model gave {len(given)} outputs, and its signature has {', '.join(names)}")
        found = dict(zip(names, given, strict=True))
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: Any) -> Any:
    array = plain_array(value)
    return value if array is None else array
