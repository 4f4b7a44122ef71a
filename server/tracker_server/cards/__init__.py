"""Model cards: what is known of a version, as Markdown with the front matter that model hubs read.

Facts come from the version, its trail and its files; what only a person can know is written by people, kept with the
version, and until then stands in the card as what is *to be written*. `docs/model-cards.md` tells users of it.
"""

from tracker_server.cards.service import card_of, change_card

__all__ = ["card_of", "change_card"]
