"""Arrays as they were when they were given: numpy, torch on any device, lists, and what else numpy can read.

What always holds: a later change of the caller's array does not change what is held. A tensor on a CUDA device is not
waited for: a copy to pinned memory is started on its stream, and `read`, in another thread, waits for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from tracker.media.piece import check_size, required, root_of

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_HALVES = ("bfloat16", "float8", "float4")


class Held:
    """An array that nobody else writes to. `kind` is numpy's letter: b, i, u or f."""

    def __init__(self, shape: tuple[int, ...], kind: str, size_bytes: int, read: Callable[[], Array], *, is_here: bool):
        self.shape = shape
        self.kind = kind
        self.size_bytes = size_bytes
        self.read = read
        """The array; waits until it has left its device."""
        self.is_here = is_here

    def check(self, looks: Callable[[Array], object]) -> None:
        """Look at the values now where they are here, so that what is wrong with them raises at once."""
        if self.is_here:
            looks(self.read())


def hold(value: Any, what: str) -> Held:
    """A copy of an array of numbers or booleans. Raises TypeError and ValueError for anything else, and too large."""
    if root_of(value) == "torch" and hasattr(value, "is_floating_point"):
        return _hold_tensor(value, what)
    numpy = required("numpy", what)
    check_size(what, getattr(value, "nbytes", 0))
    try:
        array = numpy.array(value, copy=True)
    except (ValueError, TypeError) as error:
        raise type(error)(f"{what} must be an array of numbers, got {type(value).__name__}: {error}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{what} must be numbers or booleans, got {type(value).__name__} of {array.dtype}: {value!r:.80}"
        )
    return Held(array.shape, array.dtype.kind, check_size(what, array.nbytes), lambda: array, is_here=True)


def is_tensor(value: object) -> bool:
    """Whether this is a tensor of torch, whose images have their channels first."""
    return root_of(value) == "torch" and hasattr(value, "is_floating_point")


def words(shape: tuple[int, ...]) -> str:
    """A shape for an error message."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _hold_tensor(tensor: Any, what: str) -> Held:
    if tensor.is_complex():
        raise TypeError(f"{what} must be real numbers, got a tensor of {tensor.dtype}; take its abs() or its real part")
    check_size(what, math.prod(tensor.shape) * tensor.element_size())
    tensor = tensor.detach()
    if any(half in str(tensor.dtype) for half in _HALVES):
        tensor = tensor.float()  # numpy has no such type
    if not tensor.is_cuda:
        array = tensor.cpu().numpy().copy()
        return Held(array.shape, array.dtype.kind, array.nbytes, lambda: array, is_here=True)
    host, event = _leaving(tensor)

    def read() -> Array:
        while not event.query():  # asking blocks neither the device nor the interpreter
            time.sleep(0.0005)
        return host.numpy()  # type: ignore[no-any-return]

    kind = "f" if tensor.is_floating_point() else _integer_kind(str(tensor.dtype))
    return Held(tuple(tensor.shape), kind, host.nbytes, read, is_here=False)


def _leaving(tensor: Any) -> tuple[Any, Any]:
    """A copy to pinned memory that has been started, and the event that tells when it is there."""
    import torch  # whoever has a CUDA tensor has it

    with torch.cuda.device(tensor.device):
        host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        host.copy_(tensor.contiguous(), non_blocking=True)
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(tensor.device))
    return host, event


def _integer_kind(dtype: str) -> str:
    return "b" if dtype == "torch.bool" else "u" if "uint" in dtype else "i"
