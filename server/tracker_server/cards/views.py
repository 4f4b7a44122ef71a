"""The routes of model cards."""

from __future__ import annotations

from tracker_server import cards, registry
from tracker_server.cards.schema import CardChange, ModelCard
from tracker_server.http import Api, Call

api = Api("cards")


@api.get("/models/<name>/versions/<int:version>/card", reply=ModelCard, is_followed=True)
def get_card(call: Call, name: str, version: int) -> ModelCard:
    """What is known and written of a version, as Markdown."""
    model = registry.get_model(call.session, name)
    return cards.card_of(call.session, model, registry.get_version(call.session, model, version))


@api.patch("/models/<name>/versions/<int:version>/card", body=CardChange, reply=ModelCard)
def change_card(call: Call, name: str, version: int, body: CardChange) -> ModelCard:
    """Write parts of the card that only a person can write."""
    return cards.change_card(call.session, name, version, body, actor_id=call.actor_id, now_ms=call.now_ms)
