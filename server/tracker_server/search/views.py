"""The routes of search: the runs table, its keys, comparing, groups, and what is new."""

from __future__ import annotations

from tracker_server import metrics
from tracker_server.http import Api, Call
from tracker_server.search import (
    bulk,
    columns,
    comparison,
    groups,
    importance,
    keys,
    live,
    run_columns,
    run_groups,
    running,
    table,
)
from tracker_server.search.groups_schema import GroupsAnswer, GroupsRequest
from tracker_server.search.run_columns_schema import Importance, ImportanceRequest, RunColumns, RunColumnsRequest
from tracker_server.search.run_groups_schema import RunGroups, RunGroupsRequest
from tracker_server.search.running_schema import Running, RunningRequest
from tracker_server.search.schema import (
    CompareRequest,
    Comparison,
    Keys,
    KeysQuery,
    LiveAnswer,
    LiveRequest,
    MetricNames,
    MetricNamesRequest,
    RunKeys,
    RunKeysRequest,
    RunPage,
    RunRanges,
    RunRangesRequest,
    RunsChange,
    RunsChanged,
    RunSearch,
)

api = Api("search")


@api.post("/runs/running", access="read", body=RunningRequest, reply=Running)
def list_running(call: Call, body: RunningRequest) -> Running:
    """The runs of all projects that go on now, each with the last value of one of its metrics."""
    return running.look(call.session, body, now_ms=call.now_ms, lost_after_ms=call.settings.lost_after_ms)


@api.post("/projects/<project>/runs/search", access="read", body=RunSearch, reply=RunPage)
def search_runs(call: Call, project: str, body: RunSearch) -> RunPage:
    """One page of a project's runs: filtered, sorted by any columns, with the columns asked for."""
    return table.search(call.session, project, body, now_ms=call.now_ms, lost_after_ms=call.settings.lost_after_ms)


@api.post("/projects/<project>/runs/groups", access="read", body=RunGroupsRequest, reply=RunGroups)
def group_runs(call: Call, project: str, body: RunGroupsRequest) -> RunGroups:
    """The runs of a project grouped by values that they share, with aggregates of their numbers."""
    return run_groups.group(call.session, project, body, now_ms=call.now_ms, lost_after_ms=call.settings.lost_after_ms)


@api.post("/projects/<project>/runs/columns", access="read", body=RunColumnsRequest, reply=RunColumns, has_columns=True)
def read_run_columns(call: Call, project: str, body: RunColumnsRequest) -> RunColumns:
    """Some values of very many runs, as columns: for charts of whole projects."""
    lost_after_ms = call.settings.lost_after_ms
    found = run_columns.read(call.session, project, body, now_ms=call.now_ms, lost_after_ms=lost_after_ms)
    return run_columns.answer(call.session, found, as_bytes=call.wants_bytes)


@api.post("/projects/<project>/importance", access="read", body=ImportanceRequest, reply=Importance)
def explain_metric(call: Call, project: str, body: ImportanceRequest) -> Importance:
    """Which config keys explain a metric, by a random forest, with how sure that is."""
    lost_after_ms = call.settings.lost_after_ms
    return importance.explain(call.session, project, body, now_ms=call.now_ms, lost_after_ms=lost_after_ms)


@api.get("/projects/<project>/keys", query=KeysQuery, reply=Keys)
def list_keys(call: Call, project: str, query: KeysQuery) -> Keys:
    """The config keys and metric names of a project that begin with a prefix, and how many runs have each."""
    return keys.of_project(call.session, project, query)


@api.post("/projects/<project>/runs/keys", access="read", body=RunKeysRequest, reply=RunKeys)
def list_run_keys(call: Call, project: str, body: RunKeysRequest) -> RunKeys:
    """The config keys and metrics of the runs that match a search, and in how many runs and values each is."""
    return columns.keys_of(call.session, project, body, now_ms=call.now_ms, lost_after_ms=call.settings.lost_after_ms)


@api.post("/projects/<project>/runs/ranges", access="read", body=RunRangesRequest, reply=RunRanges)
def find_ranges(call: Call, project: str, body: RunRangesRequest) -> RunRanges:
    """From where to where metrics reach in the runs that match a search."""
    return columns.ranges_of(call.session, project, body, now_ms=call.now_ms, lost_after_ms=call.settings.lost_after_ms)


@api.post("/projects/<project>/runs/change", body=RunsChange, reply=RunsChanged)
def change_runs(call: Call, project: str, body: RunsChange) -> RunsChanged:
    """Tag, archive, delete, restore or stop many runs: those named, or all that match a search."""
    return bulk.change(
        call.session,
        project,
        body,
        actor=call.actor,
        actor_id=call.actor_id,
        now_ms=call.now_ms,
        lost_after_ms=call.settings.lost_after_ms,
    )


@api.post("/runs/compare", access="read", body=CompareRequest, reply=Comparison)
def compare_runs(call: Call, body: CompareRequest) -> Comparison:
    """Runs side by side: config, metrics, data, environment, and what differs."""
    lost_after_ms = call.settings.lost_after_ms
    return comparison.compare(call.session, body, now_ms=call.now_ms, lost_after_ms=lost_after_ms)


@api.post("/runs/metrics", access="read", body=MetricNamesRequest, reply=MetricNames)
def list_metric_names(call: Call, body: MetricNamesRequest) -> MetricNames:
    """The names of what some runs have logged."""
    return comparison.names(call.session, body)


@api.post("/groups/series", access="read", body=GroupsRequest, reply=GroupsAnswer, has_columns=True)
def read_groups(call: Call, body: GroupsRequest) -> GroupsAnswer:
    """The curves of groups of runs: mean or median, a band, and of how many runs, at each x."""
    return groups.read(
        call.session, body, now_ms=call.now_ms, lost_after_ms=call.settings.lost_after_ms, as_bytes=call.wants_bytes
    )


@api.post("/projects/<project>/live", access="read", body=LiveRequest, reply=LiveAnswer, has_columns=True)
def look_live(call: Call, project: str, body: LiveRequest) -> LiveAnswer:
    """What is new since the page last asked: rows that changed, runs that went, and only new points."""
    form = metrics.form(as_bytes=call.wants_bytes)
    lost_after_ms = call.settings.lost_after_ms
    return live.look(call.session, project, body, now_ms=call.now_ms, lost_after_ms=lost_after_ms, form=form)


@api.post("/runs/live", access="read", body=LiveRequest, reply=LiveAnswer, has_columns=True)
def look_at_runs_live(call: Call, body: LiveRequest) -> LiveAnswer:
    """The same of some runs alone, of whichever projects: what is new of them since the page last asked."""
    form = metrics.form(as_bytes=call.wants_bytes)
    lost_after_ms = call.settings.lost_after_ms
    return live.look_at_runs(call.session, body, now_ms=call.now_ms, lost_after_ms=lost_after_ms, form=form)
