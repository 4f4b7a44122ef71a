"""Real processes for tests: a server, a training script, the command line; each started here and ended by its id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

TRACKER = str(Path(sys.executable).with_name("tracker"))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_so: Callable[[], bool], what: str, *, timeout_s: float = 20.0) -> None:
    """Ask again and again, with short waits, until it is so; AssertionError with `what` when it never is."""
    end = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"after {timeout_s} s still not: {what}")
        time.sleep(0.02)


@dataclass
class Server:
    """`tracker server` on a folder and a port that stay the same through kills and restarts."""

    data: Path
    database_url: str | None = None
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    more: Sequence[str] = ()
    settings: dict[str, str] = field(default_factory=dict)
    """Further variables of its environment."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        command = [TRACKER, "server", "--port", str(self.port), "--data", str(self.data)]
        command += ["--database", self.database_url] if self.database_url else []
        command += self.more
        self.data.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, **self.settings}
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env=env)
        wait_until(self.is_ready, f"the server answers; {self.data / 'server.log'} says why not")
        return self

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.data / "server.log").read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """End it at once, workers too, as a crash does."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, and give its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()


def environment(url: str, folder: Path, **more: str) -> dict[str, str]:
    """The environment of a client whose journals lie in `folder`."""
    return {**os.environ, "TRACKER_URL": url, "TRACKER_DIR": str(folder), **more}


def run_script(code: str, env: dict[str, str], *, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a training script to its end."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout_s, check=False)


def tracker(
    arguments: Sequence[str], env: dict[str, str], *, timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    command = [TRACKER, *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout_s, check=False)
