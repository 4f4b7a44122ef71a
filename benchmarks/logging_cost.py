"""What a training process pays: for importing tracker, for `init()`, and for each `log()`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from benchmarks.figures import Ceiling, Figure
from benchmarks.processes import fresh_server, hanging_server, run_python, train

IMPORTS = 7


def figures(*, repetitions: int, calls: int) -> list[Figure]:
    """Import, start, and `log()` with the server up, down and hanging."""
    made = [_import(), _first_log(repetitions)]
    for state in ("up", "down", "hanging"):
        with _server_that_is(state) as url:
            tight = [train("tight", calls, url) for _ in range(repetitions)]
        for name, goal in (("p50", 5.0), ("p99", 25.0)):
            bare = Ceiling(f"os.write, {name}", [one[f"bare_{name}_us"] for one in tight])
            values = [one[f"{name}_us"] for one in tight]
            made.append(
                Figure(f"log() of 10 metrics in a tight loop, server {state}, {name}", "µs", values, goal, ceiling=bare)
            )
    with fresh_server() as server:
        paced = [train("paced", min(calls, 3000), server.url) for _ in range(repetitions)]
    for name, goal in (("p50", 30.0), ("p99", 150.0)):
        made.append(
            Figure(f"log() at 1,000 calls/s, server up, {name}", "µs", [one[f"{name}_us"] for one in paced], goal)
        )
    return made


@contextmanager
def _server_that_is(state: str) -> Iterator[str]:
    if state == "up":
        with fresh_server() as server:
            yield server.url
    elif state == "hanging":
        with hanging_server() as url:
            yield url
    else:
        with nullcontext("http://127.0.0.1:9") as url:
            yield url


def _import() -> Figure:
    """Ours less the bare one of the same turn, so that what else the machine does falls out."""
    bare, ours = [], []
    for _ in range(IMPORTS):
        bare.append(_milliseconds(["-c", "pass"]))
        ours.append(_milliseconds(["-c", "import tracker"]))
    added = [with_it - without for with_it, without in zip(ours, bare, strict=True)]
    return Figure("import tracker, over bare Python", "ms", added, 60.0, ceiling=Ceiling("python -c pass", bare))


def _milliseconds(arguments: list[str]) -> float:
    begun = time.perf_counter()
    run_python(arguments)
    return 1000 * (time.perf_counter() - begun)


def _first_log(repetitions: int) -> Figure:
    with fresh_server() as server:
        values = [train("first_log", 1, server.url)["milliseconds"] for _ in range(repetitions)]
    return Figure("init() to first log(), server up", "ms", values, 50.0)
