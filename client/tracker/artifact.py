"""What a run logs as a version of an artifact: a manifest of files, staged beside the journal, and of references.

What always holds: what is wrong with a name, a path or an alias is said when it is given, before anything is copied;
the bytes are those that the files have when the artifact is logged.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from tracker.mappings import plain_mapping
from tracker.naming import MAX_PATH, MAX_SHORT_NAME, is_alias, is_artifact, is_path
from tracker.progress import Progress
from tracker.records import MAX_PAYLOAD_BYTES, ArtifactFile, ArtifactLogged, encode
from tracker.staging import ChangingFileError, StagingError, stage_bytes, stage_files

__all__ = ["Artifact", "ChangingFileError", "LoggedArtifact", "Source", "StagingError", "artifact_of", "stage",
           "stage_bytes"]  # fmt: skip

Source = str | os.PathLike[str]

MAX_RECORD_BYTES: Final = min(MAX_PAYLOAD_BYTES, 30 * 1024 * 1024)
"""What a server takes of one record: some 200,000 files."""


class LoggedArtifact(msgspec.Struct, frozen=True):
    """What a run has logged as a version of an artifact; the server numbers the version when it arrives.

    It has no `files` where nothing was kept: in a run that is disabled or over, on a full disk.
    """

    run: str
    name: str
    kind: str
    files: tuple[ArtifactFile, ...]


class Artifact:
    """Files, folders and references that `log_artifact` makes a version of: a data set, a checkpoint, predictions.

    `metadata` is JSON-like, `aliases` are names that move to the version. Each `add_…` says at once what is wrong.
    Raises ValueError for a name, a type or an alias that cannot be one.
    """

    def __init__(
        self,
        name: str,
        type: str = "dataset",
        *,
        metadata: Mapping[str, Any] | None = None,
        aliases: Iterable[str] = (),
    ) -> None:
        self.name = _checked_name(name, "an artifact's name")
        self.type = _checked_name(type, "an artifact's type")
        self.metadata: dict[str, Any] = dict(metadata or {})
        self.aliases = _checked_aliases(aliases)
        self._files: dict[str, Path] = {}
        self._references: dict[str, ArtifactFile] = {}
        self._own: Path | None = None

    def __repr__(self) -> str:
        return f"Artifact({self.name!r}, {self.type!r}, {len(self._files) + len(self._references)} files)"

    def add_file(self, path: Source, name: str | None = None) -> None:
        """Have a file in it, as `name` ("images/1.png") or under its own name. It is read when the artifact is logged.

        Raises FileNotFoundError, and ValueError for a path that cannot be one or is there already.
        """
        file = Path(path)
        if not file.is_file():
            raise FileNotFoundError(f"there is no file at {file}" + ("; add_dir adds a folder" * file.is_dir()))
        self._add(name if name is not None else file.absolute().name, file)

    def add_dir(self, path: Source, name: str = "") -> None:
        """Have every file of a folder in it, below `name` where one is given. Raises as `add_file`."""
        folder = Path(path)
        if not folder.is_dir():
            raise FileNotFoundError(f"there is no folder at {folder}" + ("; add_file adds a file" * folder.exists()))
        prefix = f"{name.strip('/')}/" if name.strip("/") else ""
        for file, inner in _files_below(folder):
            self._add(prefix + inner, file)

    def add_reference(self, uri: Source, name: str | None = None, *, check: bool = True) -> None:
        """Have a file in it whose bytes stay where they are: `s3://…`, `gs://…`, `https://…` or a path of this machine.

        Its size and ETag (of a file here, its sha256) are looked up now, so that a change is noticed: what cannot be
        reached raises FileNotFoundError or TransportError. `check=False` looks up nothing; such a file is not fetched
        by `use_artifact`, since nothing would tell whether it is the same. A folder here is each of its files. Raises
        ValueError for an address with a password or a key in it.
        """
        from tracker import references  # what only references need

        address = references.uri_of(uri)
        if references.is_secret(address):
            raise ValueError("the reference has a password, a key or a signature in it, which everybody would read")
        here = references.local_path(address)
        if here is not None and here.is_dir():
            prefix = name if name is not None else here.name
            for file, inner in _files_below(here):
                self.add_reference(file, f"{prefix}/{inner}" if prefix else inner, check=check)
            return
        inner = _checked_path(name if name is not None else references.name_of(address))
        found = references.look(address, is_read=here is not None) if check else references.Found()
        self._check_new(inner)
        self._references[inner] = ArtifactFile(
            inner, found.sha256 or "", found.size_bytes or 0, address, found.etag or ""
        )

    @contextmanager
    def new_file(self, name: str, mode: str = "w", encoding: str | None = None) -> Iterator[IO[Any]]:
        """A file to be written, which is in the artifact as `name` once it is closed. Text is UTF-8."""
        import shutil  # 5 ms each, that importing tracker shall not cost
        import tempfile

        if mode not in ("w", "x", "wb", "xb"):
            raise ValueError(f"a new file is opened with mode 'w' or 'wb', got {mode!r}")
        inner = _checked_path(name)
        self._check_new(inner)
        if self._own is None:
            self._own = Path(tempfile.mkdtemp(prefix="tracker-artifact-"))
            weakref.finalize(self, shutil.rmtree, self._own, ignore_errors=True)
        path = self._own / f"{len(self._files)}"
        text = {} if "b" in mode else {"encoding": encoding or "utf-8"}
        with path.open(mode, **text) as file:  # type: ignore[call-overload]
            yield file
        self._add(inner, path)

    def _add(self, inner: str, file: Path) -> None:
        _checked_path(inner)
        if self._files.get(inner) != file:
            self._check_new(inner)
            self._files[inner] = file

    def _check_new(self, inner: str) -> None:
        before: object = self._files.get(inner) or self._references.get(inner)
        if before is not None:
            what = before.reference if isinstance(before, ArtifactFile) else before
            raise ValueError(f"{inner!r} is in the artifact already, from {what}; give another name")

    def _stage(self, blobs: Path) -> tuple[ArtifactFile, ...]:
        if not self._files and not self._references:
            raise ValueError(f"the artifact {self.name!r} is empty; add a file, a folder or a reference first")
        with Progress("reading files", count=len(self._files)) as told:
            staged = stage_files(self._files, blobs, told.add)
        return tuple(sorted([*staged, *self._references.values()], key=lambda file: file.path))


def artifact_of(
    source: Artifact | Source | Iterable[Source],
    *,
    name: str | None,
    kind: str,
    aliases: Iterable[str],
    metadata: Mapping[str, Any] | None,
) -> Artifact:
    """The artifact that a file, a folder or several of them are; one that is given, with what is said besides it.

    Raises ValueError for a name or an alias that cannot be one, and where two files would have one path; OSError where
    there is none.
    """
    if isinstance(source, Artifact):
        if name not in (None, source.name):
            raise ValueError(f"the artifact has the name {source.name!r}; leave name={name!r} out")
        source.aliases = tuple(dict.fromkeys((*source.aliases, *_checked_aliases(aliases))))
        source.metadata.update(metadata or {})
        return source
    paths = [Path(source)] if isinstance(source, str | os.PathLike) else [Path(each) for each in source]
    made = Artifact(name if name is not None else _name_of(paths), kind, metadata=metadata, aliases=aliases)
    if not paths:
        raise ValueError("an artifact needs at least one file or folder, got none")
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no file or folder at {path}")
        if path.is_dir():
            made.add_dir(path, path.absolute().name if len(paths) > 1 else "")
        else:
            made._add(path.absolute().name, path)
    return made


def stage(
    source: Artifact | Source | Iterable[Source],
    blobs: Path,
    *,
    name: str | None = None,
    kind: str = "file",
    aliases: Iterable[str] = (),
    metadata: Mapping[str, Any] | None = None,
    time_ms: int,
) -> ArtifactLogged:
    """Copy what an artifact has into `blobs` and describe it.

    Raises as `artifact_of`; OSError where a file cannot be read, ChangingFileError where it is being written,
    StagingError where the copy cannot be kept.
    """
    made = artifact_of(source, name=name, kind=kind, aliases=aliases, metadata=metadata)
    checked_metadata = plain_mapping(made.metadata, where="metadata")
    record = ArtifactLogged(time_ms, made.name, made.type, made._stage(blobs), checked_metadata, made.aliases)
    size_bytes = len(encode(record)) if len(record.files) > 10_000 else 0
    if size_bytes > MAX_RECORD_BYTES:
        raise ValueError(
            f"the list of the artifact's {len(record.files):,} files has {size_bytes:,} bytes, and at most "
            f"{MAX_RECORD_BYTES:,} are taken; log several artifacts, or pack small files into archives"
        )
    return record


def _name_of(paths: list[Path]) -> str:
    """What an artifact is called that was given no name: as its file or folder. Raises ValueError for several."""
    if len(paths) != 1:
        raise ValueError(f"an artifact of {len(paths)} files or folders needs a name: name='…'")
    return paths[0].absolute().name


def _files_below(folder: Path) -> list[tuple[Path, str]]:
    """Every file of a folder with its path in it, in the order of these paths. Special files are left out."""
    found: list[tuple[Path, str]] = []
    top = os.fspath(folder)
    for where, _, names in os.walk(top):
        inner = os.path.relpath(where, top).replace(os.sep, "/")
        prefix = "" if inner == "." else f"{inner}/"
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path):
                found.append((Path(path), prefix + name))
    if not found:
        raise ValueError(f"the folder {folder} has no files; an artifact needs at least one")
    return sorted(found, key=lambda pair: pair[1])


def _checked_name(name: object, what: str) -> str:
    if not isinstance(name, str) or not is_artifact(name):
        raise ValueError(
            f"{what} must have 1 to {MAX_SHORT_NAME} printable characters, none of / : @ \\, and not be "
            f"dots alone, got {name!r:.200}"
        )
    return name


def _checked_path(path: str) -> str:
    if not is_path(path):
        raise ValueError(
            f"an artifact cannot hold the file {path!r:.200}: a path has at most {MAX_PATH} characters, no backslash, "
            "no drive, no control character or change of direction, and is UTF-8"
        )
    return path


def _checked_aliases(aliases: Iterable[str]) -> tuple[str, ...]:
    return tuple(_checked_alias(alias) for alias in ([aliases] if isinstance(aliases, str) else aliases))


def _checked_alias(alias: object) -> str:
    checked = _checked_name(alias, "an alias")
    if not is_alias(checked):
        raise ValueError(f"the alias {checked!r} is taken: `latest` and v1, v2, … move by themselves")
    return checked
