"""The routes of lineage."""

from __future__ import annotations

from tracker_server import artifacts, lineage, registry, runs
from tracker_server.http import Api, Call
from tracker_server.lineage.schema import LineageGraph

api = Api("lineage")


@api.get("/models/<name>/versions/<int:version>/lineage", reply=LineageGraph, is_followed=True)
def get_version_lineage(call: Call, name: str, version: int) -> LineageGraph:
    """What a version of a model was made from, and who uses it."""
    model = registry.get_model(call.session, name)
    return lineage.of_version(call.session, model, registry.get_version(call.session, model, version))


@api.get("/runs/<run_id>/lineage", reply=LineageGraph, is_followed=True)
def get_run_lineage(call: Call, run_id: str) -> LineageGraph:
    """What a run read and made, what that came from, and what came of it."""
    return lineage.of_run(call.session, runs.get(call.session, run_id))


@api.get("/artifact-versions/<int:version_id>/lineage", reply=LineageGraph, is_followed=True)
def get_artifact_lineage(call: Call, version_id: int) -> LineageGraph:
    """What an artifact version was made from, and who read it."""
    return lineage.of_artifact(call.session, artifacts.get_version(call.session, version_id))
