"""`python -m benchmarks.web`: how long a person waits for the dashboard, in headless Chromium, beside what is promised.

The table is kept in web.json beside this file; of each part it keeps the latest measurement, so that a part can be
measured again by itself. Where TensorBoard and MLflow are installed, their page on the same work stands beside ours.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from playwright.sync_api import Browser

from benchmarks import results, tables, web_peers, web_rows
from benchmarks.figures import Figure, Machine, Measurement
from benchmarks.web_browser import chromium
from benchmarks.web_work import PEER_STEPS, filled_server
from tests.processes import Server

RESULTS = Path(__file__).with_name("web.json")
BACKEND = "sqlite"
BROWSER_PARTS = ("opening", "acting", "live", "table", "many", "memory", "peers")
PARTS = (*BROWSER_PARTS, "sizes")


def main() -> int:
    """Measure what was asked for; 0 also where a goal is missed, since machines differ, and 1 where a part failed."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that every process below is ended
    render = tables.markdown if options.markdown else tables.text
    if options.show:
        print(render(results.read(options.results)))
        return 0
    before = [] if options.quick else results.read(options.results)
    measured: list[Measurement] = []
    failures: list[str] = []
    for one in _measured(options, failures):
        measured.append(one)
        if not options.quick:
            _write(options.results, results.merged(before, measured))
    print(render(measured))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure these parts alone")
    parser.add_argument("--quick", action="store_true", help="once and briefly: to see that it runs; keeps nothing")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--live-minutes", type=float, default=2.0, help="of the growth of memory; 60 is the whole hour")
    parser.add_argument("--markdown", action="store_true", help="print the tables in Markdown")
    parser.add_argument("--show", action="store_true", help="measure nothing, print what was kept")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file to keep it in (default: %(default)s)")
    options = parser.parse_args()
    if options.quick:
        options.repetitions, options.live_minutes = 1, 0.1
    return options


def _measured(options: argparse.Namespace, failures: list[str]) -> Iterator[Measurement]:
    """Each part as soon as it is measured; of one that fails a line is added to `failures`, and the next one begins."""
    wanted = [part for part in PARTS if part in options.only]
    if "sizes" in wanted:
        yield from _taken("sizes", web_rows.sizes, options, failures)
    if not any(part in wanted for part in BROWSER_PARTS):
        return
    print("filling the server…", file=sys.stderr, flush=True)
    steps = 0 if "peers" not in wanted else 1000 if options.quick else PEER_STEPS
    with chromium() as browser, filled_server(peer_steps=steps) as server:
        for part in wanted:
            if part != "sizes":
                yield from _taken(part, _part(part, browser, server, options), options, failures)


def _part(part: str, browser: Browser, server: Server, options: argparse.Namespace) -> Callable[[], list[Figure]]:
    if part == "memory":
        return lambda: web_rows.memory(browser, server, options.live_minutes)
    if part == "peers":
        return lambda: web_peers.figures(
            browser, server, repetitions=min(3, options.repetitions), steps=1000 if options.quick else PEER_STEPS
        )
    measure = {
        "opening": web_rows.opening, "acting": web_rows.acting, "live": web_rows.live,
        "table": web_rows.table, "many": web_rows.many,
    }[part]  # fmt: skip
    return lambda: measure(browser, server, options.repetitions)


def _taken(
    part: str, measure: Callable[[], list[Figure]], options: argparse.Namespace, failures: list[str]
) -> Iterator[Measurement]:
    print(f"measuring {part}…", file=sys.stderr, flush=True)
    words = ["python", "-m", "benchmarks.web", "--only", part]
    words += ["--repetitions", str(options.repetitions)] if options.repetitions != 5 else []
    words += ["--live-minutes", f"{options.live_minutes:g}"] if part == "memory" and options.live_minutes != 2 else []
    machine, begun = Machine(), time.perf_counter()
    try:
        figures = measure()
    except Exception as error:
        traceback.print_exc()
        failures.append(f"{part} could not be measured ({error!r}); try: {shlex.join(words)}")
        return
    yield Measurement(part, BACKEND, shlex.join(words), time.perf_counter() - begun, machine, figures)


def _write(file: Path, measurements: list[Measurement]) -> None:
    document = {"measurements": [one.document() for one in measurements]}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
