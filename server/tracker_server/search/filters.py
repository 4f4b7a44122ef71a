"""Which runs a search is about: conditions on the runs table.

Every filter is one SQL condition on `runs`, made here and joined by `and`; whoever adds a kind of filter adds a
condition and touches neither sorting nor paging.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from tracker_server.errors import Refused
from tracker_server.runs import Run
from tracker_server.runs.models import ConfigValue, RunTag
from tracker_server.runs.schema import Status

Condition = sa.ColumnElement[bool]

MAX_WORDS = 10


def of_project(project_id: int) -> Condition:
    """The runs of a project that are not in the trash."""
    return sa.and_(Run.project_id == project_id, Run.deleted_ms.is_(None))


def matching(text: str, statuses: Sequence[Status], *, lost_before_ms: int) -> list[Condition]:
    """The conditions of a search, none for one that asks for everything.

    A running run that was last heard of before `lost_before_ms` is lost. Raises Refused for too many words.
    """
    words = list(dict.fromkeys(text.split()))
    if len(words) > MAX_WORDS:
        raise Refused(
            "too_many_words", f"a search has at most {MAX_WORDS} words, this one has {len(words)}", field="text"
        )
    keys = _config_keys()
    conditions = [_has_word(word, keys) for word in words]
    return [*conditions, _has_status(statuses, lost_before_ms)] if statuses else conditions


def _has_word(word: str, keys: sa.CTE) -> Condition:
    """The word is part of a name, id, group, tag, note or text of the config, or equals a number of the config."""
    columns = (Run.name, Run.id, Run.group_name, Run.notes)
    tagged = sa.select(RunTag.run_id).where(_contains(RunTag.tag, word))
    places = [_contains(column, word) for column in columns]
    return sa.or_(*places, Run.id.in_(tagged), *(Run.id.in_(ids) for ids in _configured(word, keys)))


def _contains(column: Any, word: str) -> Condition:
    """Whatever the case. SQLite folds only ASCII, and so does PostgreSQL in its C locale: the usual spellings of
    another word are asked for by name."""
    spellings = [word] if word.isascii() else dict.fromkeys((word, word.lower(), word.upper(), word.title()))
    return sa.or_(*(column.icontains(spelling, autoescape=True) for spelling in spellings))


def _configured(word: str, keys: sa.CTE) -> Iterator[sa.Select[Any]]:
    """The ids of runs with the word in a text of the config, and with the number that it is.

    Both follow an index from key to key: that of texts has an entry for every number too, and skips them so.
    """
    values = sa.select(ConfigValue.run_id).join(keys, keys.c.key == ConfigValue.key)
    yield values.where(ConfigValue.text >= "", _contains(ConfigValue.text, word))
    number = _number(word)
    if number is not None:
        yield values.where(ConfigValue.number == number)


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _config_keys() -> sa.CTE:
    """Every config key, found by steps through the index from one key to the next."""
    first = sa.select(sa.func.min(ConfigValue.key).label("key")).cte("config_keys", recursive=True)
    following = sa.select(sa.func.min(ConfigValue.key)).where(ConfigValue.key > first.c.key).scalar_subquery()
    return first.union_all(sa.select(following).where(first.c.key.is_not(None)))


def _has_status(statuses: Sequence[Status], lost_before_ms: int) -> Condition:
    is_lost = sa.and_(Run.status == "running", Run.heartbeat_ms < lost_before_ms)
    stored = [status for status in statuses if status not in ("running", "lost")]
    conditions: list[Condition] = [Run.status.in_(stored)] if stored else []
    if "lost" in statuses:
        conditions.append(is_lost)
    if "running" in statuses:
        conditions.append(sa.and_(Run.status == "running", Run.heartbeat_ms >= lost_before_ms))
    return sa.or_(*conditions)
