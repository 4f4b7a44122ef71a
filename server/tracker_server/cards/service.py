"""The card of a version: its facts gathered, and what people write of it kept.

What always holds: a card says nothing of a project that its reader does not see; which fields changed stands in the
trail, from what and to what; a field that nobody has written is not kept at all.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy.orm import Session

from tracker_server import bundles, registry
from tracker_server.cards import body, front
from tracker_server.cards.schema import CardChange, CardFields, ModelCard
from tracker_server.registry import trail
from tracker_server.registry.models import AuditRow, RegisteredModel, RegisteredVersion
from tracker_server.registry.schema import AuditEntry

KEPT_CHARS: Final = 2000
"""So much of a field goes into the trail, where it stays for good."""


def card_of(session: Session, model: RegisteredModel, version: RegisteredVersion) -> ModelCard:
    """The card as it is now."""
    detail = registry.version_detail(session, version)
    fields = _fields(detail.card)
    state = bundles.state_of(session, version)
    proof = state.proof if state is not None else None
    judged = _judged(session, model, version.version)
    text = body.write(detail, fields, judged, bundles.manifest_of(session, version), proof)
    return ModelCard(
        model=model.name,
        version=version.version,
        text=front.write(detail, fields) + text,
        body=text,
        fields=fields,
        to_be_written=[name for name, said in msgspec.structs.asdict(fields).items() if not said],
    )


def change_card(
    session: Session, name: str, number: int, change: CardChange, *, actor_id: int, now_ms: int
) -> ModelCard:
    """Write some fields, and keep in the trail which."""
    model = registry.get_model(session, name, for_update=True)
    version = registry.get_version(session, model, number)
    card: dict[str, Any] = dict(version.card)
    said: dict[str, Any] = {}
    for field, value in msgspec.structs.asdict(change).items():
        before = str(card.get(field, ""))
        if value is None or value.strip() == before:
            continue
        card[field] = value.strip()
        said[f"card.{field}"] = {"from": before[:KEPT_CHARS], "to": card[field][:KEPT_CHARS]}
    if said:
        version.card = {field: value for field, value in card.items() if value}
        registry.record(
            session, model, "version.changed", to_version=number, actor_id=actor_id, now_ms=now_ms,
            details={"changes": said},
        )  # fmt: skip
        session.flush()
    return card_of(session, model, version)


def _fields(card: dict[str, Any]) -> CardFields:
    """What is kept, as far as it is text: another server may have had more."""
    known = {field for field in CardFields.__struct_fields__ if isinstance(card.get(field), str)}
    return CardFields(**{field: card[field] for field in known})


def _judged(session: Session, model: RegisteredModel, version: int) -> AuditEntry | None:
    """The last move of an alias to the version that rules were asked about."""
    is_move = (AuditRow.model_id == model.id, AuditRow.to_version == version, AuditRow.action == "alias.moved")
    moves = trail.entries(session, *is_move, limit=20)
    return next((entry for entry in moves if entry.gates), None)
