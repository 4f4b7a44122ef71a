"""Clients and servers that are killed with -9 in the middle of a large file, which then goes on from there."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

from chaos.outcomes import Outcome
from chaos.processes import MIB, end, first_line, fresh_folder, fsck, train
from chaos.stored import ask
from tests.processes import Server, environment, tracker, wait_until
from tests.relay import Relay, arrived

LEAST_BYTES = 16 * MIB
"""Enough to have come before a kill that a client goes on from there."""


def killed_uploads(*, kills: int, mebibytes: int = 96, seed: int = 7) -> Outcome:
    """Kill so many times, by turns the client and the server, at a random place of a file; then compare its bytes."""
    outcome = Outcome(
        f"client or server kill -9 while a file of {mebibytes} MiB is sent",
        f"{kills} kills: each file there once, whole, and gone on with; sync again changes nothing",
    )
    chance = random.Random(seed)
    spared_bytes = 0
    with fresh_folder() as folder, Server(folder / "server") as server:
        for number in range(kills):
            file = folder / f"weights-{number}"
            file.write_bytes(chance.randbytes(mebibytes * MIB))
            held_after = chance.randrange(LEAST_BYTES, mebibytes * MIB)
            kill = _kill_client if number % 2 == 0 else _kill_server
            run_id, sent_bytes = kill(outcome, server, folder, file, held_after)
            outcome.miss(_faults(server, run_id, file))
            spared_bytes += 2 * mebibytes * MIB - sent_bytes
            is_spared = sent_bytes < 2 * mebibytes * MIB - held_after // 3
            outcome.expect(is_spared, f"{sent_bytes:,} bytes of run {run_id} were sent, held after {held_after:,}")
            file.unlink()
        outcome.miss(fsck(server))
    outcome.count(f"{kills} kills, by turns of client and server", f"{spared_bytes / MIB:,.0f} MiB not sent twice")
    return outcome


def _kill_client(outcome: Outcome, server: Server, folder: Path, file: Path, held_after: int) -> tuple[str, int]:
    """Its run, and how many bytes went until all had arrived."""
    slow, onward = Relay(server.port, held_after), Relay(server.port)
    process = train(slow.url, folder / "client", "upload", str(file))
    try:
        run_id = first_line(process)
        wait_until(lambda: arrived(server) > held_after // 2, "half of what may has arrived", timeout_s=120)
        end([process])
        slow.let_go()
        digest = _digest(file)
        wait_until(lambda: _resting(server, digest) > held_after // 2, "the client is known to be gone", timeout_s=60)
        outcome.miss(_sync(onward.url, folder))
        before = _artifacts(server, run_id)
        outcome.miss(_sync(server.url, folder))
        outcome.expect(_artifacts(server, run_id) == before, f"a second sync changed run {run_id}")
        return run_id, slow.sent + onward.sent
    finally:
        end([process])
        slow.close()
        onward.close()


def _kill_server(outcome: Outcome, server: Server, folder: Path, file: Path, held_after: int) -> tuple[str, int]:
    relay = Relay(server.port, held_after)
    process = train(relay.url, folder / "client", "upload", str(file))
    try:
        run_id = first_line(process)
        wait_until(lambda: arrived(server) > held_after // 2, "half of what may has arrived", timeout_s=120)
        server.kill()
        relay.let_go()
        server.start()
        _, said = process.communicate(timeout=300)
        outcome.expect(process.returncode == 0 and "tracker sync" not in said, f"the client did not get done: {said}")
        return run_id, relay.sent
    finally:
        end([process])
        relay.close()


def _sync(url: str, folder: Path) -> list[str]:
    done = tracker(["sync"], environment(url, folder / "client"), timeout_s=300)
    return [] if done.returncode == 0 else [f"tracker sync ends with {done.returncode}: {done.stdout}{done.stderr}"]


def _digest(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _resting(server: Server, digest: str) -> int:
    return int(ask(server.url, "GET", f"/blobs/{digest}/arrived").json()["arrived_bytes"])


def _artifacts(server: Server, run_id: str) -> Any:
    return ask(server.url, "GET", f"/runs/{run_id}/artifacts").json()["artifacts"]


def _faults(server: Server, run_id: str, file: Path) -> list[str]:
    """A sentence for each thing that is wrong: the run has this one file once, whose bytes come back as they were."""
    digest = _digest(file)
    files = [entry["digest"] for one in _artifacts(server, run_id) for entry in one["files"]]
    wrong = [] if files == [digest] else [f"run {run_id} has the files {files}, not {digest} once"]
    back = hashlib.sha256(ask(server.url, "GET", f"/blobs/{digest}").content).hexdigest()
    wrong += [] if back == digest else [f"the file of run {run_id} comes back with the sha256 {back}, not {digest}"]
    left = arrived(server)
    return wrong + ([f"{left:,} bytes are left of what run {run_id} sent"] if left else [])
