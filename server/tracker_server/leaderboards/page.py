"""A leaderboard as one HTML file: no script, nothing loaded, nothing that is not escaped."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from tracker_server.leaderboards.schema import BoardRow, Leaderboard, ProgressStep, Refusal, Standing

MINUS: Final = "\u2212"
_WIDTH: Final = 640.0
_HEIGHT: Final = 160.0

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --quiet: #6b6b6b; --best: #0a6ebd; }
@media (prefers-color-scheme: dark) { :root { --quiet: #a5a5a5; --best: #6cb6f5; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
p, small, caption { color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .6rem; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
caption { text-align: left; }
svg { display: block; height: auto; max-width: 100%; }
path { fill: none; stroke: var(--best); stroke-width: 2; }
"""


def page(board: Leaderboard, standing: Standing, *, exported_ms: int, root: str) -> str:
    """The whole page. `root` is the server's address, which its links go to."""
    asked = board.definition
    better = "higher is better" if standing.goal == "max" else "lower is better"
    data = f"on {asked.data}" if asked.data is not None else "on whatever data"
    count = f"{standing.row_count} {'versions' if asked.rows == 'model' else 'families of runs'}"
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{_text(board.name)}</title><style>{_STYLE}</style></head><body><main>",
            f"<h1>{_text(board.name)}</h1>",
            f"<p>{_text(asked.task)} · {_text(asked.metric)}, {better} · {_text(data)} · {count} · as of "
            f"{_time(exported_ms)}</p>",
            *_table(board, standing, root),
            *_progress(standing.progress, asked.metric),
            *_refused(standing),
            "</main></body></html>\n",
        ]
    )


def _table(board: Leaderboard, standing: Standing, root: str) -> Iterator[str]:
    asked = board.definition
    if not standing.rows:
        yield "<p>Nothing counts yet.</p>"
        return
    more = [name for name in (asked.size_metric, asked.time_metric) if name is not None]
    heads = [("Rank", True), ("Model" if asked.rows == "model" else "Family", False), (asked.metric, True),
             ("Runs", True), *((name, True) for name in more), ("Time", True), ("GPU time", True), ("Size", True),
             ("When", True)]  # fmt: skip
    yield '<div class="wide"><table><caption>The mean over runs ± their standard deviation</caption><thead><tr>'
    yield from (_cell("th", _text(head), is_number=is_number) for head, is_number in heads)
    yield "</tr></thead><tbody>"
    for row in standing.rows:
        numbers = [_number(value) for name, value in ((asked.size_metric, row.size), (asked.time_metric, row.time))
                   if name is not None]  # fmt: skip
        cells = [_score(row), str(row.run_count), *numbers, _duration(row.duration_ms), _duration(row.gpu_ms),
                 _size(row.size_bytes), _time(row.time_ms)]  # fmt: skip
        yield f"<tr>{_cell('td', str(row.rank), is_number=True)}<td>{_named(row, board.project, root)}</td>"
        yield from (_cell("td", _text(cell), is_number=True) for cell in cells)
        yield "</tr>"
    yield "</tbody></table></div>"
    if standing.row_count > len(standing.rows):
        yield f"<p>The first {len(standing.rows)} of {standing.row_count}.</p>"


def _named(row: BoardRow, project: str, root: str) -> str:
    if row.model is not None:
        address = f"{root}models/{quote(row.model, safe='')}/{row.version}"
    else:
        address = f"{root}p/{quote(project, safe='')}/runs/{quote(row.runs[0].id, safe='')}"
    said = ", ".join([*row.aliases, *(f"{key} = {value}" for key, value in row.config.items())])
    quiet = f"<br><small>{_text(said)}</small>" if said else ""
    return f'<a href="{_text(address)}">{_text(row.label)}</a>{quiet}'


def _progress(steps: Sequence[ProgressStep], metric: str) -> Iterator[str]:
    if not steps:
        return
    yield "<h2>Best so far</h2>"
    if len(steps) > 1:
        yield _chart(steps, metric)
    yield "<ol>"
    for step in steps:
        yield f"<li>{_number(step.score)}: {_text(step.label)}, {_time(step.time_ms)}</li>"
    yield "</ol>"


def _chart(steps: Sequence[ProgressStep], metric: str) -> str:
    """The steps as a line: across until a better one came, then up or down to it."""
    first_ms, last_ms = steps[0].time_ms, steps[-1].time_ms
    low, high = min(step.score for step in steps), max(step.score for step in steps)
    words: list[str] = []
    for step in steps:
        x = (step.time_ms - first_ms) / max(1, last_ms - first_ms) * (_WIDTH - 8) + 4
        part = step.score / 2 - low / 2, high / 2 - low / 2  # halves: the whole may be beyond the floats
        y = _HEIGHT - 4 - (part[0] / part[1] if part[1] else 0.5) * (_HEIGHT - 8)
        words.append(f"M{x:.1f} {y:.1f}" if not words else f"H{x:.1f}V{y:.1f}")
    told = _text(f"{metric}, best so far: from {_number(steps[0].score)} to {_number(steps[-1].score)}")
    return (
        f'<svg role="img" aria-label="{told}" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" width="{_WIDTH:g}">'
        f'<path d="{"".join(words)}H{_WIDTH - 4:g}"/></svg>'
    )


def _refused(standing: Standing) -> Iterator[str]:
    if not standing.refused:
        return
    told = f"the first {len(standing.refused)} of " if standing.refused_count > len(standing.refused) else ""
    yield f"<h2>What does not count</h2><details><summary>{told}{standing.refused_count} with reasons</summary><ul>"
    yield from (_refusal(one) for one in standing.refused)
    yield "</ul></details>"


def _refusal(one: Refusal) -> str:
    return f"<li>{_text(one.label)}: {_text(one.reason)}</li>"


def _cell(tag: str, content: str, *, is_number: bool) -> str:
    return f'<{tag} class="number">{content}</{tag}>' if is_number else f"<{tag}>{content}</{tag}>"


def _text(words: str) -> str:
    return html.escape(words, quote=True)


def _score(row: BoardRow) -> str:
    return _number(row.score) if row.spread is None else f"{_number(row.score)} ± {_number(row.spread)}"


def _number(value: float | None) -> str:
    return f"{value:.5g}".replace("-", MINUS) if value is not None else ""


def _duration(ms: int | None) -> str:
    if ms is None:
        return ""
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{ms / 1000:.3g} s"


def _size(size_bytes: int | None) -> str:
    if size_bytes is None:
        return ""
    amount = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.4g} {unit}"
        amount /= 1000
    return f"{amount:.4g} TB"


def _time(ms: int) -> str:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):  # a client's clock may say anything
        return "?"
