"""The schema of the journal: the records a writer makes, and the frames that hold them.

The same bytes lie in a journal file and travel to the server, so this module is both the file format and the wire
format, and the one module of the client that the server imports. It depends on msgspec alone.

A *frame* is a header of 20 bytes, little endian, and a payload:

    offset  size  field
         0     4  magic, b"\\xf5TRJ"
         4     8  seq, unsigned: the number of this record among its writer's, from 0, without gaps
        12     4  length of the payload in bytes, unsigned
        16     4  CRC32 of the 16 bytes above and of the payload
        20     …  payload: one record as MessagePack

What always holds: `seq` grows by one from frame to frame of a writer, so a hole in the numbers counts exactly the
records that a damaged file has lost. Fields are only ever added at the end of a record and have a default; a record of
a type that this version does not know decodes to `UnknownRecord` and keeps its bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec

MAGIC: Final = b"\xf5TRJ"
HEADER_BYTES: Final = 20
MAX_PAYLOAD_BYTES: Final = 64 * 1024 * 1024
MAX_EXACT_INTEGER: Final = 2**53

_PREFIX = struct.Struct("<4sQI")
_CRC = struct.Struct("<I")


class Record(msgspec.Struct, frozen=True, array_like=True, tag_field="type"):
    """One thing that a run has to say. On the wire: an array that starts with the record's tag."""


class RunStarted(Record, tag="run_started", frozen=True, array_like=True):
    """The first record of every writer. The first one that arrives creates the run; later ones add their writer.

    `label` tells parallel writers apart: "" for the main process, "rank1" for another rank.
    `is_name_generated` asks the server to make the name unique in its project by adding the run's number.

    `resume` says whether the run may be there already: "allow", "must" or "never". `is_resumed` says that this writer
    goes on with it. With `resume_from_step`, what the run has after that step is superseded. With `fork_of`, the run
    is new and begins with the history of that run up to `fork_step`; an empty `project` is then that run's. A run that
    `reproduces` another runs its code with its config, to see whether the same comes out.
    """

    time_ms: int
    run_id: str
    project: str
    writer: str
    label: str = ""
    name: str = ""
    is_name_generated: bool = False
    group: str | None = None
    job_type: str | None = None
    parent: str | None = None
    tags: tuple[str, ...] = ()
    notes: str = ""
    client_version: str = ""
    is_resumed: bool = False
    resume: str = "allow"
    resume_from_step: int | None = None
    fork_of: str | None = None
    fork_step: int | None = None
    reproduces: str | None = None


class EnvironmentCaptured(Record, tag="environment", frozen=True, array_like=True):
    """Where and from what the run runs: `command`, `host`, `python`, `packages`, `git`, `gpus`…; see `capture.py`."""

    time_ms: int
    environment: dict[str, Any]


class ConfigChanged(Record, tag="config", frozen=True, array_like=True):
    """Config values by top-level key; a key replaces what it held before. Values are JSON-like, of any depth."""

    time_ms: int
    values: dict[str, Any]


class SummaryChanged(Record, tag="summary", frozen=True, array_like=True):
    """Summary values set by hand, by name; a name replaces what it held before."""

    time_ms: int
    values: dict[str, float | str | bool | None]


class Logged(Record, tag="logged", frozen=True, array_like=True):
    """One `log()`: the values of some metrics at one step. NaN and the infinities are ordinary values."""

    step: int
    time_ms: int
    values: dict[str, float]


class LoggedOnward(Record, tag="logged_onward", frozen=True, array_like=True):
    """What `Logged` is, in a resumed run whose last step the writer does not know.

    `step` counts from 0 at the first step after those that the run had when this writer started.
    """

    step: int
    time_ms: int
    values: dict[str, float]


class SystemSampled(Record, tag="system", frozen=True, array_like=True):
    """One sample of the machine. `step` is the last step of the writer at that time, as in `LoggedOnward` if onward."""

    step: int
    time_ms: int
    values: dict[str, float]
    is_onward: bool = False


class ArtifactFile(msgspec.Struct, frozen=True, array_like=True):
    """One file of an artifact: its path in it (forward slashes), the sha256 of its bytes (hex) and their number.

    With a `reference` ("s3://…", "https://…") the bytes stay where they are and no blob has them; then `digest` may be
    empty where nobody has read them, and `etag` is what their place calls them.
    """

    path: str
    digest: str
    size_bytes: int
    reference: str = ""
    etag: str = ""


