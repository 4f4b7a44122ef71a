"""The routes of registry."""

from __future__ import annotations

from flask import Response

from tracker_server import registry
from tracker_server.http import Api, Call, reply
from tracker_server.registry import chain
from tracker_server.registry.schema import (
    AuditEntry,
    AuditPage,
    AuditQuery,
    AuditVerification,
    ChainBreak,
    ModelArchiving,
    ModelChanges,
    ModelDetail,
    ModelList,
    ModelsQuery,
    ModelVersionDetail,
    NewVersion,
    Resolved,
    ResolveQuery,
    VersionChanges,
    VersionRemoval,
    VersionStateChange,
)

api = Api("registry")


@api.get("/models", query=ModelsQuery, reply=ModelList, is_followed=True)
def list_models(call: Call, query: ModelsQuery) -> ModelList:
    """Every registered model, by name; those that were archived only with `archived`."""
    return ModelList(registry.list_models(call.session, with_archived=bool(query.archived)))


@api.get("/models/<name>", reply=ModelDetail, is_followed=True)
def get_model(call: Call, name: str) -> ModelDetail:
    """A model with its versions and its history."""
    return registry.model_detail(call.session, registry.get_model(call.session, name))


@api.patch("/models/<name>", body=ModelChanges, reply=ModelDetail)
def change_model(call: Call, name: str, body: ModelChanges) -> ModelDetail:
    """Describe a model, tag it, or choose its main metric."""
    model = registry.change_model(call.session, name, body, actor_id=call.actor_id, now_ms=call.now_ms)
    return registry.model_detail(call.session, model)


@api.put("/models/<name>/archived", body=ModelArchiving, reply=ModelDetail, access="promote")
def archive_model(call: Call, name: str, body: ModelArchiving) -> ModelDetail:
    """Leave a model out of the list, or take it in again."""
    model = registry.archive_model(call.session, name, body, actor_id=call.actor_id, now_ms=call.now_ms)
    return registry.model_detail(call.session, model)


@api.post(
    "/models/<name>/versions", body=NewVersion, reply=ModelVersionDetail, status=201, status_before=200,
    prepare=lambda session, body: registry.prepare(session, body.artifact_version_id),
)  # fmt: skip
def register_version(call: Call, name: str, body: NewVersion) -> Response:
    """Register an artifact version as the model's next version; 200 where it is one already."""
    version, is_new = registry.register(
        call.session, name, body.artifact_version_id, description=body.description, tags=body.tags,
        actor_id=call.actor_id, now_ms=call.now_ms,
    )  # fmt: skip
    detail = registry.version_detail(call.session, version)
    return reply(detail, 201 if is_new else 200)


@api.get("/models/<name>/versions/<int:version>", reply=ModelVersionDetail, is_followed=True)
def get_model_version(call: Call, name: str, version: int) -> ModelVersionDetail:
    """One version with its files."""
    model = registry.get_model(call.session, name)
    return registry.version_detail(call.session, registry.get_version(call.session, model, version))


@api.patch("/models/<name>/versions/<int:version>", body=VersionChanges, reply=ModelVersionDetail)
def change_model_version(call: Call, name: str, version: int, body: VersionChanges) -> ModelVersionDetail:
    """Describe a version, or tag it."""
    changed = registry.change_version(call.session, name, version, body, actor_id=call.actor_id, now_ms=call.now_ms)
    return registry.version_detail(call.session, changed)


@api.put(
    "/models/<name>/versions/<int:version>/state", body=VersionStateChange, reply=ModelVersionDetail, access="promote"
)
def set_version_state(call: Call, name: str, version: int, body: VersionStateChange) -> ModelVersionDetail:
    """Deprecate, archive or reactivate a version."""
    changed = registry.set_state(call.session, name, version, body, actor_id=call.actor_id, now_ms=call.now_ms)
    return registry.version_detail(call.session, changed)


@api.delete("/models/<name>/versions/<int:version>", query=VersionRemoval, reply=AuditEntry, access="promote")
def delete_model_version(call: Call, name: str, version: int, query: VersionRemoval) -> AuditEntry:
    """Take a version away for good; the artifact version that it was stays."""
    return registry.delete_version(
        call.session, name, version, reason=query.reason, actor_id=call.actor_id, now_ms=call.now_ms
    )


@api.get("/models/<name>/resolve", query=ResolveQuery, reply=Resolved)
def resolve_model(call: Call, name: str, query: ResolveQuery) -> Resolved:
    """The files behind an alias, `latest`, or a version such as `v3`."""
    return registry.resolved(call.session, registry.resolve(call.session, name, query.ref), query.ref)


@api.get("/audit", query=AuditQuery, reply=AuditPage, is_followed=True)
def list_audit(call: Call, query: AuditQuery) -> AuditPage:
    """What was done to models, newest first."""
    return registry.trail_page(call.session, query, before=query.before, limit=query.limit)


@api.get("/audit/verification", access="administer", reply=AuditVerification)
def verify_audit(call: Call) -> AuditVerification:
    """Whether all entries are as they were written. Reads every one."""
    found = chain.verify(call.session)
    broken = ChainBreak(found.broken.entry_id, found.broken.message) if found.broken is not None else None
    return AuditVerification(found.entries, found.digest, broken)
