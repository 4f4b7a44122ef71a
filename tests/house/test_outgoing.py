"""The server has one way out: nothing else of it opens a connection to anywhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

WAYS_OUT = ("socket", "requests", "urllib.request", "urllib3", "http.client", "httpx", "aiohttp", "smtplib", "ftplib")
LISTED = {
    "outgoing/sending.py": "it is the way out",
    "http/receiving.py": "it reads the body of a request from the socket on which that has come in",
    "cli/serving.py": "it looks whether the port to listen on is free",
    "serving.py": "it sets how long the connections of clients, which have come in, may fall silent",
}


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ways_out(source: str) -> list[str]:
    """The modules among what is imported that could open a connection."""
    return [name for name in imported(source) if any(f"{name}.".startswith(f"{way}.") for way in WAYS_OUT)]


def test_nothing_but_the_way_out_opens_connections(checkout: Path) -> None:
    server = checkout / "server" / "tracker_server"
    found = {str(path.relative_to(server)): ways_out(path.read_text()) for path in server.rglob("*.py")}
    assert {path for path, names in found.items() if names} == set(LISTED)


def test_a_way_out_is_recognised_however_it_is_imported() -> None:
    assert ways_out("import urllib.request") == ["urllib.request"]
    assert ways_out("def f():\n    from http import client") == ["http.client"]
    assert ways_out("from requests.adapters import HTTPAdapter") == ["requests.adapters.HTTPAdapter"]
    assert ways_out("from urllib.parse import urlsplit\nfrom tracker_server.http import Api") == []
