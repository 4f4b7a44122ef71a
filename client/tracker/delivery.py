"""Taking one journal to the server, a batch at a time: the same for a live run and for `tracker sync`.

What always holds: `acked_seq` is what the server last said, and only that; whatever the server lacks is sent again from
there. Bytes that a record names are uploaded before the record is stored, because the server refuses the record until
it has them; a record whose bytes are no longer there is left out, so that it does not hold up those after it. Two
counts are exact: `unstored_count`, the records that were taken out of the file when another server had them, and
`absent_count`, those left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from tracker.errors import GapError, MissingBlobsError, RefusedError, TransportError
from tracker.journal_files import blobs_of
from tracker.journal_reader import Batch, JournalReader
from tracker.packs import Staged, digests_in, find
from tracker.progress import Progress
from tracker.records import blobs_of as named_blobs
from tracker.records import decode, frame, read_frames
from tracker.uploading import BytesGone, upload

if TYPE_CHECKING:  # it brings requests, which must not burden import tracker
    from tracker.transport import Transport


LONG_BATCH_BYTES: Final = 256 * 1024
"""A batch of live records that is shorter has what was logged since the last one: there is time for the next."""


OnCommand = Callable[[dict[str, Any]], None]


class Delivery:
    """One journal on its way. Not safe from several threads. Raises TransportError and RefusedError.

    With `may_delete`, staged bytes are removed once the records that name them are stored. `on_command` is given what
    the server has to say to the run's process, and may be given it again. `resume` is sent with the first record.
    `is_waited_for` says whether somebody waits, who is to see how far it is.
    """

    def __init__(
        self,
        reader: JournalReader,
        server: Transport,
        *,
        may_delete: bool = True,
        on_command: OnCommand | None = None,
        resume: str | None = None,
        is_waited_for: Callable[[], bool] = lambda: False,
    ) -> None:
        self._reader = reader
        self._may_delete = may_delete
        self._on_command = on_command
        self._resume = resume
        self._is_waited_for = is_waited_for
        self._server = server
        self._run_id = reader.path.parent.name
        self._writer = reader.path.stem
        self._pending: Batch | None = None
        self._uploaded: set[Staged] = set()
        self._absent: set[int] = set()
        self.acked_seq = 0
        self.unstored_count = 0
        self.is_behind = False
        """Whether the last batch was so long that more is likely to wait."""
        self.flush_after_s = 0.0
        """For how long the server would like the next records to be gathered; 0 is for as long as usual."""

    @property
    def absent_count(self) -> int:
        """How many records are left out, because the bytes that they name are gone."""
        return len(self._absent)

    def ask(self) -> None:
        """Learn what the server has and go on from there. Also tells the server that the writer is alive."""
        next_seq = self._post(b"")
        if next_seq != self.acked_seq:
            self._go_to(next_seq)

    def step(self) -> bool:
        """Send one batch and take in the answer; False when there is nothing to send."""
        batch = self._pending or self._next()
        if batch is None:
            return False
        self.is_behind = batch.is_stored or len(batch.data) >= LONG_BATCH_BYTES
        self._pending = batch  # kept until it is acknowledged, so that a failed request sends the same again
        if batch.is_stored:
            self._pass_over(batch)
            return True
        try:
            next_seq = self._send(batch)
        except GapError as gap:
            if gap.next_seq >= batch.first_seq or gap.next_seq == self.acked_seq:
                message = "the server does not know this run, and the record that starts it is not in the journal"
                raise RefusedError(message, code="unknown_run") from gap
            self._go_to(gap.next_seq)
            return True
        except BytesGone as gone:
            self._leave_out(batch, gone.digest)
            return True
        self._settle(batch, next_seq)
        return True

    def _next(self) -> Batch | None:
        """The next frames, without those that cannot be sent."""
        while (batch := self._reader.read()) is not None:
            left_out = min((seq for seq in self._absent if batch.first_seq <= seq < batch.next_seq), default=None)
            if left_out is None:
                return batch
            if left_out > batch.first_seq:
                self._reader.rewind(left_out)
                return _before(batch, left_out)
            self._reader.rewind(left_out + 1)
        return None

    def _leave_out(self, batch: Batch, digest: str) -> None:
        named = {found.seq for found in read_frames(batch.data) if digest in _digests(found.payload)}
        if not named:
            message = f"the server asks for the bytes {digest}, which none of these records names"
            raise RefusedError(message, code="missing_blobs")
        self._absent |= named
        self._pending = None
        self._reader.rewind(batch.first_seq)

    def _pass_over(self, stored: Batch) -> None:
        """Go on behind records that the file no longer has; count them where this server does not have them either."""
        if self.acked_seq < stored.next_seq:
            next_seq = self._post(b"")  # what it has may have come from another sender
            if next_seq < stored.first_seq:
                self._go_to(next_seq)
                return
            self.acked_seq = next_seq
        self.unstored_count = max(0, stored.next_seq - max(self.acked_seq, stored.first_seq))
        self._pending = None

    def _send(self, batch: Batch) -> int:
        try:
            return self._post_batch(batch)
        except MissingBlobsError as missing:
            self._upload(missing.digests)
        try:
            return self._post_batch(batch)
        except MissingBlobsError as missing:
            message = f"the server does not keep the bytes it was sent: {', '.join(missing.digests)}"
            raise RefusedError(message, code="missing_blobs") from missing

    def _post_batch(self, batch: Batch) -> int:
        resume = self._resume if batch.first_seq == 0 else None
        return self._post(batch.data, allow_gaps=batch.first_seq > self.acked_seq, resume=resume)

    def _post(self, frames: bytes, *, allow_gaps: bool = False, resume: str | None = None) -> int:
        receipt = self._server.post_journal(self._run_id, self._writer, frames, allow_gaps=allow_gaps, resume=resume)
        if frames:  # an answer to none says nothing of it
            self.flush_after_s = receipt.flush_after_s
        if self._on_command is not None:
            for command in receipt.commands:
                self._on_command(command)
        return receipt.next_seq

    def _upload(self, digests: list[str]) -> None:
        """Send the bytes that are missing; `_uploaded` has those that are there, also where it fails."""
        try:
            staged = find(blobs_of(self._reader.path), digests)
            gone = next((digest for digest in digests if digest not in staged), None)
            if gone is not None:
                raise BytesGone(gone)
            blobs = [staged[digest] for digest in digests]
            size_bytes = sum(blob.size_bytes for blob in blobs)
            with Progress(
                "sending files", size_bytes=size_bytes, count=len(blobs), is_wanted=self._is_waited_for
            ) as told:
                upload(self._server, blobs, on_stored=self._uploaded.add, on_bytes=told.add)
        except OSError as error:
            message = f"bytes that a record names cannot be read: {error}"
            raise RefusedError(message, code="missing_blobs") from error

    def _settle(self, batch: Batch, next_seq: int) -> None:
        if next_seq <= batch.first_seq:
            raise TransportError(f"the server stored nothing of records {batch.first_seq} to {batch.next_seq - 1}")
        if next_seq < batch.next_seq:
            self._go_to(next_seq)
            return
        self.acked_seq = next_seq
        self._pending = None
        if self._may_delete:
            self._remove_staged(batch)
        self._uploaded.clear()

    def _remove_staged(self, stored: Batch) -> None:
        """Remove the bytes that were uploaded; a pack once the server has all that is in it."""
        packs = set()
        for blob in self._uploaded:
            if blob.is_packed:
                packs.add(blob.path)
            else:
                blob.path.unlink(missing_ok=True)
        if packs:
            kept = {blob.digest for blob in self._uploaded}
            kept.update(*(_digests(found.payload) for found in read_frames(stored.data)))
            for path in packs:
                if digests_in(path) <= kept:
                    path.unlink(missing_ok=True)

    def _go_to(self, next_seq: int) -> None:
        self._pending = None
        self.acked_seq = next_seq
        self.unstored_count = 0
        self._reader.rewind(next_seq)


def _before(batch: Batch, seq: int) -> Batch:
    """The part of a batch that comes before the record of this number."""
    parts = [frame(found.seq, found.payload) for found in read_frames(batch.data) if found.seq < seq]
    return Batch(batch.first_seq, seq, b"".join(parts))


def _digests(payload: bytes) -> set[str]:
    """The blobs that a record names."""
    return named_blobs(decode(payload))
