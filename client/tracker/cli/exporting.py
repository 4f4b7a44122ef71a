"""`tracker export`: a project, or each of a server's projects, as one file that `tracker import` reads."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

from tracker import archive, settings
from tracker.archive import ArchiveError, Writer
from tracker.cli import asking
from tracker.cli.moving import TIMEOUT_S, Patient, Progress
from tracker.cli.output import plain, print_json, size
from tracker.errors import RefusedError, TransportError
from tracker.records import (
    DamagedFrame,
    ProjectCopied,
    ProjectEnded,
    RunCopied,
    blobs_of,
    decode,
)
from tracker.transport import Transport
from tracker.version import client_version

SUFFIX: Final = ".tracker"


def export(arguments: list[str]) -> int:
    """Run `tracker export`."""
    parser = asking.parser(
        "export", "Write a project with all its runs, files and models to one file, for `tracker import`.",
        'With --json: {"archives": [{"project", "path", "runs", "files", "size_bytes"}]}.',
    )  # fmt: skip
    parser.add_argument("project", nargs="?", metavar="PROJECT", help="the project")
    parser.add_argument("path", type=Path, metavar="FILE", help="the file to write; with --all, the folder")
    parser.add_argument("--all", action="store_true", help="every project, each into a file of its own in the folder")
    parser.add_argument(
        "--timeout", type=float, default=TIMEOUT_S, metavar="S", help="give up after S seconds of failures"
    )
    parsed = parser.parse_args(arguments)
    if parsed.all == (parsed.project is not None):
        parser.error("name the PROJECT and the FILE, or --all and the folder")
    return _ended(parsed)


def _ended(parsed: argparse.Namespace) -> int:
    """The exit status of the export that is asked for."""
    try:
        chosen = settings.load(url=parsed.url)
    except ValueError as error:
        return asking.complaint(error, asking.USED_WRONGLY)
    transport = Transport(chosen.url, chosen.api_key)
    made: list[dict[str, Any]] = []
    try:
        for project, path in _wanted(transport, parsed):
            made.append(_Export(Patient(transport, parsed.timeout), project, path).run())
    except TransportError as error:
        return asking.complaint(error, asking.UNREACHABLE)
    except (RefusedError, ArchiveError) as error:
        return asking.complaint(error, asking.NOT_DONE)
    except OSError as error:
        return asking.complaint(f"the archive cannot be written: {error.strerror or error}", asking.NOT_DONE)
    finally:
        transport.close()
    _print(made, as_json=parsed.json)
    return asking.DONE


def _wanted(transport: Transport, parsed: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    """The projects and the files that they go to, none of which is there. Raises ArchiveError."""
    if not parsed.all:
        yield parsed.project, _free(parsed.path)
        return
    parsed.path.mkdir(parents=True, exist_ok=True)
    names = sorted(str(project["name"]) for project in transport.ask("GET", "/projects")["projects"])
    paths = _file_names(parsed.path, names)
    yield from [(name, _free(paths[name])) for name in names]


def _free(path: Path) -> Path:
    if path.exists():
        raise ArchiveError(f"{path} is there already, and is not written over; name another file, or remove it")
    return path


def _file_names(folder: Path, projects: list[str]) -> dict[str, Path]:
    """A file for each project: its name as far as that is safe on any disk, and different for each."""
    found: dict[str, Path] = {}
    taken: set[str] = set()
    for project in projects:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "_", project)[:80]
        name = next(name for name in _numbered(stem) if name.lower() not in taken)
        taken.add(name.lower())
        found[project] = folder / f"{name}{SUFFIX}"
    return found


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


@dataclass
class _Export:
    """One project on its way into one file."""

    patient: Patient
    project: str
    path: Path
    runs: list[str] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)
    progress: Progress = field(default_factory=Progress)

    def run(self) -> dict[str, Any]:
        """Write the archive; what is in it. Whatever happens, there is a whole file, or none."""
        writer = Writer(self.path)
        try:
            self._write(writer)
        except BaseException:
            writer.discard()
            raise
        return {
            "project": self.project,
            "path": str(self.path),
            "runs": len(self.runs),
            "files": len(self.digests),
            "size_bytes": self.path.stat().st_size,
        }

    def _write(self, writer: Writer) -> None:
        facts = self.patient.tried(lambda: self.patient.transport.ask("GET", "/server"))
        made_ms = time.time_ns() // 1_000_000
        writer.add(archive.PROJECT, self._fetch_project)
        wanted, self.runs = self.runs, []
        for number, run_id in enumerate(wanted):
            self.progress.tell(f"{number} of {len(wanted)} runs, {size(writer.size_bytes)}")
            self._add_run(writer, run_id)
        for number, digest in enumerate(sorted(self.digests)):
            self.progress.tell(f"{number} of {len(self.digests)} files, {size(writer.size_bytes)}")
            writer.add(archive.blob_member(digest), partial(self._fetch_blob, digest))
        version = str(facts.get("version", ""))
        writer.finish(project=self.project, made_ms=made_ms, made_by=client_version(), server=version)

    def _fetch_project(self, spool: IO[bytes]) -> None:
        """What the project has besides its runs."""
        self._fetch_journal(spool, f"/projects/{quote(self.project, safe='')}/journal", ProjectEnded)

    def _add_run(self, writer: Writer, run_id: str) -> None:
        try:
            writer.add(archive.run_member(run_id), partial(self._fetch_run, run_id))
        except RefusedError as error:
            if error.code != "unknown_run":
                raise
            print(f"tracker: run {run_id} was deleted meanwhile, and is left out", file=sys.stderr)
        else:
            self.runs.append(run_id)

    def _fetch_run(self, run_id: str, spool: IO[bytes]) -> None:
        self._fetch_journal(spool, f"/runs/{run_id}/journal", RunCopied)

    def _fetch_journal(self, spool: IO[bytes], path: str, ending: type[object]) -> None:
        """Write a journal to `spool`, and note the bytes and the runs that it names.

        Raises TransportError where it does not end as it should, after several attempts.
        """

        def fetch() -> None:
            spool.seek(0)
            spool.truncate()
            self.patient.transport.download(path, spool)
            spool.seek(0)
            if not isinstance(self._note_records(spool, path), ending):
                raise TransportError(f"what the server sent for {path} broke off")

        self.patient.tried(fetch)

    def _note_records(self, journal: IO[bytes], path: str) -> object:
        """The journal's last record."""
        record: object = None
        try:
            for frame in archive.frames(iter(partial(journal.read, archive.PART_BYTES), b"")):
                record = decode(frame.payload)
                if isinstance(record, ProjectCopied):
                    self.runs = list(record.runs)
                else:
                    self.digests.update(blobs_of(record))
        except DamagedFrame as error:
            raise TransportError(f"what the server sent for {path} is damaged: {error}") from error
        return record

    def _fetch_blob(self, digest: str, spool: IO[bytes]) -> None:
        def fetch() -> None:
            spool.seek(0)
            spool.truncate()
            self.patient.transport.download_blob(digest, spool)

        try:
            self.patient.tried(fetch)
        except RefusedError as error:
            if error.code != "unknown_blob":
                raise
            raise ArchiveError(
                f"the server has lost the bytes {digest}, which the project needs; where its data lies, `tracker fsck` "
                "says what is missing and `tracker restore FOLDER --blobs-only` brings it back from a backup"
            ) from error


def _print(made: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"archives": made})
        return
    for one in made:
        print(
            plain(
                f"{one['path']}: {one['project']}, {one['runs']} runs, {one['files']} files, {size(one['size_bytes'])}"
            )
        )
