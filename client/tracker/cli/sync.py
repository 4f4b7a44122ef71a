"""`tracker sync [PATH…]`: send what journals hold to the server, with the same delivery that a live run uses.

What always holds: it may be run again at any time and stores nothing twice. A journal that is stored whole, and whose
process has ended, is removed where it lies in the client's own folder; a damaged one is set aside there, once it has
given what it can; a file that somebody keeps elsewhere stays as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import msgspec

from tracker import journal, settings
from tracker.delivery import Delivery
from tracker.errors import RefusedError, TransportError
from tracker.journal_reader import JournalReader
from tracker.sender import backoff_s
from tracker.transport import Transport


class Outcome(msgspec.Struct, frozen=True):
    """What became of one journal. `record_count` is how many it should hold, `stored_count` how many the server has."""

    stored_count: int
    record_count: int
    skipped: str = ""


def sync(arguments: list[str]) -> int:
    """Run `tracker sync`."""
    parser = argparse.ArgumentParser(
        prog="tracker sync",
        description="Send journals to the server. Exit status: 0 all stored, 1 something is not, 2 used wrongly.",
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="a journal or a folder of them")
    parser.add_argument("--url", help="the server's address (default: TRACKER_URL, the settings file, this machine)")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="give up after S seconds of failures")
    parsed = parser.parse_args(arguments)
    try:
        chosen = settings.load(url=parsed.url)
    except ValueError as error:
        print(f"tracker: {error}", file=sys.stderr)
        return 2
    missing = [path for path in parsed.paths if not path.exists()]
    for path in missing:
        print(f"tracker: there is nothing at {path}; a journal is removed once it is all stored", file=sys.stderr)
    paths = [path for given in parsed.paths or [chosen.journals] for path in _journals(given)]
    transport = Transport(chosen.url, chosen.api_key)
    outcomes = [_send(path, transport, chosen.journals, timeout_s=parsed.timeout) for path in paths]
    transport.close()
    return _report(paths, outcomes) if not missing else max(1, _report(paths, outcomes))


def _journals(given: Path) -> list[Path]:
    if given.is_dir():
        return list(journal.find(given))
    return [given] if given.exists() else []


def _send(path: Path, transport: Transport, journals: Path, *, timeout_s: float) -> Outcome:
    is_ours = journals.resolve() in path.resolve().parents
    is_live = journal.is_live(path)  # asked before reading, so that a writer that ends meanwhile is left for next time
    with JournalReader(path) as reader:
        delivery = Delivery(reader, transport, may_delete=is_ours and not is_live)
        try:
            _deliver(delivery, timeout_s)
        except (TransportError, RefusedError) as error:
            known = _record_count(path)
            return Outcome(min(delivery.acked_seq, known), known, f"{error}")
        stored = reader.next_seq - reader.missing_count
        is_torn = reader.tail_bytes > 0 and not is_live
    damage = _damage(reader.missing_count, is_torn)
    if is_ours and not is_live:
        if damage:
            damage += f"; what is left of the file is kept as {journal.set_aside(path)}"
        else:
            journal.remove(path)
    return Outcome(stored, reader.next_seq + is_torn, damage)


def _deliver(delivery: Delivery, timeout_s: float) -> None:
    """Send everything; TransportError when nothing has succeeded for `timeout_s`."""
    failures = 0
    failing_since = time.monotonic()
    has_asked = False
    while True:
        try:
            if not has_asked:
                delivery.ask()
                has_asked = True
            if not delivery.step():
                return
            failures, failing_since = 0, time.monotonic()
        except TransportError as error:
            failures += 1
            delay_s = backoff_s(failures, error.retry_after_s)
            if time.monotonic() + delay_s - failing_since > timeout_s:
                raise
            time.sleep(delay_s)


def _record_count(path: Path) -> int:
    with JournalReader(path) as reader:
        while reader.read() is not None:
            pass
        return reader.next_seq


def _damage(missing_count: int, is_torn: bool) -> str:
    parts = []
    if missing_count:
        parts.append(f"{missing_count} records are damaged and cannot be read")
    if is_torn:
        parts.append("the last one was cut off")
    return " and ".join(parts)


def _report(paths: list[Path], outcomes: list[Outcome]) -> int:
    for path, outcome in zip(paths, outcomes, strict=True):
        if outcome.skipped:
            print(
                f"tracker: {path}: {outcome.stored_count} of {outcome.record_count} stored; {outcome.skipped}",
                file=sys.stderr,
            )
    stored = sum(outcome.stored_count for outcome in outcomes)
    expected = sum(outcome.record_count for outcome in outcomes)
    print(f"{stored} of {expected} records stored")
    return 1 if any(outcome.skipped for outcome in outcomes) else 0
