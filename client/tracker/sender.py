"""The thread that follows a live journal and posts what is new.

What always holds: the training process never waits for it, except in `drain` and no longer than it says. While the
server is away the journal keeps everything; the person is told once that it is away and once that it is back. A refusal
(a wrong key, a record that the server does not take) stops the sending for good and leaves the journal. What the server
has is given back to the disk, by the journal and in this thread.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracker import turns
from tracker.delivery import Delivery, OnCommand
from tracker.errors import RefusedError, TransportError
from tracker.forking import importing
from tracker.journal import Journal
from tracker.journal_files import find, is_live, remove
from tracker.journal_reader import JournalReader
from tracker.notices import notice

if TYPE_CHECKING:  # it brings requests, which must not burden import tracker
    from tracker.transport import Transport

FLUSH_S: Final = 0.5
HEARTBEAT_S: Final = 5.0
LONGEST_DELAY_S: Final = 15.0
LONGEST_ASKED_S: Final = 60.0
LONGEST_FLUSH_S: Final = 10.0
"""A server that has many runs to listen to may ask that records be gathered for so long, and no longer."""

QUIET_WAITS: Final = 3
"""How often in a row a server may ask to come again later before the person is told: a busy moment is none to tell."""

_FIRST_FLUSH_S: Final = 0.1  # lets init() return before requests is imported


def backoff_s(failures: int, retry_after_s: float | None = None) -> float:
    """How long to wait after so many failures in a row: doubling, capped, and random so that clients spread out.

    A server that says when to come again is not asked before; what it says above a minute counts as a minute.
    """
    chance = os.urandom(1)[0] / 255.0
    asked_s = min(retry_after_s or 0.0, LONGEST_ASKED_S)
    grown_s = min(LONGEST_DELAY_S, FLUSH_S * 2.0 ** min(failures, 10)) * (0.5 + chance / 2)
    return max(grown_s, asked_s * (1.0 + chance / 2))  # later than asked, or all would come back at the same moment


def flush_s(asked_s: float) -> float:
    """How long to gather records where the server asks for `asked_s`: about that, so that clients do not fall in step.

    The mean is what was asked for.
    """
    if asked_s <= FLUSH_S:
        return FLUSH_S
    return min(LONGEST_FLUSH_S, asked_s) * (0.9 + 0.2 * os.urandom(1)[0] / 255.0)


class Sender:
    """Sends one journal from its start. `drain` ends it; so does the process, since its thread is a daemon.

    `journal` is the writing end of the file at `path`, which is told what the server has; a file that cannot be made
    yet is waited for. `on_command` is called in the sender's thread with what the server has to say to the run; the
    same may come several times.
    """

    def __init__(
        self,
        path: Path,
        url: str,
        api_key: str | None,
        *,
        journal: Journal | None = None,
        on_command: OnCommand | None = None,
    ) -> None:
        self._path = path
        self._url = url
        self._api_key = api_key
        self._journal = journal
        self._on_command = on_command
        self._reader = _reader_of(path)  # opened here, so that the file may be deleted under us and still be sent
        self._wake = threading.Event()
        self._is_draining = False
        self._is_drained = False
        self._failures = 0
        self._progress = threading.Condition()  # guards the five that follow, and tells who waits of a change
        self._acked_seq = 0
        self._failing_since: float | None = None
        self._failing_s = 0.0
        self._last_error: TransportError | RefusedError | None = None
        self._has_ended = False
        self._has_told_of_failure = False
        self._has_told_of_absent = False
        self._thread = threading.Thread(target=self._run, name="tracker-sender", daemon=True)
        self._thread.start()

    def wait_until_stored(self, seq: int, patience_s: float) -> None:
        """Return when the server has every record before that of this number, however long their bytes take.

        Raises TransportError once it has failed for `patience_s` without a success, RefusedError where it refuses them.
        """
        with self._progress:
            if self._failing_since is None:
                self._wake.set()
            turns.wait_for(
                self._progress,
                lambda: self._acked_seq >= seq or self._has_ended or self._has_failed_for(patience_s),
            )
            if self._acked_seq >= seq:
                return
            error = self._last_error
        raise error or TransportError(f"{self._url} was not sent all that this run has recorded; see `tracker sync`")

    def _has_failed_for(self, patience_s: float) -> bool:
        return self._failing_since is not None and self._failing_s >= patience_s

    def drain(self, timeout_s: float) -> bool:
        """Send what is left and end; False when that took longer than `timeout_s` or could not be done."""
        self._is_draining = True
        self._wake.set()
        return turns.join(self._thread, timeout_s) and self._is_drained

    def _run(self) -> None:
        try:
            self._rest(_FIRST_FLUSH_S)
            if self._await_file():
                self._follow()
        except RefusedError as error:
            self._last_error = error
            notice(
                f"{self._url} refused this run's records ({error.code}): {error}. Nothing is lost and nothing more is "
                f"sent. {remedy(error.code)} Then send them with: {sync_command(error.code, self._path)}"
            )
        except Exception as error:  # the edge of the thread: whatever it is, training goes on and the journal stays
            notice(f"sending stopped ({type(error).__name__}: {error}); send the rest with: tracker sync {self._path}")
        finally:
            if self._reader is not None:
                self._reader.close()
            with self._progress:
                self._has_ended = True
                self._progress.notify_all()

    def _await_file(self) -> bool:
        """Wait until the journal has a file, which a full disk may delay; False when there is none at the end."""
        while self._reader is None and not self._is_draining:
            self._rest(FLUSH_S)
            self._reader = _reader_of(self._path)
        return self._reader is not None

    def _follow(self) -> None:
        with importing():
            from tracker.transport import Transport  # brings requests, which must not burden import tracker

        assert self._reader is not None
        transport = Transport(self._url, self._api_key)
        delivery = Delivery(
            self._reader, transport, on_command=self._on_command, is_waited_for=lambda: self._is_draining
        )
        spoke_at = time.monotonic()
        is_first_round = True
        while True:
            is_last_round = self._is_draining
            try:
                if is_first_round:
                    self._send_earlier(transport)
                    is_first_round = False
                while delivery.step():
                    spoke_at = time.monotonic()
                    self._note_success()
                    self._note_progress(delivery, self._reader.offset)
                    if not (delivery.is_behind or self._is_draining):
                        break  # what is logged from here on is gathered
                if is_last_round:
                    self._is_drained = True
                    send_orphans(self._path, transport)
                    break
                if time.monotonic() - spoke_at >= HEARTBEAT_S:
                    delivery.ask()
                    spoke_at = time.monotonic()
                    self._note_success()
                self._rest(flush_s(delivery.flush_after_s))
            except TransportError as error:
                self._pause(self._note_failure(error), is_asked=error.retry_after_s is not None)
        transport.close()

    def _send_earlier(self, transport: Transport) -> None:
        """Send what processes that have ended left of this run: it comes first, since steps go on after it."""
        for earlier in find(self._path.parent):
            if earlier == self._path:
                return  # those that follow began later
            if is_live(earlier):
                continue
            try:
                is_stored = _send_whole(earlier, transport)
            except (RefusedError, OSError) as error:
                notice(f"what this run had left in {earlier} is not sent ({error})")
                continue
            if is_stored:
                remove(earlier)

    def _note_progress(self, delivery: Delivery, offset: int) -> None:
        """Tell the journal and who waits what is stored, and the person, once, when bytes are gone that were to go."""
        with self._progress:
            self._acked_seq = delivery.acked_seq
            self._progress.notify_all()
        if self._journal is not None:
            self._journal.reclaim(delivery.acked_seq, offset)
        if delivery.absent_count and not self._has_told_of_absent:
            self._has_told_of_absent = True
            notice("a record names bytes that are no longer beside the journal; it and others like it are not sent")

    def _pause(self, delay_s: float, *, is_asked: bool) -> None:
        """Wait, at the end for no longer than a flush, unless the server has asked for it."""
        if self._is_draining:
            time.sleep(delay_s if is_asked else min(delay_s, FLUSH_S))  # the wake event is set and would not wait
        else:
            self._rest(delay_s)

    def _rest(self, seconds: float) -> None:
        """Wait, unless somebody waits for what is recorded; whoever calls looks next whether it is time to end."""
        if self._wake.wait(seconds) and not self._is_draining:
            self._wake.clear()

    def _note_success(self) -> None:
        if self._has_told_of_failure:
            notice(f"{self._url} is back; sending what was kept meanwhile")
        with self._progress:
            self._failing_since = None
        self._failures = 0
        self._has_told_of_failure = False

    def _note_failure(self, error: TransportError) -> float:
        self._failures += 1
        now = time.monotonic()
        with self._progress:
            self._failing_since = now if self._failing_since is None else self._failing_since
            self._failing_s, self._last_error = now - self._failing_since, error
            self._progress.notify_all()
        is_told_now = error.retry_after_s is None or self._failures > QUIET_WAITS
        if is_told_now and not self._has_told_of_failure:
            self._has_told_of_failure = True
            notice(f"{error}; training goes on, everything is kept in {self._path} and sent when the server is back")
        return backoff_s(self._failures, error.retry_after_s)


def send_orphans(path: Path, server: Transport) -> None:
    """Send what other writers of the same run have left behind: worker processes that ended without a farewell."""
    for orphan in find(path.parent):
        if orphan == path or is_live(orphan):
            continue
        try:
            is_stored = _send_whole(orphan, server)
        except (TransportError, RefusedError, OSError) as error:
            notice(f"what a worker process logged is not sent ({error}). Send it with: tracker sync {orphan}")
            continue
        if is_stored:
            remove(orphan)


def _send_whole(path: Path, server: Transport) -> bool:
    """Send a journal that nobody writes to any more; whether it was whole."""
    with JournalReader(path) as reader:
        delivery = Delivery(reader, server)
        while delivery.step():
            pass
        skipped_count = reader.missing_count + delivery.unstored_count + delivery.absent_count
        return not reader.tail_bytes and not skipped_count


def _reader_of(path: Path) -> JournalReader | None:
    """A reader of the journal, None while it has no file."""
    try:
        return JournalReader(path)
    except OSError:
        return None


def remedy(code: str) -> str:
    """What a person can do about a refusal of this code, as a sentence."""
    if code in ("unauthorized", "forbidden"):
        return "Set TRACKER_API_KEY to a valid key of this server, or run: tracker login."
    if code == "run_exists":
        return "Another run has this id already. Add these records to it, or start again with another id."
    if code == "run_missing":
        return "The server has no such run. Start it with these records, or look for the right server."
    if code == "unknown_parent":
        return "Send that run's journal first, or call fork() with the right id."
    if code == "missing_blobs":
        return "The files that its records name cannot be sent."
    return "Bring the client and the server to the same version."


def sync_command(code: str, path: Path) -> str:
    """The command that sends a journal after a refusal of this code."""
    return f"tracker sync {'--resume allow ' if code in ('run_exists', 'run_missing') else ''}{path}"
