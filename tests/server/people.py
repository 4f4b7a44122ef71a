"""Somebody at a server that has people sign in: requests as them, in a browser or with a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tracker_server.app import APIS
from tracker_server.http import Route

PROGRAM = {"X-Tracker-Client": "test"}
PREFIX = "/api/v1"


@dataclass
class Somebody:
    """A client of the app that is signed in, or shows a key."""

    client: FlaskClient
    headers: dict[str, str]

    def ask(self, method: str, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.client.open(PREFIX + path, method=method, json=json, headers=self.headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def done(self, method: str, path: str, json: Any = None) -> Any:
        """What a request that must succeed answers."""
        answer = self.ask(method, path, json)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.get_data(as_text=True))
        return answer.json if answer.data else None


def signed_in(app: Flask, name: str, password: str) -> Somebody:
    """A browser where somebody has signed in."""
    somebody = Somebody(app.test_client(), dict(PROGRAM))
    somebody.done("POST", "/session", {"name": name, "password": password})
    return somebody


def with_key(app: Flask, key: str) -> Somebody:
    """A program that shows a key."""
    return Somebody(app.test_client(), {**PROGRAM, "Authorization": f"Bearer {key}"})


def nobody(app: Flask) -> Somebody:
    return Somebody(app.test_client(), dict(PROGRAM))


def person(app: Flask, admin: Somebody, name: str) -> Somebody:
    """Somebody new, made by an admin and signed in with the password that was shown."""
    made = admin.done("POST", "/people", {"name": name})
    return signed_in(app, name, made["password"])


def routes() -> Iterator[Route]:
    """Every route of the API."""
    return (route for api in APIS for route in api.routes)


def filled(route: Route, values: dict[str, object]) -> str:
    """The path of a route with values for its parameters."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), route.path)
