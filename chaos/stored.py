"""What a server has of a run that `chaos.training` logged, every value of it compared."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import requests

from chaos.training import PREFIX, names, value
from tracker.query.stream import parts

PROGRAM = {"X-Tracker-Client": "chaos"}


def ask(url: str, method: str, path: str, **options: Any) -> requests.Response:
    """One request of a program, below /api/v1."""
    headers = {**PROGRAM, **options.pop("headers", {})}
    return requests.request(method, f"{url}/api/v1{path}", headers=headers, timeout=120, **options)


def next_seq(url: str, run_id: str, writer: str) -> int:
    """What the server says it has of a journal: everything before this record; 0 where it does not know the run."""
    answer = ask(url, "POST", f"/runs/{run_id}/journal", params={"writer": writer})
    return int(answer.json()["next_seq"]) if answer.ok else 0


def points_of(url: str, run_id: str, *, prefix: str = PREFIX) -> dict[str, tuple[Any, Any]]:
    """Steps and values of each metric, in order of arrival: every point."""
    query = {"metric": f"{prefix}*", "resolution": "full"}
    headers = {**PROGRAM, "Accept": "application/vnd.msgpack"}
    steps, values = defaultdict(list), defaultdict(list)
    address = f"{url}/api/v1/runs/{run_id}/series"
    with requests.get(address, params=query, headers=headers, stream=True, timeout=120) as answer:
        answer.raise_for_status()
        for part in parts(answer.iter_content(1024 * 1024)):
            steps[part.metric].append(np.frombuffer(part.steps, "<i8"))
            values[part.metric].append(np.frombuffer(part.values, "<f8"))
    return {name: (np.concatenate(steps[name]), np.concatenate(values[name])) for name in steps}


def faults_of(url: str, run_id: str, *, keys: int, steps: int, at_most: int | None = None) -> list[str]:
    """What is wrong with a run that has logged `steps` steps, and no more than `at_most` where the last may be missing.

    A sentence for each series that has not each step once, in order, with its value.
    """
    found = points_of(url, run_id)
    wrong = [] if sorted(found) == names(keys) else [f"run {run_id} has the series {sorted(found)}"]
    for key, name in enumerate(names(keys)):
        have, values = found.get(name, (np.array([], int), np.array([])))
        wanted = np.arange(len(have))
        if not steps <= len(have) <= (steps if at_most is None else at_most):
            twice = len(have) - len(np.unique(have))
            wrong.append(
                f"{name} of run {run_id} has {len(have)} points, {twice} of them twice, and should have {steps}"
            )
        elif not np.array_equal(have, wanted):
            wrong.append(f"{name} of run {run_id} has not each step once, in order")
        elif not np.array_equal(values, value(wanted, key)):
            wrong.append(f"{name} of run {run_id} has other values than were logged")
    return wrong
