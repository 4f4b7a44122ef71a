"""A writer for tests: records in, the bytes that a client would post out."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tracker import records
from tracker.records import Record, RunStarted

START_MS = 1_750_000_000_000


@dataclass
class Journal:
    """One writer of one run. `add` numbers records; `post` sends frames, by default all that were added."""

    run_id: str = "run1"
    project: str = "digits"
    writer: str = "w0"
    label: str = ""
    frames: list[bytes] = field(default_factory=list)

    def started(self, time_ms: int = START_MS, **fields: object) -> Journal:
        """Begin with RunStarted, as every writer does; `fields` are more of its fields."""
        start = RunStarted(time_ms, self.run_id, self.project, self.writer, label=self.label, **fields)  # type: ignore[arg-type]
        return self.add(start)

    def add(self, *new: Record) -> Journal:
        for record in new:
            self.frames.append(records.frame(len(self.frames), records.encode(record)))
        return self

    def body(self, first: int = 0, end: int | None = None) -> bytes:
        return b"".join(self.frames[first:end])

    def post(self, client: FlaskClient, first: int = 0, end: int | None = None, **query: str) -> TestResponse:
        return client.post(
            f"/api/v1/runs/{self.run_id}/journal",
            query_string={"writer": self.writer, **query},
            data=self.body(first, end),
            content_type="application/octet-stream",
        )
