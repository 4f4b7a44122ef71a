"""What the API says of model cards."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tracker_server.bounds import Id

Written = Annotated[str, msgspec.Meta(max_length=20_000)]
"""A part of the card that a person writes, in Markdown."""


class CardFields(msgspec.Struct, frozen=True, kw_only=True):
    """What people write; "" is not written yet. `license` is a name such as `apache-2.0`, `language` names such as
    `en, fr`, `task` what hubs call the kind of model, such as `image-classification`."""

    intended_use: Written = ""
    limitations: Written = ""
    bias_and_risks: Written = ""
    authors: Written = ""
    citation: Written = ""
    license: Id = ""
    language: Id = ""
    task: Id = ""


class CardChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields that are to be other than they are; one that is left out stays, "" takes away what was written."""

    intended_use: Written | None = None
    limitations: Written | None = None
    bias_and_risks: Written | None = None
    authors: Written | None = None
    citation: Written | None = None
    license: Id | None = None
    language: Id | None = None
    task: Id | None = None


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is the whole card, the file `README.md` of a hub; `body` is what follows its front matter.
    `to_be_written` names the fields that nobody has written."""

    model: str
    version: int
    text: str
    body: str
    fields: CardFields
    to_be_written: list[str]
