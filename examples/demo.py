"""Start a server, train the example twice with two learning rates, and leave the server up: what `make run` does.

The data lies in `.data/` of the checkout. The port is 8090, or the next one that is free.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "digits"
LEARNING_RATES = ("0.003", "0.0003")
PORTS_TRIED = 100
START_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0


def main() -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):  # they end us as Ctrl-C does: the server has to be stopped
        signal.signal(number, signal.default_int_handler)
    options = parse_options()
    port = free_port(options.port)
    url = f"http://127.0.0.1:{port}"
    page = f"{url}/p/{PROJECT}"
    with server(port, options.data, url):
        print(f"\n  The server is up. Watch the runs while they train:  {page}\n", flush=True)
        for rate in LEARNING_RATES:
            code = train(rate, url, options.epochs)
            if code != 0:
                print(f"Training with a learning rate of {rate} ended with status {code}; see its output above.")
                return code
        print(f"\n  Both runs are done. Compare them, and promote the better one:  {page}\n", flush=True)
        if options.keep:
            print("  The server stays up; Ctrl-C stops it.", flush=True)
            wait_for_interrupt()
    return 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Start a server and train the example twice.")
    parser.add_argument("--data", type=Path, default=ROOT / ".data", help="data directory (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8090, help="first port to try (default: %(default)s)")
    parser.add_argument("--epochs", type=int, help="epochs of each run (default: what the example does)")
    parser.add_argument("--no-keep", dest="keep", action="store_false", help="stop the server after the training")
    return parser.parse_args()


def free_port(first: int) -> int:
    for port in range(first, first + PORTS_TRIED):
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    sys.exit(f"No port from {first} to {first + PORTS_TRIED - 1} is free; stop a server there, or name another --port.")


@contextmanager
def server(port: int, data: Path, url: str) -> Iterator[None]:
    """A server that answers, stopped in order at the end. It is in a session of its own, so Ctrl-C reaches us alone."""
    command = [tracker_command(), "server", "--port", str(port), "--data", str(data)]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        wait_until_healthy(process, url)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tracker_command() -> str:
    """The `tracker` that is installed beside the Python that runs this."""
    return str(Path(sys.executable).parent / "tracker")


def wait_until_healthy(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"The server ended with status {process.returncode}; see its output above.")
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"The server did not answer at {url}/healthz within {START_LIMIT_S:.0f} s; see its output above.")


def train(rate: str, url: str, epochs: int | None) -> int:
    command = [sys.executable, str(ROOT / "examples" / "train_digits.py")]
    command += ["--lr", rate, "--name", f"lr-{rate}", "--project", PROJECT]
    command += ["--epochs", str(epochs)] if epochs else []
    return subprocess.run(command, env={**os.environ, "TRACKER_URL": url}, check=False).returncode


def wait_for_interrupt() -> None:
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("\n  Stopping the server.", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
