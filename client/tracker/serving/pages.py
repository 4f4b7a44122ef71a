"""What people and programs may read of what is served: the page, the OpenAPI document, the health, the figures.

What always holds: what is shown is what this process holds now; nothing on the page is carried out by a browser.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from tracker.serving import openapi
from tracker.serving.answering import HEALTH, PREDICTIONS
from tracker.serving.counts import TEXT, Counts
from tracker.serving.holding import Held, Holder

if TYPE_CHECKING:
    from tracker.manifest import Field

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 46rem; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse } th, td { text-align: left; padding: .25rem 1.5rem .25rem 0; vertical-align: top }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: .25rem }
"""
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)


def make(holder: Holder, counts: Counts, *, address: str, needs_token: bool) -> Flask:
    """The application of everything but predictions."""
    app = Flask("tracker.serving", static_folder=None)

    @app.get("/")
    def index() -> Response:
        wanted = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
        if wanted == "application/json":
            return _json(_facts(holder))
        page = Response(_page(holder, address, needs_token), mimetype="text/html")
        page.headers["Content-Security-Policy"] = _POLICY
        page.headers["X-Content-Type-Options"] = "nosniff"
        page.headers["Referrer-Policy"] = "no-referrer"
        return page

    @app.get(HEALTH)
    def health() -> Response:
        return _json(_facts(holder), 200 if holder.state == "READY" else 503)

    @app.get("/openapi.json")
    def described() -> Response:
        held = holder.held
        return _json(
            openapi.document(
                model=holder.source.model,
                version=held.version if held else None,
                manifest=held.manifest if held else None,
                needs_token=needs_token,
                example=held.example if held else None,
            )
        )

    @app.get("/metrics")
    def figures() -> Response:
        return Response(counts.text(), content_type=TEXT)

    @app.post(PREDICTIONS)
    def predictions() -> Response:
        raise AssertionError("these are answered before they come here")

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Response:
        status = error.code or 500
        answer = _json({"error": {"code": _code(status), "message": _sentence(status)}}, status)
        allowed = error.get_response().headers.get("Allow")
        if allowed is not None:
            answer.headers["Allow"] = allowed
        return answer

    return app


def _code(status: int) -> str:
    return {404: "not_found", 405: "method_not_allowed"}.get(status, "failed")


def _sentence(status: int) -> str:
    if status == 404:
        return f"there is nothing at {request.path!r:.200}; predictions are at {PREDICTIONS}, and / says more"
    if status == 405:
        return f"{request.path} does not answer {request.method:.20}; predictions are asked for by POST {PREDICTIONS}"
    return "it could not be answered; the server's log says why"


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), status, mimetype="application/json")


def _facts(holder: Holder) -> dict[str, Any]:
    held = holder.held
    facts: dict[str, Any] = {"status": holder.state, "model": holder.source.model, "ref": holder.source.pointer}
    if held is not None:
        facts |= {"version": held.version, "form": held.form, "since_ms": held.since_ms}
    if holder.reason:
        facts["message"] = holder.reason
    return facts


def _page(holder: Holder, address: str, needs_token: bool) -> str:
    held = holder.held
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(holder.source.model)}</title><style>{_STYLE}</style>",
        f"<h1>{escape(held.told if held else holder.source.model)}</h1>",
        *(_of_version(held, holder) if held else [f"<p>{escape(holder.reason or 'The model is being loaded.')}</p>"]),
    ]
    if held is not None:
        if holder.reason:
            parts.append(f"<p><strong>{escape(holder.reason)}</strong></p>")
        parts += _of_signature(held)
        parts += ["<h2>Ask it</h2>", f"<pre>{escape(_curl(held, address, needs_token))}</pre>"]
    links = [("/openapi.json", "OpenAPI document"), (HEALTH, "health"), ("/metrics", "figures for Prometheus")]
    parts.append("<h2>More</h2><ul>")
    parts += [f'<li><a href="{path}">{name}</a></li>' for path, name in links]
    return "\n".join([*parts, "</ul></html>", ""])


def _of_version(held: Held, holder: Holder) -> list[str]:
    since = datetime.fromtimestamp(held.since_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    facts = [("Held since", since), ("Run from", held.form), ("Made of", held.manifest.kind)]
    if holder.source.follows:
        facts.append(("Follows", f"{holder.source.model}@{holder.source.pointer}"))
    rows = [f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts]
    if holder.source.url is not None and held.version is not None:
        page = escape(f"{holder.source.url}/models/{held.model}/{held.version}")
        rows.append(f'<tr><th>Page</th><td><a href="{page}">{page}</a></td></tr>')
    return ["<table>", *rows, "</table>"]


def _of_signature(held: Held) -> list[str]:
    if held.signature is None:
        return ["<p>The version has no signature: inputs are handed to the model as they are.</p>"]
    return [
        *_table("Inputs", held.signature.inputs),
        *_table("Outputs", held.signature.outputs),
        "<p>The first axis counts examples: requests that arrive together are run together.</p>"
        if held.signature.is_batched
        else "",
    ]


def _table(title: str, fields: tuple[Field, ...]) -> list[str]:
    rows = [
        f"<tr><td><code>{escape(field.name)}</code></td><td>{escape(field.dtype)}</td>"
        f"<td>{escape(_shape(field))}</td><td>{escape(field.description)}</td></tr>"
        for field in fields
    ]
    return [f"<h2>{title}</h2><table><tr><th>Name</th><th>Type</th><th>Shape</th><th></th></tr>", *rows, "</table>"]


def _shape(field: Field) -> str:
    return " × ".join("any" if size is None else str(size) for size in field.shape) or "one value"


def _curl(held: Held, address: str, needs_token: bool) -> str:
    """A line for a shell; an apostrophe of the example ends the quotation and is quoted by itself."""
    example = held.example
    if example is None and held.signature is not None:
        example = {field.name: "…" for field in held.signature.inputs}
    body = json.dumps({"input": example or {}}, ensure_ascii=False).replace("'", "'\\''")
    token = "-H 'Authorization: Bearer TOKEN' " if needs_token else ""
    return f"curl {address}{PREDICTIONS} {token}-H 'Content-Type: application/json' \\\n  -d '{body}'"
