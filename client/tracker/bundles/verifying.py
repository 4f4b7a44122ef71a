"""Proving a version: each file of it is what it was, and the model, in an environment of its lock, gives what it gave.

What always holds: a verdict is about the version alone. What keeps one from being reached (a server or an index that is
away, a Python that is not here) raises, and nothing is recorded. Files come from the server, not from what is kept
here. What runs is another process, which is told neither the server nor a key; a pickle only where that is allowed.
"""

from __future__ import annotations

import math
import os
import secrets
import shutil
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from tracker import arguments, references, settings
from tracker import manifest as manifests
from tracker.bundles import environments
from tracker.bundles.folder import BundleError
from tracker.bundles.replay import MODULES, Answer, Request
from tracker.errors import DamagedError, RefusedError, TransportError
from tracker.journal_files import make_private_folder
from tracker.manifest import Form, Manifest, ManifestError, Stored
from tracker.transport import Transport
from tracker.version_cache import Resolved, resolved_now

Outcome = Literal["pass", "fail"]
Checked = Literal["replay", "files"]

TIMEOUT_S: Final = 900.0

_MEASURED_S: Final = 5.0
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT",
                     "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "TZ")  # fmt: skip
"""What the process that replays is told of our environment."""
_MOST_PROBLEMS: Final = 100


class FileProblem(msgspec.Struct, frozen=True):
    """A file of the bundle that is gone or no longer what it was, and how that is known."""

    path: str
    message: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying found. `checked` is "replay" where the stored example was run in an environment of the lock, else
    "files". Times are in milliseconds; see `replay.Answer`."""

    outcome: Outcome
    checked: Checked
    form: str | None = None
    message: str = ""
    problems: list[FileProblem] = []
    python: str | None = None
    platform: str | None = None
    load_ms: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    peak_memory_bytes: int | None = None
    max_difference: float | None = None


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """Which version it is about, and whether the server has it now as its newest verification."""

    model: str
    version: int
    url: str
    is_recorded: bool
    finding: Finding

    @property
    def is_passed(self) -> bool:
        """Whether all that was checked holds."""
        return self.finding.outcome == "pass"

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        finding: dict[str, Any] = plain.pop("finding")
        return plain | finding


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a version is looked at; see `verify`."""

    is_of_files: bool = False
    form: str | None = None
    allow_pickle: bool = False
    tolerance: float | None = None
    has_environment: bool = True
    timeout_s: float = TIMEOUT_S


def verify(
    ref: str,
    *,
    files_only: bool = False,
    form: str | None = None,
    allow_pickle: bool = False,
    tolerance: float | None = None,
    environment: bool = True,
    record: bool = True,
    timeout_s: float = TIMEOUT_S,
    url: str | None = None,
) -> Verified:
    """Check every file of `name@alias` or `name:v3`, and replay its example in an environment of its lock.

    With `files_only` the files alone. `form` is the kind to run in place of the preferred one. `tolerance` is the
    largest absolute difference, in place of what the bundle says. Without an `environment` the Python at hand is used,
    which proves nothing of the lock, so nothing is recorded. All of it ends after `timeout_s`.

    Raises BundleError for a version that is no bundle, and where this machine cannot build its environment;
    TransportError where the server, a place or an index is away; RefusedError.
    """
    until = time.monotonic() + arguments.seconds("timeout_s", timeout_s)
    if tolerance is not None and not 0 <= tolerance < math.inf:
        raise ValueError(f"tolerance must be a finite number, 0 or more, got {tolerance!r}")
    options = Options(
        is_of_files=files_only, form=form, allow_pickle=allow_pickle, tolerance=tolerance, has_environment=environment,
        timeout_s=timeout_s,
    )  # fmt: skip
    name, pointer = arguments.model_reference(ref)
    chosen = settings.load(url=url)
    with closing(Transport(chosen.url, chosen.api_key)) as transport, _room(chosen.directory / "verifying") as room:
        resolved = resolved_now(transport, name, pointer)
        finding = _found(transport, resolved, room, chosen.directory / "environments", options, until)
        is_recorded = record and environment
        if is_recorded:
            _record(transport, resolved, finding)
    page = f"{chosen.url}/models/{resolved.name}/{resolved.version}"
    return Verified(
        model=resolved.name, version=resolved.version, url=page, is_recorded=is_recorded, finding=finding
    )  # fmt: skip