class MediaLogged(Record, tag="media", frozen=True, array_like=True):
    """Media whose bytes are the blob `digest` (sha256, hex), or which `details` say whole; then `digest` is empty.

    `kind` is one of `kinds.py`, and `details` what that kind says of itself. `files` are further blobs that belong to
    it, each by a path of its own: masks, cells of a table. `position` orders several of one name at one step.
    `is_onward` says that `step` counts as in `LoggedOnward`.
    """

    step: int
    time_ms: int
    name: str
    kind: str
    digest: str
    size_bytes: int
    caption: str = ""
    is_onward: bool = False
    details: dict[str, Any] = {}
    files: tuple[ArtifactFile, ...] = ()
    position: int = 0


class MetricDefined(Record, tag="metric_defined", frozen=True, array_like=True):
    """How metrics are to be read: those named `pattern`, or all below it where it ends in "/*".

    `step_metric` is the metric that they are drawn over; `summary` which of their values stands for the run ("last",
    "min", "max" or "mean"); `goal` what is better, "min" or "max". None leaves a part as it was.
    """

    time_ms: int
    pattern: str
    step_metric: str | None = None
    summary: str | None = None
    goal: str | None = None


class ArtifactLogged(Record, tag="artifact", frozen=True, array_like=True):
    """A version of the artifact `name`, made by this run. Equal files make no second version."""

    time_ms: int
    name: str
    kind: str
    files: tuple[ArtifactFile, ...]
    metadata: dict[str, Any] = {}
    aliases: tuple[str, ...] = ()


class ArtifactUsed(Record, tag="artifact_used", frozen=True, array_like=True):
    """This run read the artifact version `version_id` of the server."""

    time_ms: int
    version_id: int


class ConsoleLine(Record, tag="console", frozen=True, array_like=True):
    """One line that the process printed, without its line end. `stream` is "stdout" or "stderr"."""

    time_ms: int
    stream: str
    text: str


class AlertRaised(Record, tag="alert", frozen=True, array_like=True):
    """Something a person should know. `level` is "info", "warning" or "error".

    `kind` is "alert" for one that the program raised, "nan" for a metric that stopped being a finite number; then
    `step` is where, and `details` has the `metric`, its `value` and the `last_good` values that came before.
    """

    time_ms: int
    title: str
    text: str
    level: str = "info"
    kind: str = "alert"
    step: int | None = None
    details: dict[str, Any] = {}


class RecordsLost(Record, tag="lost", frozen=True, array_like=True):
    """The writer could not keep `count` records, for the `reason` it gives (a full disk, say)."""

    time_ms: int
    count: int
    reason: str


class Acknowledged(Record, tag="acknowledged", frozen=True, array_like=True):
    """Stands in a journal for the records up to its own number, which the server has stored and the file no longer has.

    It follows the writer's first record and is never counted by the writer: it has the number of the last record that
    it stands for.
    """

    time_ms: int


class RunFinished(Record, tag="run_finished", frozen=True, array_like=True):
    """The last record of a writer that ended in order. `status` is "finished", "failed" or "stopped" (by a signal)."""

    time_ms: int
    status: str
    exit_code: int | None = None
    error: str | None = None


class UnknownRecord(msgspec.Struct, frozen=True):
    """A record of a type that this version does not know, or whose fields it cannot read: kept as its payload."""

    payload: bytes


def blobs_of(record: Record | UnknownRecord) -> set[str]:
    """The digests of the blobs that a record names, which are to be stored before it is."""
    if not isinstance(record, MediaLogged | ArtifactLogged | ArtifactCopied):
        return set()
    named = {file.digest for file in record.files if not file.reference}
    return {record.digest, *named} - {""} if isinstance(record, MediaLogged) else named


COPY: Final = "copy-"
"""What the id of a writer begins with that makes a run anew from an archive.

Its records say what the run was on another server, and end with `RunCopied`. A run is made by it or not at all: it adds
nothing to one that is there.
"""

Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class Copied(Record, frozen=True, array_like=True):
    """One thing that a server knows of a run or a project, for another server."""


class WriterFacts(msgspec.Struct, frozen=True, array_like=True):
    """A process that wrote a journal of the run, and how far it was stored: what it still has goes on from there."""

    name: str
    label: str
    next_seq: Count
    lost_records: Count
    heartbeat_ms: Integer
    finished_ms: Integer | None
    first_step: Integer
    started_ms: Integer


class WritersCopied(Copied, tag="writers_copied", frozen=True, array_like=True):
    """All writers of the run."""

    writers: tuple[WriterFacts, ...]


