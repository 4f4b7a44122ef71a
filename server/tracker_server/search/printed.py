"""Looking for lines among all that a run printed.

What always holds: a search looks at a bounded number of lines and says where it stopped, so that the one who asks goes
on from there; and a pattern takes time in proportion to the lines, whatever it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.errors import Refused
from tracker_server.runs.schema import ConsoleFound, ConsoleSearch
from tracker_server.search.patterns import BadPattern, Pattern, literal

LINES_AT_ONCE: Final = 100_000


def look(
    open_session: Callable[[], Session], run: runs.Run, query: ConsoleSearch, *, most: int = LINES_AT_ONCE
) -> ConsoleFound:
    """The numbers of the lines that fit, of the `most` lines from where the query starts. Raises Refused for a pattern
    that is none."""
    pattern = _pattern(query)
    end = min(run.console_lines, query.start + most)
    lines = runs.console_lines(open_session, run.id, query.start, end, label=query.label)
    found = [
        line.number
        for line in lines
        if (query.stream is None or line.stream == query.stream)
        and (pattern is None or pattern.is_in(runs.plain_line(line.text)))
    ]
    return ConsoleFound(found, max(query.start, end), is_all=end >= run.console_lines)


def _pattern(query: ConsoleSearch) -> Pattern | None:
    if query.q == "":
        return None
    try:
        return Pattern(f"(?i){query.q if query.regex else literal(query.q)}")
    except BadPattern as error:
        raise Refused("bad_pattern", str(error), field="q") from error
