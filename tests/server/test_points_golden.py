"""The formats of stored points, held by files: `tests/points` has tail rows and chunks of each version so far.

What a file says stays readable for ever. A tail row's bytes are ours, so they are written again as they were; those of
a chunk's columns are pcodec's, whose later versions may find smaller ones, so these only have to be read.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.server.logged import log_run
from tests.server.points import assert_same
from tracker import records
from tracker_server import metrics
from tracker_server.errors import Unreadable
from tracker_server.metrics import chunks
from tracker_server.metrics.columns import VERSION, Block, Points, pack, unpack
from tracker_server.metrics.models import Chunk, Series, Tail

TESTS = Path(__file__).parent.parent
FOLDER = TESTS / "points"
PAGES = TESTS.parent / "docs/design"
COLUMNS = ("steps", "times", "values")


def cases(path: Path) -> list[Any]:
    return [pytest.param(case, id=case["what"]) for case in json.loads(path.read_text(encoding="utf-8"))]


def every(kind: str) -> list[Any]:
    """The cases of all versions of a kind of file."""
    return [case for path in sorted(FOLDER.glob(f"{kind}_*.json")) for case in cases(path)]


def blocks_of(case: dict[str, Any]) -> list[Block]:
    return [
        Block(
            tuple(one["series"]),
            np.array(one["steps"], np.int64),
            np.array(one["times"], np.int64),
            np.array(one["values"], np.float64),
        )
        for one in case["blocks"]
    ]


def points_of(case: dict[str, Any]) -> Points:
    found = case["points"]
    return Points(
        np.array(found["steps"], np.int64), np.array(found["times"], np.int64), np.array(found["values"], np.float64)
    )


def listed(points: Points) -> list[tuple[int, int, float]]:
    """Step, time and value of each, in order of step, then time."""
    rows = zip(points.steps.tolist(), points.times.tolist(), points.values.tolist(), strict=True)
    return sorted(rows, key=lambda point: point[:2])


def columns_of(case: dict[str, Any]) -> dict[str, bytes]:
    return {name: bytes.fromhex(case[name]) for name in COLUMNS}


@pytest.mark.parametrize("case", every("tail"))
def test_a_tail_row_that_was_written_once_is_read_for_ever(case: dict[str, Any]) -> None:
    found = list(unpack(bytes.fromhex(case["payload"])))
    assert [block.keys for block in found] == [block.keys for block in blocks_of(case)]
    for block, expected in zip(found, blocks_of(case), strict=True):
        for name in COLUMNS:
            np.testing.assert_array_equal(getattr(block, name), getattr(expected, name))


@pytest.mark.parametrize("case", cases(FOLDER / f"tail_{VERSION}.json"))
def test_a_tail_row_of_the_newest_version_is_written_as_it_was(case: dict[str, Any]) -> None:
    assert pack(blocks_of(case)).hex(" ") == case["payload"]


@pytest.mark.parametrize("case", every("chunk"))
def test_a_chunk_that_was_written_once_is_read_for_ever(case: dict[str, Any]) -> None:
    found, expected = chunks.decode(case["row"]["count"], **columns_of(case)), points_of(case)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("case", every("chunk"))
def test_a_chunks_row_says_of_its_points_what_it_said(case: dict[str, Any]) -> None:
    points, row = points_of(case), case["row"]
    made = chunks.encode(7, row["first_ordinal"], points)
    assert {name: made[name] for name in row} == row
    np.testing.assert_array_equal(
        chunks.decode(len(points), chunks.compress(points.steps), chunks.compress(points.times), made["values"]).values,
        points.values,
    )


def test_points_in_both_formats_are_read_from_a_database(session: Session) -> None:
    chunk = next(case for case in every("chunk") if len(case.values[0]["points"]["steps"]) == 6).values[0]
    tail = json.loads((FOLDER / "tail_1.json").read_text(encoding="utf-8"))[0]
    run_id = log_run(session).id
    count = chunk["row"]["count"]
    series_id = tail["blocks"][0]["series"][0]
    session.add(Series(id=series_id, run_id=run_id, name="loss", count=count + 2, sealed_count=count))
    session.flush()
    session.execute(sa.insert(Chunk).values(series_id=series_id, **chunk["row"], **columns_of(chunk)))
    session.execute(sa.insert(Tail).values(run_id=run_id, point_count=5, payload=bytes.fromhex(tail["payload"])))
    block = blocks_of(tail)[0]
    (answer,) = metrics.read(session, [run_id], ["loss"], metrics.View(points=100))
    open_points = Points(block.steps, block.times, block.values[0])
    assert_same(answer, sorted(listed(points_of(chunk)) + listed(open_points), key=lambda point: point[:2]))


def test_a_tail_row_of_a_newer_version_says_so() -> None:
    payload = bytearray(pack([Block((7,), np.array([0]), np.array([0]), np.ones((1, 1)))]))
    payload[5] = VERSION + 1
    with pytest.raises(Unreadable, match=rf"version {VERSION + 1}, and this tracker reads version {VERSION}.*upgrade"):
        list(unpack(bytes(payload)))


@pytest.mark.parametrize(("place", "message"), [(4, r"version \(99\)"), (8, r"version \(99\.1\)"), (0, "magic")])
def test_a_chunk_of_a_newer_pcodec_says_so(place: int, message: str) -> None:
    column = bytearray(chunks.compress(np.arange(5)))
    column[place] = 99
    with pytest.raises(Unreadable, match=rf"begins with .*{message}.*upgrade"):
        chunks.decompress_into(bytes(column), np.empty(5, np.int64))


@pytest.mark.parametrize("count", [3, 7])
def test_a_column_that_is_not_as_long_as_its_row_says_is_refused(count: int) -> None:
    with pytest.raises(Unreadable, match=f"the {count} values that its row says"):
        chunks.decompress_into(chunks.compress(np.arange(5)), np.empty(count, np.int64))


def dumps(page: str) -> list[bytes]:
    """The bytes that stand in a page of the formats, each stretch of them from the offset 0."""
    text = (PAGES / page).read_text(encoding="utf-8")
    found: list[bytearray] = []
    for offset, part in re.findall(r"^    ([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)", text, re.MULTILINE):
        if offset == "0000":
            found.append(bytearray())
        assert int(offset, 16) == len(found[-1]), f"{page}: the line of {offset} begins at {len(found[-1]):04x}"
        found[-1] += bytes.fromhex(part)
    return [bytes(one) for one in found]


def test_the_pages_of_the_formats_show_the_golden_bytes() -> None:
    tail = json.loads((FOLDER / "tail_1.json").read_text(encoding="utf-8"))[0]
    chunk = json.loads((FOLDER / "chunk_1.json").read_text(encoding="utf-8"))[1]
    assert dumps("tail.md") == [bytes.fromhex(tail["payload"])]
    assert dumps("chunk.md") == list(columns_of(chunk).values())
    (frame,) = dumps("journal.md")
    journal = (TESTS / "journal/every_record.journal").read_bytes()
    assert frame in journal
    assert isinstance(records.read_frame(frame), records.Frame)