class PointsCopied(Copied, tag="points_copied", frozen=True, array_like=True):
    """Points of one series, in order of arrival, as columns of 8 bytes, little endian: int64, int64 and float64."""

    name: str
    kind: Literal["metric", "system"]
    label: str
    segment: Number
    steps: bytes
    times: bytes
    values: bytes


class LinesCopied(Copied, tag="lines_copied", frozen=True, array_like=True):
    """Lines that the writer of that id printed, each its time, its stream and its text."""

    writer: str
    lines: tuple[tuple[Integer, str, str], ...]


class RecordKept(Copied, tag="record_kept", frozen=True, array_like=True):
    """A record of that writer, of that number, whose type its server did not know."""

    writer: str
    number: Count
    payload: bytes


class SegmentFacts(msgspec.Struct, frozen=True, array_like=True):
    """What of a run was superseded; its points come with its number."""

    number: Number
    label: str
    after_step: Integer
    from_ms: Integer
    until_ms: Integer
    superseded_ms: Integer


class RunCopied(Copied, tag="run_copied", frozen=True, array_like=True):
    """The last record of a run that is copied: what stands in no other record, as it was at `time_ms`."""

    time_ms: Integer
    name: str
    number: Number
    hue: Number
    given_hue: Number | None
    status: Literal["running", "finished", "failed", "stopped"]
    user_name: str | None
    created_ms: Integer
    started_ms: Integer
    finished_ms: Integer | None
    heartbeat_ms: Integer
    archived_ms: Integer | None
    exit_code: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] | None
    error: str | None
    lost_records: Count
    fork_of: str | None
    fork_step: Integer | None
    stop_requested_ms: Integer | None
    stop_requested_by: str | None
    stop_reason: str | None
    segments: tuple[SegmentFacts, ...]


class ProjectCopied(Copied, tag="project_copied", frozen=True, array_like=True):
    """The first record of a project that is copied. `runs` are the ids of its runs, `goals` what is better, by metric.

    The records after it, up to `ProjectEnded`, are about what is not of one run: artifacts, models, views, corrections.
    They may be sent any number of times.
    """

    time_ms: Integer
    name: str
    description: str
    created_ms: Integer
    archived_ms: Integer | None
    runs: tuple[str, ...]
    goals: dict[str, Literal["min", "max"]]


class Use(msgspec.Struct, frozen=True, array_like=True):
    """That a run made or read an artifact version."""

    run: str
    direction: Literal["input", "output"]
    time_ms: Integer


class ArtifactCopied(Copied, tag="artifact_copied", frozen=True, array_like=True):
    """A version of an artifact: what it is, the run that made it, its aliases, and who used it."""

    name: str
    kind: str
    version: Number
    created_ms: Integer
    run: str | None
    files: tuple[ArtifactFile, ...]
    metadata: dict[str, Any]
    aliases: tuple[str, ...]
    uses: tuple[Use, ...]


class ModelVersionFacts(msgspec.Struct, frozen=True, array_like=True):
    """A version of a registered model. `digest` is that of the manifest of the artifact's version.

    `code`, `data` and `cost` are what the version kept of its run; data of the project that is copied has `project` "".
    `verifications` are what came of verifying it, oldest first, each with `time_ms` and `by`.
    """

    version: Number
    artifact: str
    digest: str
    run: str | None
    description: str
    metrics: dict[str, Any]
    config: dict[str, Any]
    created_ms: Integer
    code: dict[str, Any] = {}
    data: tuple[dict[str, Any], ...] = ()
    cost: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    card: dict[str, Any] = {}
    state: str = "active"
    state_reason: str = ""
    verifications: tuple[dict[str, Any], ...] = ()


class ModelAliasFacts(msgspec.Struct, frozen=True, array_like=True):
    """An alias of a model, and the version that holds it."""

    alias: str
    version: Number
    reason: str


class ModelAct(msgspec.Struct, frozen=True, array_like=True):
    """An entry of the model's trail. `details` are what else it says: what changed, what rules found, who approved."""

    id: Count
    time_ms: Integer
    by: str
    action: str
    alias: str | None
    from_version: Number | None
    to_version: Number | None
    reason: str
    details: dict[str, Any] = {}


class ModelCopied(Copied, tag="model_copied", frozen=True, array_like=True):
    """A registered model with its versions, its aliases, and its trail from the beginning."""

    name: str
    description: str
    created_ms: Integer
    versions: tuple[ModelVersionFacts, ...]
    aliases: tuple[ModelAliasFacts, ...]
    trail: tuple[ModelAct, ...]
    tags: tuple[str, ...] = ()
    main_metric: str | None = None
    is_archived: bool = False


