"""`tracker import`: what `tracker export` wrote, made anew on a server.

What always holds: an archive is verified whole before anything is sent, and it may be imported again at any time, also
after it was killed: what is there is left as it is, and what is missing is sent. A run that the server has from
elsewhere is never added to.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from tracker import archive, settings
from tracker.archive import Archive, ArchiveError
from tracker.cli import asking
from tracker.cli.moving import TIMEOUT_S, Patient, Progress
from tracker.cli.output import plain, print_json, size
from tracker.errors import GapError, MissingBlobsError, RefusedError, TransportError
from tracker.records import Frame, ProjectCopied, RunStarted, decode, encode, frame
from tracker.transport import Transport

BATCH_BYTES: Final = 2 * 1024 * 1024
DIGESTS_AT_ONCE: Final = 5000
_ASKED_AGAIN: Final = 3


def import_(arguments: list[str]) -> int:
    """Run `tracker import`."""
    parser = asking.parser(
        "import", "Make what tracker export wrote anew on the server. Doing it again does nothing twice.",
        'With --json: {"archives": [{"path", "project", "runs", "there_already", "left_out"}]}.',
    )  # fmt: skip
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="an archive")
    parser.add_argument("--project", metavar="NAME", help="import it into a project of this name")
    parser.add_argument(
        "--timeout", type=float, default=TIMEOUT_S, metavar="S", help="give up after S seconds of failures"
    )
    parsed = parser.parse_args(arguments)
    if parsed.project is not None and len(parsed.paths) > 1:
        parser.error("--project is for one FILE")
    return _ended(parsed)


def _ended(parsed: argparse.Namespace) -> int:
    """The exit status of the import that is asked for."""
    try:
        chosen = settings.load(url=parsed.url)
    except ValueError as error:
        return asking.complaint(error, asking.USED_WRONGLY)
    transport = Transport(chosen.url, chosen.api_key)
    outcomes: list[Outcome] = []
    try:
        for path in parsed.paths:
            with Archive(path) as opened:
                outcomes.append(_Import(Patient(transport, parsed.timeout), opened, parsed.project).run())
    except TransportError as error:
        again = "; what was stored stays stored, and the same command goes on from there"
        return asking.complaint(f"{error}{again}", asking.UNREACHABLE)
    except (RefusedError, ArchiveError, OSError) as error:
        return asking.complaint(error, asking.NOT_DONE)
    finally:
        transport.close()
    _print(outcomes, as_json=parsed.json)
    return asking.NOT_DONE if any(outcome.left_out for outcome in outcomes) else asking.DONE


@dataclass
class Outcome:
    """What became of an archive: how many runs were made, which were there, and what could not be as it was."""

    path: str
    project: str
    runs: int = 0
    there_already: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class _Import:
    """One archive on its way to one server."""

    def __init__(self, patient: Patient, opened: Archive, project: str | None) -> None:
        self._patient = patient
        self._transport = patient.transport
        self._archive = opened
        self._project = project or opened.manifest.project
        self._progress = Progress()
        self._outcome = Outcome(str(opened.path), self._project)

    def run(self) -> Outcome:
        """Send all that is missing. Raises ArchiveError, and then nothing was sent, TransportError and RefusedError."""
        self._archive.verify(lambda done: self._progress.tell(f"verifying, {size(done)}"))
        self._make_project()
        self._send_project(first_only=True)
        self._send_blobs()
        runs = self._archive.runs
        for number, name in enumerate(runs):
            self._progress.tell(f"{number} of {len(runs)} runs")
            self._send_run(name)
        self._outcome.left_out += self._send_project(first_only=False)
        return self._outcome

    def _make_project(self) -> None:
        path = f"/projects/{quote(self._project, safe='')}"
        try:
            self._patient.tried(lambda: self._transport.ask("GET", path))
        except RefusedError as error:
            if error.code != "unknown_project":
                raise
            self._patient.tried(self._create_project)

    def _create_project(self) -> None:
        try:
            self._transport.ask("POST", "/projects", body={"name": self._project})
        except RefusedError as error:
            if error.code != "project_exists":  # made by somebody else, or by the request whose answer did not come
                raise

    def _send_project(self, *, first_only: bool) -> list[str]:
        """Send what the project has besides its runs, or its first record alone; what the server left out."""
        path = f"/projects/{quote(self._project, safe='')}/journal"
        frames = self._archive.frames(archive.PROJECT)
        left_out: list[str] = []
        for batch in archive.batches(frames, self._renamed, BATCH_BYTES):
            body = self._first_of(batch) if first_only else batch
            left_out += self._patient.tried(partial(self._transport.post_bytes, path, body)).get("left_out", [])
            if first_only:
                break
        return left_out

    def _first_of(self, batch: bytes) -> bytes:
        for found in archive.frames([batch]):
            return batch[: found.end]
        raise ArchiveError(f"{self._archive.path}: {archive.PROJECT} is empty")

    def _renamed(self, found: Frame) -> bytes:
        """The frame, with the name of the project that it is imported into."""
        record = decode(found.payload) if found.seq == 0 else None
        if isinstance(record, ProjectCopied):
            return frame(0, encode(msgspec.structs.replace(record, name=self._project)))
        if isinstance(record, RunStarted):
            return frame(0, encode(msgspec.structs.replace(record, project=self._project)))
        return frame(found.seq, found.payload)

    def _send_blobs(self) -> None:
        blobs = {member.sha256: member for member in self._archive.blobs}
        digests = sorted(blobs)
        for start in range(0, len(digests), DIGESTS_AT_ONCE):
            portion = digests[start : start + DIGESTS_AT_ONCE]
            for number, digest in enumerate(self._missing(portion)):
                self._progress.tell(f"{start + number} of {len(digests)} files")
                self._patient.tried(partial(self._send_blob, digest, blobs[digest].size_bytes))

    def _missing(self, digests: list[str]) -> list[str]:
        ask = partial(self._transport.ask, "POST", "/blobs/missing", body={"digests": digests})
        return [digest for digest in self._patient.tried(ask).get("missing", []) if digest in digests]

    def _send_blob(self, digest: str, size_bytes: int) -> None:
        with self._archive.open(archive.blob_member(digest)) as source:
            self._transport.upload_from(digest, source, size_bytes)

    def _send_run(self, name: str) -> None:
        first = self._first_record(name)
        for _ in range(_ASKED_AGAIN):
            try:
                is_new = self._send_journal(name, first)
            except GapError:  # somebody took the run away meanwhile, or the server went back to a backup: ask again
                continue
            except RefusedError as error:
                if error.code != "run_exists":
                    raise
                is_new = False
                print(f"tracker: {plain(str(error))}", file=sys.stderr)
            except MissingBlobsError as error:
                raise ArchiveError(
                    f"{self._archive.path}: {name} names bytes that are in the archive no more than on the server: "
                    f"{', '.join(error.digests[:3])}"
                ) from error
            if is_new:
                self._outcome.runs += 1
            else:
                self._outcome.there_already.append(first.run_id)
            return
        raise TransportError(f"run {first.run_id} changes on the server while it is imported")

    def _first_record(self, name: str) -> RunStarted:
        for found in self._archive.frames(name):
            first = decode(found.payload)
            if isinstance(first, RunStarted) and archive.run_member(first.run_id) == name:
                return first
            break
        raise ArchiveError(f"{self._archive.path}: {name} does not begin as the journal of that run does")

    def _send_journal(self, name: str, first: RunStarted) -> bool:
        """Send what the server lacks of a run; whether that was anything."""
        post = partial(self._transport.post_journal, first.run_id, first.writer, resume="allow")
        next_seq = self._patient.tried(partial(post, b"")).next_seq
        frames = self._archive.frames(name)
        lacking = (found for found in frames if found.seq >= next_seq)
        is_new = False
        for batch in archive.batches(lacking, self._renamed, BATCH_BYTES):
            self._patient.tried(partial(post, batch))
            is_new = True
        return is_new


def _print(outcomes: list[Outcome], *, as_json: bool) -> None:
    if as_json:
        print_json({"archives": [vars(outcome) for outcome in outcomes]})
        return
    for outcome in outcomes:
        there = f", {len(outcome.there_already)} were there already" if outcome.there_already else ""
        print(plain(f"{outcome.project}: {outcome.runs} runs imported{there}"))
        for sentence in outcome.left_out:
            print(f"tracker: {plain(sentence)}", file=sys.stderr)
