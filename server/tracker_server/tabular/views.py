"""The routes of tables' rows."""

from __future__ import annotations

from tracker_server.http import Api, Call
from tracker_server.tabular import service
from tracker_server.tabular.schema import (
    FileTableQuery,
    JoinPage,
    JoinQuery,
    MediaTableQuery,
    TableChangesPage,
    TableChangesQuery,
    TablePage,
)

api = Api("tabular")


@api.post("/media/<int:media_id>/table", access="read", body=MediaTableQuery, reply=TablePage)
def read_media_table(call: Call, media_id: int, body: MediaTableQuery) -> TablePage:
    """Rows of a table that a run logged: filtered, grouped, sorted, a page of them."""
    file = service.of_media(call.session, media_id, body.file)
    call.session.rollback()  # reading a file may take seconds
    return service.page(file, body)


@api.post("/media/<int:media_id>/table/join", access="read", body=JoinQuery, reply=JoinPage)
def join_media_tables(call: Call, media_id: int, body: JoinQuery) -> JoinPage:
    """Rows of two tables that runs logged, beside each other, and which of them got worse."""
    left = service.of_media(call.session, media_id, body.file)
    right = service.of_media(call.session, body.other, body.file)
    call.session.rollback()
    return service.join(left, right, body)


@api.post("/artifact-versions/<int:version_id>/table", access="read", body=FileTableQuery, reply=TablePage)
def read_file_table(call: Call, version_id: int, body: FileTableQuery) -> TablePage:
    """Rows of a table among the files of an artifact version: CSV, TSV, JSON lines, Parquet, or a table as JSON."""
    file = service.of_version(call.session, version_id, body.path)
    call.session.rollback()
    return service.page(file, body)


@api.post(
    "/artifact-versions/<int:version_id>/table/changes", access="read", body=TableChangesQuery, reply=TableChangesPage
)
def read_table_changes(call: Call, version_id: int, body: TableChangesQuery) -> TableChangesPage:
    """Rows that were added, removed or changed in a table since another version of the artifact."""
    before = service.of_version(call.session, body.since, body.path)
    after = service.of_version(call.session, version_id, body.path)
    call.session.rollback()
    return service.changes(before, after, body)
