"""Where a run's records go: into its journal, or into what stands in the place of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tracker.notices import notice
from tracker.records import Record, RunFinished


class Appender(Protocol):
    """Where records go. `append` says whether the record was kept."""

    def append(self, record: Record) -> bool: ...


class Nowhere:
    """Stands where the journal would be in a run that is disabled."""

    def append(self, record: Record) -> bool:
        return False


class AfterTheEnd:
    """Stands where the journal was in a run that is over; says once that nothing is kept any more."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._has_said_so = False

    def append(self, record: Record) -> bool:
        if not self._has_said_so:
            self._has_said_so = True
            notice(f"run {self._run_id} is over; what is logged to it now is not kept. Start another: tracker.init()")
        return False


class FirstRecordOfChild:
    """Stands where a journal would until a forked child has something to say; most never do."""

    def __init__(self, open_journal: Callable[[], Appender]) -> None:
        self._open = open_journal

    def append(self, record: Record) -> bool:
        if isinstance(record, RunFinished):
            return False
        return self._open().append(record)