def _found(transport: Transport, resolved: Resolved, room: Path, kept: Path, options: Options, until: float) -> Finding:
    folder = room / "bundle"
    problems, stored = _fetch(transport, resolved, folder, until)
    form = None
    if (folder / manifests.FILE_NAME).is_file():
        manifest = _manifest(folder, resolved)
        form = _form(manifest, options)
        problems += [] if problems else _lies(manifest, stored)
        problems += _changed(manifest, folder if form is not None and not problems else None, until)
    elif not problems:
        raise BundleError(
            f"{resolved.name}:v{resolved.version} is no bundle: it has no {manifests.FILE_NAME}. tracker.log_model and "
            "register_model(files=…) make one"
        )
    if problems:
        told = ", ".join(problem.path for problem in problems[:5])
        message = f"not what it was: {told}{', …' if len(problems) > 5 else ''}"
        return Finding(outcome="fail", checked="files", message=message[:2000], problems=problems[:_MOST_PROBLEMS])
    if form is None:
        why = "" if options.is_of_files else "the bundle has no form that can run: its files alone were checked"
        return Finding(outcome="pass", checked="files", message=why)
    return _replayed(manifest, form, folder, room, kept, options, until)


def _fetch(
    transport: Transport, resolved: Resolved, folder: Path, until: float
) -> tuple[list[FileProblem], dict[str, Stored]]:
    """Have every file of the version here; which of them cannot be had as they were."""
    problems = []
    stored = {}
    for file in resolved.files:
        if time.monotonic() > until:
            raise TransportError(f"the files of {resolved.name}:v{resolved.version} were not read in time")
        target = folder / file.path
        make_private_folder(target.parent)
        try:
            with target.open("wb") as copy:
                transport.download_blob(file.digest, copy)
            stored[file.path] = Stored(file.digest, target.stat().st_size)
        except DamagedError:
            message = f"the server's copy is damaged: its bytes have another sha256 than {file.digest}"
            problems.append(FileProblem(file.path, message))
        except RefusedError as error:
            if error.code != "unknown_blob":
                raise
            problems.append(FileProblem(file.path, f"the server no longer has the bytes of sha256 {file.digest}"))
        if problems and problems[-1].path == file.path:
            target.unlink(missing_ok=True)
    return problems, stored


def _manifest(folder: Path, resolved: Resolved) -> Manifest:
    try:
        return manifests.read((folder / manifests.FILE_NAME).read_bytes())
    except ManifestError as error:
        raise BundleError(f"{resolved.name}:v{resolved.version} is refused: {error}") from None


def _lies(manifest: Manifest, stored: Mapping[str, Stored]) -> list[FileProblem]:
    """The files that the manifest says something else of than they are: one is enough to refuse it."""
    try:
        inside = {path: each for path, each in stored.items() if path != manifests.FILE_NAME}
        manifests.check_files(manifest, inside)
    except ManifestError as error:
        return [FileProblem(manifests.FILE_NAME, str(error)[:2000])]
    return []


def _changed(manifest: Manifest, folder: Path | None, until: float) -> list[FileProblem]:
    """The references that no longer lead to what was adopted. With a folder the others are fetched into it."""
    problems = []
    for reference in manifest.references:
        try:
            if folder is None:
                why = references.changed(reference, until=until)
            else:
                why = None
                references.fetch(reference, folder / reference.path, until=until)
        except references.ChangedError as error:
            why = str(error)
        except FileNotFoundError:
            why = f"{reference.uri} is gone"
        if why is not None:
            problems.append(FileProblem(reference.path, why[:2000]))
    return problems


def _form(manifest: Manifest, options: Options) -> Form | None:
    """The form to run: the one that is asked for, else the preferred one that may be; None for files alone."""
    if options.is_of_files or (not manifest.forms and options.form is None):
        return None
    if options.form is not None:
        try:
            found = manifest.form(options.form)
        except ManifestError as error:
            raise BundleError(str(error)) from None
    else:
        allowed = [form for form in manifest.forms if form.kind != "pickle" or options.allow_pickle]
        found = (allowed or list(manifest.forms))[0]
    if found.kind == "pickle" and not options.allow_pickle:
        raise BundleError(
            "the form 'pickle' carries out whatever its file says: where you trust who made it, replay it with "
            "--allow-pickle (allow_pickle=True); --files-only checks its files alone"
        )
    return found


