"""A real server inside the test's process, which counts what it is asked, and runs to read back from it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from werkzeug.serving import make_server

from tests.accounts import make_key
from tests.frames import START_MS, Journal
from tests.processes import free_port
from tracker.records import (
    ArtifactFile,
    ArtifactLogged,
    ConfigChanged,
    ConsoleLine,
    EnvironmentCaptured,
    Logged,
    Record,
    RunFinished,
    SummaryChanged,
    SystemSampled,
)
from tracker_server.app import create_app
from tracker_server.cli import prepare
from tracker_server.settings import Settings

FRAMES_OF_REQUEST = 100_000


@dataclass
class Served:
    """Where the server listens, the key that it needs, and the requests that it had: "POST /api/v1/series"…

    The next streams of points end after so many bytes each as are in `cuts`. Where there is a `meeting`, nobody is
    given a blob before so many have asked for one.
    """

    url: str
    key: str | None
    asked: list[str] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    meeting: threading.Barrier | None = None

    def log(
        self,
        run_id: str,
        *records: Record,
        label: str = "",
        project: str = "digits",
        writer: str | None = None,
        **fields: Any,
    ) -> None:
        """Have a run with these records; `fields` are those of its start."""
        journal = Journal(run_id, project, writer=writer or f"w{label}", label=label).started(**fields).add(*records)
        for start in range(0, len(journal.frames), FRAMES_OF_REQUEST):
            body = journal.body(start, start + FRAMES_OF_REQUEST)
            self._send("POST", f"/runs/{run_id}/journal?writer={journal.writer}", body)

    def upload(self, path: str, content: bytes) -> ArtifactFile:
        """A file whose bytes the server has."""
        digest = hashlib.sha256(content).hexdigest()
        self._send("PUT", f"/blobs/{digest}", content)
        return ArtifactFile(path, digest, len(content))

    def _send(self, method: str, path: str, body: bytes) -> None:
        headers = {"Content-Type": "application/octet-stream", "X-Tracker-Client": "test"}
        headers |= {"Authorization": f"Bearer {self.key}"} if self.key else {}
        answer = requests.request(method, f"{self.url}/api/v1{path}", data=body, headers=headers, timeout=60)
        assert answer.ok, answer.text


@contextmanager
def served(data: Path, *, needs_key: bool = False) -> Iterator[Served]:
    """Answer requests on a free port until the end of the `with`."""
    settings = Settings.in_folder(data, port=free_port(), operator="ada", needs_key=needs_key)
    prepare(settings)
    app = create_app(settings)
    made = Served(f"http://{settings.host}:{settings.port}", make_key(app) if needs_key else None)

    def counting(environ: dict[str, Any], start_response: Any) -> Any:
        made.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if made.meeting is not None and environ["PATH_INFO"].startswith("/api/v1/blobs/"):
            made.meeting.wait(60)
        answer = app(environ, start_response)
        is_cut = bool(made.cuts) and "resolution=full" in environ["QUERY_STRING"]
        return [b"".join(answer)[: made.cuts.pop(0)]] if is_cut else answer

    server = make_server(settings.host, settings.port, counting, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["tracker.database"].close()


def log_a_whole_run(server: Served) -> str:
    """A run of everything that can be read back; its id."""
    points = [Logged(step, START_MS + step, {"train/loss": 1 / (step + 1), "val/acc": step / 10}) for step in range(5)]
    lines = [ConsoleLine(START_MS + number, "stdout", f"line {number}") for number in range(3)]
    model = ArtifactLogged(
        START_MS, "checkpoint", "model",
        (server.upload("weights/model.pt", b"weights"), server.upload("vocabulary.txt", b"a b c")),
    )  # fmt: skip
    server.log(
        "whole",
        ConfigChanged(START_MS, {"lr": 0.1, "optim": {"name": "adam"}}),
        EnvironmentCaptured(START_MS, {"host": "node-1", "command": ["python", "train.py"], "git": {"commit": "abc"}}),
        *points,
        SystemSampled(4, START_MS + 5, {"cpu": 50.0}),
        SummaryChanged(START_MS, {"verdict": "good"}),
        *lines,
        model,
        RunFinished(START_MS + 10, "finished", 0),
        name="calm-otter",
        tags=("baseline",),
        notes="the first one",
    )
    return "whole"
