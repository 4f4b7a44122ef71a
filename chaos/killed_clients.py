"""Clients that are killed with -9 once `log()` has returned: online, offline, and with their server away."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from chaos.outcomes import Outcome
from chaos.processes import end, first_line, fresh_folder, train
from chaos.stored import ask, faults_of, points_of
from chaos.training import PROJECT, returned
from tests.processes import Server, environment, free_port, tracker, wait_until

KEYS = 3
MODES = ("online", "offline", "away")
MOST_STEPS = 300


def killed_clients(*, kills: int, seed: int = 7) -> Outcome:
    """Kill so many training processes at random moments, sync once, compare every value; sync again."""
    outcome = Outcome(
        "client kill -9 after log() returned",
        f"{kills} kills: all recovered by sync; sync twice changes nothing",
    )
    chance = random.Random(seed)
    with fresh_folder() as folder, Server(folder / "server") as server:
        returned_of = {}
        for number in range(kills):
            run_id, steps = _train_and_kill(server, folder, number, chance.randrange(1, MOST_STEPS))
            returned_of[run_id] = steps
        env = environment(server.url, folder / "client")
        outcome.miss(_sync(env))
        for run_id, steps in returned_of.items():
            outcome.miss(faults_of(server.url, run_id, keys=KEYS, steps=steps, at_most=steps + 1))
            outcome.miss(_without_file(server.url, run_id))
        before = {run_id: _state(server.url, run_id) for run_id in returned_of}
        outcome.miss(_sync(env))
        changed = [run_id for run_id in before if _state(server.url, run_id) != before[run_id]]
        outcome.expect(not changed, f"a second sync changed the runs {changed}")
    calls = sum(returned_of.values())
    outcome.count(f"{kills} kills, of clients {', '.join(MODES)}", f"{calls:,} calls of log() that returned, all there")
    return outcome


def _train_and_kill(server: Server, folder: Path, number: int, goal: int) -> tuple[str, int]:
    """Start one, kill it soon after so many calls of `log()`; its run, and how many calls have returned."""
    counter, file = folder / f"returned-{number}", folder / f"weights-{number}"
    file.write_bytes(f"weights of {number}".encode() * 1000)
    mode = MODES[number % len(MODES)]
    url = f"http://127.0.0.1:{free_port()}" if mode == "away" else server.url
    setting = "offline" if mode == "offline" else "online"
    process = train(url, folder / "client", "until_killed", str(counter), str(file), TRACKER_MODE=setting)
    try:
        run_id = first_line(process)
        wait_until(lambda: returned(counter) >= goal or process.poll() is not None, f"{goal} calls of log() returned")
    finally:
        end([process])
    return run_id, returned(counter)


def _sync(env: dict[str, str]) -> list[str]:
    done = tracker(["sync"], env, timeout_s=300)
    return [] if done.returncode == 0 else [f"tracker sync ends with {done.returncode}: {done.stdout}{done.stderr}"]


def _without_file(url: str, run_id: str) -> list[str]:
    """A sentence, unless the run has exactly the one file that it logged."""
    listed = ask(url, "GET", f"/runs/{run_id}/artifacts").json()["artifacts"]
    return [] if [len(one["files"]) for one in listed] == [1] else [f"run {run_id} has the artifacts {listed}"]


def _state(url: str, run_id: str) -> tuple[Any, Any]:
    """All that a server says of a run, without when it was last heard of."""
    facts = ask(url, "GET", f"/runs/{run_id}").json()
    facts = {name: fact for name, fact in facts.items() if name not in ("heartbeat_ms", "status")}
    points = {name: (steps.tobytes(), values.tobytes()) for name, (steps, values) in points_of(url, run_id).items()}
    assert facts["project"] == PROJECT
    return facts, points
