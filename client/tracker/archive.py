"""A project in one file: a zip of journals and bytes, and a manifest with the sha256 of each.

    project.journal        what the project has besides its runs, as frames of `records`
    runs/<run id>.journal  a run each, as the journal that makes it anew
    blobs/<sha256>         the bytes of artifacts and media
    manifest.json          format, version, project, and name, size and sha256 of every other member; the last one

What always holds: the file gets its name when it is whole and on the disk. A member's name says what it is, and is
never a path on a disk: nothing is unpacked. Nothing of an archive is used before all of it has been verified, so one
that was cut short, changed or made for something else is refused whole. Memory follows a part, not a member.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from tracker.records import DamagedFrame, Frame, read_frame

FORMAT: Final = "tracker archive"
VERSION: Final = 1
PROJECT: Final = "project.journal"
MANIFEST: Final = "manifest.json"

MAX_MANIFEST_BYTES: Final = 1024 * 1024 * 1024
PART_BYTES: Final = 1024 * 1024
_LEVEL: Final = 1
_NAME: Final = re.compile(r"project\.journal|runs/[A-Za-z0-9_-]{1,128}\.journal|blobs/[0-9a-f]{64}")


class ArchiveError(Exception):
    """Why a file is not used, or cannot be written, as a sentence."""


class Member(msgspec.Struct, frozen=True):
    """A member: its name, the bytes that it has when read, and their sha256."""

    name: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in an archive, and what it was made of and by."""

    format: str
    version: int
    project: str
    made_ms: int
    made_by: str
    server: str
    members: list[Member]


class _Kind(msgspec.Struct, frozen=True):
    """As much of a manifest as every version has."""

    format: str
    version: int


def run_member(run_id: str) -> str:
    """The member of a run's journal."""
    return f"runs/{run_id}.journal"


def blob_member(digest: str) -> str:
    """The member of the bytes of that sha256."""
    return f"blobs/{digest}"


class Writer:
    """An archive on its way, under a name of its own beside `path`. Raises OSError where the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
        self._part = Path(name)
        self._file = os.fdopen(descriptor, "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._members: list[Member] = []

    @property
    def size_bytes(self) -> int:
        """How large the file is so far."""
        return self._file.tell()

    def add(self, name: str, fetch: Callable[[IO[bytes]], None]) -> None:
        """A member of what `fetch` writes to a file that is its own, and that it may begin anew.

        Bytes of blobs are kept as they are: most are compressed already, or models, which do not become smaller.
        """
        kind = zipfile.ZIP_STORED if name.startswith("blobs/") else zipfile.ZIP_DEFLATED
        made = zipfile.ZipInfo(name)
        made.compress_type = kind
        made.external_attr = 0o600 << 16
        with tempfile.TemporaryFile(dir=self._path.parent) as spool:
            fetch(spool)
            spool.seek(0)
            with self._zip.open(made, "w", force_zip64=True) as target:
                self._members.append(Member(name, *_copy(spool, target)))

    def finish(self, *, project: str, made_ms: int, made_by: str, server: str) -> None:
        """Close the archive and give it its name. Raises FileExistsError where that was taken meanwhile."""
        manifest = Manifest(
            format=FORMAT,
            version=VERSION,
            project=project,
            made_ms=made_ms,
            made_by=made_by,
            server=server,
            members=self._members,
        )
        self._zip.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if self._path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self._path))
        self._part.rename(self._path)
        _sync_folder(self._path.parent)

    def discard(self) -> None:
        """Leave nothing of an archive that is not finished."""
        self._part.unlink(missing_ok=True)
        self._file.close()


def _copy(source: IO[bytes], target: IO[bytes]) -> tuple[int, str]:
    """Copy to the end; the number of bytes and their sha256."""
    digest = hashlib.sha256()
    size = 0
    while part := source.read(PART_BYTES):
        digest.update(part)
        target.write(part)
        size += len(part)
    return size, digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Archive:
    """An archive that is read, whose manifest was found good. Raises ArchiveError with what is wrong with the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = _opened(path)
        try:
            self.manifest = _manifest(self._zip, path)
        except ArchiveError:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def runs(self) -> list[str]:
        """The members that are runs, in the order in which they were written."""
        return [member.name for member in self.manifest.members if member.name.startswith("runs/")]

    @property
    def blobs(self) -> list[Member]:
        """The members that are bytes of artifacts and media."""
        return [member for member in self.manifest.members if member.name.startswith("blobs/")]

    def verify(self, on_progress: Callable[[int], None] = lambda _: None) -> None:
        """Read every member to its end and compare its sha256; `on_progress` is told how many bytes were read."""
        done = 0
        for member in self.manifest.members:
            digest = hashlib.sha256()
            for part in self.parts(member.name):
                digest.update(part)
                done += len(part)
                on_progress(done)
            is_named_so = not member.name.startswith("blobs/") or member.name == blob_member(member.sha256)
            if digest.hexdigest() != member.sha256 or not is_named_so:
                raise ArchiveError(
                    f"{self.path}: {member.name} has the sha256 {digest.hexdigest()}, and not the one that the "
                    "manifest says: the file was changed or damaged; nothing was sent"
                )

    def open(self, name: str) -> IO[bytes]:
        """The bytes of a member."""
        return self._zip.open(name)

    def parts(self, name: str) -> Iterator[bytes]:
        """The bytes of a member, in parts."""
        try:
            with self._zip.open(name) as source:
                while part := source.read(PART_BYTES):
                    yield part
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise ArchiveError(f"{self.path}: {name} cannot be read ({error}): the file was damaged") from error

    def frames(self, name: str) -> Iterator[Frame]:
        """The frames of a journal that is a member."""
        try:
            yield from frames(self.parts(name))
        except DamagedFrame as error:
            raise ArchiveError(f"{self.path}: {name}: {error}") from error


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError) as error:
        raise ArchiveError(f"{path} is no archive of tracker export, or was cut short: {error}") from error
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror or error}") from error


