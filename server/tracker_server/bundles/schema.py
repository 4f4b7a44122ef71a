"""What the API says of bundles: what they hold, what verifying them found, and who holds which version."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tracker.manifest import FormKind, Kind, Manifest
from tracker_server.bounds import Id, Key, Name

Outcome = Literal["pass", "fail"]
Checked = Literal["replay", "files"]
ConsumerKind = Literal["load", "serve"]
Text = Annotated[str, msgspec.Meta(max_length=2000)]
Measured = Annotated[float, msgspec.Meta(ge=0)]


class FileProblem(msgspec.Struct, frozen=True):
    """A file of the bundle, by its path there, that is gone or no longer what it was."""

    path: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    message: Text


class NewVerification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What verifying found. Times are in milliseconds, memory in bytes; `max_difference` is the largest absolute one
    between an output that was stored and the replayed one. `message` says why it failed."""

    outcome: Outcome
    checked: Checked
    form: FormKind | None = None
    message: Text = ""
    problems: Annotated[list[FileProblem], msgspec.Meta(max_length=100)] = []
    python: Name | None = None
    platform: Name | None = None
    load_ms: Measured | None = None
    latency_p50_ms: Measured | None = None
    latency_p99_ms: Measured | None = None
    peak_memory_bytes: Annotated[int, msgspec.Meta(ge=0, le=2**62)] | None = None
    max_difference: Measured | None = None


class Verification(NewVerification, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The same, with when and by whom it was recorded."""

    id: int
    time_ms: int
    actor: str


class BundleState(msgspec.Struct, frozen=True, kw_only=True):
    """A version that is a bundle, for lists. `proof` is the newest verification, None before the first.

    `barred_by` is why it cannot be promoted: a role that it lacks, or a file that is no longer what it was.
    """

    version: int
    kind: Kind
    forms: list[FormKind]
    missing_roles: list[str]
    proof: Verification | None
    barred_by: str | None


class BundleList(msgspec.Struct, frozen=True):
    """Newest version first; versions that are no bundles are left out."""

    bundles: list[BundleState]


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """A process that holds a version, asked for as `ref` (`production`, `v3`). `address` is where one that serves
    answers. It `is_stale` when it has not been heard of for a while, and has not said that it ended."""

    id: str
    version: int
    ref: str
    kind: ConsumerKind
    host: str
    address: str | None
    actor: str
    since_ms: int
    seen_ms: int
    is_stale: bool


class ConsumerList(msgspec.Struct, frozen=True):
    """Most recently heard of first."""

    consumers: list[Consumer]


class ConsumerReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That a process holds a version now, said every 30 seconds and when that changes; `has_ended` when it stops."""

    version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    ref: Id
    kind: ConsumerKind
    host: Name
    address: Key | None = None
    has_ended: bool = False


class BundleReport(msgspec.Struct, frozen=True, kw_only=True):
    """A version as a box: its manifest (None where it is loose files), its verifications, newest first and at most 20,
    and the processes that hold it."""

    model: str
    version: int
    manifest: Manifest | None
    state: BundleState | None
    verifications: list[Verification]
    consumers: list[Consumer]
