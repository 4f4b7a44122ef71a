"""Each request, from its bytes to the bytes of its answer; what is no prediction is handed on to the pages.

What always holds: a prediction is answered by the one version that was held when its body had been read; whatever goes
wrong is an answer with a code and a sentence, and the server goes on. Predictions do without Flask, which would cost
more than a small model does.
"""

from __future__ import annotations

import hmac
import itertools
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec

from tracker.bundles.values import InputError, read_inputs, to_json
from tracker.serving.counts import Counts
from tracker.serving.holding import Held, Holder

log = logging.getLogger(__name__)

JSON: Final = "application/json"
PREDICTIONS: Final = "/predictions"
HEALTH: Final = "/health-check"
ROUTES: Final = frozenset({"/", PREDICTIONS, HEALTH, "/metrics", "/openapi.json"})
_EXPOSED: Final = "X-Model-Version, X-Request-Id"
_LINES: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request for a prediction; `id` is given back with the answer."""

    input: dict[str, Any]
    id: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class Doors(msgspec.Struct, frozen=True, kw_only=True):
    """Who may ask: pages of these origins ("*": of any), whoever has the token, with bodies of so many bytes.

    `hosts` are the names that it is asked by, all where it is None: a page whose name was made to mean this machine
    would be of the same origin, and held back by nothing else.
    """

    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = None
    token: str | None = None
    max_body_bytes: int = 16 * 1024 * 1024


class Problem(Exception):
    """Why a request is not answered: a status, a code for programs and a sentence for people."""

    def __init__(
        self, status: int, code: str, message: str, *, field: str | None = None, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field
        self.headers = headers


class Answering:
    """The application that the server calls, in any number of threads."""

    def __init__(self, pages: Application, holder: Holder, counts: Counts, doors: Doors) -> None:
        self._pages = pages
        self._holder = holder
        self._counts = counts
        self._doors = doors
        self._decoder = msgspec.json.Decoder(Request)
        self._encoder = msgspec.json.Encoder()
        self._numbers = itertools.count(1)
        self._mark = secrets.token_hex(4)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        begun = time.perf_counter()
        request_id = f"{self._mark}-{next(self._numbers):x}"
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        headers = [("X-Request-Id", request_id), *self._for_origin(environ)]
        is_prediction = path == PREDICTIONS and method == "POST"
        try:
            if method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
                return self._preflight(environ, start_response, headers)
            self._check_host(environ)
            self._check_token(environ, path)
            if not is_prediction:
                return self._page(environ, start_response, path, headers)
            status, body = 200, self._predict(environ, headers, request_id)
        except Problem as problem:
            status, body = problem.status, self._told(problem, request_id)
            headers += problem.headers
        except Exception:  # the edge of the server: this request's failure alone
            log.exception("could not answer request %s", request_id)
            status = 500
            body = self._told(Problem(500, "failed", "it could not be answered; the log says why"), request_id)
        if is_prediction:
            self._counts.note_prediction(status, time.perf_counter() - begun)
        else:
            self._counts.note_request(path if path in ROUTES else "(none)", status)
        headers += [("Content-Type", JSON), ("Content-Length", str(len(body)))]
        start_response(_LINES[status], headers)
        return (body,)

    def _predict(self, environ: dict[str, Any], headers: Headers, request_id: str) -> bytes:
        request = self._read(environ)
        held = self._holder.held
        if held is None:
            message = self._holder.reason or "the model is being loaded"
            raise Problem(503, "not_ready", message, headers=[("Retry-After", "1")])
        if held.version is not None:
            headers.append(("X-Model-Version", str(held.version)))
        held.engine.expect()
        try:
            inputs = read_inputs(held.signature, request.input)
        except InputError as error:
            held.engine.cancel()
            raise Problem(422, "bad_input", str(error), field=error.field) from None
        except BaseException:
            held.engine.cancel()
            raise
        answer: dict[str, Any] = {"output": self._run(held, inputs, request_id)}
        answer |= {"model": held.model, "version": held.version}
        if request.id is not None:
            answer["id"] = request.id
        return self._encoder.encode(answer)

    def _run(self, held: Held, inputs: dict[str, Any], request_id: str) -> msgspec.Raw:
        """The outputs as JSON. The edge of a model's own code: what it raises, or gives, fails this request alone."""
        try:
            outputs = held.engine.run(inputs)
            return msgspec.Raw(self._encoder.encode({name: to_json(value) for name, value in outputs.items()}))
        except (Exception, SystemExit) as error:
            log.exception("%s could not answer request %s", held.told, request_id)
            told = f"{held.told} could not answer: {type(error).__name__}: {error!s:.300}"
            raise Problem(500, "model_failed", told) from None

    def _read(self, environ: dict[str, Any]) -> Request:
        given = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if given != JSON:
            raise Problem(415, "bad_type", f"the body must be {JSON}, got {given[:100] or 'no type'}")
        if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise Problem(415, "bad_encoding", "the body must not be compressed")
        try:
            return self._decoder.decode(self._body(environ))
        except msgspec.ValidationError as error:
            form = 'the body must be {"input": {…}}, which may have an "id" beside'
            raise Problem(422, "bad_request", f"{form}; {error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            hint = (
                '; numbers that are none are written "NaN", "Infinity", "-Infinity"' if "invalid" in str(error) else ""
            )
            raise Problem(400, "bad_json", f"the body is no JSON: {error}{hint}") from None
        except RecursionError:
            raise Problem(400, "bad_json", "the body is nested too deeply") from None

    def _body(self, environ: dict[str, Any]) -> bytes:
        """The bytes of the body; of one that is too large no more than that shows."""
        most = self._doors.max_body_bytes
        length = environ.get("CONTENT_LENGTH") or ""
        if length.isdecimal() and int(length) > most:
            raise Problem(413, "too_large", f"the body has {length} bytes; at most {most} are read")
        try:
            body: bytes = environ["wsgi.input"].read(int(length) if length.isdecimal() else most + 1)
        except OSError:
            raise Problem(408, "stalled", "the rest of the body did not come") from None
        if len(body) > most:
            raise Problem(413, "too_large", f"the body has more than {most} bytes")
        return body

    def _page(
        self, environ: dict[str, Any], start_response: StartResponse, path: str, headers: Headers
    ) -> Iterable[bytes]:
        def begin(status: str, given: Headers, *more: Any) -> Any:
            self._counts.note_request(path if path in ROUTES else "(none)", int(status[:3]))
            return start_response(status, [*given, *headers], *more)

        return self._pages(environ, begin)

    def _preflight(self, environ: dict[str, Any], start_response: StartResponse, headers: Headers) -> Iterable[bytes]:
        """A browser asks whether a page elsewhere may ask."""
        origin = environ.get("HTTP_ORIGIN", "")
        if not self._is_allowed(origin):
            message = f"pages of {origin!r:.200} may not ask here; `tracker serve --cors ORIGIN` names those that may"
            raise Problem(403, "bad_origin", message)
        headers += [
            ("Access-Control-Allow-Methods", "GET, POST"),
            ("Access-Control-Allow-Headers", "Authorization, Content-Type"),
            ("Access-Control-Max-Age", "600"),
        ]
        if environ.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK") == "true":
            headers.append(("Access-Control-Allow-Private-Network", "true"))
        start_response(_LINES[204], headers)
        return ()

    def _for_origin(self, environ: dict[str, Any]) -> Headers:
        origin = environ.get("HTTP_ORIGIN")
        if origin is None:
            return []
        if not self._is_allowed(origin):
            return [("Vary", "Origin")]
        return [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", _EXPOSED),
            ("Vary", "Origin"),
        ]

    def _is_allowed(self, origin: str) -> bool:
        return origin in self._doors.origins or "*" in self._doors.origins

    def _check_host(self, environ: dict[str, Any]) -> None:
        if self._doors.hosts is None:
            return
        host = environ.get("HTTP_HOST", "")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        if name.lower() not in self._doors.hosts:
            message = f"this server is not called {name[:200]!r}; `tracker serve --address URL` says what it is called"
            raise Problem(403, "bad_host", message)

    def _check_token(self, environ: dict[str, Any], path: str) -> None:
        if self._doors.token is None or path == HEALTH:
            return
        given = environ.get("HTTP_AUTHORIZATION", "")
        expected = f"Bearer {self._doors.token}"
        if not hmac.compare_digest(given.encode("latin-1", "replace"), expected.encode()):
            raise Problem(
                401, "unauthorized", "a token is needed: send the header `Authorization: Bearer TOKEN`",
                headers=[("WWW-Authenticate", "Bearer")],
            )  # fmt: skip

    def _told(self, problem: Problem, request_id: str) -> bytes:
        message = str(problem).encode("utf-8", "backslashreplace").decode()  # a model's own words may be any
        error: dict[str, Any] = {"code": problem.code, "message": message, "request_id": request_id}
        if problem.field is not None:
            error["field"] = problem.field
        return self._encoder.encode({"error": error})
