"""Promoting, rolling back, and taking an alias away.

What always holds: an alias moves only from the holder that the caller saw; a protected one only past its rules, or past
them by the word of an admin that stays in the trail, and only with the approvals that it needs; the move, the
registration that goes with it, the proposals that it settles and the entries in the trail are one transaction, so a
move that fails leaves nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy.orm import Session

from tracker_server import auth, gates, registry
from tracker_server.errors import Conflict, Forbidden, Refused
from tracker_server.gates.schema import GateReport
from tracker_server.promotion import approvals, candidates, settling
from tracker_server.promotion.approvals import Asker
from tracker_server.promotion.schema import AliasMove, Moved, RollBack
from tracker_server.registry.models import RegisteredVersion
from tracker_server.registry.schema import AuditEntry
from tracker_server.rights import Level


class Consent(NamedTuple):
    """By which proposal an alias moves, and who approved it."""

    proposal: int | None = None
    approved_by: tuple[str, ...] = ()


NOBODY_HAS_TO = Consent()


def promote(session: Session, model_name: str, alias: str, asked: AliasMove, *, asker: Asker, now_ms: int) -> Moved:
    """Point the alias at a version, registering it first where an artifact version is named.

    Raises Conflict `alias_moved` when the holder is not the one that the caller saw, `needs_approval` where somebody
    else has to agree, `gate_failed` where a rule does not pass, `version_archived`, `bundle_barred`; NotFound for what
    is not there, Refused for a bad name, an empty reason, and a version that holds the alias already.
    """
    reason = registry.checked_reason(asked.reason)
    found, version = hold_with(
        session, model_name, alias, asked.version, asked.artifact_version_id, asker=asker, now_ms=now_ms
    )
    registry.check_holder(session, found, asked.replaces)
    check_can_hold(found, version)
    candidates.check_not_barred(session, version)
    book = gates.rules_of(session, found.model)
    approval = approvals.of_alias(
        session, book, alias, found.model.project_id, proposed_by=asker.id, is_known=asker.is_known
    )
    if approval.needed:
        raise _needs_approval(found, version, approval.needed, approval.may)
    return move(session, found, version, book, reason, is_override=asked.override, asker=asker, now_ms=now_ms)


def roll_back(session: Session, model_name: str, alias: str, asked: RollBack, *, actor_id: int, now_ms: int) -> Moved:
    """Point the alias back at a version that has held it: the one that is named, or the one before the holder.

    Free of rules, approvals and bars, since it was promoted before. Raises Conflict `alias_moved` when the holder is
    not the one that the caller saw, `version_archived`; Refused for a version that has never held the alias, and where
    there is none to go back to.
    """
    reason = registry.checked_reason(asked.reason)
    found = registry.hold(session, model_name, alias)
    registry.check_holder(session, found, asked.replaces)
    version = registry.former_version(session, found, asked.version)
    check_can_hold(found, version)
    entry = registry.point(session, found, version, "alias.rolled_back", reason, actor_id=actor_id, now_ms=now_ms)
    settling.settle(session, found, version, actor_id=actor_id, now_ms=now_ms)
    return Moved(found.model.name, alias, version.version, found.holder, entry)


def remove_alias(
    session: Session, model_name: str, alias: str, *, replaces: int, reason: str, actor_id: int, now_ms: int
) -> AuditEntry:
    """Take the alias away from its holder. Raises Conflict `alias_moved` when that is not the one the caller saw."""
    checked = registry.checked_reason(reason)
    found = registry.hold(session, model_name, alias)
    registry.check_holder(session, found, replaces)
    return registry.take_away(session, found, checked, actor_id=actor_id, now_ms=now_ms)


def hold_with(
    session: Session,
    model_name: str,
    alias: str,
    version: int | None,
    artifact_version_id: int | None,
    *,
    asker: Asker,
    now_ms: int,
) -> tuple[registry.Alias, RegisteredVersion]:
    """The alias, ours until the commit, and the version that is to hold it, registered where it is not one yet."""
    registry.check_model_name(model_name)
    registry.check_alias(alias)
    candidates.check_one_is_named(version, artifact_version_id)
    if artifact_version_id is not None:
        made, _ = registry.register(session, model_name, artifact_version_id, actor_id=asker.id, now_ms=now_ms)
        return registry.hold(session, model_name, alias), made
    found = registry.hold(session, model_name, alias)
    return found, registry.get_version(session, found.model, version or 0)


def check_can_hold(found: registry.Alias, version: RegisteredVersion) -> None:
    """Raises Conflict for an archived version, Refused for one that holds the alias already."""
    if version.version == found.holder:
        raise Refused(
            "holds_already",
            f"v{version.version} holds {found.name!r} of {found.model.name!r} already; there is nothing to move",
        )
    obstacle = candidates.obstacle(version)
    if obstacle is not None:
        raise Conflict("version_archived", obstacle, field="version", version=version.version)


def move(
    session: Session,
    found: registry.Alias,
    version: RegisteredVersion,
    book: gates.RuleBook,
    reason: str,
    *,
    is_override: bool,
    asker: Asker,
    now_ms: int,
    consent: Consent = NOBODY_HAS_TO,
) -> Moved:
    """Point the alias at the version, whose approvals are given, if the rules let it.

    Raises Conflict `gate_failed` where one does not pass, unless an admin of the project overrides that.
    """
    details: dict[str, Any] = {}
    report = _evaluate(session, found, version, book, now_ms)
    if report is not None:
        is_past = report.verdict != "pass"
        if is_past:
            _check_override(session, found, version, report, is_override=is_override, asker=asker)
        details = {"gates": gates.kept(report), "revision": report.revision, "override": is_past}
    if consent.approved_by:
        details["approvals"] = list(consent.approved_by)
    if consent.proposal is not None:
        details["proposal"] = consent.proposal
    entry = registry.point(
        session, found, version, "alias.moved", reason, actor_id=asker.id, now_ms=now_ms, details=details
    )
    settling.settle(session, found, version, actor_id=asker.id, now_ms=now_ms)
    return Moved(found.model.name, found.name, version.version, found.holder, entry)


def _evaluate(
    session: Session, found: registry.Alias, version: RegisteredVersion, book: gates.RuleBook, now_ms: int
) -> GateReport | None:
    """What the rules for the alias say; None where there are none."""
    if not book.of_alias(found.name):
        return None
    holder = session.get(RegisteredVersion, found.row.version_id) if found.row is not None else None
    return gates.evaluate(session, found.model, version, alias=found.name, holder=holder, rules=book, now_ms=now_ms)


def _check_override(
    session: Session,
    found: registry.Alias,
    version: RegisteredVersion,
    report: GateReport,
    *,
    is_override: bool,
    asker: Asker,
) -> None:
    """Raises Conflict `gate_failed` with what did not pass, Forbidden where who asks may not override it."""
    failed = [rule for rule in report.rules if rule.verdict != "pass"]
    told = "; ".join(f"{rule.name}: {rule.found}" for rule in failed)
    if not is_override:
        raise Conflict(
            "gate_failed",
            f"v{version.version} cannot hold {found.name!r} of {found.model.name!r}, since "
            f"{len(failed)} of {len(report.rules)} rules {'does' if len(failed) == 1 else 'do'} not pass: {told}. An "
            "admin of the project may promote it anyway, with a reason",
            verdict=report.verdict,
            rules=[msgspec.to_builtins(rule) for rule in failed],
            may_override=asker.may_override(found.model),
        )
    if not asker.may_override(found.model):
        admins = auth.people_with(
            session, found.model.project_id, Level.MANAGE, but=asker.id, limit=approvals.MOST_NAMED
        )
        who = f"ask {', '.join(admins)}" if admins else "there is none but the server's operator"
        raise Forbidden(
            "no_override",
            f"only an admin of the project may promote v{version.version} though a rule does not pass ({told}); {who}",
            admins=admins,
        )


def _needs_approval(found: registry.Alias, version: RegisteredVersion, needed: int, may: list[str]) -> Conflict:
    people = "another person" if needed == 1 else f"{needed} other people"
    who = f"{', '.join(may)} can" if may else "nobody else may promote in the project yet; its admins decide who may"
    return Conflict(
        "needs_approval",
        f"{found.name!r} of {found.model.name!r} asks for the approval of {people}: propose v{version.version} "
        f"(POST /models/{found.model.name}/proposals); {who}",
        needed=needed,
        may=may,
    )
