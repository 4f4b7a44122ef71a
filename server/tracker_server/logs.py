"""The server's log, on standard error: lines for people, or JSON for programs.

What always holds: each line of the JSON form is one object, and whatever is logged in the course of a request carries
that request's id. What a line has beside its sentence it is given as `extra={"fields": {…}}`.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final, Literal

import msgspec
from flask import g, has_request_context
from gunicorn.glogging import Logger as GunicornLogger

Form = Literal["text", "json"]
LEVELS: Final = ("debug", "info", "warning", "error")

_TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(form: Form, level: str) -> None:
    """Have all that is logged from here on written in this form, from this level on."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if form == "json" else logging.Formatter(_TEXT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)


class ThroughRoot(GunicornLogger):  # type: ignore[misc]
    """gunicorn's own warnings, in the form of the rest."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.loglevel = logging.WARNING
        self.error_log.setLevel(self.loglevel)
        self.error_log.handlers = []
        self.error_log.propagate = True


class _Json(logging.Formatter):
    """A line as an object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context() and "request_id" in g:
            line["request_id"] = g.request_id
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def _time(seconds: float) -> str:
    """In UTC, to the millisecond."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds * 1000) % 1000:03}Z"
