"""Which runs a search is about: conditions on the runs table.

Every filter is one SQL condition on `runs`, made here and joined by `and`; whoever adds a kind of filter adds a
condition and touches neither sorting nor paging.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from tracker_server.db import as_stored
from tracker_server.errors import Refused
from tracker_server.runs import Run
from tracker_server.runs.models import ConfigValue, RunTag
from tracker_server.runs.schema import Status
from tracker_server.search.schema import Archived

Condition = sa.ColumnElement[bool]

MAX_WORDS = 10


def of_project(project_id: int) -> Condition:
    """The runs of a project that are not in the trash."""
    return sa.and_(Run.project_id == project_id, Run.deleted_ms.is_(None))


def listed(project_id: int, archived: Archived) -> Condition:
    """Those of a project's runs that a search is about, before it asks for anything else."""
    here = of_project(project_id)
    if archived == "with":
        return here
    return sa.and_(here, Run.archived_ms.is_not(None) if archived == "only" else Run.archived_ms.is_(None))


def matching(text: str, statuses: Sequence[Status], *, lost_before_ms: int) -> list[Condition]:
    """The conditions of a search, none for one that asks for everything.

    A running run that was last heard of before `lost_before_ms` is lost. Raises Refused for too many words.
    """
    words = list(dict.fromkeys(text.split()))
    if len(words) > MAX_WORDS:
        raise Refused(
            "too_many_words", f"a search has at most {MAX_WORDS} words, this one has {len(words)}", field="text"
        )
    conditions = [_has_word(word) for word in words]
    return [*conditions, _has_status(statuses, lost_before_ms)] if statuses else conditions


def _has_word(word: str) -> Condition:
    """The word is part of a name, id, group, tag, note or text of the config, or equals a number of the config."""
    columns = (Run.name, Run.id, Run.group_name, Run.notes)
    places = [_contains(column, word) for column in columns]
    tagged = sa.select(RunTag.run_id).where(_contains(RunTag.tag, word))
    return sa.or_(*places, Run.id.in_(tagged), *(Run.id.in_(ids) for ids in _configured(word)))


def _contains(column: Any, word: str) -> Condition:
    """Whatever the case. Only ASCII is folded, by both databases: the usual spellings of another word are asked for by
    name."""
    spellings = [word] if word.isascii() else dict.fromkeys((word, word.lower(), word.upper(), word.title()))
    return sa.or_(*(_contains_spelling(column, f"%{_escaped(spelling)}%") for spelling in spellings))


def _escaped(word: str) -> str:
    return as_stored(word).replace("/", "//").replace("%", "/%").replace("_", "/_")


def _configured(word: str) -> Iterator[sa.Select[Any]]:
    """The ids of runs with the word in a text of the config, and with the number that it is."""
    yield sa.select(ConfigValue.run_id).where(ConfigValue.text >= "", _contains(ConfigValue.text, word))
    number = _number(word)
    if number is not None:
        yield sa.select(ConfigValue.run_id).where(ConfigValue.number == number)


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _has_status(statuses: Sequence[Status], lost_before_ms: int) -> Condition:
    is_lost = sa.and_(Run.status == "running", Run.heartbeat_ms < lost_before_ms)
    stored = [status for status in statuses if status not in ("running", "lost")]
    conditions: list[Condition] = [Run.status.in_(stored)] if stored else []
    if "lost" in statuses:
        conditions.append(is_lost)
    if "running" in statuses:
        conditions.append(sa.and_(Run.status == "running", Run.heartbeat_ms >= lost_before_ms))
    return sa.or_(*conditions)


class _contains_spelling(sa.sql.functions.FunctionElement[bool]):
    """Whether a text fits a pattern of LIKE whose escapes are slashes, a to z in any case."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(_contains_spelling)
def _contains_in_sqlite(element: _contains_spelling, compiler: Any, **options: Any) -> str:
    text, pattern = (compiler.process(part, **options) for part in element.clauses)
    return f"({text} LIKE {pattern} ESCAPE '/')"


@compiles(_contains_spelling, "postgresql")
def _contains_in_postgresql(element: _contains_spelling, compiler: Any, **options: Any) -> str:
    text, pattern = (compiler.process(part, **options) for part in element.clauses)
    # by bytes, which takes a third of the time of the database's own words for upper and lower case
    return f'(lower({text} COLLATE "C") LIKE lower({pattern} COLLATE "C") ESCAPE \'/\')'
