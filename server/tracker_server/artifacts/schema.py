"""What the API says of blobs and artifacts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.bounds import Id, Line, Name, NamePart

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]


class DigestList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    digests: Annotated[list[Digest], msgspec.Meta(max_length=10_000)]


class MissingDigests(msgspec.Struct, frozen=True):
    missing: list[str]


class StoredBlob(msgspec.Struct, frozen=True):
    digest: str
    size_bytes: int


class StoredBlobs(msgspec.Struct, frozen=True):
    """How many blobs a body had, all of which are stored."""

    stored: int


class ArrivedBytes(msgspec.Struct, frozen=True):
    """How much has come of bytes that are not whole yet; sending them may go on from there."""

    arrived_bytes: int


class UploadQuery(msgspec.Struct, frozen=True):
    """`offset` says that the body follows so many bytes which have come before."""

    offset: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0


class FileEntry(msgspec.Struct, frozen=True):
    """A file of a version. With a `reference` its bytes lie there, not here; then `digest` is "" where nobody has read
    them, and `etag` is what their place calls them."""

    path: str
    digest: str
    size_bytes: int
    reference: str = ""
    etag: str = ""


class ArtifactVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`name:v<version>` of a project. `run` made it; None for one that was uploaded by hand.

    `size_bytes` is of its files as far as their sizes are known: of `unsized_count`, which lie elsewhere, nobody knows
    them. `digest` is equal for equal files and only then. `deleted_ms` is when it was put into the trash, `expires_ms`
    when it goes there by itself.
    """

    id: int
    project: str
    name: str
    kind: str
    version: int
    digest: str
    aliases: list[str]
    size_bytes: int
    unsized_count: int
    file_count: int
    created_ms: int
    run: str | None
    run_name: str | None
    metadata: dict[str, Any]
    deleted_ms: int | None = None
    expires_ms: int | None = None


class ArtifactDetail(ArtifactVersion, frozen=True, kw_only=True):
    files: list[FileEntry]
    used_by: list[str]


class ArtifactQuery(msgspec.Struct, frozen=True):
    """`ref` is `name:v3`, `name:latest` or `name:alias`; the name alone means its latest version."""

    ref: Name


class ArtifactListQuery(msgspec.Struct, frozen=True):
    """`q` is a part of the name, in any case; `kind` the kind. `cursor` is the `next_cursor` of the page before."""

    q: NamePart = ""
    kind: Name | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000
    cursor: Name | None = None


class ListedArtifact(ArtifactVersion, frozen=True, kw_only=True):
    """The newest version of an artifact. `version_count` versions are there; `use_count` runs have read any of them."""

    version_count: int
    use_count: int


class KindCount(msgspec.Struct, frozen=True):
    kind: str
    count: int


class ArtifactList(msgspec.Struct, frozen=True):
    """By name. `kinds` are those of the whole project with the number of artifacts of each; `next_cursor` is None where
    there are no more."""

    artifacts: list[ListedArtifact]
    kinds: list[KindCount]
    next_cursor: str | None


class VersionsQuery(msgspec.Struct, frozen=True):
    """`before` is the `next_before` of the page before."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100
    before: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None


class ListedVersion(ArtifactVersion, frozen=True, kw_only=True):
    use_count: int


class VersionPage(msgspec.Struct, frozen=True):
    """Newest first, without those in the trash. `next_before` is None where nothing is older."""

    versions: list[ListedVersion]
    next_before: int | None


class UsingRun(msgspec.Struct, frozen=True):
    run: str
    name: str
    hue: int
    time_ms: int


class ArtifactAbout(ArtifactVersion, frozen=True, kw_only=True):
    """A version without its files, which may be a million. `previous` is the id of the version before it, of number
    `previous_version`; `used_by` the newest of the `use_count` runs that read it. `reference_count` of the files lie
    elsewhere, with `reference_bytes` as far as these are known. Of one in the trash `deleted_by` is None where a policy
    put it there."""

    created_by: str
    deleted_by: str | None
    deletion_reason: str
    previous: int | None
    previous_version: int | None
    reference_count: int
    reference_bytes: int
    use_count: int
    used_by: list[UsingRun]


Path = Annotated[str, msgspec.Meta(max_length=1000)]


class TreeQuery(msgspec.Struct, frozen=True):
    """`path` is the folder, "" the one at the top. `find` looks for a part of a path in all below it instead, in any
    case. `cursor` is the `next_cursor` of the page before."""

    path: Path = ""
    find: NamePart = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200
    cursor: Line | None = None


class EntryQuery(msgspec.Struct, frozen=True):
    path: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class FolderEntry(msgspec.Struct, frozen=True):
    """A folder with the number and bytes of all files below it."""

    path: str
    file_count: int
    size_bytes: int


class TreePage(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in one folder: folders first, each in order of name. `folder_count`, `own_count` and `file_count` are
    of folders in it, files in it, and all files below it. A page may be short and have a next one."""

    path: str
    folder_count: int
    own_count: int
    file_count: int
    size_bytes: int
    folders: list[FolderEntry]
    files: list[FileEntry]
    next_cursor: str | None


