"""What becomes of what is kept beside a version when it is deleted: it goes with the version. What was verified stays
in the trail."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import registry
from tracker_server.bundles.models import BundleRow, ConsumerRow, VerificationRow
from tracker_server.registry.models import RegisteredModel, RegisteredVersion


@registry.leaves
def leave(session: Session, _model: RegisteredModel, version: RegisteredVersion) -> None:
    """Waits for processes that are just saying that they hold it; those that say so later are told that it is gone."""
    session.execute(sa.select(RegisteredVersion.id).where(RegisteredVersion.id == version.id).with_for_update())
    for table in (BundleRow, VerificationRow, ConsumerRow):
        session.execute(sa.delete(table).where(table.version_id == version.id))
