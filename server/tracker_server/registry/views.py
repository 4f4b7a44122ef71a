"""The routes of registry."""

from __future__ import annotations

from flask import Response

from tracker_server import registry
from tracker_server.http import Api, Call, reply
from tracker_server.registry.schema import (
    AliasMove,
    AliasRemoval,
    AuditEntry,
    AuditPage,
    AuditQuery,
    ModelDetail,
    ModelList,
    ModelVersionDetail,
    Moved,
    NewVersion,
    PromotionPreview,
    PromotionQuery,
    Resolved,
    ResolveQuery,
    RollBack,
)

api = Api("registry")


@api.get("/models", reply=ModelList, is_followed=True)
def list_models(call: Call) -> ModelList:
    """Every registered model, by name."""
    return ModelList(registry.list_models(call.session))


@api.get("/models/<name>", reply=ModelDetail, is_followed=True)
def get_model(call: Call, name: str) -> ModelDetail:
    """A model with its versions and its history."""
    return registry.model_detail(call.session, registry.get_model(call.session, name))


@api.post("/models/<name>/versions", body=NewVersion, reply=ModelVersionDetail, status=201)
def register_version(call: Call, name: str, body: NewVersion) -> Response:
    """Register an artifact version as the model's next version; 200 where it is one already."""
    version, is_new = registry.register(
        call.session, name, body.artifact_version_id, description=body.description, actor_id=call.actor_id,
        now_ms=call.now_ms,
    )  # fmt: skip
    detail = registry.version_detail(call.session, version)
    return reply(detail, 201 if is_new else 200)


@api.get("/models/<name>/versions/<int:version>", reply=ModelVersionDetail, is_followed=True)
def get_model_version(call: Call, name: str, version: int) -> ModelVersionDetail:
    """One version with its files."""
    model = registry.get_model(call.session, name)
    return registry.version_detail(call.session, registry.get_version(call.session, model, version))


@api.get("/models/<name>/promotion", query=PromotionQuery, reply=PromotionPreview)
def preview_promotion(call: Call, name: str, query: PromotionQuery) -> PromotionPreview:
    """What promoting would change: the candidate beside the holder of the alias."""
    return registry.preview(call.session, name, query)


@api.post("/models/<name>/aliases/<alias>", body=AliasMove, reply=Moved)
def move_alias(call: Call, name: str, alias: str, body: AliasMove) -> Moved:
    """Promote: move an alias to a version, registering it first if asked."""
    return registry.move(call.session, name, alias, body, actor_id=call.actor_id, now_ms=call.now_ms)


@api.post("/models/<name>/aliases/<alias>/rollback", body=RollBack, reply=Moved)
def roll_back_alias(call: Call, name: str, alias: str, body: RollBack) -> Moved:
    """Move an alias back to a version that has held it before."""
    return registry.roll_back(call.session, name, alias, body, actor_id=call.actor_id, now_ms=call.now_ms)


@api.delete("/models/<name>/aliases/<alias>", query=AliasRemoval, reply=AuditEntry)
def remove_alias(call: Call, name: str, alias: str, query: AliasRemoval) -> AuditEntry:
    """Take an alias away from the version that holds it."""
    return registry.remove_alias(
        call.session, name, alias, replaces=query.replaces, reason=query.reason, actor_id=call.actor_id,
        now_ms=call.now_ms,
    )  # fmt: skip


@api.get("/models/<name>/resolve", query=ResolveQuery, reply=Resolved)
def resolve_model(call: Call, name: str, query: ResolveQuery) -> Resolved:
    """The files behind an alias, `latest`, or a version such as `v3`."""
    return registry.resolved(call.session, registry.resolve(call.session, name, query.ref), query.ref)


@api.get("/audit", query=AuditQuery, reply=AuditPage, is_followed=True)
def list_audit(call: Call, query: AuditQuery) -> AuditPage:
    """What was done to models, newest first."""
    model = registry.get_model(call.session, query.model) if query.model is not None else None
    return registry.trail_page(call.session, model, before=query.before, limit=query.limit)
