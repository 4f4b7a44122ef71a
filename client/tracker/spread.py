"""How the values of tensors are spread: histograms and norms.

What always holds: each value is counted, and as what it is: NaN and the infinities apart from the histogram, which
reaches from the least finite value to the greatest. Nothing here waits for a CUDA device: what is computed on one
leaves it by a copy that does not block. Tensors on a CPU are gone through in parts that stay in its caches; those on
any other device are copied to the CPU first, which waits.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from tracker import kinds
from tracker.pending import Copies, CudaTransfer

_PART: Final = 1 << 16
"""Values that a thread of the CPU goes through at once."""

_CUDA_PART: Final = 1 << 24
"""So far a count in a float32, which is what `histc` counts in, is exact."""

_FIGURES: Final = 5
"""Numbers before the counts of what comes from a CUDA device: least, greatest, norm, how many NaN and infinities."""


class Spread(msgspec.Struct, frozen=True):
    """`counts` of equal bins from `least` to `greatest`, the extremes of what is finite; none where nothing is.

    The norm is the Euclidean one of all values, NaN or infinite where one of them is. `tiny` is the smallest difference
    that the values' type tells apart in full precision.
    """

    least: float
    greatest: float
    norm: float
    nan_count: int
    infinite_count: int
    counts: tuple[int, ...]
    tiny: float

    def histogram(self, scale: float = 1.0) -> kinds.Histogram:
        """Of the values divided by `scale`."""
        bins = len(self.counts)
        least, greatest = self.least / scale, self.greatest / scale
        if not least <= greatest:  # nothing is finite
            least, greatest = 0.0, 1.0
        elif is_one_value(self.least, self.greatest, bins, self.tiny):
            middle = least / 2 + greatest / 2
            reach = max(0.5, abs(middle) * 2**-20)
            least, greatest = middle - reach, middle + reach
        width = greatest / bins - least / bins
        return kinds.Histogram(
            edges=(*(least + width * place for place in range(bins)), greatest),
            counts=tuple(map(float, self.counts)),
            nan_count=self.nan_count,
            infinite_count=self.infinite_count,
        )


def is_one_value(least: float, greatest: float, bins: int, tiny: float) -> bool:
    """Whether values are too near one another to be told apart by bins: all are in the middle one then."""
    return greatest - least < bins * tiny


def measure(tensors: Mapping[str, Any], bins: int) -> Copies[dict[str, Spread]]:
    """The spread of each tensor, whenever it is there; with no bins the norms alone are right.

    Sparse tensors count by the values that they hold, complex ones by their parts, distributed ones by what of them is
    here. Empty ones are left out.
    """
    import torch  # whoever has a tensor has it

    with torch.no_grad():
        flat = {name: flattened(tensor) for name, tensor in tensors.items()}
        filled = {name: values for name, values in flat.items() if values.numel()}
        away = {name: values for name, values in filled.items() if values.is_cuda}
        with _any_algorithm():
            packed = {name: on_device(values, bins) for name, values in away.items()}
        here = {name: on_host(values.cpu(), bins) for name, values in filled.items() if name not in away}
    sizes = {name: values.numel() for name, values in filled.items()}
    tiny = {name: _tiny(values) for name, values in away.items()}
    return Measured(sizes, here, CudaTransfer(packed) if packed else None, tiny)


class Measured:
    """The spreads of what was on the CPU, and of what is on its way from elsewhere."""

    def __init__(
        self, sizes: dict[str, int], here: dict[str, Spread], away: CudaTransfer | None, tiny: dict[str, float]
    ) -> None:
        self._sizes = sizes
        self._here = here
        self._away = away
        self._tiny = tiny

    def wait(self) -> None:
        if self._away is not None:
            self._away.wait()

    def numbers(self) -> dict[str, Spread]:
        """By name, in the order in which the tensors were given."""
        arrived = self._away.hosts if self._away is not None else {}
        return {
            name: unpacked(arrived[name].tolist(), size, self._tiny[name]) if name in arrived else self._here[name]
            for name, size in self._sizes.items()
        }


def flattened(tensor: Any) -> Any:
    """The tensor's real numbers in one dimension, in any order: a view of it wherever there can be one."""
    import torch

    values = tensor.detach()
    if hasattr(values, "to_local"):
        values = values.to_local()
    if values.is_sparse:
        values = values.coalesce().values()  # waits, as only the device knows how many there are
    if values.is_complex():
        values = torch.view_as_real(values)
    in_memory = sorted(range(values.ndim), key=lambda axis: -values.stride(axis))
    return values.permute(in_memory).reshape(-1)


def on_host(values: Any, bins: int) -> Spread:
    """The spread of a flat tensor on the CPU."""
    import torch

    tiny = _tiny(values)
    least, greatest, squares, is_finite = math.inf, -math.inf, 0.0, True
    for part in _parts(values, _host_part()):
        low, high = (extreme.item() for extreme in torch.aminmax(part))
        is_finite = is_finite and math.isfinite(low) and math.isfinite(high)
        least, greatest = min(least, low), max(greatest, high)
        squares += torch.dot(part, part).item()
    if is_finite:
        farthest = max(-least, greatest)
        is_plain = 1e-15 < farthest < 1e15  # beyond, squares are too small or too large for 32 bits
        norm = math.sqrt(squares) if is_plain else _norm_of_extreme(values, farthest)
        return Spread(least, greatest, norm, 0, 0, _counts(values, least, greatest, bins, tiny), tiny)
    nan_count = int(values.isnan().sum())
    finite = values[values.isfinite()]
    infinite_count = values.numel() - finite.numel() - nan_count
    norm = math.nan if nan_count else math.inf
    if not finite.numel():
        return Spread(math.inf, -math.inf, norm, nan_count, infinite_count, (0,) * bins, tiny)
    rest = on_host(finite, bins)
    return Spread(rest.least, rest.greatest, norm, nan_count, infinite_count, rest.counts, tiny)


