"""What came of verifying versions, as those told who verified them.

What always holds: what was recorded stays as it is, and goes with its version alone; a check that failed says why, and
names files that the bundle has.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import registry
from tracker_server.auth.models import User
from tracker_server.bundles.models import VerificationRow
from tracker_server.bundles.registering import manifest_of
from tracker_server.bundles.schema import NewVerification, Verification
from tracker_server.errors import Refused
from tracker_server.registry.models import RegisteredVersion

TOLD: Final = 20
"""So many verifications of a version are told with it, the newest."""


def record(
    session: Session, model_name: str, number: int, new: NewVerification, *, actor_id: int, now_ms: int
) -> Verification:
    """Keep what verifying a version found, and write it into the trail.

    Raises NotFound; Refused for a version that is no bundle, for a failure that says nothing, for one that passed
    though it has problems, and for a file or form that the bundle does not have.
    """
    model = registry.get_model(session, model_name, for_update=True)
    version = registry.get_version(session, model, number)
    _check(session, version, f"v{number} of {model_name!r}", new)
    row = VerificationRow(
        version_id=version.id,
        outcome=new.outcome,
        checked=new.checked,
        details=details_of(new),
        time_ms=now_ms,
        actor_id=actor_id,
    )
    session.add(row)
    session.flush()
    told = {"outcome": new.outcome, "checked": new.checked, "form": new.form, "verification": row.id}
    registry.record(
        session, model, "version.verified", to_version=number, reason=_why(new), actor_id=actor_id, now_ms=now_ms,
        details=told,
    )  # fmt: skip
    return _told(row, session.get_one(User, actor_id).name)


def verifications_of(session: Session, version: RegisteredVersion, *, limit: int = TOLD) -> list[Verification]:
    """Those of a version, newest first."""
    found = sa.select(VerificationRow.id).where(VerificationRow.version_id == version.id)
    return list(_read(session, found.order_by(VerificationRow.id.desc()).limit(limit)).values())


def newest(session: Session, version_ids: Collection[int], *where: sa.ColumnElement[bool]) -> dict[int, Verification]:
    """The newest verification of each version for which that holds, by the version."""
    last = sa.select(sa.func.max(VerificationRow.id)).where(VerificationRow.version_id.in_(sorted(version_ids)), *where)
    found = _read(session, last.group_by(VerificationRow.version_id)) if version_ids else {}
    return {version_id: one for (version_id, _), one in found.items()}


def newest_replay(session: Session, version: RegisteredVersion, *, form: str | None = None) -> Verification | None:
    """The newest replay, of that form where one is named."""
    row = VerificationRow
    replays = sa.select(row.id).where(row.version_id == version.id, row.checked == "replay")
    if form is not None:
        replays = replays.where(sa.type_coerce(row.details, sa.Text).contains(f'"form":"{form}"', autoescape=True))
    found = _read(session, replays.order_by(row.id.desc()).limit(1))
    return next(iter(found.values()), None)


def looked_at_files() -> sa.ColumnElement[bool]:
    """Whether a verification says if the files are what they were: one that passed has found them so, a replay that
    failed only where it names files, since it may have failed for anything else."""
    row = VerificationRow
    names_files = sa.type_coerce(row.details, sa.Text).contains('"problems":[{', autoescape=True)
    return (row.outcome == "pass") | (row.checked == "files") | names_files


def _read(session: Session, ids: sa.Select[int]) -> dict[tuple[int, int], Verification]:
    """Newest first, by version and id."""
    row = VerificationRow
    statement = sa.select(row, User.name).join(User, User.id == row.actor_id).where(row.id.in_(ids))
    found = session.execute(statement.order_by(row.id.desc()))
    return {(one.version_id, one.id): _told(one, actor) for one, actor in found}


def _told(row: VerificationRow, actor: str) -> Verification:
    said: dict[str, Any] = {"outcome": row.outcome, "checked": row.checked, **row.details}
    if "by" in said:
        actor = f"{said.pop('by')} (imported by {actor})"
    return msgspec.convert({**said, "id": row.id, "time_ms": row.time_ms, "actor": actor}, Verification)


def details_of(new: NewVerification) -> dict[str, Any]:
    """All that has no column of its own, in one way of writing it: what is looked for in it as text is found."""
    said: dict[str, Any] = msgspec.to_builtins(new)
    return {key: value for key, value in said.items() if key not in ("outcome", "checked") and value is not None}


def _why(new: NewVerification) -> str:
    if new.message or not new.problems:
        return new.message.strip()
    first = new.problems[0]
    return f"{first.path}: {first.message}"[:2000]


def _check(session: Session, version: RegisteredVersion, what: str, new: NewVerification) -> None:
    manifest = manifest_of(session, version)
    if manifest is None:
        raise Refused(
            "no_bundle",
            f"{what} is loose files without a tracker.yaml, so there is nothing that says what they should be; log it "
            "with tracker.log_model and register that",
            field="number",
        )
    if new.outcome == "pass" and new.problems:
        raise Refused(
            "invalid", f"it cannot have passed with {len(new.problems)} problems; the outcome is fail", field="outcome"
        )
    if new.outcome == "fail" and not new.message.strip() and not new.problems:
        raise Refused("invalid", "it failed, and nothing says why: a `message` does, or `problems`", field="message")
    paths = {file.path for file in manifest.files} | {reference.path for reference in manifest.references}
    for problem in new.problems:
        if problem.path not in paths | {"tracker.yaml"}:
            raise Refused(
                "invalid", f"{what} has no file {problem.path!r:.200}; its tracker.yaml names all", field="problems"
            )
    forms = [form.kind for form in manifest.forms]
    if new.form is not None and new.form not in forms:
        has = ", ".join(forms) or "none"
        raise Refused("invalid", f"{what} has no form {new.form!r}; it has {has}", field="form")
