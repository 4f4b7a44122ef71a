"""Bundles as the pages and clients read them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.bundles import consumers, registering, verifications
from tracker_server.bundles import states as standing
from tracker_server.bundles.schema import BundleReport, BundleState
from tracker_server.registry.models import RegisteredModel, RegisteredVersion


def states(session: Session, model: RegisteredModel) -> list[BundleState]:
    """How the versions of a model stand that are bundles, newest first."""
    numbers = sa.select(RegisteredVersion.id, RegisteredVersion.version).where(RegisteredVersion.model_id == model.id)
    return standing.of_versions(session, {row.id: row.version for row in session.execute(numbers)})


def bundle_report(session: Session, model: RegisteredModel, version: RegisteredVersion, *, now_ms: int) -> BundleReport:
    """A version as a box; also of one that is loose files, which has a report without a manifest."""
    return BundleReport(
        model=model.name,
        version=version.version,
        manifest=registering.manifest_of(session, version),
        state=standing.of_version(session, version),
        verifications=verifications.verifications_of(session, version),
        consumers=consumers.consumers_of(session, model, version, now_ms=now_ms),
    )
