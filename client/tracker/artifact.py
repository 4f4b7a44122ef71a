"""Making an artifact version out of a file or a folder: a manifest, and its bytes staged beside the journal.

What always holds: the digest in the manifest is that of the staged copy, taken while it was copied, so a file that
changes afterwards (or meanwhile) cannot make the two differ. Each file is copied once, in parts, whatever its size.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from tracker.errors import TrackerError
from tracker.journal_files import make_private_folder
from tracker.mappings import plain_mapping
from tracker.names import new_writer_id
from tracker.naming import MAX_PATH, MAX_SHORT_NAME, is_alias, is_artifact, is_path
from tracker.records import ArtifactFile, ArtifactLogged

Source = str | os.PathLike[str]

_PART_BYTES: Final = 128 * 1024


class LoggedArtifact(msgspec.Struct, frozen=True):
    """What a run has logged as a version of an artifact; the server numbers the version when it arrives.

    It has no `files` where nothing was kept: in a run that is disabled or over, on a full disk.
    """

    run: str
    name: str
    kind: str
    files: tuple[ArtifactFile, ...]


class StagingError(TrackerError):
    """The copy could not be kept beside the journal: a full disk, a folder that cannot be written."""


def stage(
    source: Source | Iterable[Source],
    blobs: Path,
    *,
    name: str | None,
    kind: str,
    aliases: Iterable[str],
    metadata: Mapping[str, Any] | None,
    time_ms: int,
) -> ArtifactLogged:
    """Copy a file, a folder or several of them into `blobs` and describe it.

    Raises ValueError for a name or an alias that cannot be one, and where two files would have one path; OSError where
    the source cannot be read, StagingError where the copy cannot be written.
    """
    paths = [Path(source)] if isinstance(source, str | os.PathLike) else [Path(each) for each in source]
    chosen = _checked_name(name if name is not None else name_of(paths), "an artifact's name")
    checked_aliases = tuple(_checked_alias(alias) for alias in ([aliases] if isinstance(aliases, str) else aliases))
    checked_metadata = plain_mapping(metadata or {}, where="metadata")
    files = tuple(_stage_file(file, inner, blobs) for file, inner in _all_files(paths))
    return ArtifactLogged(
        time_ms, chosen, _checked_name(kind, "an artifact's type"), files, checked_metadata, checked_aliases
    )


def name_of(paths: Sequence[Path]) -> str:
    """What an artifact is called that was given no name: as its file or folder. Raises ValueError for several."""
    if len(paths) != 1:
        raise ValueError(f"an artifact of {len(paths)} files or folders needs a name: name='…'")
    return paths[0].absolute().name


def stage_bytes(data: bytes, blobs: Path) -> ArtifactFile:
    """Keep some bytes as a blob. Its path in the manifest is empty. Raises StagingError."""
    return _stage_stream(io.BytesIO(data), "", blobs)


def _all_files(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """The files of one file or folder; of several, each folder's below its name."""
    if not paths:
        raise ValueError("an artifact needs at least one file or folder, got none")
    if len(paths) == 1:
        return _files(paths[0])
    found: dict[str, Path] = {}
    for path in paths:
        folder = f"{path.absolute().name}/" if path.is_dir() else ""
        for file, inner in _files(path):
            before = found.setdefault(_checked_path(folder + inner), file)
            if before != file:
                raise ValueError(f"both {before} and {file} would be {folder + inner!r} in the artifact; rename one")
    return sorted(((file, inner) for inner, file in found.items()), key=lambda pair: pair[1])


def _files(path: Path) -> list[tuple[Path, str]]:
    """Every file with its path in the artifact, in the order of these paths. Special files are left out."""
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder at {path}")
    if not path.is_dir():
        return [(path, _checked_path(path.name))]
    found = [(file, _checked_path(file.relative_to(path).as_posix())) for file in path.rglob("*") if file.is_file()]
    if not found:
        raise ValueError(f"the folder {path} has no files; an artifact needs at least one")
    return sorted(found, key=lambda pair: pair[1])


def _stage_file(file: Path, inner: str, blobs: Path) -> ArtifactFile:
    with file.open("rb") as source:
        return _stage_stream(source, inner, blobs)


def _stage_stream(source: BinaryIO, inner: str, blobs: Path) -> ArtifactFile:
    import hashlib  # 5 ms that importing tracker shall not cost
    from concurrent.futures import ThreadPoolExecutor

    sha256 = hashlib.sha256()
    size_bytes = 0
    temporary = blobs / f".{new_writer_id()}"
    try:
        with _writing():
            make_private_folder(blobs)
            copy = temporary.open("xb")
        with copy, ThreadPoolExecutor(1, "tracker-staging") as beside:
            hashed = None
            while part := source.read(_PART_BYTES):
                if hashed is not None:
                    hashed.result()
                if len(part) < _PART_BYTES:
                    sha256.update(part)  # a small file needs no thread
                else:
                    hashed = beside.submit(sha256.update, part)
                size_bytes += len(part)
                with _writing():
                    copy.write(part)
            with _writing():
                copy.flush()
        temporary.rename(blobs / sha256.hexdigest())
    except StagingError:
        temporary.unlink(missing_ok=True)
        raise
    return ArtifactFile(inner, sha256.hexdigest(), size_bytes)


@contextmanager
def _writing() -> Iterator[None]:
    """Tells a failure of our own file from one of the source, which is the caller's to hear of."""
    try:
        yield
    except OSError as error:
        raise StagingError(f"{error}; free some space, or set TRACKER_DIR to a folder that has it") from error


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


def _checked_alias(alias: object) -> str:
    checked = _checked_name(alias, "an alias")
    if not is_alias(checked):
        raise ValueError(f"the alias {checked!r} is taken: `latest` and v1, v2, … move by themselves")
    return checked
