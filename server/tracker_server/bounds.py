"""How much a client may say in one place of a request: the types that the structs of bodies and queries are made of.

What always holds: every text, list and dict of a body or query has a greatest length, which its type says; a test walks
all routes and fails for one without. What is read further (a filter, a formula, a name) has a narrower bound where it
is read, with words of its own.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
"""What a person or a program calls a thing."""

NamePart = Annotated[str, msgspec.Meta(max_length=500)]
"""A piece of a name that is looked for; "" is in all."""

Id = Annotated[str, msgspec.Meta(max_length=200)]
"""What the server or a client made up to point at a thing."""

Key = Annotated[str, msgspec.Meta(max_length=600)]
"""A column, a metric, a formula over metrics or a beginning of names: a name with words before and behind it."""

Line = Annotated[str, msgspec.Meta(max_length=10_000)]
"""What is read by rules of its own, or was given out by the server: a filter, words to look for, a cursor."""

Prose = Annotated[str, msgspec.Meta(max_length=100_000)]
"""What a person writes for persons: a description."""

Notes = Annotated[str, msgspec.Meta(max_length=1_000_000)]
"""What a person and a program write of a run together."""

Secret = Annotated[str, msgspec.Meta(max_length=1000)]
"""A key or a password: hashing a longer one would cost for nothing."""
