"""What the server says of versions as bundles: what they hold, what verifying them found, which processes hold them.

What always holds: as in `answers`, a field that a newer server adds is passed over. Times are Unix milliseconds here,
and moments in UTC as properties.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from tracker.manifest import Manifest
from tracker.query.answers import moment


class FileProblem(msgspec.Struct, frozen=True):
    """A file of a bundle, by its path there, that is gone or no longer what it was."""

    path: str
    message: str


class NewVerification(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What verifying a version found. Times are in milliseconds, memory in bytes; `max_difference` is the largest
    absolute one between a stored output and the replayed one; `message` says why it failed."""

    outcome: Literal["pass", "fail"]
    checked: Literal["replay", "files"]
    form: str | None = None
    message: str = ""
    problems: list[FileProblem] = []
    python: str | None = None
    platform: str | None = None
    load_ms: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    peak_memory_bytes: int | None = None
    max_difference: float | None = None


class Verification(NewVerification, frozen=True, kw_only=True):
    """The same, with when and by whom it was recorded."""

    id: int
    time_ms: int
    actor: str

    @property
    def time(self) -> datetime:
        """When it was recorded, in UTC."""
        return moment(self.time_ms)


class BundleState(msgspec.Struct, frozen=True, kw_only=True):
    """How a version stands that is a bundle. `proof` is the newest verification; `barred_by` is why it cannot be
    promoted: a role that it lacks, or a file that is no longer what it was."""

    version: int
    kind: str
    forms: list[str]
    missing_roles: list[str]
    proof: Verification | None
    barred_by: str | None


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """A process that holds a version, asked for as `ref`; `kind` is "load" or "serve", and `address` is where one that
    serves answers. It `is_stale` where it has not been heard of for a while, and has not said that it ended."""

    id: str
    version: int
    ref: str
    kind: str
    host: str
    address: str | None
    actor: str
    since_ms: int
    seen_ms: int
    is_stale: bool

    @property
    def since(self) -> datetime:
        """Since when it holds the version, in UTC."""
        return moment(self.since_ms)

    @property
    def seen(self) -> datetime:
        """When it was last heard of, in UTC."""
        return moment(self.seen_ms)


class BundleReport(msgspec.Struct, frozen=True, kw_only=True):
    """A version as a box: its manifest and state (both None where it is loose files), its verifications, newest first
    and at most 20, and the processes that hold it."""

    model: str
    version: int
    manifest: Manifest | None
    state: BundleState | None
    verifications: list[Verification]
    consumers: list[Consumer]

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


class BundlesAnswer(msgspec.Struct, frozen=True):
    """The versions of a model that are bundles, newest first."""

    bundles: list[BundleState]


class ConsumersAnswer(msgspec.Struct, frozen=True):
    """The processes that hold versions of a model, most recently heard of first."""

    consumers: list[Consumer]