def on_device(values: Any, bins: int) -> Any:
    """What `unpacked` reads, as one tensor of float64 on the device of `values`, flat, on which nothing waits."""
    import torch

    extremes, norms, strange = [], [], []
    for part in _parts(values, _CUDA_PART):
        is_finite = part.isfinite()
        extremes.append(
            torch.stack([torch.where(is_finite, part, math.inf).amin(), torch.where(is_finite, part, -math.inf).amax()])
        )
        norms.append(torch.linalg.vector_norm(part, dtype=torch.float64))
        strange.append(torch.stack([part.isnan().sum(), part.isinf().sum()]))
    lows_and_highs = torch.stack(extremes)
    least, greatest = lows_and_highs[:, 0].amin(), lows_and_highs[:, 1].amax()
    found = [
        torch.stack([least, greatest]).double(),
        torch.linalg.vector_norm(torch.stack(norms)).reshape(1),
        torch.stack(strange).sum(0).double(),
    ]
    if bins:
        low, width = least / 2, greatest / 2 - least / 2  # halves, so that nothing is beyond the type
        # what is not finite, or over a width of 0, comes out beyond 0 and 1, where histc does not count
        placed = ((part / 2 - low).div_(width) for part in _parts(values, _CUDA_PART))
        found.append(torch.stack([torch.histc(places, bins, 0, 1).double() for places in placed]).sum(0))
    return torch.cat(found)


def unpacked(numbers: list[float], size: int, tiny: float) -> Spread:
    """The spread of so many values that a device has computed."""
    least, greatest, norm, nans, infinities = numbers[:_FIGURES]
    counts = list(map(int, numbers[_FIGURES:]))
    finite = size - int(nans) - int(infinities)
    if counts and finite and is_one_value(least, greatest, len(counts), tiny):
        counts = _all_in_the_middle(finite, len(counts))
    return Spread(least, greatest, norm, int(nans), int(infinities), tuple(counts), tiny)


def _counts(values: Any, least: float, greatest: float, bins: int, tiny: float) -> tuple[int, ...]:
    """How many values are in each bin. `histc` would take three times as long.

    Neighbouring values are counted in several rows of bins by turns: most lie in a few bins, and a processor waits for
    one addition to a number before the next one to it.
    """
    import torch

    if not bins or is_one_value(least, greatest, bins, tiny):
        return tuple(_all_in_the_middle(values.numel(), bins))
    per_value = bins / (greatest / 2 - least / 2) / 2
    longest = min(values.numel(), _host_part())
    scaled = torch.empty(longest, dtype=_precise(values.dtype))
    rows, turns = _turns(bins, _host_part())
    places = torch.empty(longest, dtype=turns.dtype)
    counts = torch.zeros(rows * bins, dtype=torch.int64)
    for part in _parts(values, longest):
        size = part.numel()
        torch.sub(part, least, out=scaled[:size]).mul_(per_value).clamp_(0, bins - 1)
        places[:size].copy_(scaled[:size])
        counts += torch.bincount(places[:size].add_(turns[:size]), minlength=rows * bins)
    return tuple(counts.view(rows, bins).sum(0).tolist())


@functools.lru_cache(maxsize=4)
def _turns(bins: int, size: int) -> tuple[int, Any]:
    """How many rows of bins there is room for in a byte, and where in them the row of each of `size` values begins."""
    import torch

    rows = max(1, 256 // bins)
    dtype = torch.uint8 if bins <= 256 else torch.int32
    return rows, torch.arange(0, rows * bins, bins, dtype=dtype).repeat(size // rows + 1)


def _all_in_the_middle(count: int, bins: int) -> list[int]:
    return [count if place == bins // 2 else 0 for place in range(bins)]


def _parts(values: Any, size: int) -> Iterator[Any]:
    """The values in pieces of a type that is computed with: 16 bits become 32."""
    dtype = _precise(values.dtype)
    return (part.to(dtype) for part in values.split(size))


def _host_part() -> int:
    import torch

    return int(_PART * torch.get_num_threads())


def _precise(dtype: Any) -> Any:
    import torch

    return dtype if dtype == torch.float64 else torch.float32


def _tiny(values: Any) -> float:
    import torch

    return float(torch.finfo(_precise(values.dtype)).tiny)


def _norm_of_extreme(values: Any, farthest: float) -> float:
    return float((values.double() / farthest).square().sum().sqrt()) * farthest if farthest else 0.0


@contextlib.contextmanager
def _any_algorithm() -> Iterator[None]:
    """Whole numbers add up to the same in any order, so torch need not refuse to count them on a CUDA device."""
    import torch

    if not torch.are_deterministic_algorithms_enabled():
        yield
        return
    warns_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True, warn_only=warns_only)
