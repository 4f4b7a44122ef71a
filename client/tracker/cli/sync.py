"""`tracker sync [PATH…]`: send what journals hold to the server, with the same delivery that a live run uses.

What always holds: it may be run again at any time and stores nothing twice. A journal that is stored whole, and whose
process has ended, is removed where it lies in the client's own folder; a damaged one is set aside there, once it has
given what it can; a file that somebody keeps elsewhere stays as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tracker import journal_files, settings
from tracker.delivery import Delivery
from tracker.errors import RefusedError, TransportError
from tracker.journal_reader import BATCH_BYTES, JournalReader
from tracker.sender import FLUSH_S, HEARTBEAT_S, backoff_s, remedy, sync_command
from tracker.transport import Transport

_STATUSES = """\
exit status:
  0    everything is stored
  1    something is not; each journal concerned is named on standard error
  2    used wrongly
  130  interrupted; what was stored stays stored, and the rest is sent by the next call

It may be run at any time, also while the run goes on, and stores nothing twice. Journals of the client's own folder are
removed once all of them is stored and their process has ended. One JSON object is printed with --json:
{"journals": [{"path", "run", "stored", "total", "skipped"}], "stored", "total"}, where an empty "skipped" is none."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one journal: how many records the server has of how many it should hold, and why not all."""

    path: str
    run: str
    stored: int
    total: int
    skipped: str = ""


