"""What is acknowledged is stored exactly once, whatever is sent: random histories against a plain model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.conftest import BACKENDS
from tests.frames import Journal
from tests.server.points import Model, assert_same, assert_summary, heights, logs, names, steps
from tracker import records
from tracker.records import ConsoleLine, Logged, Record, SystemSampled
from tracker_server import metrics
from tracker_server.app import create_app
from tracker_server.db import Database
from tracker_server.settings import Settings

LABELS = ("", "rank1")
EVERY = metrics.View(points=10_000)

samples = st.builds(SystemSampled, steps, st.integers(0, 20), st.dictionaries(names.map("system/{}".format), heights))
lines = st.builds(ConsoleLine, st.integers(0, 20), st.sampled_from(["stdout", "stderr"]), st.text(max_size=5))
contents = st.lists(st.one_of(logs, samples, lines), min_size=1, max_size=25)


@dataclass(frozen=True)
class Post:
    """A request of one of two writers, perhaps harmed on its way.

    It has `length` frames; the first is `shift` away from the one that the server waits for.
    """

    writer: int
    shift: int
    length: int
    allow_gaps: bool
    harm: str
    place: float


posts = st.lists(
    st.builds(
        Post,
        writer=st.integers(0, 1),
        shift=st.one_of(st.just(0), st.integers(-8, 2)),
        length=st.integers(0, 12),
        allow_gaps=st.booleans(),
        harm=st.sampled_from(["none", "none", "none", "torn", "flipped", "twice"]),
        place=st.floats(0, 1, exclude_max=True),
    ),
    max_size=15,
)


@dataclass
class Writer:
    """What a writer has written, and what the server must have of it."""

    journal: Journal
    records: list[Record]
    next_seq: int = 0
    lost: int = 0
    stored: list[Record] = field(default_factory=list)
    is_known: bool = False

    def expect(self, first: int, end: int, *, allow_gaps: bool) -> tuple[int, str]:
        """The status and the code that a whole batch gets; takes in what is stored by it."""
        if first >= end:
            return 200, ""
        hole = max(0, first - self.next_seq)
        if hole and not allow_gaps:
            return 409, "gap"
        if not self.is_known and first > 0:
            return 404, "unknown_run"
        self.is_known = True
        if end > self.next_seq:
            self.lost += hole
            self.stored += self.records[max(first, self.next_seq) : end]
            self.next_seq = end
        return 200, ""


def harmed(body: bytes, post: Post) -> bytes:
    """The body as it arrives."""
    if post.harm == "torn":
        return body[: int(len(body) * post.place)]
    if post.harm == "flipped" and body:
        place = int(len(body) * post.place)
        return body[:place] + bytes([body[place] ^ (1 << int(post.place * 8))]) + body[place + 1 :]
    return body


def send(client: FlaskClient, writer: Writer, post: Post) -> None:
    """Send one request and check its answer against the model."""
    journal = writer.journal
    first = min(max(0, writer.next_seq + post.shift), len(journal.frames))
    end = min(first + post.length, len(journal.frames))
    body = harmed(journal.body(first, end), post)
    ends = [len(journal.body(first, number)) for number in range(first, end + 1)]
    if post.harm in ("torn", "flipped") and (body != journal.body(first, end)):
        if post.harm == "torn" and len(body) in ends:
            status, code = writer.expect(first, first + ends.index(len(body)), allow_gaps=post.allow_gaps)
        else:
            status, code = 422, "bad_frame"
    else:
        status, code = writer.expect(first, end, allow_gaps=post.allow_gaps)
    for _ in range(2 if post.harm == "twice" else 1):
        query = {"writer": journal.writer, "allow_gaps": str(int(post.allow_gaps))}
        answer = client.post(f"/api/v1/runs/{journal.run_id}/journal", query_string=query, data=body)
        assert (answer.status_code, answer.json.get("error", {}).get("code", "")) == (status, code), answer.json
        if status == 200:
            assert answer.json["next_seq"] == writer.next_seq
        if code == "gap":
            assert answer.json["error"]["next_seq"] == writer.next_seq


def check_stored(client: FlaskClient, database: Database, writers: list[Writer]) -> None:
    """Reads and summaries say what the writers' acknowledged records say, each once."""
    run_id = writers[0].journal.run_id
    if not any(writer.is_known for writer in writers):
        assert client.get(f"/api/v1/runs/{run_id}").status_code == 404
        return
    model = Model()
    for writer in writers:
        stored = [record for record in writer.stored if isinstance(record, Logged | SystemSampled)]
        model.add(writer.journal.label, stored)
    with database.reading() as session:
        found = metrics.read(session, [run_id], ["loss", "acc", "val/*", "system/*"], EVERY)
        summaries = metrics.last(session, [run_id])[run_id]
    assert {(one.label, one.metric) for one in found} == {key for key, points in model.series.items() if points}
    for one in found:
        assert_same(one, model.ordered(one.label, one.metric))
    for name, summary in summaries.items():
        label = "" if ("", name) in model.series else "rank1"
        assert_summary(summary, model.series[label, name])
        assert summary.kind == ("system" if name.startswith("system/") else "metric")
    run = client.get(f"/api/v1/runs/{run_id}").json
    assert run["lost_records"] == sum(writer.lost for writer in writers)
    page = client.get(f"/api/v1/runs/{run_id}/console", query_string={"limit": 5000}).json["lines"]
    for writer in writers:
        printed = [record.text for record in writer.stored if isinstance(record, ConsoleLine)]
        assert [line["text"] for line in page if line["label"] == writer.journal.label] == printed
    assert [line["number"] for line in page] == list(range(len(page)))


@pytest.mark.parametrize(("backend", "example_count"), [("sqlite", 200), ("postgres", 40)], ids=BACKENDS)
def test_what_is_acknowledged_is_stored_exactly_once(
    backend: str, example_count: int, make_database_url: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    app = create_app(Settings.in_folder(tmp_path / "data", database_url=make_database_url(backend), operator="ada"))
    database: Database = app.extensions["tracker.database"]
    client = app.test_client()
    client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
    numbers = count()

    @examples(max_examples=example_count, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.tuples(contents, contents), posts)
    def check(written: tuple[list[Record], list[Record]], sent: list[Post]) -> None:
        run_id = f"run{next(numbers)}"
        writers = []
        for number, label in enumerate(LABELS):
            journal = Journal(run_id, writer=f"w{number}", label=label).started()
            journal.add(*written[number])
            started = records.decode(records.read_frame(journal.frames[0]).payload)  # type: ignore[union-attr]
            assert isinstance(started, Record)
            writers.append(Writer(journal, [started, *written[number]]))
        for post in sent:
            send(client, writers[post.writer], post)
        check_stored(client, database, writers)

    check()
    database.close()
