"""Every failure as the one error shape, with its status and the request's id."""

from __future__ import annotations

import errno
import logging
import secrets

from flask import Flask, Response, g, request
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from tracker_server.db import says_full
from tracker_server.errors import ApiError, Refused, StorageFull, Unavailable
from tracker_server.http.bodies import reply

log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Give the app a request id on every answer and the error shape on every failure."""
    app.before_request(_number_request)
    app.after_request(_tell_number)
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(OSError, _disk_error)
    app.register_error_handler(OverflowError, _number_error)
    app.register_error_handler(DataError, _number_error)
    app.register_error_handler(Exception, _defect)


def _number_request() -> None:
    g.request_id = secrets.token_hex(6)


def _tell_number(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    return response


def _api_error(error: ApiError) -> Response:
    body = {"code": error.code, "message": error.message, **error.details}
    if error.field is not None:
        body["field"] = error.field
    response = reply({"error": body}, error.status)
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _http_error(error: HTTPException) -> Response:
    code = (error.name or "error").lower().replace(" ", "_")
    message = f"there is nothing at {request.path}" if error.code == 404 else str(error.description)
    if isinstance(error, MethodNotAllowed):
        message = f"{request.path} does not answer {request.method}; it answers {', '.join(error.valid_methods or [])}"
    return reply({"error": {"code": code, "message": message}}, error.code or 500)


def _database_error(error: OperationalError) -> Response:
    if says_full(error):
        return _no_room(error)
    log.warning("The database did not answer request %s: %s", g.request_id, error)
    busy = Unavailable("database_busy", "the database is busy or cannot be reached; the request was not carried out")
    return _api_error(busy)


def _disk_error(error: OSError) -> Response:
    return _no_room(error) if error.errno in (errno.ENOSPC, errno.EDQUOT) else _defect(error)


def _no_room(error: Exception) -> Response:
    log.error("There is no room left for request %s: %s", g.request_id, error)
    return _api_error(StorageFull())


def _number_error(error: Exception) -> Response:
    """A number of the request reached the database, and no column can hold it."""
    log.info("Request %s holds a number that is too large: %s", g.request_id, error)
    return _api_error(Refused("out_of_range", "a number in the request does not fit into 64 bits"))


def _defect(error: Exception) -> Response:
    log.exception("Request %s %s %s failed", g.request_id, request.method, request.path, exc_info=error)
    message = f"the server failed on this request (id {g.request_id}); its log says why"
    return reply({"error": {"code": "internal", "message": message}}, 500)
