"""What the API says of corrections. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.bounds import Id, Name

Action = Literal[
    "metric.renamed",
    "metric.hidden",
    "metric.deleted",
    "metric.purged",
    "run.archived",
    "run.unarchived",
    "run.deleted",
    "run.restored",
    "run.purged",
    "run.returned",
    "project.archived",
    "project.unarchived",
    "artifact.alias_moved",
    "artifact.alias_removed",
    "artifact.deleted",
    "artifact.restored",
    "artifact.purged",
    "artifact.policy",
    "correction.undone",
]

Reason = Annotated[str, msgspec.Meta(max_length=2000)]


class NewCorrection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do to a metric, of one run or (`run` None) of the project.

    rename: what is logged as `metric` reads as `shown_as`, now and later; nothing stored changes. `metric` is the name
    under which it is logged. hide: `metric`, as it is shown, is left out of lists and charts; its points stay. delete:
    its points go to the trash. A reason is asked for.
    """

    action: Literal["rename", "hide", "delete"]
    metric: Name
    reason: Reason = ""
    shown_as: Name | None = None
    run: Id | None = None


class Effects(msgspec.Struct, frozen=True):
    """What a correction is about: `series_count` series of `run_count` runs with `point_count` points.

    `live_count` of the runs are running and may go on logging it. `kept_count` of the runs have logged the new name as
    well: there each name keeps what was logged under it. `notes` are sentences for the person who is about to do it.
    """

    run_count: int
    series_count: int
    point_count: int
    live_count: int
    kept_count: int
    notes: list[str]


class Imported(msgspec.Struct, frozen=True):
    """Of an act that was imported: who did it on the other server, and when."""

    by: str
    time_ms: int


class Correction(msgspec.Struct, frozen=True):
    """An entry of the log. `run_name` is None where the run is gone, or the act was about the project.

    `undoes` is the entry that this one took back, `undone_by` the entry that took back this one. `can_undo` says that
    it stands and can be taken back. `details` are what the act found, by kind of act. One that is `imported` was done
    on another server: `by` and `time_ms` are of the import.
    """

    id: int
    time_ms: int
    by: str
    action: Action
    run: str | None
    run_name: str | None
    metric: str | None
    shown_as: str | None
    reason: str
    undoes: int | None
    undone_by: int | None
    can_undo: bool
    details: dict[str, Any]
    imported: Imported | None = None


class CorrectionMade(msgspec.Struct, frozen=True):
    entry: Correction
    effects: Effects


class ProjectChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An archived project is listed apart from the others."""

    is_archived: bool
    reason: Reason = ""


class DeletionQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Reason = ""


class Undo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Reason = ""


class CorrectionQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries older than `before`, newest first; of one run or metric alone where named.

    `standing` (1) leaves out what was undone, and the undoing.
    """

    before: int | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    run: Id | None = None
    metric: Name | None = None
    standing: int = 0


class CorrectionPage(msgspec.Struct, frozen=True):
    """`next_before` is the `before` of the next page; None on the last."""

    corrections: list[Correction]
    next_before: int | None
