"""Environments of Python built from the lock of a form, each once, and kept for the next time.

    <directory>/environments/<key>/          a virtual environment
    <directory>/environments/<key>.used      when it last was, by the file's time; locked while it is
    <directory>/environments/.<token>/       one that is being built

What always holds: an environment at its final place has everything that its lock names; the few used last are kept, and
none is removed while somebody uses it. Where packages come from is the user's to say, by the settings of pip.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import platform
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from tracker.bundles.folder import BundleError
from tracker.errors import TransportError
from tracker.journal_files import make_private_folder

KEPT: Final = 5
OWN_NEEDS: Final = {"msgspec": "msgspec>=0.20", "pyyaml": "pyyaml>=6", "numpy": "numpy>=1.26"}
"""What reading a manifest and its values takes, where the lock does not name it."""

_AWAY: Final = ("Retrying (Retry(", "Max retries exceeded", "Connection broken", "HTTP error ", "Could not fetch URL")
"""What pip says of an index that does not answer, or not with packages."""
_NOT_LISTED: Final = re.compile(r"Could not fetch URL (?!.*\b404 ).*")
"""What pip notes in its log alone: an index that would not list a package. One that has no such package answers 404."""
_LATE: Final = "the environment was not built in time; --timeout gives it more"
_NOISE: Final = ("ERROR: Ignored the following", "WARNING:", "[notice]")
_TAIL_BYTES: Final = 64 * 1024
_STALE_S: Final = 24 * 3600.0


class UnsatisfiableError(BundleError):
    """The lock cannot be installed: it names the line."""


class Ended(NamedTuple):
    """A process that is over, and the end of what it printed. `status` is None where its time was up."""

    status: int | None
    out: str
    err: str


@contextmanager
def ready(packages: Sequence[str], python: str, folder: Path, *, until: float) -> Generator[Path]:
    """The interpreter of an environment that has the packages, for as long as the `with` lasts.

    Raises UnsatisfiableError for a lock that cannot be, TransportError where no index answers or the time is up, and
    BundleError where this machine has no such Python.
    """
    interpreter = interpreter_of(python)
    wanted = _wanted(packages)
    said = (_minor(python), sys.platform, platform.machine(), str(interpreter), *wanted)
    key = hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]
    make_private_folder(folder)
    with _in_use(folder / f"{key}.used"):
        made = folder / key
        if not _python_in(made).exists():
            _build(interpreter, wanted, packages, made, until)
        _prune(folder, key)
        yield _python_in(made)


def interpreter_of(python: str) -> Path:
    """A Python of that minor version: this one, or one on PATH. Raises BundleError."""
    minor = _minor(python)
    if minor == _minor(platform.python_version()):
        return Path(sys.executable)
    found = shutil.which(f"python{minor}")
    says = "import sys; print('%d.%d' % sys.version_info[:2])"
    if found is not None and ended([found, "-c", says], os.environ, until=time.monotonic() + 30).out.strip() == minor:
        return Path(found)
    raise BundleError(
        f"the bundle needs Python {minor}; this is {platform.python_version()}, and there is no python{minor} on PATH "
        "that runs. Install it, or replay with the Python at hand by --no-environment"
    )


def ended(
    command: Sequence[object], environment: Mapping[str, str], *, until: float, folder: Path | None = None
) -> Ended:
    """Run a program to its end, or to `until`, when it and whatever it started are ended."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        status = _status(command, environment, until, folder, out, err)
        return Ended(status, _tail(out), _tail(err))


def _status(
    command: Sequence[object],
    environment: Mapping[str, str],
    until: float,
    folder: Path | None,
    out: IO[bytes],
    err: IO[bytes],
) -> int | None:
    process = subprocess.Popen(  # noqa: S603 (a Python of this machine)
        [str(each) for each in command], env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, stdout=out,
        stderr=err, start_new_session=True,
    )  # fmt: skip
    try:
        return process.wait(max(0.0, until - time.monotonic()))
    except BaseException as error:
        with suppress(ProcessLookupError):  # whatever it has started, too
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        return None


def _tail(file: IO[bytes]) -> str:
    """The end of a file, as text: a program may print without end."""
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(max(0, size_bytes - _TAIL_BYTES))
    return file.read().decode(errors="replace")


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])


def _wanted(packages: Sequence[str]) -> list[str]:
    named = {_normal(each.partition("==")[0]) for each in packages}
    return sorted([*packages, *(need for name, need in OWN_NEEDS.items() if name not in named)])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _python_in(environment: Path) -> Path:
    return environment / "bin" / "python"


@contextmanager
def _in_use(marker: Path) -> Generator[None]:
    while True:
        with marker.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            if not _is_at(file, marker):  # it was removed, with what it marks, between opening and locking it
                continue
            os.utime(file.fileno())
            yield
            return


