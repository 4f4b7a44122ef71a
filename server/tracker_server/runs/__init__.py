"""Projects and runs, and what a run says in words.

A *project* holds *runs*; a run has a *config* (what went in), a *summary*, *tags*, *notes*, a *console*, and
*writers*: the processes that write its journals. Its *status* is running, finished, failed, stopped, or lost while
nobody hears of it.
"""

from tracker_server.runs.config import chosen as chosen_config
from tracker_server.runs.config import summaries
from tracker_server.runs.console import append as append_console
from tracker_server.runs.models import Project, Run, Writer
from tracker_server.runs.rows import row
from tracker_server.runs.service import (
    change,
    check_project_name,
    create_project,
    delete,
    finish,
    get,
    keep_unknown,
    locked,
    lose,
    project,
    raise_alert,
    restore,
    set_config,
    set_environment,
    set_summary,
    start,
    started,
    status,
    tags,
    touch,
    writer,
)

__all__ = [
    "Project",
    "Run",
    "Writer",
    "append_console",
    "change",
    "check_project_name",
    "chosen_config",
    "create_project",
    "delete",
    "finish",
    "get",
    "keep_unknown",
    "locked",
    "lose",
    "project",
    "raise_alert",
    "restore",
    "row",
    "set_config",
    "set_environment",
    "set_summary",
    "start",
    "started",
    "status",
    "summaries",
    "tags",
    "touch",
    "writer",
]
