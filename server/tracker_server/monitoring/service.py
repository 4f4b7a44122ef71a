"""What a server holds and uses at the moment at which it is asked."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import version
from pathlib import Path

import psutil
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import retention
from tracker_server.runs.models import Project, Run
from tracker_server.settings import Settings
from tracker_server.vitals import Reading


def look(session: Session, settings: Settings, *, now_ms: int) -> list[Reading]:
    """Two statements, and what the system says. Memory and files are those of all processes of this server."""
    processes = _processes(settings)
    running = _running(session, since_ms=now_ms - settings.lost_after_ms)
    memory = sum(process.memory_info().rss for process in processes)
    open_files = sum(process.num_fds() for process in processes)
    free = {"data": _free(settings.data), "files": _free(settings.blobs)}
    return [
        Reading("tracker_runs_running", "Runs that go on, and were heard of lately.", {"": running}),
        Reading("tracker_database_bytes", "What the database takes.", {"": retention.database_bytes(session)}),
        Reading("tracker_memory_bytes", "Resident memory of the server's processes.", {"": memory}),
        Reading("tracker_open_files", "Open files and connections of the server's processes.", {"": open_files}),
        Reading("tracker_disk_free_bytes", "Free on the disk of what lies there.", free, "of"),
        Reading("tracker_version", "Which version this is; always 1.", {version("tracker-runs"): 1}, "version"),
    ]


def _running(session: Session, *, since_ms: int) -> int:
    goes_on = (
        Run.project_id.in_(sa.select(Project.id)),  # so that the index of a project's statuses is followed
        Run.status == "running",
        Run.heartbeat_ms >= since_ms,
        Run.deleted_ms.is_(None),
    )
    return session.scalar(sa.select(sa.func.count()).select_from(Run).where(*goes_on)) or 0


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _processes(settings: Settings) -> list[psutil.Process]:
    """This one; with several workers, they and the one that started them."""
    if settings.counts is None:
        return [psutil.Process()]
    first = psutil.Process(os.getppid())
    return [first, *first.children()]
