"""The application: every domain's routes on one Flask app, behind the guards, with the pages beside them."""

from __future__ import annotations

import os
import time
from importlib.metadata import version

import sqlalchemy as sa
from flask import Flask, Response, current_app

from tracker_server import artifacts, auth, pages
from tracker_server.artifacts.views import api as artifacts_api
from tracker_server.auth import guard
from tracker_server.auth.views import api as auth_api
from tracker_server.corrections.views import api as corrections_api
from tracker_server.db import Database
from tracker_server.errors import Unavailable
from tracker_server.history.views import api as history_api
from tracker_server.http import Api, document, failures, mount, reply, security
from tracker_server.http.api import close_session
from tracker_server.ingest import views as ingest_views
from tracker_server.ingest.views import api as ingest_api
from tracker_server.media.views import api as media_api
from tracker_server.metrics.views import api as metrics_api
from tracker_server.registry.views import api as registry_api
from tracker_server.retention.views import api as retention_api
from tracker_server.runs.views import api as runs_api
from tracker_server.saved_views.views import api as saved_views_api
from tracker_server.search.run_views import api as run_api
from tracker_server.search.views import api as search_api
from tracker_server.settings import Settings

APIS: list[Api] = [
    auth_api,
    runs_api,
    run_api,
    search_api,
    metrics_api,
    history_api,
    corrections_api,
    artifacts_api,
    media_api,
    registry_api,
    retention_api,
    saved_views_api,
    ingest_api,
]


def create_app(settings: Settings) -> Flask:
    """An application on these settings, whose database has this code's schema already (`db.migrate`)."""
    database = Database(settings.database_url)
    app = Flask(__name__, static_folder=None)
    app.extensions["tracker.settings"] = settings
    app.extensions["tracker.database"] = database
    artifacts.install(app, artifacts.BlobStore(settings.blobs))
    ingest_views.install(app, database, settings)
    failures.install(app)
    security.install(app)
    guard.install(app, _operator(database, settings))
    mount(app, APIS)
    app.teardown_appcontext(close_session)
    app.add_url_rule("/api/v1/openapi.json", "openapi", _openapi)
    app.add_url_rule("/healthz", "healthz", _healthz)
    app.add_url_rule("/readyz", "readyz", _readyz)
    pages.install(app)
    return app


def openapi() -> dict[str, object]:
    """The OpenAPI document of this version; needs no database."""
    return document(APIS, version("tracker-ml"))


def _operator(database: Database, settings: Settings) -> auth.Actor:
    with database.writing() as session:
        operator = auth.ensure_operator(session, settings.operator, time.time_ns() // 1_000_000)
        session.commit()
    return operator


def _openapi() -> Response:
    return reply(openapi())


def _healthz() -> Response:
    """That this process answers; it asks nothing else, so that a database that is away restarts no server."""
    return reply({"status": "ok"})


def _readyz() -> Response:
    """That requests would be answered: the database answers, and files can be written; else 503 says what is not so."""
    settings: Settings = current_app.extensions["tracker.settings"]
    database: Database = current_app.extensions["tracker.database"]
    with database.reading() as session:
        session.execute(sa.text("SELECT 1"))
    if not os.access(settings.blobs, os.W_OK | os.X_OK):
        raise Unavailable("no_files", "the folder of files (--blobs) is not there, or cannot be written to")
    return reply({"status": "ready"})
