"""From the body of a request to the records that are new: whole frames, in order, without an unadmitted hole."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from tracker.records import DamagedFrame, Record, UnknownRecord, decode, read_frames
from tracker_server.errors import Conflict, Refused


@dataclass(frozen=True)
class Batch:
    """What a body adds to a writer that had `start` records: records with their numbers, and how many are missing."""

    records: list[tuple[int, Record | UnknownRecord]]
    next_seq: int
    lost: int


def parse(body: bytes) -> list[tuple[int, bytes]]:
    """The number and payload of every frame. Raises Refused unless the body is whole frames and nothing else."""
    frames = []
    end = 0
    try:
        for frame in read_frames(body):
            frames.append((frame.seq, frame.payload))
            end = frame.end
    except DamagedFrame as error:
        raise Refused("bad_frame", f"{error}; nothing of this request was stored", offset=error.offset) from error
    if end != len(body):
        message = f"the last frame is cut short at byte {end} of {len(body)}; nothing of this request was stored"
        raise Refused("bad_frame", message, offset=end)
    return frames


def trim(frames: list[tuple[int, bytes]], next_seq: int, *, allow_gaps: bool) -> Batch:
    """What of the frames is new to a writer whose first missing record is `next_seq`.

    Raises Conflict "gap" where records are missing before or between them, unless gaps are allowed: then they are
    counted. Numbers that do not rise are refused.
    """
    if any(later <= earlier for (earlier, _), (later, _) in pairwise(frames)):
        raise Refused("bad_frame", "the numbers of a writer's records must rise from frame to frame")
    fresh = [(seq, payload) for seq, payload in frames if seq >= next_seq]
    if not fresh:
        return Batch([], next_seq, 0)
    end = fresh[-1][0] + 1
    lost = end - next_seq - len(fresh)
    if lost and not allow_gaps:
        raise Conflict(
            "gap",
            f"{lost} records are missing before record {fresh[-1][0]}: the server has everything before record "
            f"{next_seq}; send from there",
            next_seq=next_seq,
        )
    return Batch([(seq, decode(payload)) for seq, payload in fresh], end, lost)
