"""The routes of acts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from flask import Response, current_app
from sqlalchemy.orm import Session

from tracker_server import narrowing, registry
from tracker_server.acts import export, service
from tracker_server.acts.schema import ActExportQuery, ActPage, ActQuery
from tracker_server.db import Database
from tracker_server.http import Api, Call
from tracker_server.registry.schema import AuditExportQuery

api = Api("acts")

LINES = "application/jsonl"
CSV = "text/csv"
TAKEN_AWAY = (CSV, LINES)


@api.get("/acts", access="administer", query=ActQuery, reply=ActPage)
def list_acts(call: Call, query: ActQuery) -> ActPage:
    """Who did what on this server, newest first."""
    return service.page(call.session, query, query.before, query.limit)


@api.get("/acts/export", access="administer", query=ActExportQuery, media_types=TAKEN_AWAY)
def export_acts(call: Call, query: ActExportQuery) -> Response:
    """All of it to take away: as CSV, or as a line of JSON each."""
    database: Database = current_app.extensions["tracker.database"]
    return _download(export.lines(database.reading, query), "acts", query.format)


@api.get("/audit/export", query=AuditExportQuery, media_types=TAKEN_AWAY)
def export_audit(call: Call, query: AuditExportQuery) -> Response:
    """What was done to models to take away: as CSV, or as a line of JSON each. The digest is that of the chain."""
    registry.trail_page(call.session, query, before=None, limit=1)  # says so while it can still be said
    seen = narrowing.of(call.session)
    database: Database = current_app.extensions["tracker.database"]

    def reading() -> Session:
        session = database.reading()
        narrowing.narrow(session, seen)
        return session

    return _download(export.trail_lines(reading, query), "audit", query.format)


def _download(lines: Iterator[bytes], name: str, kind: Literal["csv", "jsonl"]) -> Response:
    response = Response(lines, mimetype=CSV if kind == "csv" else LINES)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response.headers["Cache-Control"] = "no-store"
    return response
