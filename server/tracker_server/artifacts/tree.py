"""The files of a version, one folder at a time.

What always holds: a page costs a bounded number of statements, each of which reads as many rows as it gives, whatever
the number of files; folders come before files, both in the order of the bytes of their paths. Looking for a part of a
path alone reads all paths below the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.artifacts import schema
from tracker_server.artifacts.models import ArtifactFile, ArtifactFolder, ArtifactReference
from tracker_server.artifacts.service import get_version
from tracker_server.errors import NotFound, Refused

MAX_LEAPS: Final = 300
"""Over how many folders one page leaps in search of the files that lie between them."""

_AFTER: Final = "\x01"
"""What comes after a path before all that is longer: no path has a control character."""

_PAST: Final = chr(ord("/") + 1)
"""What comes after everything in a folder, in place of its slash."""

_CURSOR: Final = re.compile(r"(?P<kind>[df])(?P<seen>[0-9]{1,10}):(?P<start>.*)", re.DOTALL)


def page(session: Session, version_id: int, wanted: schema.TreeQuery) -> schema.TreePage:
    """A page of a folder, or of what is found below it. Raises NotFound for a folder that is not there."""
    get_version(session, version_id)
    folder = _folder(session, version_id, wanted.path)
    kind, seen, start = _cursor(wanted.cursor)
    if wanted.find:
        files, cursor = _found(session, version_id, wanted, start if kind == "f" else "")
        return _page(session, version_id, wanted.path, folder, [], files, cursor)
    folders = _folders(session, version_id, wanted.path, start, wanted.limit + 1) if kind == "d" else []
    if len(folders) > wanted.limit:
        shown = folders[: wanted.limit]
        cursor = f"d0:{shown[-1].path.rpartition('/')[2]}{_AFTER}"
        return _page(session, version_id, wanted.path, folder, shown, [], cursor)
    if len(folders) == wanted.limit:
        return _page(session, version_id, wanted.path, folder, folders, [], "f0:" if folder.own_count else None)
    remaining = folder.own_count - seen
    limit = min(wanted.limit - len(folders), remaining)
    files, start = _own_files(session, version_id, wanted.path, start if kind == "f" else "", limit)
    seen += len(files)
    cursor = f"f{seen}:{start}" if seen < folder.own_count and start else None
    return _page(session, version_id, wanted.path, folder, folders, files, cursor)


def entry(session: Session, version_id: int, path: str) -> schema.FileEntry:
    """One file. Raises NotFound."""
    get_version(session, version_id)
    rows = _rows(session, version_id, path, path + _AFTER, 1)
    if not rows:
        raise NotFound("unknown_file", f"artifact version {version_id} has no file {path!r}", field="path")
    return rows[0]


def _page(
    session: Session,
    version_id: int,
    path: str,
    folder: ArtifactFolder,
    folders: list[schema.FolderEntry],
    files: list[schema.FileEntry],
    cursor: str | None,
) -> schema.TreePage:
    below = sa.select(sa.func.count()).where(*_is_in(version_id, path))
    return schema.TreePage(
        path=path,
        folder_count=session.scalar(below) or 0,
        own_count=folder.own_count,
        file_count=folder.file_count,
        size_bytes=folder.size_bytes,
        folders=folders,
        files=files,
        next_cursor=cursor,
    )


def _cursor(text: str | None) -> tuple[str, int, str]:
    """Whether it goes on among folders or files, how many files came before, and where it begins."""
    if text is None:
        return "d", 0, ""
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Refused("bad_cursor", "pass `next_cursor` of the page before as it is, or leave it out", field="cursor")
    return found["kind"], int(found["seen"]), found["start"]


def _folder(session: Session, version_id: int, path: str) -> ArtifactFolder:
    parent, _, name = path.rpartition("/")
    found = session.get(ArtifactFolder, (version_id, parent, name))
    if found is not None:
        return found
    if path:
        raise NotFound("unknown_folder", f"artifact version {version_id} has no folder {path!r}", field="path")
    return ArtifactFolder(version_id=version_id, parent="", name="", file_count=0, own_count=0, size_bytes=0)


def _is_in(version_id: int, path: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether a folder lies in that one; the one at the top lies in none."""
    return (ArtifactFolder.version_id == version_id, ArtifactFolder.parent == path, ArtifactFolder.name != "")


def _folders(session: Session, version_id: int, path: str, start: str, limit: int) -> list[schema.FolderEntry]:
    statement = sa.select(ArtifactFolder).where(*_is_in(version_id, path), ArtifactFolder.name >= start)
    prefix = _prefix(path)
    return [
        schema.FolderEntry(prefix + one.name, one.file_count, one.size_bytes)
        for one in session.scalars(statement.order_by(ArtifactFolder.name).limit(limit))
    ]


def _own_files(
    session: Session, version_id: int, folder: str, start: str, limit: int
) -> tuple[list[schema.FileEntry], str]:
    """Up to `limit` files that lie in the folder itself, from `start` on, and where the next of them are."""
    prefix = _prefix(folder)
    start = max(start, prefix)
    end = f"{folder}{_PAST}" if folder else None
    found: list[schema.FileEntry] = []
    for _ in range(MAX_LEAPS):
        if len(found) >= limit:
            break
        wanted = limit - len(found)
        rows = _rows(session, version_id, start, end, wanted)
        for row in rows:
            below, slash, _ = row.path[len(prefix) :].partition("/")
            if slash:
                start = f"{prefix}{below}{_PAST}"
                break
            found.append(row)
            start = row.path + _AFTER
        else:
            if len(rows) < wanted:
                return found, ""
    return found, start


def _found(
    session: Session, version_id: int, wanted: schema.TreeQuery, start: str
) -> tuple[list[schema.FileEntry], str | None]:
    start = max(start, _prefix(wanted.path))
    end = f"{wanted.path}{_PAST}" if wanted.path else None
    rows = _rows(session, version_id, start, end, wanted.limit + 1, having=wanted.find)
    shown = rows[: wanted.limit]
    return shown, f"f0:{shown[-1].path}{_AFTER}" if len(rows) > len(shown) else None


def _rows(
    session: Session, version_id: int, start: str, end: str | None, limit: int, having: str = ""
) -> list[schema.FileEntry]:
    """The files from `start` on and before `end`, in order of path, wherever their bytes lie."""
    found = [*_of_table(session, ArtifactFile, version_id, start, end, limit, having)]
    found += _of_table(session, ArtifactReference, version_id, start, end, limit, having)
    return sorted(found, key=lambda file: file.path)[:limit]


def _of_table(
    session: Session,
    table: type[ArtifactFile] | type[ArtifactReference],
    version_id: int,
    start: str,
    end: str | None,
    limit: int,
    having: str,
) -> Iterator[schema.FileEntry]:
    of_reference: list[Any] = [table.reference, table.etag] if table is ArtifactReference else []
    statement = sa.select(table.path, table.digest, table.size_bytes, *of_reference)
    statement = statement.where(table.version_id == version_id, table.path >= start)
    if end is not None:
        statement = statement.where(table.path < end)
    if having:
        statement = statement.where(table.path.icontains(having, autoescape=True))
    for row in session.execute(statement.order_by(table.path).limit(limit)):
        yield schema.FileEntry(*row)


def _prefix(folder: str) -> str:
    return f"{folder}/" if folder else ""
