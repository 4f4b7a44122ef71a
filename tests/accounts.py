"""Keys and people of a server under test, made as its admin would."""

from __future__ import annotations

import time

from flask import Flask

from tracker_server import auth
from tracker_server.auth.service import Scope
from tracker_server.db import Database
from tracker_server.settings import Settings


def make_key(app: Flask, *, scope: Scope = "promote") -> str:
    """A key of the app's operator, for every project."""
    database: Database = app.extensions["tracker.database"]
    settings: Settings = app.extensions["tracker.settings"]
    now_ms = time.time_ns() // 1_000_000
    with database.writing() as session:
        operator = auth.ensure_operator(session, settings.operator, now_ms)
        _, secret = auth.create_key(session, operator.id, "of a test", now_ms, scope=scope)
        session.commit()
    return secret
