"""Training runs for browser tests: real processes that log when they are told to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Protocol

from tests.processes import environment


class Reachable(Protocol):
    """Any server that a run can be sent to."""

    @property
    def url(self) -> str: ...


CODE = """
import sys, tracker
name, lr, model = sys.argv[1:]
run = tracker.init("digits", name=name, config={"lr": float(lr), "epochs": 10}, system_interval_s=0)
print(run.id, flush=True)
step = 0
for line in sys.stdin:  # each line says how many steps to train
    for _ in range(int(line)):
        run.log({"train/loss": 1 / (1 + step * float(lr)), "val/accuracy": 1 - 1 / (2 + step * float(lr))})
        step += 1
    print("trained", flush=True)
run.log_artifact(model, name="digits-cnn", type="model")
"""


class Training:
    """One run, alive until `finish` or the end of the `with`."""

    def __init__(self, server: Reachable, folder: Path, name: str, *, lr: float) -> None:
        model = folder / f"{name}.pt"
        model.write_bytes(f"weights of {name}".encode() * 1000)
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-c", CODE, name, str(lr), str(model)],
            env=environment(server.url, folder / "client"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.id = self._answer()

    def train(self, steps: int) -> Training:
        """Log so many steps; returns when they are logged."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        assert self._answer() == "trained"
        return self

    def finish(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(30) == 0

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def __enter__(self) -> Training:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def finished(server: Reachable, folder: Path, name: str, *, lr: float, steps: int = 50) -> str:
    """A run that has trained and ended; its id."""
    with Training(server, folder, name, lr=lr) as training:
        training.train(steps).finish()
        return training.id
