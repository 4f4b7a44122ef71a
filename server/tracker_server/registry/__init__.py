"""Registered models: numbered versions, aliases that point at them, and the trail of every act.

A *model version* is an artifact version with the metrics and config that its run had when it was *registered*. An
*alias* (`production`) has one holder; *promoting* moves it to another version, *rolling back* returns it to one that
has held it before. `docs/design/registry.md` says what is promised.
"""

from tracker_server.registry.promotion import preview
from tracker_server.registry.reading import list_models, model_detail, resolved, version_detail
from tracker_server.registry.service import move, remove_alias, resolve, roll_back
from tracker_server.registry.trail import page as trail_page
from tracker_server.registry.versions import get_model, get_version, register

__all__ = [
    "get_model",
    "get_version",
    "list_models",
    "model_detail",
    "move",
    "preview",
    "register",
    "remove_alias",
    "resolve",
    "resolved",
    "roll_back",
    "trail_page",
    "version_detail",
]