def _manifest(opened: zipfile.ZipFile, path: Path) -> Manifest:
    """The manifest, which names every member of the file and nothing else. Raises ArchiveError."""
    infos = {info.filename: info for info in opened.infolist()}
    if MANIFEST not in infos or infos[MANIFEST].file_size > MAX_MANIFEST_BYTES:
        raise ArchiveError(f"{path} is a zip file, but no archive of tracker export: it has no {MANIFEST}")
    try:
        text = opened.read(MANIFEST)
        kind = msgspec.json.decode(text, type=_Kind)
        if kind.format != FORMAT:
            raise ArchiveError(f"{path} is a {kind.format[:80]!r}, and not a {FORMAT!r}")
        if kind.version > VERSION:
            raise ArchiveError(
                f"{path} is of version {kind.version}, and this tracker reads {VERSION}: a newer one wrote it; upgrade "
                "this one (pip install --upgrade tracker-runs)"
            )
        manifest = msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path}: its {MANIFEST} cannot be read: {error}") from error
    _check_members(opened, manifest, path)
    return manifest


def _check_members(opened: zipfile.ZipFile, manifest: Manifest, path: Path) -> None:
    named = {member.name: member for member in manifest.members}
    there = [info.filename for info in opened.infolist() if info.filename != MANIFEST]
    for name in (*named, *there):
        if not _NAME.fullmatch(name):
            raise ArchiveError(f"{path} has a member {name[:200]!r}, which no archive of tracker export has")
    if len(named) != len(manifest.members) or sorted(there) != sorted(named) or PROJECT not in named:
        missing = sorted(set(named) - set(there) | ({PROJECT} - set(named)))
        what = f"lacks {missing[0]}" if missing else "has members twice, or more than its manifest names"
        raise ArchiveError(f"{path} {what}: it was cut short or changed")
    for info in opened.infolist():
        if info.filename in named and info.file_size != named[info.filename].size_bytes:
            raise ArchiveError(f"{path}: {info.filename} has another size than the manifest says: it was changed")


def frames(parts: Iterable[bytes]) -> Iterator[Frame]:
    """The frames of bytes that come in parts. Raises DamagedFrame, also where the last one is cut short."""
    held = b""
    for part in parts:
        held += part
        offset = 0
        while (found := read_frame(held, offset)) is not None:
            yield found
            offset = found.end
        held = held[offset:]
    if held:
        raise DamagedFrame(0, "it is cut short")


def batches(found: Iterable[Frame], encode: Callable[[Frame], bytes], size_bytes: int) -> Iterator[bytes]:
    """Frames one after the other in pieces of about that size; one that is larger is a piece of its own."""
    piece: list[bytes] = []
    size = 0
    for one in found:
        data = encode(one)
        if piece and size + len(data) > size_bytes:
            yield b"".join(piece)
            piece, size = [], 0
        piece.append(data)
        size += len(data)
    if piece:
        yield b"".join(piece)
