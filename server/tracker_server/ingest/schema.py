"""What a writer is told."""

from __future__ import annotations

import msgspec

from tracker_server.runs.schema import StopCommand


class Receipt(msgspec.Struct, frozen=True):
    """Everything before `next_seq` is stored for good. `commands` are for the run's process, and come again with every
    answer while they stand."""

    next_seq: int
    commands: list[StopCommand] = []