def sync(arguments: list[str]) -> int:
    """Run `tracker sync`."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.resume and not parsed.paths:
        parser.error("--resume needs the PATH of the journal that it is meant for")
    try:
        chosen = settings.load(url=parsed.url)
    except ValueError as error:
        print(f"tracker: {error}", file=sys.stderr)
        return 2
    transport = Transport(chosen.url, chosen.api_key)
    shipments = _Shipments(transport, chosen.journals, timeout_s=parsed.timeout, resume=parsed.resume)
    is_interrupted = False
    try:
        shipments.send(parsed.paths or [chosen.journals], follow=parsed.follow)
    except KeyboardInterrupt:
        is_interrupted = True
    transport.close()
    _report(shipments.outcomes, as_json=parsed.json)
    if is_interrupted:
        print("tracker: interrupted; run it again to send the rest", file=sys.stderr)
        return 130
    return 1 if any(outcome.skipped for outcome in shipments.outcomes) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tracker sync",
        description="Send journals that were kept on this machine to the server.",
        epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="a journal or a folder of them (default: all of this user)"
    )
    parser.add_argument("--follow", action="store_true", help="go on until the processes that write them have ended")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")
    parser.add_argument(
        "--resume", choices=["allow"], help="add the records to a run that is there, or start it, whatever it asked for"
    )
    parser.add_argument("--url", help="the server's address (default: TRACKER_URL, the settings file, this machine)")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="give up after S seconds of failures")
    return parser


class _Shipments:
    """All journals of one call, and their `outcomes` as they become known."""

    def __init__(self, transport: Transport, journals: Path, *, timeout_s: float, resume: str | None) -> None:
        self._transport = transport
        self._journals = journals
        self._timeout_s = timeout_s
        self._resume = resume
        self._is_away = False
        self._seen: set[Path] = set()
        self.outcomes: list[Outcome] = []

    def send(self, given: Sequence[Path], *, follow: bool) -> None:
        """Send the journals at and below the given paths; those that are written now until they are not, if `follow`.

        A journal that comes into a given folder meanwhile is sent too.
        """
        self._note_absent(given)
        following: list[_Shipment] = []
        while True:
            following = [shipment for shipment in following if self._goes_on(shipment, follow=follow)]
            for path in self._new(given):
                shipment = self._load(path)
                if shipment is not None and self._goes_on(shipment, follow=follow):
                    following.append(shipment)
            if not following:
                return
            time.sleep(FLUSH_S)

    def _note_absent(self, given: Sequence[Path]) -> None:
        for path in given:
            if not path.exists() and path != self._journals:
                reason = "there is nothing at this path; a journal is removed once it is all stored"
                self.outcomes.append(Outcome(str(path), path.parent.name, 0, 0, reason))

    def _new(self, given: Sequence[Path]) -> Iterator[Path]:
        """The journals that have not been seen yet, however often and by whatever path they are given."""
        for place in given:
            found = journal_files.find(place) if place.is_dir() else [place] if place.exists() else []
            for path in found:
                real = path.resolve()
                if real not in self._seen:
                    self._seen.add(real)
                    yield path

    def _load(self, path: Path) -> _Shipment | None:
        is_ours = self._journals.resolve() in path.resolve().parents
        try:
            return _Shipment(path, self._transport, is_ours=is_ours, resume=self._resume)
        except FileNotFoundError:  # stored and removed by another process meanwhile
            return None
        except OSError as error:
            self.outcomes.append(Outcome(str(path), path.parent.name, 0, 0, f"it cannot be read: {error}"))
            return None

    def _goes_on(self, shipment: _Shipment, *, follow: bool) -> bool:
        """Send what the journal has; whether there may be more later. Otherwise, its outcome is noted."""
        try:
            is_written_on = shipment.send(0.0 if self._is_away else self._timeout_s)
            self._is_away = False
            if is_written_on and follow:
                return True
            outcome = shipment.settled(is_written_on)
        except (TransportError, RefusedError, OSError) as error:
            self._is_away = isinstance(error, TransportError)  # it has been waited for; the other journals try once
            outcome = shipment.failed(error)
        self.outcomes.append(outcome)
        return False


class _Shipment:
    """One journal on its way. Raises OSError where it cannot be read."""

    def __init__(self, path: Path, transport: Transport, *, is_ours: bool, resume: str | None) -> None:
        self._path = path
        self._is_ours = is_ours
        self._has_asked = path.stat().st_size <= BATCH_BYTES  # less than asking is worth: it is sent in one request
        self._reader = JournalReader(path)
        may_delete = is_ours and not journal_files.is_live(path)
        self._delivery = Delivery(
            self._reader, transport, may_delete=may_delete, resume=resume, is_waited_for=lambda: True
        )
        self._spoke_at = time.monotonic()

    def send(self, timeout_s: float) -> bool:
        """Send all there is now; whether its process goes on writing. TransportError after `timeout_s` of failures."""
        is_live = journal_files.is_live(self._path)  # asked before reading, so that no last record is missed
        failures = 0
        failing_since = time.monotonic()
        while True:
            try:
                if not self._step(is_live):
                    return is_live
                failures, failing_since = 0, time.monotonic()
            except TransportError as error:
                failures += 1
                delay_s = backoff_s(failures, error.retry_after_s)
                if time.monotonic() + delay_s - failing_since > timeout_s:
                    raise
                time.sleep(delay_s)

    def _step(self, is_live: bool) -> bool:
        """Send one batch, or a sign of life for a process that has nothing to say; whether there may be more."""
        if not self._has_asked:
            self._delivery.ask()
            self._has_asked = True
        has_sent = self._delivery.step()
        if not has_sent and is_live and time.monotonic() - self._spoke_at >= HEARTBEAT_S:
            self._delivery.ask()
            self._spoke_at = time.monotonic()
        if has_sent:
            self._spoke_at = time.monotonic()
        return has_sent

    def settled(self, is_live: bool) -> Outcome:
        """All that can be sent is stored: clear up behind it."""
        reader = self._reader
        is_torn = reader.tail_bytes > 0 and not is_live
        total = reader.next_seq + is_torn
        unstored_count, absent_count = self._delivery.unstored_count, self._delivery.absent_count
        stored = reader.next_seq - reader.missing_count - unstored_count - absent_count
        skipped = _damage(reader.missing_count, unstored_count, absent_count, reader.tail_bytes if is_torn else 0)
        reader.close()
        if self._is_ours and not is_live:
            if not skipped:
                journal_files.remove(self._path)
            elif self._path.exists():
                skipped += f"; what is left of the file is kept as {journal_files.set_aside(self._path)}"
        return self._outcome(stored, total, skipped)

    def failed(self, error: Exception) -> Outcome:
        """It is not all stored, and stays as it is."""
        self._reader.close()
        total = _record_count(self._path)
        skipped = str(error)
        if isinstance(error, RefusedError):
            skipped += f" ({error.code}). {remedy(error.code)}"
        if isinstance(error, RefusedError) and error.code in ("run_exists", "run_missing"):
            skipped += f" To do so: {sync_command(error.code, self._path)}"
        return self._outcome(min(self._delivery.acked_seq, total), total, skipped)

    def _outcome(self, stored: int, total: int, skipped: str) -> Outcome:
        return Outcome(str(self._path), self._path.parent.name, stored, total, skipped)


def _record_count(path: Path) -> int:
    try:
        with JournalReader(path) as reader:
            while reader.read() is not None:
                pass
            return reader.next_seq
    except OSError:
        return 0


def _damage(missing_count: int, unstored_count: int, absent_count: int, tail_bytes: int) -> str:
    parts = []
    if missing_count:
        parts.append(f"{missing_count} records are damaged and cannot be read")
    if unstored_count:
        parts.append(f"{unstored_count} records are no longer in the file, because another server has stored them")
    if absent_count:
        parts.append(f"{absent_count} records name files that are no longer beside the journal")
    if tail_bytes:
        parts.append(f"the last {tail_bytes} bytes are no whole record, cut off or damaged")
    return " and ".join(parts)


def _report(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    stored = sum(outcome.stored for outcome in outcomes)
    total = sum(outcome.total for outcome in outcomes)
    if as_json:
        print(msgspec.json.encode({"journals": outcomes, "stored": stored, "total": total}).decode())
        return
    for outcome in outcomes:
        if outcome.skipped:
            print(
                f"tracker: {outcome.path}: {outcome.stored} of {outcome.total} stored; {outcome.skipped}",
                file=sys.stderr,
            )
    print(f"{stored} of {total} records stored")
