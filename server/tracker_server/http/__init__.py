"""The HTTP layer: routes as data, structs in and out, one commit a request, one error shape.

A domain declares its routes on an `Api`; the app mounts them, and the OpenAPI document is generated from the same
declarations. A view takes a `Call` (session, actor, clock), the parts of its path, and what it declared of `query` and
`body`; it returns a struct, or a Flask response for bytes.
"""

from tracker_server.http.api import Access, Api, Call, Created, Route, mount
from tracker_server.http.bodies import read_body, reader, reply, reply_streamed
from tracker_server.http.openapi import document
from tracker_server.http.receiving import filler

__all__ = [
    "Access",
    "Api",
    "Call",
    "Created",
    "Route",
    "document",
    "filler",
    "mount",
    "read_body",
    "reader",
    "reply",
    "reply_streamed",
]
