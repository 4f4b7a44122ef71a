"""`python -m benchmarks`: measure, print the table, write results.json (of `--peers`: peers.json) beside this file."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks import ingesting, logging_cost, peers, reading, sampling
from benchmarks.figures import Figure, Machine, table

RESULTS = Path(__file__).with_name("results.json")
PEER_RESULTS = Path(__file__).with_name("peers.json")
MILLION = 1_000_000
PEER_CALLS = 10_000


def main() -> int:
    """Measure what was asked for; 0 also where a goal is missed, since machines differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller and once: to see that it runs, not for figures")
    parser.add_argument("--only", choices=["log", "sampling", "ingest", "read"], help="measure this alone")
    parser.add_argument("--peers", action="store_true", help="other trackers that are installed, beside ours")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--results", type=Path, help=f"file to write (default: {RESULTS} or {PEER_RESULTS.name})")
    options = parser.parse_args()
    repetitions = 1 if options.quick else max(1, options.repetitions)
    machine = Machine()
    document: dict[str, object] = {"machine": dataclasses.asdict(machine)}
    if options.peers:
        calls = PEER_CALLS // 50 if options.quick else PEER_CALLS
        measured = peers.measure(repetitions=repetitions, calls=calls)
        print(peers.table(measured, calls))
        document |= {"calls": calls, "peers": [dataclasses.asdict(one) for one in measured]}
    else:
        figures = _figures(options.only, quick=options.quick, repetitions=repetitions)
        print(table(figures))
        document["figures"] = [figure.document() for figure in figures]
    print(f"\n{machine.cores} cores, Python {machine.python}, {machine.system}, load {machine.load} before it began")
    results = options.results or (PEER_RESULTS if options.peers else RESULTS)
    results.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    return 0


def _figures(only: str | None, *, quick: bool, repetitions: int) -> list[Figure]:
    figures: list[Figure] = []
    for name, measure in _parts(quick=quick, repetitions=repetitions).items():
        if only in (None, name):
            print(f"measuring {name}…", file=sys.stderr, flush=True)
            figures += measure()
    return figures


def _parts(*, quick: bool, repetitions: int) -> dict[str, Callable[[], list[Figure]]]:
    sizes = [(MILLION, 30.0)] if quick else [(MILLION, 30.0), (10 * MILLION, 150.0)]
    calls = 20_000 if quick else 100_000
    points = MILLION if quick else 10 * MILLION
    return {
        "log": lambda: logging_cost.figures(repetitions=repetitions, calls=calls),
        "sampling": lambda: sampling.figures(repetitions=repetitions, samples=20 if quick else 100),
        "ingest": lambda: ingesting.figures(repetitions=repetitions, points=points),
        "read": lambda: reading.figures(repetitions=max(5, repetitions), sizes=sizes),
    }


if __name__ == "__main__":
    sys.exit(main())
