"""The blocks of a batch, taken apart by step: what was superseded before it came, and what a fork inherits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker_server.metrics.columns import Block, Mask


@dataclass(frozen=True)
class Cut:
    """Points at steps over `after` belong to the segment of this number. Of several cuts the first takes a point."""

    after: int
    segment: int


def by_segment(blocks: Sequence[Block], cuts: Sequence[Cut]) -> dict[int, list[Block]]:
    """The blocks of each segment; 0 is for what no cut takes."""
    found: dict[int, list[Block]] = {}
    for block in blocks:
        is_left = np.ones(len(block.steps), bool)
        for cut in cuts:
            is_taken = is_left & (block.steps > cut.after)
            is_left &= ~is_taken
            if is_taken.any():
                found.setdefault(cut.segment, []).append(_rows(block, is_taken))
        if is_left.any():
            found.setdefault(0, []).append(block if is_left.all() else _rows(block, is_left))
    return found


def up_to(blocks: Sequence[Block], step: int) -> list[Block]:
    """What the blocks have up to and including a step."""
    masks = [(block, block.steps <= step) for block in blocks]
    return [_rows(block, mask) for block, mask in masks if mask.any()]


def onward(blocks: Sequence[Block], first_step: int) -> list[Block]:
    """The same points at steps that count from `first_step`; a step beyond 64 bits stays at the last that fits."""
    bounds = np.iinfo(np.int64)
    low, high = max(bounds.min, bounds.min - first_step), min(bounds.max, bounds.max - first_step)
    return [Block(one.keys, np.clip(one.steps, low, high) + first_step, one.times, one.values) for one in blocks]


def _rows(block: Block, mask: Mask) -> Block:
    return Block(block.keys, block.steps[mask], block.times[mask], np.ascontiguousarray(block.values[:, mask]))
