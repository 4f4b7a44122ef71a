"""What a server has, asked over HTTP."""

from __future__ import annotations

from typing import Any

import requests

PROGRAM = {"X-Tracker-Client": "test"}


def get(url: str, path: str) -> Any:
    answer = requests.get(f"{url}/api/v1{path}", timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(url: str, path: str, body: dict[str, Any]) -> Any:
    answer = requests.post(f"{url}/api/v1{path}", json=body, headers=PROGRAM, timeout=20)
    assert answer.ok, answer.text
    return answer.json()


def series(url: str, run_id: str, metric: str, points: int = 10_000) -> dict[str, Any]:
    """The one series of that metric, with every point while there are no more than `points`."""
    (found,) = post(url, "/series", {"runs": [run_id], "metrics": [metric], "points": points})["series"]
    return dict(found)
