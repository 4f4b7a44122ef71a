"""The routes of bundles."""

from __future__ import annotations

import msgspec

from tracker_server import bundles, registry
from tracker_server.bundles.schema import (
    BundleList,
    BundleReport,
    Consumer,
    ConsumerList,
    ConsumerReport,
    NewVerification,
    Verification,
)
from tracker_server.http import Api, Call

api = Api("bundles")


@api.get("/models/<name>/bundles", reply=BundleList, is_followed=True)
def list_bundles(call: Call, name: str) -> BundleList:
    """How the versions of a model stand that are bundles."""
    return BundleList(bundles.states(call.session, registry.get_model(call.session, name)))


@api.get("/models/<name>/versions/<int:number>/bundle", reply=BundleReport, is_followed=True)
def get_bundle(call: Call, name: str, number: int) -> BundleReport:
    """What a version holds, what verifying it found, and who holds it."""
    model = registry.get_model(call.session, name)
    version = registry.get_version(call.session, model, number)
    report = bundles.bundle_report(call.session, model, version, now_ms=call.now_ms)
    return report if call.rights.is_member else msgspec.structs.replace(report, consumers=[])


@api.post("/models/<name>/versions/<int:number>/verifications", body=NewVerification, reply=Verification, status=201)
def record_verification(call: Call, name: str, number: int, body: NewVerification) -> Verification:
    """Record what verifying a version found."""
    return bundles.record(call.session, name, number, body, actor_id=call.actor_id, now_ms=call.now_ms)


@api.get("/models/<name>/consumers", reply=ConsumerList, is_followed=True)
def list_consumers(call: Call, name: str) -> ConsumerList:
    """The processes that hold versions of a model, as they say. Whoever comes by a link is not told of machines."""
    model = registry.get_model(call.session, name)
    return ConsumerList(bundles.consumers_of(call.session, model, now_ms=call.now_ms) if call.rights.is_member else [])


@api.put("/models/<name>/consumers/<consumer_id>", body=ConsumerReport, reply=Consumer, access="read", changes=True)
def report_consumer(call: Call, name: str, consumer_id: str, body: ConsumerReport) -> Consumer:
    """Say that this process holds a version now, or that it has stopped; whoever may read the model may say so."""
    return bundles.report_consumer(call.session, name, consumer_id, body, actor_id=call.actor_id, now_ms=call.now_ms)
