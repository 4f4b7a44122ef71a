"""Big projects, quickly: runs with config, tags and metric summaries, written straight into the tables.

    python -m tests.server.seed --database sqlite:///tracker.db --runs 10000 --project big

The metrics have summaries and no points: such a project is for lists of runs, not for charts. What a run holds follows
from its number alone, so that two databases with the same seed hold the same runs.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import auth, runs
from tracker_server.db import Base, Database
from tracker_server.metrics.models import Series
from tracker_server.migrating import migrate
from tracker_server.runs.config import flatten, typed
from tracker_server.runs.models import ConfigValue, Run, RunTag

MINUTE_MS = 60_000
DATASETS = ("digits", "faces", "letters")
OPTIMISERS = ("adamw", "sgd", "lion")
TAGS = ("baseline", "sweep", "ablation", "candidate")
STATUSES = (*("finished",) * 45, "failed", "failed", "stopped", "running", "running")
"""One in fifty is still heard of and one in fifty is lost; see `_run`."""

PACKAGES = {f"package-{number}": f"{number % 7}.{number % 13}.{number % 5}" for number in range(150)}


def fill(
    session: Session,
    project: str,
    *,
    run_count: int,
    now_ms: int,
    config_keys: int = 20,
    metric_names: int = 20,
    actor: str = "ada",
) -> list[str]:
    """Add runs to the project, made where it is new, the newest created at `now_ms`. Returns their ids, oldest first.

    Every run has at least the config keys `model.depth`, `optim.lr`, `optim.name` and `data.name`, and the metrics
    `val/acc`, which one run in ten lacks, and `train/loss`.
    """
    owner_id = auth.ensure_operator(session, actor, now_ms).id
    owner = session.scalar(sa.select(runs.Project).where(runs.Project.name == project))
    if owner is None:
        owner = runs.create_project(session, project, "Made by the seeder", actor_id=owner_id, now_ms=now_ms)
    first = owner.next_run_number
    owner.next_run_number = first + run_count
    session.flush()
    numbers = range(first, first + run_count)
    made = [_run(number, owner.id, owner_id, now_ms - (numbers[-1] - number) * MINUTE_MS, now_ms) for number in numbers]
    for run in made:
        run["config"] = _config(run["number"], config_keys)
    _insert(session, Run, iter(made))
    _insert(session, RunTag, (_tag(run) for run in made))
    _insert(session, ConfigValue, (row for run in made for row in _config_rows(run)))
    _insert(session, Series, (row for run in made for row in _series(run, metric_names)))
    newest = made[-1]["id"]
    runs.note_keys(session, newest, "config", (row["key"] for row in _config_rows(made[-1])))
    runs.note_keys(session, newest, "metric", (row["name"] for run in made[-2:] for row in _series(run, metric_names)))
    return [run["id"] for run in made]


def _insert(session: Session, table: type[Base], rows: Iterator[dict[str, Any]]) -> None:
    """Past SQLAlchemy, which takes minutes for some million rows. All rows name the same columns."""
    first = next(rows, None)
    if first is None:
        return
    connection = session.connection()
    columns = [column for column in table.__table__.columns if column.name in first or column.default is not None]
    bound = [(column.name, _default(column), column.type.bind_processor(connection.dialect)) for column in columns]
    values = (
        [process(row.get(name, default)) if process else row.get(name, default) for name, default, process in bound]
        for row in chain([first], rows)
    )
    names = ", ".join(f'"{column.name}"' for column in columns)
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        with cursor.copy(f"COPY {table.__tablename__} ({names}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)
    else:
        places = ", ".join("?" * len(columns))
        cursor.executemany(f"INSERT INTO {table.__tablename__} ({names}) VALUES ({places})", values)
    cursor.close()


def _default(column: sa.ColumnElement[Any]) -> Any:
    default = getattr(column, "default", None)
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg


def _run(number: int, project_id: int, actor_id: int, created_ms: int, now_ms: int) -> dict[str, Any]:
    chance = random.Random(number)
    status = STATUSES[number % len(STATUSES)]
    duration_ms = chance.randrange(MINUTE_MS, 10 * 60 * MINUTE_MS)
    is_lost = status == "running" and number % 2 == 0
    heard_ms = now_ms - 10 * MINUTE_MS if is_lost else now_ms
    ended_ms = None if status == "running" else created_ms + duration_ms
    return {
        "id": f"{created_ms:012x}{project_id:04x}{number:08x}",
        "project_id": project_id,
        "number": number,
        "name": f"{chance.choice(('calm', 'bold', 'swift', 'quiet'))}-{chance.choice(('heron', 'otter'))}-{number}",
        "hue": number % 10,
        "status": status,
        "group_name": f"sweep-{number // 50}",
        "notes": "the one to keep" if number % 1000 == 7 else "",
        "user_name": "ada",
        "created_ms": created_ms,
        "started_ms": created_ms,
        "finished_ms": ended_ms,
        "heartbeat_ms": heard_ms if ended_ms is None else ended_ms,
        "changed_ms": heard_ms if ended_ms is None else ended_ms,
        "environment": _environment(number),
        "created_by": actor_id,
        "changed_by": actor_id,
    }


def _environment(number: int) -> dict[str, Any]:
    git = {"commit": f"{number // 20:040x}", "branch": "main", "is_dirty": number % 3 == 0, "patch": "+line\n" * 40}
    python = {"version": "3.11.9", "implementation": "CPython", "executable": "/usr/bin/python"}
    command = ["python", "train.py", f"--seed={number}"]
    return {"command": command, "host": f"node-{number % 8}", "python": python, "packages": PACKAGES, "git": git}


def _config(number: int, key_count: int) -> dict[str, Any]:
    chance = random.Random(number)
    config = {
        "model": {"depth": chance.randrange(2, 50), "is_wide": number % 4 == 0},
        "optim": {"lr": 10 ** -chance.uniform(1, 5), "name": chance.choice(OPTIMISERS)},
        "data": {"name": chance.choice(DATASETS)},
        "seed": number,
    }
    more = {f"param_{place:02}": chance.random() for place in range(max(0, key_count - 6))}
    return {**config, **more}


def _config_rows(run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key, value in flatten(run["config"]):
        row = typed(value)
        yield {"run_id": run["id"], "key": key, "kind": row.kind, "number": row.number, "text": row.text}


def _tag(run: dict[str, Any]) -> dict[str, Any]:
    return {"run_id": run["id"], "tag": TAGS[run["number"] % len(TAGS)]}


def _series(run: dict[str, Any], name_count: int) -> Iterator[dict[str, Any]]:
    number: int = run["number"]
    chance = random.Random(-number)
    names = ["train/loss", *(f"train/metric_{place:02}" for place in range(name_count - 2))]
    for name in names if number % 10 == 0 else [*names, "val/acc"]:
        lowest, last, highest = sorted(chance.random() for _ in range(3))
        yield {
            "run_id": run["id"],
            "name": name,
            "kind": "metric",
            "count": 1000,
            "sealed_count": 1000,
            "finite_count": 1000,
            "finite_sum": 1000 * last,
            "last": last,
            "last_step": 999,
            "last_time_ms": run["heartbeat_ms"],
            "min": lowest,
            "min_step": chance.randrange(1000),
            "max": highest,
            "max_step": chance.randrange(1000),
        }


def main() -> None:
    """Fill the database that the command line names, migrated first where it is new."""
    parser = argparse.ArgumentParser(prog="python -m tests.server.seed", description=fill.__doc__)
    parser.add_argument("--database", required=True, help="an SQLAlchemy URL, sqlite:///tracker.db say")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--project", default="big")
    parser.add_argument("--config-keys", type=int, default=20)
    parser.add_argument("--metrics", type=int, default=20)
    options = parser.parse_args()
    database = Database(options.database)
    migrate(database, lock_folder=Path(tempfile.gettempdir()))
    with database.writing() as session:
        fill(
            session, options.project, run_count=options.runs, now_ms=time.time_ns() // 1_000_000,
            config_keys=options.config_keys, metric_names=options.metrics,
        )  # fmt: skip
        session.commit()
    database.close()


if __name__ == "__main__":
    main()
