"""What a training process pays: for importing tracker, for `init()`, for each `log()`, and for waiting at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.figures import Ceiling, Figure
from benchmarks.impostors import captive_portal, failing_server, hanging_server, slow_server
from benchmarks.processes import fresh_server, run_python, train

IMPORTS = 7
STATES = ("up", "down", "hanging", "slow", "answering 500", "answering HTML")
MOST_PACED = 3000
WIDE_GOALS_MS = {10: None, 1_000: None, 10_000: 10.0}


def figures(*, repetitions: int, calls: int) -> list[Figure]:
    """Import, start, `log()` with the server in each of its states, wide calls, and `finish()` with nobody there."""
    made = [_import(), *_start(repetitions)]
    for state in STATES:
        made += _tight_and_paced(state, repetitions, calls)
    return [*made, *_wide(repetitions, calls), _overshoot(repetitions)]


def _tight_and_paced(state: str, repetitions: int, calls: int) -> list[Figure]:
    with _server_that_is(state) as url:
        tight = [train("tight", calls, url) for _ in range(repetitions)]
        paced = [train("paced", min(calls, MOST_PACED), url) for _ in range(repetitions)]
    made = []
    for name, goal in (("p50", 5.0), ("p99", 25.0)):
        bare = Ceiling(f"os.write, {name}", [one[f"bare_{name}_us"] for one in tight])
        values = [one[f"{name}_us"] for one in tight]
        made.append(
            Figure(f"log() of 10 metrics in a tight loop, server {state}, {name}", "µs", values, goal, ceiling=bare)
        )
    for name, goal in (("p50", 30.0), ("p99", 150.0)):
        bare = Ceiling(f"os.write at that pace, {name}", [one[f"bare_{name}_us"] for one in paced])
        values = [one[f"{name}_us"] for one in paced]
        made.append(Figure(f"log() at 1,000 calls/s, server {state}, {name}", "µs", values, goal, ceiling=bare))
    return made


@contextmanager
def _server_that_is(state: str) -> Iterator[str]:
    match state:
        case "up":
            with fresh_server() as server:
                yield server.url
        case "down":
            yield "http://127.0.0.1:9"
        case "hanging":
            with hanging_server() as url:
                yield url
        case "slow":
            with fresh_server() as server, slow_server(server.url) as url:
                yield url
        case "answering 500":
            with failing_server() as url:
                yield url
        case "answering HTML":
            with captive_portal() as url:
                yield url
        case _:
            raise ValueError(f"a server's state is one of {', '.join(STATES)}, got {state!r}")


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


def _start(repetitions: int) -> list[Figure]:
    with fresh_server() as server:
        taken = [train("first_log", 1, server.url) for _ in range(repetitions)]
    bare = Ceiling("a file in a new folder, and a thread", [one["bare_ms"] for one in taken])
    return [
        Figure("init() alone, server up", "ms", [one["init_ms"] for one in taken], 50.0, ceiling=bare),
        Figure("init() to first log(), server up", "ms", [one["first_log_ms"] for one in taken], 50.0, ceiling=bare),
    ]


def _wide(repetitions: int, calls: int) -> list[Figure]:
    """Calls of many keys; each figure is the median call of a process, of which there are `repetitions`."""
    made = []
    with fresh_server() as server:
        for keys, goal in WIDE_GOALS_MS.items():
            taken = [train("wide", keys, server.url, str(max(20, calls // keys))) for _ in range(repetitions)]
            bare = Ceiling("os.write, p50", [one["bare_p50_us"] / 1000 for one in taken])
            values = [one["p50_us"] / 1000 for one in taken]
            made.append(Figure(f"log() of {keys:,} keys in one call, server up, p50", "ms", values, goal, ceiling=bare))
    return made


def _overshoot(repetitions: int) -> Figure:
    """How long the end takes beyond what the program allowed."""
    with hanging_server() as url:
        taken = [train("finish", 1000, url) for _ in range(repetitions)]
    limit_s = taken[0]["limit_s"]
    values = [1000 * (one["seconds"] - limit_s) for one in taken]
    return Figure(f"finish() beyond its finish_timeout_s of {limit_s:g} s, server hanging", "ms", values, 250.0)
