"""How versions stand that are bundles: what they lack, what the newest verification says, and what bars them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts
from tracker_server.bundles import registering, verifications
from tracker_server.bundles.models import BundleRow
from tracker_server.bundles.registering import Head
from tracker_server.bundles.schema import BundleState, Verification
from tracker_server.errors import Refused
from tracker_server.registry.models import RegisteredVersion


def of_versions(session: Session, versions: Mapping[int, int]) -> list[BundleState]:
    """How those stand that are bundles, newest first, of versions by id with their numbers; in three statements."""
    wanted = BundleRow.version_id.in_(sorted(versions))
    rows = session.execute(sa.select(BundleRow.version_id, BundleRow.head).where(wanted))
    heads = {version_id: msgspec.convert(head, Head) for version_id, head in rows}
    proofs = verifications.newest(session, heads)
    of_files = verifications.newest(session, heads, verifications.looked_at_files())
    return [
        _state(versions[one], heads[one], proofs.get(one), of_files.get(one))
        for one in sorted(heads, key=lambda one: -versions[one])
    ]


def barred_by(session: Session, version: RegisteredVersion) -> str | None:
    """Why a version cannot be promoted, whoever asks: a role that it lacks, or a file that is no longer what it was.
    None where it can, and for one that is no bundle."""
    found = of_version(session, version)
    return found.barred_by if found is not None else None


def of_version(session: Session, version: RegisteredVersion) -> BundleState | None:
    """How a version stands; None for one that is no bundle."""
    found = of_versions(session, {version.id: version.version})
    return found[0] if found else None


def bar_of_source(session: Session, source: artifacts.ArtifactVersion) -> str | None:
    """The same of an artifact version that would become a version first; also that its manifest lies."""
    try:
        said = registering.check(session, source)
    except Refused as refused:
        return refused.message
    return _bar("it", said.missing_roles, None) if said is not None else None


def _state(number: int, head: Head, proof: Verification | None, of_files: Verification | None) -> BundleState:
    missing = list(head.missing_roles)
    return BundleState(
        version=number,
        kind=head.kind,
        forms=list(head.forms),
        missing_roles=missing,
        proof=proof,
        barred_by=_bar(f"v{number}", missing, of_files),
    )


def _bar(called: str, missing: list[str], of_files: Verification | None) -> str | None:
    if missing:
        named = ", ".join(repr(role) for role in missing)
        return (
            f"{called} has no file for the {'role' if len(missing) == 1 else 'roles'} {named} that its tracker.yaml "
            "declares; log and register it with all of them"
        )
    if of_files is None or of_files.outcome == "pass":
        return None
    first = of_files.problems[0] if of_files.problems else None
    if first is None:
        found = of_files.message
    else:
        more = len(of_files.problems) - 1
        found = f"{first.path}: {first.message}" + (f" (and {more} more)" if more else "")
    return (
        f"the newest check of the files of {called} failed: {found.rstrip('.')}. Put back what was registered and "
        "verify it again (tracker verify), or register what there is now as a version of its own"
    )
