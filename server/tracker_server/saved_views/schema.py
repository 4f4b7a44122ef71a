"""What the API says of saved views. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tracker_server.bounds import NamePart

ViewName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Parameters = Annotated[
    dict[NamePart, Annotated[str, msgspec.Meta(max_length=64 * 1024)]], msgspec.Meta(max_length=1000)
]
"""Of the page's address: `filter`, `sort`, `x`, …, as the dashboard writes them; 64 KiB in all."""


class SavedViewFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A saved view without what it shows. `is_own` says that who asks may change it."""

    id: str
    project: str
    name: str | None
    owner: str
    is_own: bool
    is_shared: bool
    revision: int
    changed_ms: int


class SavedView(SavedViewFacts, frozen=True, kw_only=True):
    """`name` is None for one that is kept because it is too long for an address."""

    parameters: Parameters


class SavedViewList(msgspec.Struct, frozen=True):
    """The named views of who asks, and those that others share, by name."""

    views: list[SavedViewFacts]


class NewSavedView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a name, the id follows from the parameters: the same view is kept once."""

    parameters: Parameters
    name: ViewName | None = None
    is_shared: bool = False


class SavedViewChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field left out stays. `revision` is the one that was read; a view that has another by now is not changed."""

    revision: int
    name: ViewName | msgspec.UnsetType = msgspec.UNSET
    is_shared: bool | msgspec.UnsetType = msgspec.UNSET
    parameters: Parameters | msgspec.UnsetType = msgspec.UNSET
