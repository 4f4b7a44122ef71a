"""The program that `tracker verify` runs in an environment of a bundle's lock: loads it, replays its example, measures.

    python -m tracker.bundles.replay REQUEST.json ANSWER.json

What always holds: it knows no server and has no key; besides the standard library and what the lock has it imports
`manifest`, `naming`, `errors` and a few modules of `bundles` alone, which are copied beside it. It writes its answer at
the end: without one, it did not come so far.
"""

from __future__ import annotations

import json
import math
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

MODULES: Final = ("errors.py", "manifest.py", "naming.py", "bundles")
"""Those of the client that it may import, as paths in the package."""

_LEAST_RUNS: Final = 5
_MOST_RUNS: Final = 200


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done. An output is equal where it differs by at most `absolute + relative * |stored|`."""

    folder: str
    form: str
    allow_pickle: bool
    absolute: float
    relative: float
    measured_s: float


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `problem` is empty where all went well; times are in milliseconds.

    `peak_memory_bytes` is the most that the process had in memory at once (resident), the interpreter and libraries
    counted.
    """

    problem: str = ""
    is_replayed: bool = False
    python: str = ""
    platform: str = ""
    load_ms: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    peak_memory_bytes: int | None = None
    max_difference: float | None = None


def main(arguments: list[str]) -> int:
    """Carry out a request; the exit status is 0 whenever there is an answer."""
    request = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=Request)
    answer = replay(request)
    answer = msgspec.structs.replace(
        answer, python=platform.python_version(), platform=platform.platform(), peak_memory_bytes=peak_memory_bytes()
    )
    Path(arguments[1]).write_bytes(msgspec.json.encode(answer))
    return 0


def replay(request: Request) -> Answer:
    """Load the bundle, run its example, compare, and run it again for a while."""
    from tracker.bundles import forms
    from tracker.bundles.folder import Bundle
    from tracker.manifest import FILE_NAME, read

    folder = Path(request.folder)
    manifest = read((folder / FILE_NAME).read_bytes())
    began = time.perf_counter()
    try:
        runner = forms.run(Bundle(folder, manifest), form=request.form, allow_pickle=request.allow_pickle)
    except Exception as error:  # the bundle's own code, and libraries of every kind
        return Answer(problem=f"it cannot be loaded: {_told(error)}")
    load_ms = _since_ms(began)
    if manifest.example is None:
        return Answer(load_ms=load_ms)
    try:
        from tracker.bundles.values import read_inputs, to_json

        given = json.loads((folder / manifest.example.input).read_bytes())
        stored = json.loads((folder / manifest.example.output).read_bytes())
        inputs = read_inputs(manifest.signature, given)
        found = to_json(runner.predict(inputs))
    except Exception as error:  # as above
        return Answer(problem=f"its example cannot be run: {_told(error)}", load_ms=load_ms)
    largest, problem = compared(stored, found, absolute=request.absolute, relative=request.relative)
    times_ms = sorted(_latencies_ms(lambda: runner.predict(inputs), request.measured_s)) if not problem else []
    return Answer(
        problem=problem,
        is_replayed=True,
        load_ms=load_ms,
        latency_p50_ms=quantile(times_ms, 0.5),
        latency_p99_ms=quantile(times_ms, 0.99),
        max_difference=largest if math.isfinite(largest) else None,
    )


def compared(stored: Any, found: Any, *, absolute: float, relative: float) -> tuple[float, str]:
    """The largest difference between two JSON values, and what is wrong at the first place where they are not equal."""
    if isinstance(stored, Mapping) and isinstance(found, Mapping) and set(stored) != set(found):
        gives, stood = (", ".join(sorted(map(str, names))) or "nothing" for names in (found, stored))
        return math.inf, f"the model gives {gives}, and {stood} was stored"
    largest, problem = 0.0, ""
    for place, one, other in _pairs(stored, found, ""):
        difference = _difference(one, other)
        largest = max(largest, difference)
        allowed = absolute + relative * abs(one) if _is_number(one) and math.isfinite(one) else 0.0
        if difference > allowed and not problem:
            problem = (
                f"the output {place} is {_short(other)}, and {_short(one)} was stored: more than {absolute:g} + "
                f"{relative:g} of it apart"
            )
    return largest, problem


def quantile(ordered: list[float], share: float) -> float | None:
    """The smallest of the values that so large a share of them does not exceed; None of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def peak_memory_bytes() -> int | None:
    """The most memory that this process had at once, as the system says; None where it does not.

    On Linux by /proc: what getrusage says there may be that of the process that started this one.
    """
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _pairs(stored: Any, found: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """The values at each place of two structures of one shape; where the shapes differ, what is there."""
    if isinstance(stored, Mapping) and isinstance(found, Mapping) and set(stored) == set(found):
        for name in stored:
            yield from _pairs(stored[name], found[name], f"{place}.{name}" if place else str(name))
    elif isinstance(stored, list) and isinstance(found, list) and len(stored) == len(found):
        for at, one in enumerate(stored):
            yield from _pairs(one, found[at], f"{place}[{at}]")
    else:
        yield place, stored, found


def _difference(one: Any, other: Any) -> float:
    if _is_number(one) and _is_number(other) and math.isfinite(one) and math.isfinite(other):
        return abs(float(one - other))
    return 0.0 if type(one) is type(other) and one == other else math.inf


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    return f"a list of {len(value)}" if isinstance(value, list) else f"{value!r:.80}"


def _latencies_ms(act: Any, measured_s: float) -> Iterator[float]:
    """How long each of some runs takes: a few at least, and no more once the time is up."""
    began = time.perf_counter()
    for number in range(_MOST_RUNS):
        if number >= _LEAST_RUNS and time.perf_counter() - began > measured_s:
            return
        before = time.perf_counter()
        act()
        yield _since_ms(before)


def _since_ms(before: float) -> float:
    return 1000 * (time.perf_counter() - before)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()):.1000}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