class ChangesQuery(msgspec.Struct, frozen=True):
    """`since` is the id of the other version. `cursor` is the `next_cursor` of the page before."""

    since: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000
    cursor: Path | None = None


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """A path that is in one of two versions only, or differs: in its bytes, or in where they lie. What stands for the
    side that lacks it is None, and a digest that nobody knows is ""."""

    path: str
    change: Literal["added", "removed", "changed"]
    size_bytes: int | None
    digest: str | None
    reference: str | None
    old_size_bytes: int | None
    old_digest: str | None
    old_reference: str | None


class ChangeTotals(msgspec.Struct, frozen=True, kw_only=True):
    """How many files were added, removed and changed; `changed_bytes` are of these as they are, `replaced_bytes` as
    they were. `unsized` of the sizes, of files that lie elsewhere, nobody knows: they are in no sum."""

    added: int
    added_bytes: int
    removed: int
    removed_bytes: int
    changed: int
    changed_bytes: int
    replaced_bytes: int
    unsized: int


class ArtifactChanges(msgspec.Struct, frozen=True, kw_only=True):
    """From the version `since` to `version`, in order of path. `totals` are on the first page alone."""

    version: int
    since: int
    totals: ChangeTotals | None
    changes: list[FileChange]
    next_cursor: str | None


class DataRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to twelve runs, the first of which is what the others are compared with."""

    runs: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=12)]


class Pointer(msgspec.Struct, frozen=True):
    """A file or folder that another tool keeps versions of, as the run found it: the `source` names the file that says
    so (`dvc.lock`, `data.dvc`)."""

    path: str
    hash: str
    algorithm: str = ""
    size_bytes: int | None = None
    source: str = ""


class ReadVersion(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact version that a run read."""

    id: int
    version: int
    digest: str
    size_bytes: int
    file_count: int
    is_deleted: bool


class ReadChange(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between the version that the first run read and the one that `run` read; the first hundred files."""

    run: str
    version: int
    since: int
    totals: ChangeTotals
    changes: list[FileChange]


class DataRow(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact that any of the runs read; `read` has what each read of it, in the order of the runs, newest version
    first."""

    project: str
    name: str
    kind: str
    read: list[list[ReadVersion]]
    is_different: bool
    changes: list[ReadChange]


class PointerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A path that any of the runs found a pointer at; None for a run that has none there."""

    path: str
    pointers: list[Pointer | None]
    is_different: bool


class DataComparison(msgspec.Struct, frozen=True, kw_only=True):
    """What `runs` read: artifacts, and pointers of other tools. Those that are not there are left out of `runs`."""

    runs: list[str]
    artifacts: list[DataRow]
    pointers: list[PointerRow]
    pointers_left_out: int


class RunArtifact(ArtifactVersion, frozen=True, kw_only=True):
    """`direction` says whether the run made it (output) or read it (input)."""

    direction: Literal["output", "input"]
    files: list[FileEntry]


class RunArtifacts(msgspec.Struct, frozen=True):
    artifacts: list[RunArtifact]
