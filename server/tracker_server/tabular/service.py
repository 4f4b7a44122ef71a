"""Which file is meant, of which format it is, and what its reader says of it.

What always holds: what a question needs of the database is read before the file is, which may take seconds; the one who
calls lets go of the session between the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote

from sqlalchemy.orm import Session

from tracker import kinds
from tracker_server import artifacts, confined, media, runs
from tracker_server.errors import NotFound, Refused
from tracker_server.media.models import MediaFile
from tracker_server.tabular import schema

FORMATS: Final[dict[str, schema.Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "json",
}
"""By the end of a file's name."""

_EXPECTED: Final[dict[schema.Format, str]] = {
    "table": "a table as JSON, of columns and values",
    "json": "a table as JSON: columns and values, or a list of objects",
    "jsonl": "JSON lines, an object in each",
    "csv": "CSV",
    "tsv": "tab-separated values",
    "parquet": "Parquet",
}


@dataclass(frozen=True)
class File:
    """A table's bytes, and what they are."""

    path: Path
    source: schema.Source

    @property
    def expected(self) -> str:
        """What it should be, to be said where it is not."""
        return _EXPECTED[self.source.format]


def of_media(session: Session, media_id: int, file: str | None) -> File:
    """The table that a piece of media is, or that is one of its files. Raises NotFound, and Refused for no table."""
    item = media.get(session, media_id)
    runs.get(session, item.run_id)  # nothing of a run in the trash is shown
    source = schema.Source("table", f"/api/v1/media/{item.id}/content?file=")
    if file is not None and (file == kinds.EXAMPLES or file.endswith(".json")):
        found = session.get(MediaFile, (item.id, file))
        if found is None:
            raise NotFound("unknown_file", f"the media {media_id} has no file {file[:200]!r}")
        return File(artifacts.blob_store().path(found.digest), source)
    if file is not None or item.kind != "table" or item.digest is None:
        what = f"the file {file[:200]!r}" if file is not None else f"media of the kind {item.kind[:80]!r}"
        raise Refused("no_table", f"{what} is no table; tables are media of the kind 'table', and files of JSON")
    return File(artifacts.blob_store().path(item.digest), source)


def of_version(session: Session, version_id: int, path: str) -> File:
    """A table among the files of an artifact version. Raises NotFound, and Refused for a file that is no table."""
    file = artifacts.file_of(session, version_id, path)
    suffix = PurePosixPath(path).suffix.lower()
    if suffix not in FORMATS:
        known = ", ".join(FORMATS)
        raise Refused("no_table", f"{path[:200]!r} is no table by its name; tables end in one of {known}", field="path")
    folder = PurePosixPath(path).parent.as_posix()
    beside = "" if folder == "." else f"{folder}/"
    cells = f"/api/v1/artifact-versions/{version_id}/content?path={quote(beside, safe='')}"
    return File(artifacts.blob_store().path(file.digest), schema.Source(FORMATS[suffix], cells))


def page(file: File, query: schema.TableQuery) -> schema.TablePage:
    """Rows of a table. Raises Refused for a file or a filter that is none, and for columns that are not there."""
    plain = schema.TableQuery(**{name: getattr(query, name) for name in schema.TableQuery.__struct_fields__})
    question = schema.PageQuestion(file.source, plain)
    return confined.read("tabular.page", [file.path], question, schema.TablePage, expected=file.expected)


def join(left: File, right: File, query: schema.JoinQuery) -> schema.JoinPage:
    """Rows of two tables beside each other."""
    question = schema.JoinQuestion(left.source, right.source, query)
    paths = [left.path, right.path]
    return confined.read("tabular.join", paths, question, schema.JoinPage, expected=left.expected)


def changes(before: File, after: File, query: schema.TableChangesQuery) -> schema.TableChangesPage:
    """What became of the rows of a file from one version to another."""
    question = schema.ChangesQuestion(before.source, after.source, query)
    paths = [before.path, after.path]
    return confined.read("tabular.changes", paths, question, schema.TableChangesPage, expected=after.expected)
