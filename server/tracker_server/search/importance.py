"""Which config keys explain a metric over the runs of a project. The reckoning is in `forest.py`.

What always holds: at most one is reckoned at a time in a process, over at most 5,000 runs and 60 keys, which takes
seconds and some tens of megabytes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from sqlalchemy.orm import Session

from tracker_server.errors import Overloaded
from tracker_server.metrics.columns import Floats, Mask
from tracker_server.search import forest, keys, run_columns
from tracker_server.search.run_columns import CONFIG, Column
from tracker_server.search.run_columns_schema import (
    MOST_RUNS,
    Caution,
    Importance,
    ImportanceRequest,
    KeyImportance,
    RunColumnsRequest,
)
from tracker_server.search.schema import ConfigKey, KeysQuery

MOST_KEYS = 60
FEWEST_RUNS = 5
"""With fewer there is nothing to fit."""

ENOUGH_RUNS = 20
WAIT_S = 30.0

_turn = threading.Lock()


def explain(
    session: Session, project: str, wanted: ImportanceRequest, *, now_ms: int, lost_after_ms: int
) -> Importance:
    """Raises NotFound for an unknown project, Refused for a filter that is none, Overloaded where others wait for long,
    Unavailable without scikit-learn."""
    chosen, left_out = _keys(session, project, wanted)
    target = f"metrics.{wanted.metric}.{wanted.statistic}"
    request = RunColumnsRequest(
        [target, *(CONFIG + key for key in chosen)], wanted.runs, wanted.text, wanted.status, wanted.filter,
        wanted.archived, MOST_RUNS,
    )  # fmt: skip
    found = run_columns.read(session, project, request, now_ms=now_ms, lost_after_ms=lost_after_ms)
    metric, *columns = found.columns
    has_value = np.isfinite(metric.numbers)
    numbers = metric.numbers[has_value]
    varying = [column for column in (_of_runs(column, has_value) for column in columns) if _value_count(column) > 1]
    warnings = _warnings(numbers, left_out)
    r2, weighed = _weighed(varying, numbers) if varying and not _is_hopeless(warnings) else (None, [])
    if r2 is not None and r2 <= 0:
        warnings.append("explains_nothing")
    return Importance(
        keys=sorted(weighed, key=lambda one: -one.importance),
        r2=r2,
        run_count=len(numbers),
        read_count=len(found.rows),
        matched=found.matched,
        constant_keys=len(columns) - len(varying),
        left_out_keys=left_out,
        warnings=warnings,
        trees=forest.TREES,
        repeats=forest.REPEATS,
    )


def _keys(session: Session, project: str, wanted: ImportanceRequest) -> tuple[list[str], int]:
    """The keys to look at, without "config.", and how many there are more."""
    if wanted.keys is not None:
        return list(dict.fromkeys(key.removeprefix(CONFIG) for key in wanted.keys)), 0
    known = keys.of_project(session, project, KeysQuery(kind="config"))
    counted = known.counted_config_runs

    def differs(key: ConfigKey) -> bool:
        return key.value_count > 1 or key.run_count < counted

    by_use = sorted(known.config, key=lambda key: (not differs(key), -key.run_count, key.key))
    return [key.key for key in by_use[:MOST_KEYS]], max(0, len(by_use) - MOST_KEYS)


def _of_runs(column: Column, which: Mask) -> Column:
    return Column(column.key, column.numbers[which], column.codes[which], column.texts)


def _value_count(column: Column) -> int:
    """Different values; being missing is one too."""
    is_number, is_text = ~np.isnan(column.numbers), column.codes >= 0
    is_missing = ~is_number & ~is_text
    return len(np.unique(column.numbers[is_number])) + len(np.unique(column.codes[is_text])) + int(is_missing.any())


def _warnings(numbers: Floats, left_out: int) -> list[Caution]:
    warnings: list[Caution] = []
    if len(numbers) < FEWEST_RUNS:
        warnings.append("too_few_runs")
    elif len(numbers) < ENOUGH_RUNS:
        warnings.append("few_runs")
    if len(numbers) >= FEWEST_RUNS and numbers.min() == numbers.max():
        warnings.append("same_everywhere")
    return [*warnings, "keys_left_out"] if left_out else warnings


def _is_hopeless(warnings: Sequence[Caution]) -> bool:
    return "too_few_runs" in warnings or "same_everywhere" in warnings


def _weighed(columns: Sequence[Column], numbers: Floats) -> tuple[float, list[KeyImportance]]:
    if not _turn.acquire(timeout=WAIT_S):
        raise Overloaded("busy", "another importance is being reckoned; try again in a moment", retry_after_s=5)
    try:
        explained = forest.explain([forest.Values(column.numbers, column.codes) for column in columns], numbers)
    finally:
        _turn.release()
    weighed = [
        KeyImportance(
            key=column.key.removeprefix(CONFIG),
            importance=weight.importance,
            spread=weight.spread,
            direction=forest.rank_correlation(column.numbers, numbers),
            run_count=int((~np.isnan(column.numbers) | (column.codes >= 0)).sum()),
            value_count=_value_count(column),
        )
        for column, weight in zip(columns, explained.weights, strict=True)
    ]
    return explained.r2, weighed
