"""The routes of projects, and of what a run printed. A whole run spans domains: see `search/run_views.py`."""

from __future__ import annotations

from tracker_server.http import Api, Call, Created
from tracker_server.runs import alerts, console, goals, projects, service
from tracker_server.runs.schema import (
    AlertList,
    AlertQuery,
    ChosenGoal,
    ConsolePage,
    ConsoleQuery,
    NewProject,
    Project,
    ProjectGoals,
    ProjectList,
)

api = Api("runs")


@api.get("/projects", reply=ProjectList, is_followed=True)
def list_projects(call: Call) -> ProjectList:
    """Every project with its counts, the one heard of last first."""
    lost_after_ms = call.settings.lost_after_ms
    return ProjectList(projects.describe(call.session, now_ms=call.now_ms, lost_after_ms=lost_after_ms))


@api.post("/projects", body=NewProject, reply=Project, status=201)
def create_project(call: Call, body: NewProject) -> Created[Project]:
    """Make a project; logging a first run does it too."""
    service.create_project(
        call.session, body.name, body.description, actor_id=call.actor_id, now_ms=call.now_ms, rights=call.rights
    )
    return Created(_described(call, body.name))


@api.get("/projects/<project>", reply=Project)
def get_project(call: Call, project: str) -> Project:
    """One project with its counts."""
    service.project(call.session, project)
    return _described(call, project)


@api.get("/projects/<project>/goals", reply=ProjectGoals)
def list_goals(call: Call, project: str) -> ProjectGoals:
    """Which values of metrics are better in a project, as far as anybody has said so."""
    return goals.listed(call.session, service.project(call.session, project).id)


@api.put("/projects/<project>/goals", body=ChosenGoal, status=204)
def choose_goal(call: Call, project: str, body: ChosenGoal) -> None:
    """Say which values of a metric are better in a project, whatever its runs define."""
    owner = service.project(call.session, project)
    goals.choose(call.session, owner, body.metric, body.goal, actor_id=call.actor_id, now_ms=call.now_ms)


@api.get("/runs/<run_id>/console", query=ConsoleQuery, reply=ConsolePage)
def read_console(call: Call, run_id: str, query: ConsoleQuery) -> ConsolePage:
    """What the run printed, by line number; a negative start counts from the end."""
    return console.read(call.session, service.get(call.session, run_id), query)


@api.get("/runs/<run_id>/alerts", query=AlertQuery, reply=AlertList)
def read_alerts(call: Call, run_id: str, query: AlertQuery) -> AlertList:
    """What the run thought that a person should know, the newest first; `before` is the last id of the page before."""
    return alerts.read(call.session, service.get(call.session, run_id), before=query.before, limit=query.limit)


def _described(call: Call, name: str) -> Project:
    (found,) = projects.describe(call.session, now_ms=call.now_ms, lost_after_ms=call.settings.lost_after_ms, name=name)
    return found
