"""From the body of a request to what is new in it: whole frames in order, without a hole that nobody has admitted."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from tracker.records import DamagedFrame, read_frames
from tracker_server.errors import Conflict, Refused


@dataclass(frozen=True)
class Frames:
    """Frames in order: the number of each, rising, and its payload. `lost` counts those missing before or between."""

    numbers: list[int]
    payloads: list[bytes]
    lost: int = 0


def parse(body: bytes) -> Frames:
    """Every frame of the body. Raises Refused unless it is whole frames with rising numbers and nothing else."""
    numbers, payloads = [], []
    end = 0
    try:
        for frame in read_frames(body):
            numbers.append(frame.seq)
            payloads.append(frame.payload)
            end = frame.end
    except DamagedFrame as error:
        raise Refused("bad_frame", f"{error}; nothing of this request was stored", offset=error.offset) from error
    if end != len(body):
        message = f"the last frame is cut short at byte {end} of {len(body)}; nothing of this request was stored"
        raise Refused("bad_frame", message, offset=end)
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise Refused("bad_frame", "the numbers of a writer's records must rise from frame to frame", offset=0)
    if numbers and numbers[-1] >= 2**63 - 1:
        raise Refused("bad_frame", f"a record's number must be below 2^63 - 1, got {numbers[-1]}", offset=0)
    return Frames(numbers, payloads)


def new_to(frames: Frames, next_seq: int, *, allow_gaps: bool) -> Frames:
    """What of the frames a writer lacks whose first missing record is `next_seq`.

    Raises Conflict "gap" where records are missing before or between them, unless gaps are allowed: then they are
    counted.
    """
    known = bisect_left(frames.numbers, next_seq)
    numbers, payloads = frames.numbers[known:], frames.payloads[known:]
    lost = numbers[-1] + 1 - next_seq - len(numbers) if numbers else 0
    if lost and not allow_gaps:
        raise Conflict(
            "gap",
            f"{lost} records are missing before record {numbers[-1]}: the server has everything before record "
            f"{next_seq}; send from there",
            next_seq=next_seq,
        )
    return Frames(numbers, payloads, lost)
