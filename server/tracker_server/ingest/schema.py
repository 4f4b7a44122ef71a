"""What a writer is told."""

from __future__ import annotations

import msgspec

from tracker_server.runs.schema import StopCommand


class Receipt(msgspec.Struct, frozen=True):
    """Everything before `next_seq` is stored for good. `commands` are for the run's process, and come again with every
    answer while they stand. `flush_after_ms` is for how long the next records should be gathered, where that is longer
    than usual.
    """

    next_seq: int
    commands: list[StopCommand] = []
    flush_after_ms: int | msgspec.UnsetType = msgspec.UNSET
