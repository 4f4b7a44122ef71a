"""The application: every domain's routes on one Flask app, behind the guards, with the pages beside them."""

from __future__ import annotations

import os
import time
from importlib.metadata import version

import sqlalchemy as sa
from flask import Flask, Response, current_app
from werkzeug.middleware.proxy_fix import ProxyFix

from tracker_server import artifacts, auth, media, oidc, pages, registry, runs, saved_views, webhooks
from tracker_server.accounts.views import api as accounts_api
from tracker_server.acts.views import api as acts_api
from tracker_server.artifacts.views import api as artifacts_api
from tracker_server.auth import guard
from tracker_server.auth.views import api as auth_api
from tracker_server.bundles.views import api as bundles_api
from tracker_server.cards.views import api as cards_api
from tracker_server.copies.views import api as copies_api
from tracker_server.corrections.views import api as corrections_api
from tracker_server.db import Database
from tracker_server.errors import Unavailable
from tracker_server.gates.views import api as gates_api
from tracker_server.history.views import api as history_api
from tracker_server.http import Api, document, failures, mount, reply, security, watching
from tracker_server.http.api import close_session
from tracker_server.ingest import views as ingest_views
from tracker_server.ingest.views import api as ingest_api
from tracker_server.leaderboards.views import api as leaderboards_api
from tracker_server.lineage.views import api as lineage_api
from tracker_server.media import views as media_views
from tracker_server.media.thumbnails import Thumbnails
from tracker_server.media.views import api as media_api
from tracker_server.metrics.views import api as metrics_api
from tracker_server.monitoring.views import api as monitoring_api
from tracker_server.oidc.views import api as oidc_api
from tracker_server.previews.views import api as previews_api
from tracker_server.promotion.views import api as promotion_api
from tracker_server.registry.views import api as registry_api
from tracker_server.retention.views import api as retention_api
from tracker_server.runs.views import api as runs_api
from tracker_server.saved_views.views import api as saved_views_api
from tracker_server.search.run_views import api as run_api
from tracker_server.search.views import api as search_api
from tracker_server.settings import Settings
from tracker_server.sharing.views import api as sharing_api
from tracker_server.tabular.views import api as tabular_api
from tracker_server.vitals import Vitals
from tracker_server.webhooks.views import api as webhooks_api

APIS: list[Api] = [
    auth_api,
    oidc_api,
    accounts_api,
    acts_api,
    runs_api,
    run_api,
    search_api,
    metrics_api,
    history_api,
    corrections_api,
    artifacts_api,
    media_api,
    tabular_api,
    previews_api,
    registry_api,
    bundles_api,
    lineage_api,
    cards_api,
    gates_api,
    promotion_api,
    retention_api,
    saved_views_api,
    leaderboards_api,
    webhooks_api,
    sharing_api,
    ingest_api,
    copies_api,
    monitoring_api,
]


PARENTS: dict[str, guard.Find] = {
    "project": runs.project_id_of_name,
    "run_id": runs.project_id_of_run,
    "version_id": artifacts.project_id_of,
    "media_id": media.project_id_of,
    "name": registry.project_id_of,
    "view_id": saved_views.project_id_of,
}
"""The project that a path is about, by the parameter that names something in one."""


def create_app(settings: Settings) -> Flask:
    """An application on these settings, whose database has this code's schema already (`migrating.migrate`)."""
    database = Database(settings.database_url)
    app = Flask(__name__, static_folder=None)
    if settings.proxies:  # else whoever asks could claim any address
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)  # type: ignore[method-assign]
    app.extensions["tracker.settings"] = settings
    app.extensions["tracker.database"] = database
    artifacts.install(app, artifacts.BlobStore(settings.blobs))
    media_views.install(app, Thumbnails(settings.data / "thumbnails"))
    app.extensions["tracker.outbox"] = webhooks.Outbox(database, now_ms=_now_ms, new_id=webhooks.random_id)
    ingest_views.install(app, database, settings)
    app.extensions["tracker.vitals"] = Vitals(settings.counts)
    watching.install(app)
    failures.install(app)
    security.install(app)
    oidc.install(app, settings.oidc)
    guard.install(app, _operator(database, settings), PARENTS)
    mount(app, APIS)
    app.teardown_appcontext(close_session)
    app.add_url_rule("/api/v1/openapi.json", "openapi", _openapi)
    app.add_url_rule("/healthz", "healthz", _healthz)
    app.add_url_rule("/readyz", "readyz", _readyz)
    measurements = "tracker_server.monitoring.views.read_measurements"
    app.add_url_rule("/metrics", measurements, app.view_functions[measurements])  # where a Prometheus looks
    pages.install(app)
    return app


def openapi() -> dict[str, object]:
    """The OpenAPI document of this version; needs no database."""
    return document(APIS, version("tracker-runs"))


def _operator(database: Database, settings: Settings) -> auth.Actor:
    with database.writing() as session:
        operator = auth.ensure_operator(session, settings.operator, _now_ms())
        session.commit()
    return operator


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


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
