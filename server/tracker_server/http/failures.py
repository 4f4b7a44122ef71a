"""Every failure as the one error shape, with its status and the request's id."""

from __future__ import annotations

import errno
import logging
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from tracker_server.db import says_full
from tracker_server.errors import ApiError, Refused, StorageFull, Unavailable
from tracker_server.http.bodies import reply
from tracker_server.http.watching import route_told

log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Give the app the error shape on every failure."""
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(OSError, _disk_error)
    app.register_error_handler(OverflowError, _number_error)
    app.register_error_handler(DataError, _number_error)
    app.register_error_handler(Exception, _defect)


def _api_error(error: ApiError) -> Response:
    body = {"code": error.code, "message": error.message, **error.details}
    if error.field is not None:
        body["field"] = error.field
    response = _told(body, error.status)
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _http_error(error: HTTPException) -> Response:
    code = (error.name or "error").lower().replace(" ", "_")
    message = f"there is nothing at {request.path}" if error.code == 404 else str(error.description)
    if isinstance(error, MethodNotAllowed):
        message = f"{request.path} does not answer {request.method}; it answers {', '.join(error.valid_methods or [])}"
    return _told({"code": code, "message": message}, error.code or 500)


def _database_error(error: OperationalError) -> Response:
    if says_full(error):
        return _no_room(error)
    log.warning("The database did not answer request %s: %s", g.request_id, error)
    busy = Unavailable("database_busy", "the database is busy or cannot be reached; the request was not carried out")
    return _api_error(busy)


def _disk_error(error: OSError) -> Response:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _no_room(error)
    if error.errno not in (errno.EIO, errno.EROFS):
        return _defect(error)
    log.error("The disk failed request %s: %s", g.request_id, error)
    said = f"the server's disk failed ({error.strerror}); nothing of this request was kept, it can be sent again later"
    return _api_error(Unavailable("disk_failed", said, retry_after_s=15))


def _no_room(error: Exception) -> Response:
    log.error("There is no room left for request %s: %s", g.request_id, error)
    return _api_error(StorageFull())


def _number_error(error: Exception) -> Response:
    """A number of the request reached the database, and no column can hold it."""
    log.info("Request %s holds a number that is too large: %s", g.request_id, error)
    return _api_error(Refused("out_of_range", "a number in the request does not fit into 64 bits"))


def _defect(error: Exception) -> Response:
    log.exception("Request %s to %s failed", g.request_id, route_told(), exc_info=error)
    message = f"the server failed on this request (id {g.request_id}); its log says why"
    return _told({"code": "internal", "message": message}, 500)


def _told(error: dict[str, Any], status: int) -> Response:
    return reply({"error": {**error, "request_id": g.request_id}}, status)
