"""What the API says of superseded segments."""

from __future__ import annotations

import msgspec


class SegmentFacts(msgspec.Struct, frozen=True):
    """What was superseded at steps over `after_step`, and when, in Unix milliseconds. `label` is the rank's, "" mostly.

    `number` is the `segment` of its series in answers about points.
    """

    number: int
    label: str
    after_step: int
    last_step: int | None
    superseded_ms: int
    series_count: int
    point_count: int


class SegmentList(msgspec.Struct, frozen=True):
    """Those that have points, the one superseded last first."""

    segments: list[SegmentFacts]
