"""Taking one journal to the server, a batch at a time: the same for a live run and for `tracker sync`.

What always holds: `acked_seq` is what the server last said, and only that; whatever the server lacks is sent again from
there. Bytes that a record names are uploaded before the record is stored, because the server refuses the record until
it has them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tracker.errors import GapError, MissingBlobsError, RefusedError, TransportError
from tracker.journal import blobs_of
from tracker.journal_reader import Batch, JournalReader


class Server(Protocol):
    """What a delivery needs of a transport."""

    def post_journal(self, run_id: str, writer: str, frames: bytes, *, allow_gaps: bool = False) -> int: ...

    def upload_blob(self, digest: str, path: Path) -> None: ...


class Delivery:
    """One journal on its way. Not safe from several threads. Raises TransportError and RefusedError.

    With `may_delete`, staged bytes are removed once the records that name them are stored.
    """

    def __init__(self, reader: JournalReader, server: Server, *, may_delete: bool = True) -> None:
        self._reader = reader
        self._may_delete = may_delete
        self._server = server
        self._run_id = reader.path.parent.name
        self._writer = reader.path.stem
        self._pending: Batch | None = None
        self._uploaded: set[Path] = set()
        self.acked_seq = 0

    def ask(self) -> None:
        """Learn what the server has and go on from there. Also tells the server that the writer is alive."""
        next_seq = self._server.post_journal(self._run_id, self._writer, b"")
        if next_seq != self.acked_seq:
            self._go_to(next_seq)

    def step(self) -> bool:
        """Send one batch and take in the answer; False when there is nothing to send."""
        batch = self._pending or self._reader.read()
        if batch is None:
            return False
        self._pending = batch  # kept until it is acknowledged, so that a failed request sends the same again
        try:
            next_seq = self._send(batch)
        except GapError as gap:
            if gap.next_seq >= batch.first_seq or gap.next_seq == self.acked_seq:
                message = "the server does not know this run, and the record that starts it is not in the journal"
                raise RefusedError(message, code="unknown_run") from gap
            self._go_to(gap.next_seq)
            return True
        self._settle(batch, next_seq)
        return True

    def _send(self, batch: Batch) -> int:
        allow_gaps = batch.first_seq > self.acked_seq
        try:
            return self._server.post_journal(self._run_id, self._writer, batch.data, allow_gaps=allow_gaps)
        except MissingBlobsError as missing:
            self._upload(missing.digests)
        try:
            return self._server.post_journal(self._run_id, self._writer, batch.data, allow_gaps=allow_gaps)
        except MissingBlobsError as missing:
            message = f"the server does not keep the bytes it was sent: {', '.join(missing.digests)}"
            raise RefusedError(message, code="missing_blobs") from missing

    def _upload(self, digests: list[str]) -> None:
        for digest in digests:
            path = blobs_of(self._reader.path) / digest
            try:
                self._server.upload_blob(digest, path)
            except OSError as error:
                message = f"bytes that a record names cannot be read: {error}"
                raise RefusedError(message, code="missing_blobs") from error
            self._uploaded.add(path)

    def _settle(self, batch: Batch, next_seq: int) -> None:
        if next_seq <= batch.first_seq:
            raise TransportError(f"the server stored nothing of records {batch.first_seq} to {batch.next_seq - 1}")
        if next_seq < batch.next_seq:
            self._go_to(next_seq)
            return
        self.acked_seq = next_seq
        self._pending = None
        if self._may_delete:
            for path in self._uploaded:
                path.unlink(missing_ok=True)
        self._uploaded.clear()

    def _go_to(self, next_seq: int) -> None:
        self._pending = None
        self.acked_seq = next_seq
        self._reader.rewind(next_seq)
