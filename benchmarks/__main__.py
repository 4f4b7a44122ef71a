"""`python -m benchmarks`: measure what is promised, print the table, keep it in results.json beside this file.

Of each part and database the file keeps the latest measurement, so a part can be measured again by itself. It is
written after each part, so that an interrupted run has not been in vain. A quick run shows that all parts work and
keeps nothing, unless it is told where.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import (
    comparing,
    growth,
    hosting,
    ingesting,
    live_runs,
    logging_cost,
    peers,
    reading,
    results,
    run_tables,
    sampling,
    serving,
    tables,
    transferring,
    watching,
)
from benchmarks.figures import Figure, Machine, Measurement
from benchmarks.processes import BACKENDS, Backend

RESULTS = Path(__file__).with_name("results.json")
PEER_RESULTS = Path(__file__).with_name("peers.json")
MILLION = 1_000_000
SMALLEST = 10_000
LIVE_S: dict[Backend, int] = {"sqlite": 300, "postgresql": 60}
WITHOUT_DATABASE = ("log", "sampling", "watching", "artifacts", "serving")
"""Parts in which the database has no share: they are measured on SQLite alone."""

Part = Callable[[Backend], list[Figure]]


def main() -> int:
    """Measure what was asked for; 0 also where a goal is missed, since machines differ, and 1 where a part failed."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that every process below is ended
    if options.peers:
        return _peers(options)
    if options.show:
        print(_rendered(results.read(options.results or RESULTS), options))
        return 0
    target = options.results or (None if options.quick else RESULTS)
    before = results.read(target) if target else []
    measured: list[Measurement] = []
    failures: list[str] = []
    for one in _measured(options, failures):
        measured.append(one)
        if target:
            results.write(target, results.merged(before, measured))
    print(_rendered(measured, options))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller and once: to see that it runs, not for figures")
    parser.add_argument(
        "--only", nargs="+", choices=list(_parts(argparse.Namespace())), help="measure these parts alone"
    )
    parser.add_argument("--database", choices=[*BACKENDS, "both"], default="both", help="where the server keeps it")
    parser.add_argument("--growth-to", type=int, default=10 * MILLION, help="points of the largest series and run")
    parser.add_argument("--live-seconds", type=int, help="of a thousand live runs (default: 300, on PostgreSQL 60)")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--peers", action="store_true", help="other trackers that are installed, beside ours")
    parser.add_argument("--markdown", action="store_true", help="print the tables in Markdown")
    parser.add_argument("--show", action="store_true", help="measure nothing, print what was kept")
    parser.add_argument("--results", type=Path, help=f"file to keep it in (default: {RESULTS} or {PEER_RESULTS.name})")
    options = parser.parse_args()
    options.repetitions = 1 if options.quick else max(1, options.repetitions)
    return options


def _rendered(measured: Sequence[Measurement], options: argparse.Namespace) -> str:
    return tables.markdown(measured) if options.markdown else tables.text(measured)


def _measured(options: argparse.Namespace, failures: list[str]) -> Iterator[Measurement]:
    """Each part as soon as it is measured; of one that fails a line is added to `failures`, and the next one begins."""
    for backend in BACKENDS if options.database == "both" else (options.database,):
        for name, measure in _parts(options).items():
            if (options.only and name not in options.only) or (backend != "sqlite" and name in WITHOUT_DATABASE):
                continue
            print(f"measuring {name} on {backend}…", file=sys.stderr, flush=True)
            machine, begun = Machine(), time.perf_counter()
            command = _command(name, backend, options)
            try:
                figures = measure(backend)
            except Exception as error:
                traceback.print_exc()
                failures.append(f"{name} on {backend} could not be measured ({error!r}); try: {command}")
                continue
            figures += growth.slopes(figures)
            yield Measurement(name, backend, command, time.perf_counter() - begun, machine, figures)


def _command(part: str, backend: Backend, options: argparse.Namespace) -> str:
    """What measures this part again as it was measured now."""
    words = ["python", "-m", "benchmarks", "--only", part, "--database", backend]
    words += ["--quick"] if options.quick else []
    words += ["--growth-to", str(options.growth_to)] if options.growth_to != 10 * MILLION else []
    words += ["--live-seconds", str(options.live_seconds)] if options.live_seconds else []
    words += ["--repetitions", str(options.repetitions)] if options.repetitions not in (1, 3) else []
    return shlex.join(words)


def _parts(options: argparse.Namespace) -> dict[str, Part]:
    """What measures each part, with its sizes; a part's name needs no options."""
    return {
        "log": lambda _: logging_cost.figures(
            repetitions=options.repetitions, calls=20_000 if options.quick else 100_000
        ),
        "sampling": lambda _: sampling.figures(
            repetitions=options.repetitions, samples=20 if options.quick else 100
        ),
        "watching": lambda _: watching.figures(
            repetitions=options.repetitions, steps=5 if options.quick else 10, passes=10 if options.quick else 25
        ),
        "server": lambda backend: hosting.figures(repetitions=options.repetitions, backend=backend),
        "ingest": lambda backend: ingesting.figures(
            repetitions=options.repetitions, points=_largest(options), growth_to=_growth_to(options), backend=backend
        ),
        "read": lambda backend: reading.figures(
            repetitions=max(5, options.repetitions), sizes=_sizes(_growth_to(options)), backend=backend
        ),
        "compare": lambda backend: comparing.figures(repetitions=max(5, options.repetitions), backend=backend),
        "runs": lambda backend: run_tables.figures(
            repetitions=max(5, options.repetitions), most=1_000 if options.quick else 100_000, backend=backend
        ),
        "artifacts": lambda _: [
            *transferring.figures(repetitions=options.repetitions, mebibytes=64 if options.quick else 1024),
            *transferring.resumed(mebibytes=128 if options.quick else 1024),
            *transferring.of_small_files(count=2_000 if options.quick else 100_000),
        ],
        "serving": lambda _: serving.figures(
            repetitions=options.repetitions, requests=200 if options.quick else 2_000
        ),
        "live": lambda backend: live_runs.figures(
            seconds=options.live_seconds or (5 if options.quick else LIVE_S[backend]),
            runs=50 if options.quick else live_runs.RUNS,
            backend=backend,
        ),
    }  # fmt: skip


def _largest(options: argparse.Namespace) -> int:
    """Points of the run whose rate is held against its goal."""
    return MILLION if options.quick else 10 * MILLION


def _growth_to(options: argparse.Namespace) -> int:
    return min(MILLION, options.growth_to) if options.quick else int(options.growth_to)


def _sizes(largest: int) -> list[int]:
    """Each power of ten from the smallest to the largest."""
    sizes = [SMALLEST]
    while sizes[-1] * 10 <= largest:
        sizes.append(sizes[-1] * 10)
    return sizes


def _peers(options: argparse.Namespace) -> int:
    target = options.results or (None if options.quick else PEER_RESULTS)
    if options.show:
        comparison = peers.read(options.results or PEER_RESULTS)
    else:
        comparison = peers.compare(repetitions=options.repetitions, is_quick=options.quick)
        if target:
            peers.write(target, comparison)
    print(peers.rendered(comparison, in_markdown=options.markdown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
