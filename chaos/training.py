"""Training processes for the scenarios: `python -m chaos.training <what> …`, with TRACKER_URL and TRACKER_DIR set.

Each prints the id of its run first. What a step logs follows from its number alone (`value`), so that whoever looks at
the server later knows every value.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import tracker

Number = TypeVar("Number", int, Any)

PREFIX = "chaos/"
PROJECT = "chaos"
FINISH_S = 120.0


def value(step: Number, key: int) -> Any:
    """What the key of this number has at a step; for arrays of steps too."""
    return (step * 31 + key) / 7.0


def names(keys: int) -> list[str]:
    return [f"{PREFIX}key{number:03}" for number in range(keys)]


def start(finish_timeout_s: float = FINISH_S) -> tracker.Run:
    run = tracker.init(
        PROJECT, system_interval_s=0, capture_code=False, capture_console=False, finish_timeout_s=finish_timeout_s
    )
    print(run.id, flush=True)
    return run


def steady(steps_per_s: str, keys: str) -> None:
    """Log at a pace until stdin ends; then print how many steps there were, once all are stored."""
    is_over = threading.Event()
    threading.Thread(target=_set_at_the_end_of_stdin, args=(is_over,), daemon=True).start()
    run, labels = start(), names(int(keys))
    begun, step = time.monotonic(), 0
    while not is_over.is_set():
        run.log({name: value(step, key) for key, name in enumerate(labels)}, step=step)
        step += 1
        ahead_s = begun + step / float(steps_per_s) - time.monotonic()
        if ahead_s > 0:
            time.sleep(ahead_s)
    run.finish()
    print(step, flush=True)


def _set_at_the_end_of_stdin(is_over: threading.Event) -> None:
    sys.stdin.read()
    is_over.set()


def paced(steps: str, keys: str, seconds: str) -> None:
    """Log so many steps over so many seconds, and end."""
    run, labels = start(), names(int(keys))
    begun = time.monotonic()
    for step in range(int(steps)):
        run.log({name: value(step, key) for key, name in enumerate(labels)}, step=step)
        time.sleep(max(0.0, begun + float(seconds) * step / int(steps) - time.monotonic()))
    run.finish()


def upload(file: str) -> None:
    """Log a file, and end once it is stored."""
    run = start()
    run.log_artifact(file, name="weights", type="model")
    run.finish()


def until_killed(counter: str, file: str) -> None:
    """Log a file and then steps, and note in `counter` how many calls of `log()` have returned."""
    run, labels = start(), names(3)
    run.log_artifact(file, name="weights", type="model")
    noted = os.open(counter, os.O_WRONLY | os.O_CREAT)
    for step in range(1_000_000):
        run.log({name: value(step, key) for key, name in enumerate(labels)}, step=step)
        os.pwrite(noted, struct.pack("<q", step + 1), 0)
        time.sleep(0.0005)


def returned(counter: Path) -> int:
    """How many calls of `log()` a process of `until_killed` says have returned."""
    try:
        return int(struct.unpack("<q", counter.read_bytes())[0])
    except (FileNotFoundError, struct.error):
        return 0


WORK: dict[str, Callable[..., None]] = {
    "steady": steady, "paced": paced, "upload": upload, "until_killed": until_killed,
}  # fmt: skip

if __name__ == "__main__":
    WORK[sys.argv[1]](*sys.argv[2:])
