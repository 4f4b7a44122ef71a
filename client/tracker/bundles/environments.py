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
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from tracker.bundles.folder import BundleError
from tracker.errors import TransportError
from tracker.journal_files import make_private_folder

KEPT: Final = 5
OWN_NEEDS: Final = {"msgspec": "msgspec>=0.20", "pyyaml": "pyyaml>=6", "numpy": "numpy>=1.26"}
"""What reading a manifest and its values takes, where the lock does not name it."""

_AWAY: Final = ("Retrying (Retry(", "Max retries exceeded", "Connection broken", "ConnectTimeout", "ReadTimeoutError")
"""What pip says of an index that does not answer."""


class UnsatisfiableError(BundleError):
    """The lock cannot be installed: it names the line."""


class Ended(NamedTuple):
    """A process that is over; None where its time was up and it was ended."""

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
    process = subprocess.Popen(  # noqa: S603 (a Python of this machine)
        [str(each) for each in command], env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=max(0.0, until - time.monotonic()))
        return Ended(process.returncode, out, err)
    except BaseException as error:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        return Ended(None, out, err)


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
    with marker.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        os.utime(marker)
        yield


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
        _checked(ended(command, environment, until=until), "no environment could be made", packages)
        lock.write_text("".join(f"{line}\n" for line in wanted))
        pip = [sys.executable, "-m", "pip", "--python", _python_in(temporary)] if has_pip else [
            _python_in(temporary), "-m", "pip"
        ]  # fmt: skip
        options = ["--no-input", "--disable-pip-version-check", "--prefer-binary", "-q", "-r", lock]
        done = ended([*pip, "install", *options], environment, until=until)
        _checked(done, "the lock cannot be satisfied", packages)
        with suppress(OSError):  # somebody else was faster, and theirs is as good
            temporary.rename(made)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _checked(done: Ended, what: str, packages: Sequence[str]) -> None:
    if done.status == 0:
        return
    if done.status is None:
        raise TransportError("the environment was not built in time; --timeout gives it more")
    if any(word in done.err for word in _AWAY):
        raise TransportError(f"the packages of the lock could not be fetched: {_said(done.err)}")
    line = _line(packages, done.err)
    raise UnsatisfiableError(f"{what}{f', at {line!r}' if line else ''}: {_said(done.err)}")


def _line(packages: Iterable[str], said: str) -> str | None:
    """The line of the lock that pip complains of: by its own words, else by the name in them."""
    errors = "\n".join(line for line in said.splitlines() if "ERROR" in line or "error" in line) or said
    lines = list(packages)
    for wanted in (lines, [f"{each.partition('==')[0]}" for each in lines]):
        for line, text in zip(lines, wanted, strict=True):
            if re.search(rf"(?<![\w.-]){re.escape(text)}(?![\w-]|\.\d)", errors, re.IGNORECASE):
                return line
    return None


def _said(text: str) -> str:
    """Pip's own sentence, in one line."""
    errors = [line.strip() for line in text.splitlines() if line.lstrip().startswith("ERROR:")] or text.splitlines()
    return " ".join(" ".join(errors[:2]).split())[:500] or "it says nothing"


def _prune(folder: Path, current: str) -> None:
    """Remove the environments that were used longest ago, those that are in use aside."""
    markers = sorted(folder.glob("*.used"), key=lambda marker: marker.stat().st_mtime, reverse=True)
    for marker in markers[KEPT:]:
        if marker.stem == current:
            continue
        with marker.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            shutil.rmtree(folder / marker.stem, ignore_errors=True)
            marker.unlink(missing_ok=True)
