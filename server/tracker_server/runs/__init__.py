"""Projects and runs, and what a run says in words.

A *project* holds *runs*; a run has a *config* (what went in), a *summary*, *tags*, *notes*, a *console*, and
*writers*: the processes that write its journals. Its *status* is running, finished, failed, stopped, or lost while
nobody hears of it.
"""

from tracker_server.runs.alerts import add as raise_alert
from tracker_server.runs.alerts import count as count_alerts
from tracker_server.runs.alike import finished_with
from tracker_server.runs.bulk import stop_all, tag_all
from tracker_server.runs.config import chosen as chosen_config
from tracker_server.runs.config import summaries, told
from tracker_server.runs.console import append as append_console
from tracker_server.runs.console import lines_from as console_lines
from tracker_server.runs.console import plain as plain_line
from tracker_server.runs.definitions import Definitions
from tracker_server.runs.definitions import define as define_metric
from tracker_server.runs.definitions import read as definitions
from tracker_server.runs.goals import Goals
from tracker_server.runs.goals import choose as choose_goal
from tracker_server.runs.goals import of_project as metric_goals
from tracker_server.runs.keys import note as note_keys
from tracker_server.runs.models import Project, Run, Writer
from tracker_server.runs.rows import row
from tracker_server.runs.service import (
    archive,
    change,
    check_project_name,
    create_project,
    delete,
    elsewhere,
    finish,
    get,
    keep_unknown,
    locked,
    lose,
    project,
    project_id_of_name,
    project_id_of_run,
    reproductions,
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
from tracker_server.runs.stopping import commands, is_stopping
from tracker_server.runs.stopping import described as stop_request
from tracker_server.runs.stopping import request as request_stop

__all__ = [
    "Definitions",
    "Goals",
    "Project",
    "Run",
    "Writer",
    "append_console",
    "archive",
    "change",
    "check_project_name",
    "choose_goal",
    "chosen_config",
    "commands",
    "console_lines",
    "count_alerts",
    "create_project",
    "define_metric",
    "definitions",
    "delete",
    "elsewhere",
    "finish",
    "finished_with",
    "get",
    "is_stopping",
    "keep_unknown",
    "locked",
    "lose",
    "metric_goals",
    "note_keys",
    "plain_line",
    "project",
    "project_id_of_name",
    "project_id_of_run",
    "raise_alert",
    "reproductions",
    "request_stop",
    "restore",
    "row",
    "set_config",
    "set_environment",
    "set_summary",
    "start",
    "started",
    "status",
    "stop_all",
    "stop_request",
    "summaries",
    "tag_all",
    "tags",
    "told",
    "touch",
    "writer",
]