def _replayed(
    manifest: Manifest, form: Form, folder: Path, room: Path, kept: Path, options: Options, until: float
) -> Finding:
    example = manifest.example
    absolute, relative = (example.absolute, example.relative) if example is not None else (0.0, 0.0)
    if options.tolerance is not None:
        absolute, relative = options.tolerance, 0.0
    request = Request(
        folder=str(folder), form=form.kind, allow_pickle=options.allow_pickle, absolute=absolute, relative=relative,
        measured_s=_MEASURED_S,
    )  # fmt: skip
    try:
        if not options.has_environment:
            answer = _asked(Path(sys.executable), request, room, until, options.timeout_s)
        else:
            with environments.ready(form.packages, manifest.python, kept, until=until) as python:
                answer = _asked(python, request, room, until, options.timeout_s)
    except environments.UnsatisfiableError as error:
        return Finding(outcome="fail", checked="replay", form=form.kind, message=str(error)[:2000])
    note = (
        "" if options.tolerance is None else f"with a tolerance of {options.tolerance:g} in place of the bundle's own"
    )
    if not answer.problem and not answer.is_replayed:
        note = "it has no stored example: it was loaded alone"
    return Finding(
        outcome="fail" if answer.problem else "pass",
        checked="replay" if answer.problem or answer.is_replayed else "files",
        form=form.kind,
        message=(answer.problem or note)[:2000],
        python=answer.python or None,
        platform=answer.platform or None,
        load_ms=answer.load_ms,
        latency_p50_ms=answer.latency_p50_ms,
        latency_p99_ms=answer.latency_p99_ms,
        peak_memory_bytes=answer.peak_memory_bytes,
        max_difference=answer.max_difference,
    )


def _asked(python: Path, request: Request, room: Path, until: float, timeout_s: float) -> Answer:
    """What the other process answers; why there is no answer is one too.

    Raises TransportError where it had less than half of the time, and was not done: what was fetched and built took it.
    """
    modules, home = _modules(room / "modules"), room / "home"
    home.mkdir()
    asked, answered = room / "request.json", room / "answer.json"
    asked.write_bytes(msgspec.json.encode(request))
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {"PYTHONPATH": str(modules), "HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, "-P", "-s", "-m", "tracker.bundles.replay", asked, answered]
    left_s = until - time.monotonic()
    done = environments.ended(command, environment, until=until, folder=home)
    if answered.is_file():
        try:
            return msgspec.json.decode(answered.read_bytes(), type=Answer)
        except msgspec.DecodeError as error:
            return Answer(problem=f"what came of the replay cannot be understood: {error}")
    if done.status is None and left_s < timeout_s / 2:
        raise TransportError(
            f"the model was not done in the {max(0.0, left_s):.0f} s that were left of {timeout_s:g} s once its files "
            "and its environment were here; --timeout gives it more"
        )
    if done.status is None:
        return Answer(problem="it was not done in time, and was ended")
    told = " ".join(" ".join(done.err.strip().splitlines()[-2:]).split())
    how = f"by signal {-done.status}" if done.status < 0 else f"with status {done.status}"
    return Answer(problem=f"its process ended {how} before it had an answer{f': {told:.500}' if told else ''}")


def _modules(folder: Path) -> Path:
    """A folder from which the other process imports what it needs of us, and no more."""
    here = Path(__file__).parents[1]
    for name in MODULES:
        target = folder / "tracker" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (here / name).is_dir():
            shutil.copytree(here / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(here / name, target)
    (folder / "tracker" / "__init__.py").write_text("")
    return folder


def _record(transport: Transport, resolved: Resolved, finding: Finding) -> None:
    path = f"/models/{resolved.name}/versions/{resolved.version}/verifications"
    transport.ask("POST", path, body=msgspec.to_builtins(finding), key=secrets.token_hex(16))


@contextmanager
def _room(parent: Path) -> Generator[Path]:
    """An empty folder that is gone afterwards."""
    made = parent / f".{secrets.token_hex(8)}"
    make_private_folder(made)
    environments.remove_stale(parent)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
