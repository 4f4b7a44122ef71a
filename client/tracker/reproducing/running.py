"""Running again what a run ran, and comparing what comes out.

What always holds: the program runs as the user's own, in the folder of the checkout, with what it prints going where
ours goes; the run that it makes says which one it repeats, and so both pages lead to the other.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from tracker.errors import TrackerError
from tracker.notices import notice
from tracker.pins import INPUTS
from tracker.reproducing.captured import Captured, captured, normal
from tracker.reproducing.checkout import FACTS, Checkout, checkout
from tracker.reproducing.comparing import Comparison, compare
from tracker.start import REPRODUCES

if TYPE_CHECKING:
    from tracker.query import Api
    from tracker.query.stored_run import StoredRun

TOLERANCE: Final = 1e-6
ARRIVES_WITHIN_S: Final = 60.0
_DISTRIBUTION: Final = "tracker-runs"
_OWN: Final = ("TRACKER_RUN_ID", "RANK", "WORLD_SIZE", "LOCAL_RANK")


class Reproduced(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `run` is the new run's id, `url` the page that compares the two."""

    run: str
    url: str
    folder: Path
    status: int
    comparison: Comparison


class NotReproducible(TrackerError):
    """What was captured is not enough to run it again: it says what is missing."""


def reproduce(
    api: Api,
    run_id: str,
    folder: Path,
    *,
    repository: str | None = None,
    environment: bool = False,
    anyway: bool = False,
    tolerance: float = TOLERANCE,
    ignore: Sequence[str] = (),
    timeout_s: float | None = None,
    prints_to_stderr: bool = False,
) -> Reproduced:
    """Check the run's code out into `folder`, run its command there, and compare the new run's metrics with the old's.

    What the program prints goes where ours goes, or all of it to our standard error. With `environment` it runs in one
    that is built from the packages of the run, else with the Python at hand. Raises NotReproducible where something of
    the code was not captured, unless `anyway`; CheckoutError; TrackerError for a program that logs no run to this
    server.
    """
    old = api.run(run_id)
    what = captured(old)
    if not what.command and not what.cells:
        raise NotReproducible(f"run {what.name} has no command: it was started with capture_code=False")
    if what.missing and not anyway:
        raise NotReproducible("; ".join(what.missing) + ". Run it all the same with --anyway")
    with _python(what, needed=environment, timeout_s=timeout_s) as (python, paths):
        place = checkout(what, folder, repository=repository, python=python)
        known = set(old.reproduced_by)
        out = sys.stderr.fileno() if prints_to_stderr else None
        status = _run(place, api.url, old.id, timeout_s, out, paths)
    new = _arrived(api, old.id, known, status)
    comparison = compare(old.metrics, new.metrics, tolerance=tolerance, ignore=ignore)
    return Reproduced(
        run=new.id, url=compare_url(api.url, old, new), folder=folder, status=status, comparison=comparison
    )


def compare_url(url: str, old: StoredRun, new: StoredRun) -> str:
    """The page that compares two runs."""
    return f"{url}/p/{quote(old.project, safe='')}/compare?runs={old.id},{new.id}"


def differences(what: Captured) -> list[str]:
    """The packages that are another here, or not here: "torch 2.13.0, was 2.12.1"."""
    from tracker.capture import packages

    here = {name.lower().replace("_", "-"): version for name, version in packages().items()}
    wanted = dict(line.split("==", 1) for line in what.packages)
    told = []
    for name, version in wanted.items():
        found = here.get(name.lower().replace("_", "-"))
        if found != version:
            told.append(f"{name} {found or 'is not installed'}, was {version}")
    return told


def installable(what: Captured) -> tuple[list[str], list[str]]:
    """The packages of the run that an index is asked for, and the names of those that it is not.

    One that came from a folder or a repository is on no index, or another is there; of the tracker ours is lent.
    """
    local = {normal(name) for name in what.local} - {normal(_DISTRIBUTION)}
    named = {line: normal(line.partition("==")[0]) for line in what.packages}
    left_out = sorted(name for name in named.values() if name in local)
    wanted = [line for line, name in named.items() if name not in local and name != normal(_DISTRIBUTION)]
    needs = [need for need in _own_needs() if normal(re.split(r"[^A-Za-z0-9._-]", need)[0]) not in named.values()]
    return [*wanted, *needs], left_out


def lend(folder: Path) -> None:
    """Have this tracker importable from a folder, and nothing else that is installed beside it."""
    import tracker

    (folder / "tracker").symlink_to(Path(tracker.__file__).parent)
    with suppress(PackageNotFoundError):
        own = distribution(_DISTRIBUTION)
        facts = Path(str(own.locate_file(f"{normal(_DISTRIBUTION).replace('-', '_')}-{own.version}.dist-info")))
        if facts.is_dir():
            (folder / facts.name).symlink_to(facts)


def _own_needs() -> list[str]:
    try:
        return [need for need in distribution(_DISTRIBUTION).requires or [] if ";" not in need]
    except PackageNotFoundError:
        return []


@contextmanager
def _python(what: Captured, *, needed: bool, timeout_s: float | None) -> Generator[tuple[str, list[str]]]:
    """The interpreter that it is to run with, and the folders that it is to import from besides."""
    if not needed:
        yield sys.executable, []
        return
    if what.python is None or not what.packages:
        raise NotReproducible(f"run {what.name} has no packages to build an environment from; leave --environment out")
    from tracker import settings
    from tracker.bundles import environments

    packages, left_out = installable(what)
    if left_out:
        notice(f"not in the environment, as they were installed from a folder or a repository: {', '.join(left_out)}")
    folder = settings.load().directory / "environments"
    until = time.monotonic() + (timeout_s or 3600.0)
    with (
        tempfile.TemporaryDirectory(prefix="tracker-lent-") as lent,
        environments.ready(packages, what.python, folder, until=until) as interpreter,
    ):
        lend(Path(lent))
        yield str(interpreter), [lent]


def _run(place: Checkout, url: str, run_id: str, timeout_s: float | None, out: int | None, paths: Sequence[str]) -> int:
    kept = {name: value for name, value in os.environ.items() if name not in _OWN}
    if paths:
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [*paths, kept.get("PYTHONPATH", "")]))
    told = {REPRODUCES: run_id, "TRACKER_URL": url, INPUTS: str(place.folder / FACTS / "inputs.json")}
    process = subprocess.Popen(  # noqa: S603 (what the user asked to run again)
        place.command, cwd=place.cwd, env={**kept, **place.variables, **told}, stdin=subprocess.DEVNULL, stdout=out
    )
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        raise TrackerError(f"the program did not end within {timeout_s:.0f} s, and was ended") from None
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _arrived(api: Api, old_id: str, known: set[str], status: int) -> StoredRun:
    """The first run that the program made, whole; a program may end before its last records have arrived."""
    ended = "" if status == 0 else f" It ended with status {status}; what it printed says why."
    deadline = time.monotonic() + ARRIVES_WITHIN_S
    while True:
        made = [run_id for run_id in reversed(api.run(old_id).reproduced_by) if run_id not in known]
        new = api.run(made[0]) if made else None
        if new is not None and new.status != "running":
            return new
        if time.monotonic() >= deadline or (new is None and status != 0):
            break
        time.sleep(0.5)
    if new is not None:
        return new
    raise TrackerError(f"the program logged no run to {api.url}.{ended}")