def _is_at(file: IO[Any], path: Path) -> bool:
    """Whether an open file is the one at the path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _build(interpreter: Path, wanted: Sequence[str], packages: Sequence[str], made: Path, until: float) -> None:
    temporary = made.with_name(f".{secrets.token_hex(8)}")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TRACKER_") and name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
    lock = temporary / "lock.txt"
    has_pip = importlib.util.find_spec("pip") is not None  # ours installs there too, which spares unpacking another
    try:
        command = [interpreter, "-m", "venv", *(["--without-pip"] if has_pip else []), temporary]
        done = ended(command, environment, until=until)
        if done.status is None:
            raise TransportError(_LATE)
        if done.status != 0:
            raise BundleError(f"no environment could be made: {_said(done.err or done.out)}")
        lock.write_text("".join(f"{line}\n" for line in wanted))
        pip = [sys.executable, "-m", "pip", "--python", _python_in(temporary)] if has_pip else [
            _python_in(temporary), "-m", "pip"
        ]  # fmt: skip
        noted = temporary / "pip.log"
        options = ["--no-input", "--disable-pip-version-check", "--prefer-binary", "--retries", "3", "-r", lock]
        _check_installed(ended([*pip, "install", "--log", noted, *options], environment, until=until), packages, noted)
        noted.unlink(missing_ok=True)
        if made.is_dir() and not _python_in(made).exists():  # its Python is no longer on this machine
            _discard(made)
        with suppress(OSError):  # somebody else was faster, and theirs is as good
            temporary.rename(made)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_installed(done: Ended, packages: Sequence[str], noted: Path | None = None) -> None:
    """Raises UnsatisfiableError, with the line, only where pip has said of the lock that it cannot be."""
    if done.status == 0:
        return
    if done.status is None:
        raise TransportError(_LATE)
    if any(word in done.err for word in _AWAY):
        raise TransportError(f"the packages of the lock could not be fetched: {_said(done.err)}")
    not_listed = _not_listed(noted) if noted is not None else None
    if not_listed is not None:
        raise TransportError(f"the packages of the lock could not be fetched: {not_listed}")
    if "OSError" in done.err:
        raise BundleError(f"the lock could not be installed here: {_said(done.err)}")
    collected = [line for line in done.out.splitlines() if line.startswith("Collecting ")][-1:]
    texts = ["\n".join(_errors(done.err)), *collected, done.err]  # of one that cannot be built pip's error has no name
    line = next(filter(None, (_line(packages, text) for text in texts)), None)
    raise UnsatisfiableError(f"the lock cannot be satisfied{f', at {line!r}' if line else ''}: {_said(done.err)}")


def _not_listed(noted: Path) -> str | None:
    """What the log of pip says of an index that refused or could not answer; None where it says nothing of one."""
    try:
        found = _NOT_LISTED.search(noted.read_text(errors="replace"))
    except OSError:
        return None
    return " ".join(found.group().split())[:500] if found is not None else None


def _line(packages: Iterable[str], said: str) -> str | None:
    """The line of the lock that a text speaks of, as it is or by its name."""
    lines = list(packages)
    names = [line.partition("==")[0] for line in lines]
    for wanted in (lines, names):
        for line, words in zip(lines, wanted, strict=True):
            if re.search(rf"(?<![\w.-]){re.escape(words)}(?![\w-]|\.\d)", said, re.IGNORECASE):
                return line
    return None


def _errors(said: str) -> list[str]:
    lines = [line.strip() for line in said.splitlines()]
    return [line for line in lines if line.lower().startswith("error:") and not line.startswith(_NOISE)]


def _said(text: str) -> str:
    """Pip's own sentence, in one line."""
    lines = _errors(text) or [line for line in text.splitlines() if line.strip() and not line.startswith(_NOISE)]
    return " ".join(" ".join(lines[:2]).split())[:500] or "it says nothing"


def _prune(folder: Path, current: str) -> None:
    """Remove the environments that were used longest ago, those that are in use aside, and what was left unfinished."""
    markers = sorted(folder.glob("*.used"), key=lambda marker: marker.stat().st_mtime, reverse=True)
    built = [marker for marker in markers if (folder / marker.stem).is_dir()]
    for marker in {*markers} - {*built[:KEPT]}:
        if marker.stem != current:
            _remove(folder / marker.stem, marker)
    remove_stale(folder)


def _remove(environment: Path, marker: Path) -> None:
    with suppress(OSError), marker.open("a") as file:  # somebody uses it, or has just removed it
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_at(file, marker):
            return
        _discard(environment)
        marker.unlink(missing_ok=True)


def _discard(environment: Path) -> None:
    """Remove an environment, from its place in one step: one that is removed in part would be taken for a whole one."""
    moved = environment.with_name(f".{secrets.token_hex(8)}")
    with suppress(FileNotFoundError):
        environment.rename(moved)
    shutil.rmtree(moved, ignore_errors=True)


def remove_stale(folder: Path) -> None:
    """Remove what processes that were killed have left in a folder: hidden folders of more than a day ago."""
    for path in folder.glob(".*"):
        with suppress(OSError):
            if path.is_dir() and time.time() - path.stat().st_mtime > _STALE_S:
                shutil.rmtree(path, ignore_errors=True)