class ViewCopied(Copied, tag="view_copied", frozen=True, array_like=True):
    """A saved view; without a name it is one that is kept for its address."""

    id: str
    name: str | None
    is_shared: bool
    parameters: dict[str, str]
    created_ms: Integer


class LeaderboardCopied(Copied, tag="leaderboard_copied", frozen=True, array_like=True):
    """A leaderboard: what it ranks, by what and on which data."""

    name: str
    document: dict[str, Any]
    created_ms: Integer


class ProjectEnded(Copied, tag="project_ended", frozen=True, array_like=True):
    """The last record of a project that is copied."""

    time_ms: Integer


class CorrectionCopied(Copied, tag="correction_copied", frozen=True, array_like=True):
    """An entry of the log of corrections. `stands` says that the metric's new name, or its hiding, is in force."""

    id: Count
    time_ms: Integer
    by: str
    action: str
    run: str | None
    metric: str | None
    shown_as: str | None
    reason: str
    undoes: Count | None
    details: dict[str, Any]
    stands: bool


KNOWN_RECORDS: Final = (
    RunStarted | EnvironmentCaptured | ConfigChanged | SummaryChanged | Logged | LoggedOnward | SystemSampled
    | MediaLogged | MetricDefined | ArtifactLogged | ArtifactUsed | ConsoleLine | AlertRaised | RecordsLost
    | Acknowledged | RunFinished
)  # fmt: skip

COPIED_RECORDS: Final = (
    WritersCopied | PointsCopied | LinesCopied | RecordKept | RunCopied | ProjectCopied | ArtifactCopied | ModelCopied
    | ViewCopied | LeaderboardCopied | CorrectionCopied | ProjectEnded
)  # fmt: skip

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(KNOWN_RECORDS | COPIED_RECORDS).decode


class Frame(msgspec.Struct, frozen=True):
    """A whole frame as it lies in a buffer: its number, its payload, and where it ends in the buffer."""

    seq: int
    payload: bytes
    end: int


class DamagedFrame(ValueError):
    """Bytes where a frame should be are not one. `offset` is where, `reason` why."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"no whole frame at byte {offset}: {reason}")
        self.offset = offset
        self.reason = reason


def encode(record: Record) -> bytes:
    """The payload of one record. Raises TypeError for a value that MessagePack does not have."""
    return _encode(record)


def decode(payload: bytes) -> Record | UnknownRecord:
    """The record of one payload; `UnknownRecord` where this version cannot read it."""
    try:
        return _decode(payload)  # type: ignore[no-any-return]
    except (msgspec.DecodeError, RecursionError):
        return UnknownRecord(payload)


def frame(seq: int, payload: bytes) -> bytes:
    """The bytes of one frame."""
    prefix = _PREFIX.pack(MAGIC, seq, len(payload))
    return prefix + _CRC.pack(zlib.crc32(payload, zlib.crc32(prefix))) + payload


def read_frame(buffer: bytes | memoryview, offset: int = 0) -> Frame | None:
    """The frame that starts at `offset`; None when the buffer ends before the frame does.

    Raises DamagedFrame when what is there cannot be a frame: a wrong magic, an impossible length, a wrong CRC.
    """
    if len(buffer) - offset < HEADER_BYTES:
        if bytes(buffer[offset : offset + 4]) != MAGIC[: len(buffer) - offset]:
            raise DamagedFrame(offset, "it does not start with the magic number")
        return None
    magic, seq, length = _PREFIX.unpack_from(buffer, offset)
    if magic != MAGIC:
        raise DamagedFrame(offset, "it does not start with the magic number")
    if length > MAX_PAYLOAD_BYTES:
        raise DamagedFrame(offset, f"its length of {length} bytes is over the limit of {MAX_PAYLOAD_BYTES}")
    start = offset + HEADER_BYTES
    end = start + length
    if end > len(buffer):
        return None
    payload = bytes(buffer[start:end])
    (crc,) = _CRC.unpack_from(buffer, offset + 16)
    if crc != zlib.crc32(payload, zlib.crc32(buffer[offset : offset + 16])):
        raise DamagedFrame(offset, "its checksum does not match its bytes")
    return Frame(seq, payload, end)


def read_frames(buffer: bytes | memoryview) -> Iterator[Frame]:
    """Every frame of the buffer, in order, up to a torn last one. Raises DamagedFrame at the first that is not one."""
    offset = 0
    while offset < len(buffer):
        found = read_frame(buffer, offset)
        if found is None:
            return
        yield found
        offset = found.end
