"""The page of TensorBoard and of MLflow on the same work as ours: twenty runs with 10,000 points in twelve metrics.

What is measured is the page, so the work is put where each of them keeps it, faster than their clients would: event
files, and rows of MLflow's database. TensorBoard has read all before it is measured; MLflow shows ten of the runs by
itself. Each has a browser that has never been there, then the same one again. `make bench-peers` makes their
environments.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import requests
from playwright.sync_api import Browser, Page, ViewportSize

from benchmarks.figures import Figure
from benchmarks.peers import ENVIRONMENTS, QUIET
from benchmarks.web_browser import context_of
from benchmarks.web_work import CHARTS, PEER_RUNS, curve
from tests.processes import Server, free_port

LONGEST_START_S = 120.0
LONGEST_PAGE_MS = 120_000
TALL: ViewportSize = {"width": 1920, "height": 2600}
"""A window in which all of them have room for twelve charts: what is not on the screen none of them draws."""

MLFLOW_RUNS = 10
"""Of the twenty; it shows the first ten by itself, and the address cannot say otherwise."""

START_S = 1_750_000_000


@dataclass(frozen=True)
class _Peer:
    """How to serve one on a folder with the work, where its page is, and how to count its finished charts there."""

    name: str
    environment: str
    fill: Callable[[str, Path, int], None]
    command: Callable[[Path, int], list[str]]
    path: str
    charts: str
    is_ready: Callable[[str], bool]


def figures(browser: Browser, server: Server, *, repetitions: int, steps: int) -> list[Figure]:
    """From the address to the last of twelve charts; a peer that is not installed has no row."""
    work = f"{len(CHARTS)} metrics, {PEER_RUNS} runs × {steps:,} points"
    made = _rows(f"{work}: address to last chart", _ours(browser, server, repetitions), note="")
    for peer in PEERS:
        python = _python_of(peer)
        if python is not None:
            with _served(peer, python, steps) as url:
                made += _rows(f"the same in {peer.name}", _theirs(browser, url, peer, repetitions), note=peer.path)
    return made


def _rows(name: str, times: tuple[list[float], list[float]], *, note: str) -> list[Figure]:
    first, again = times
    return [
        Figure(f"{name}, cold cache", "ms", first, note=note and f"its page {note}"),
        Figure(f"{name}, warm cache", "ms", again),
    ]


def _ours(browser: Browser, server: Server, repetitions: int) -> tuple[list[float], list[float]]:
    first: list[float] = []
    again: list[float] = []
    for _ in range(repetitions):
        with context_of(browser, server.url, runs=PEER_RUNS, size=TALL) as context:
            for times in (first, again):
                page = context.new_page()
                page.goto("/p/beside?show=newest:20")
                page.wait_for_function("() => probe.seen.all !== undefined")
                times.append(float(page.evaluate("probe.seen.all")))
                page.close()
    return first, again


def _theirs(browser: Browser, url: str, peer: _Peer, repetitions: int) -> tuple[list[float], list[float]]:
    first: list[float] = []
    again: list[float] = []
    for _ in range(repetitions):
        context = browser.new_context(viewport=TALL, locale="en-GB", bypass_csp=True)
        context.add_init_script(COUNTING % (peer.charts, len(CHARTS)))
        for times in (first, again):
            page = context.new_page()
            times.append(_time_to_last(page, url + peer.path))
            page.close()
        context.close()
    return first, again


COUNTING = """
(() => {
  const count = () => { %s };
  const look = () => {
    if (document.body !== null && count() >= %d) window.lastChart = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""
"""Notes the time at which so many charts are there."""


def _time_to_last(page: Page, address: str) -> float:
    page.goto(address)
    page.wait_for_function("() => window.lastChart !== undefined", timeout=LONGEST_PAGE_MS)
    return float(page.evaluate("window.lastChart"))


def _python_of(peer: _Peer) -> str | None:
    folder = os.environ.get(ENVIRONMENTS)
    python = Path(folder or "", peer.environment, "bin", "python")
    return str(python) if folder and python.exists() else None


@contextmanager
def _served(peer: _Peer, python: str, steps: int) -> Iterator[str]:
    """A peer's server on the work, with a home of its own and no way to the network."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), free_port()
        url = f"http://127.0.0.1:{port}"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
        environment = {**kept, **QUIET, "HOME": name, "TMPDIR": name}
        with (folder / "peer.log").open("ab") as log:
            process = subprocess.Popen(
                [python, "-m", *peer.command(folder, port)], env=environment, cwd=folder, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
            try:
                if peer.name == "TensorBoard":
                    peer.fill(url, folder, steps)
                _wait_until(lambda: _answers(url), process, folder)
                if peer.name != "TensorBoard":
                    peer.fill(url, folder, steps)
                _wait_until(lambda: peer.is_ready(url), process, folder)
                yield url
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_until(is_so: Callable[[], bool], process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + LONGEST_START_S
    while not is_so():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"it does not answer: {(folder / 'peer.log').read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code < 500
    except requests.RequestException:
        return False


def _fill_tensorboard(_url: str, folder: Path, steps: int) -> None:
    for run in range(PEER_RUNS):
        target = folder / "logs" / f"run-{run:02}"
        target.mkdir(parents=True)
        parts = [_scalars(tag, place, run, steps) for place, tag in enumerate(CHARTS)]
        head = _records(
            np.frombuffer(_tagged(1, 1, struct.pack("<d", START_S)) + _text(3, "brain.Event:2"), np.uint8)[None, :]
        )
        (target / f"events.out.tfevents.{START_S}.bench").write_bytes(head + b"".join(parts))


def _scalars(tag: str, place: int, run: int, steps: int) -> bytes:
    """The events of one metric. Steps start where they take three bytes each, so that all events are as long."""
    value = _text(1, tag) + _tagged(2, 5, bytes(4))
    inner = _tagged(1, 2, bytes([len(value)]) + value)
    step = _tagged(2, 0, b"\xff\xff\x01")
    event = _tagged(1, 1, bytes(8)) + step + _tagged(5, 2, bytes([len(inner)]) + inner)
    rows = np.tile(np.frombuffer(event, np.uint8), (steps, 1))
    numbers = np.arange(steps, dtype=np.int64) + 16_384
    rows[:, 1:9] = (START_S + np.arange(steps, dtype="<f8")).astype("<f8").view(np.uint8).reshape(steps, 8)
    rows[:, 10] = numbers & 127 | 128
    rows[:, 11] = (numbers >> 7) & 127 | 128
    rows[:, 12] = numbers >> 14
    rows[:, -4:] = curve(place, steps, seed=run).astype("<f4").view(np.uint8).reshape(steps, 4)
    return _records(rows)


def _tagged(number: int, kind: int, content: bytes) -> bytes:
    return bytes([number << 3 | kind]) + content


def _text(number: int, text: str) -> bytes:
    return _tagged(number, 2, bytes([len(text)]) + text.encode())


def _records(rows: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> bytes:
    """Each row as a record: its length and its bytes, each followed by a checksum."""
    count, width = rows.shape
    lengths = np.tile(np.frombuffer(struct.pack("<Q", width), np.uint8), (count, 1))
    return np.hstack([lengths, _checksums(lengths), rows, _checksums(rows)]).tobytes()


def _checksums(
    rows: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """The CRC-32C (Castagnoli) of each row, turned and shifted as event files have it."""
    sums = np.full(len(rows), 0xFFFFFFFF, np.uint32)
    for column in rows.T:
        sums = CASTAGNOLI[(sums ^ column) & 0xFF] ^ (sums >> np.uint32(8))
    sums ^= np.uint32(0xFFFFFFFF)
    masked = ((sums >> np.uint32(15)) | (sums << np.uint32(17))) + np.uint32(0xA282EAD8)
    return masked.astype("<u4").view(np.uint8).reshape(-1, 4)


def _castagnoli() -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> np.uint32(1)) ^ np.uint32(0x82F63B78), table >> np.uint32(1)).astype(
            np.uint32
        )
    return table


CASTAGNOLI = _castagnoli()


def _tensorboard_has_all(url: str) -> bool:
    try:
        tags = requests.get(f"{url}/data/plugin/scalars/tags", timeout=30).json()
        last = [
            requests.get(
                f"{url}/data/plugin/scalars/scalars", params={"run": run, "tag": CHARTS[-1]}, timeout=30
            ).json()
            for run in tags
        ]
    except (requests.RequestException, ValueError):
        return False
    return len(last) == PEER_RUNS and all(points and points[-1][1] >= 16_384 + 999 for points in last)


def _fill_mlflow(url: str, folder: Path, steps: int) -> None:
    """Its own calls make the runs with the last values; the points go into its database."""
    api = f"{url}/api/2.0/mlflow"
    with requests.Session() as http:
        made = http.post(f"{api}/experiments/create", json={"name": "beside"}, timeout=60)
        made.raise_for_status()
        if made.json()["experiment_id"] != "1":
            raise RuntimeError(
                f"the first experiment has the id {made.json()['experiment_id']}, its page is made for 1"
            )
        ids = []
        for run in range(PEER_RUNS):
            body = {"experiment_id": "1", "run_name": f"run-{run:02}", "start_time": START_S * 1000}
            run_id = http.post(f"{api}/runs/create", json=body, timeout=60).json()["run"]["info"]["run_id"]
            last = [
                {
                    "key": tag,
                    "value": float(curve(place, steps, seed=run)[-1]),
                    "timestamp": (START_S + steps) * 1000,
                    "step": steps - 1,
                }
                for place, tag in enumerate(CHARTS)
            ]
            http.post(f"{api}/runs/log-batch", json={"run_id": run_id, "metrics": last}, timeout=60).raise_for_status()
            ids.append(run_id)
    rows = (
        (tag, value, (START_S + step) * 1000, run_id, step, False)
        for run, run_id in enumerate(ids)
        for place, tag in enumerate(CHARTS)
        for step, value in enumerate(curve(place, steps, seed=run)[:-1].tolist())
    )
    with closing(sqlite3.connect(folder / "mlflow.db", timeout=60)) as database, database:
        database.executemany(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)", rows
        )


PEERS = (
    _Peer(
        name="TensorBoard",
        environment="tensorboardX",
        fill=_fill_tensorboard,
        command=lambda folder, port: ["tensorboard.main", "--logdir", f"{folder}/logs", "--host", "127.0.0.1",
                                      "--port", str(port)],
        path="/#timeseries",
        charts="return [...document.querySelectorAll('scalar-card')].filter((card) => "
               "card.querySelector('line-chart canvas') !== null && "
               f"card.textContent.includes('run-{PEER_RUNS - 1}')).length;",
        is_ready=_tensorboard_has_all,
    ),
    _Peer(
        name="MLflow",
        environment="mlflow",
        fill=_fill_mlflow,
        command=lambda folder, port: ["mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
                                      # a worker that imports for longer than five seconds would be killed as hung
                                      "--uvicorn-opts", f"--timeout-worker-healthcheck {LONGEST_START_S:.0f}",
                                      "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
                                      "--artifacts-destination", f"{folder}/artifacts"],
        path="/#/experiments/1/runs?compareRunsMode=CHART",
        charts="return [...document.querySelectorAll('.js-plotly-plot')].filter((plot) => "
               f"plot.querySelectorAll('.scatterlayer .trace').length >= {MLFLOW_RUNS}).length;",
        is_ready=_answers,
    ),
)  # fmt: skip
