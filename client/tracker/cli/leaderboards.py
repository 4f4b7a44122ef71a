"""`tracker leaderboard`: a project's leaderboards, and who stands where on one, from a shell."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli import asking
from tracker.cli.output import local_time, number, plain, print_json, print_table, size

if TYPE_CHECKING:
    from tracker.query import Api
    from tracker.query.leaderboards import BoardRow, Leaderboard, Standing

_GOALS = {"min": "lower is better", "max": "higher is better"}
_REASONS_SHOWN = 10


def leaderboard(arguments: list[str]) -> int:
    """Run `tracker leaderboard`."""
    parser = asking.parser(
        "leaderboard", "List the leaderboards of a project, or say who stands where on one.",
        'With --json: {"leaderboards": […]}, or {"format", "exported_ms", "leaderboard", "standing"}.',
    )  # fmt: skip
    parser.add_argument("project", metavar="PROJECT", help="the project")
    parser.add_argument("name", nargs="?", metavar="NAME", help="the leaderboard")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as a page that stands by itself")
    parsed = parser.parse_args(arguments)
    if parsed.html is not None and parsed.name is None:
        parser.error("--html is about one leaderboard; name it")
    return asking.asked(parsed.url, lambda api: _run(api, parsed))


def _run(api: Api, parsed: argparse.Namespace) -> int:
    if parsed.name is None:
        return _list(api.leaderboards(parsed.project), parsed.json)
    board = api.leaderboard(parsed.project, parsed.name)
    if parsed.html is not None:
        try:
            board.save_page(parsed.html)
        except OSError as error:
            return asking.complaint(f"{error.filename}: {error.strerror}", asking.NOT_DONE)
    if parsed.json:
        print_json(board.export())
    elif parsed.html is not None:
        print(plain(str(parsed.html)))
    else:
        _show(board, board.standing())
    return asking.DONE


def _list(found: list[Leaderboard], is_json: bool) -> int:
    if is_json:
        print_json({"leaderboards": [board.as_dict() for board in found]})
        return asking.DONE
    rows = [
        [board.name, asked.task, asked.metric, _GOALS.get(asked.goal or "", ""), asked.data or "", asked.rows]
        for board in found
        for asked in [board.definition]
    ]
    print_table(["NAME", "TASK", "METRIC", "GOAL", "DATA", "ROWS"], rows)
    return asking.DONE


def _show(board: Leaderboard, standing: Standing) -> None:
    asked = board.definition
    print(plain(f"{board.name}: {asked.task}, {asked.metric}, {_GOALS[standing.goal]}, on {asked.data or 'any data'}"))
    print(board.url)
    print()
    kind = "MODEL" if asked.rows == "model" else "FAMILY"
    heads = ["RANK", kind, "SCORE", "±", "RUNS", "TIME", "GPU TIME", "SIZE", "WHEN"]
    print_table(heads, [_cells(row) for row in standing.rows], right=[0, 2, 3, 4, 5, 6, 7])
    if standing.row_count > len(standing.rows):
        print(f"the first {len(standing.rows)} of {standing.row_count}")
    if standing.refused:
        print()
        print(f"{standing.refused_count} do not count:")
        for one in standing.refused[:_REASONS_SHOWN]:
            print(plain(f"  {one.label}: {one.reason}"))
        if standing.refused_count > _REASONS_SHOWN:
            print(f"  and {standing.refused_count - _REASONS_SHOWN} more; --json has the first of them")


def _cells(row: BoardRow) -> list[str]:
    from tracker.query.answers import moment

    said = ", ".join([*row.aliases, *(f"{key}={value}" for key, value in row.config.items())])
    return [
        str(row.rank),
        f"{row.label} ({said})" if said else row.label,
        number(row.score),
        number(row.spread),
        str(row.run_count),
        _duration(row.duration_ms),
        _duration(row.gpu_ms),
        "" if row.size_bytes is None else size(row.size_bytes),
        local_time(moment(row.time_ms)),
    ]


def _duration(ms: int | None) -> str:
    if ms is None:
        return ""
    hours, seconds = divmod(round(ms / 1000), 3600)
    return f"{hours}:{seconds // 60:02}:{seconds % 60:02}"
