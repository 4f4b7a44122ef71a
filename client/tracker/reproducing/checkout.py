"""Putting the code that a run ran into a folder of its own.

What always holds: the folder was not there before, or was empty, and nothing outside of it is written but git's own
note of a worktree; a checkout that fails leaves nothing behind. Git is given no address but https and ssh, and nothing
of the run is executed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec

from tracker.errors import TrackerError
from tracker.reproducing.captured import Captured, normal

FACTS: Final = ".tracker"
"""The folder in a checkout that says what it is of: `run.json`, `requirements.txt`, `inputs.json`."""

NOTEBOOK: Final = "notebook.py"
_GIT_TIMEOUT_S: Final = 600.0


class CheckoutError(TrackerError):
    """The code cannot be put together here: it says what is missing, and the way out."""


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """`command` is to be run in `cwd`, with `variables` in its environment."""

    folder: Path
    cwd: Path
    command: tuple[str, ...]
    variables: dict[str, str]
    missing: tuple[str, ...]


def checkout(run: Captured, folder: Path, *, repository: str | None = None, python: str | None = None) -> Checkout:
    """Put what the run ran into `folder`: its commit as a worktree of a repository that has it, else as a clone.

    `repository` is a folder or an address to take the commit from; otherwise it is looked for where the run had it, in
    the working directory, and at the remote. `python` is the interpreter that the command names, this one by default.

    Raises CheckoutError, and ValueError for a folder that has something in it.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already, and not empty; name another folder")
    if run.commit is None and not run.sources and not run.cells:
        raise CheckoutError(f"run {run.name} has no code: it was started with capture_code=False, or without a script")
    made = _Place(folder)
    try:
        if run.commit is not None:
            made.take(run, repository)
        else:
            folder.mkdir(parents=True, exist_ok=True)
        root = _root(run, folder)
        _write_sources(run, folder, root)
        _write_facts(run, folder)
    except BaseException:
        made.remove()
        raise
    cwd = _moved(run.cwd, root, folder) or folder
    cwd.mkdir(parents=True, exist_ok=True)
    return Checkout(
        folder=folder,
        cwd=cwd,
        command=_command(run, folder, cwd, root, python or sys.executable),
        variables=run.variables,
        missing=(*run.missing, *run.apart),
    )


class _Place:
    """The folder, and what git knows of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._was_there = folder.exists()
        self._owner: Path | None = None

    def take(self, run: Captured, repository: str | None) -> None:
        """Have the commit and its patch there."""
        commit = run.commit or ""
        source = _find(run, repository)
        if isinstance(source, Path):
            self._owner = source
            _git("-C", source, "worktree", "add", "--detach", self._folder, commit)
        else:
            _git("clone", "--quiet", "--no-checkout", "--", source, self._folder)
            try:
                _git("-C", self._folder, "checkout", "--quiet", "--detach", commit)
            except CheckoutError as error:
                raise CheckoutError(f"{source} does not have the commit {commit} of the run: {error}") from None
        if run.patch:
            try:
                _git("-C", self._folder, "apply", "--whitespace=nowarn", "-", given=run.patch)
            except CheckoutError as error:
                raise CheckoutError(f"the changes that were not committed do not fit the commit: {error}") from None

    def remove(self) -> None:
        if self._owner is not None:
            with suppress(CheckoutError):  # what is left of it goes below
                _git("-C", self._owner, "worktree", "remove", "--force", self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._was_there:
            self._folder.mkdir(parents=True, exist_ok=True)


def _find(run: Captured, repository: str | None) -> Path | str:
    """The repository that has the commit: a folder of this machine, or an address."""
    commit = run.commit or ""
    if repository is not None:
        place = Path(repository)
        if not place.is_dir():
            return repository
        if not _has(place, commit):
            raise CheckoutError(f"the repository {place} does not have the commit {commit}; fetch it there first")
        return place
    for known in (run.root, os.getcwd()):
        if known is not None and Path(known).is_dir() and _has(Path(known), commit):
            return Path(known)
    if run.remote is None:
        raise CheckoutError(
            f"no repository here has the commit {commit}, and the run knows of no remote; name one: --repository PLACE"
        )
    return run.remote


def _has(folder: Path, commit: str) -> bool:
    try:
        _git("-C", folder, "cat-file", "-e", f"{commit}^{{commit}}")
    except CheckoutError:
        return False
    return True


def _git(*arguments: str | Path, given: str = "") -> None:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:ssh:file", "LC_ALL": "C"}
    command = ["git", *map(str, arguments)]
    try:
        done = subprocess.run(  # noqa: S603 (git by name, with checked arguments)
            command, input=given.encode(), capture_output=True, timeout=_GIT_TIMEOUT_S, check=False, env=environment
        )
    except FileNotFoundError:
        raise CheckoutError("git is not installed here, and the run's code is a commit; install git") from None
    except subprocess.TimeoutExpired:
        raise CheckoutError(f"git {arguments[0]} did not end within {_GIT_TIMEOUT_S:.0f} s") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or f"git ended with status {done.returncode}"
        raise CheckoutError(" ".join(said.split())[:500])


def _root(run: Captured, folder: Path) -> PurePosixPath | None:
    """The folder, on the machine where it ran, that is this one here."""
    if run.root is not None:
        return PurePosixPath(run.root)
    script = PurePosixPath(run.script) if run.script else None
    if run.commit is not None:  # captured before roots were: the longest end of the script's path that is here
        parts = script.parts if script else ()
        fits = (count for count in range(len(parts) - 1, 0, -1) if folder.joinpath(*parts[-count:]).is_file())
        count = next(fits, None)
        return None if script is None or count is None else PurePosixPath(*parts[:-count])
    cwd = PurePosixPath(run.cwd) if run.cwd else None
    if script is not None and cwd is not None and script.is_relative_to(cwd):
        return cwd
    return script.parent if script is not None else cwd


def _write_sources(run: Captured, folder: Path, root: PurePosixPath | None) -> None:
    below = PurePosixPath()
    if run.commit is None and root is not None and run.script is not None:  # then its name alone was captured
        below = PurePosixPath(run.script).relative_to(root).parent
    for file in run.sources:
        _write(folder, folder / below / file.path, file.text)
    if run.cells:
        _write(folder, folder / NOTEBOOK, "".join(f"# %%\n{cell}\n\n" for cell in run.cells))


def _write(folder: Path, path: Path, text: str) -> None:
    """Write a file where no link of the commit leads it out of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise CheckoutError(f"{path.relative_to(folder)} would lie outside of the folder, by a link of the commit")
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def _write_facts(run: Captured, folder: Path) -> None:
    facts = folder / FACTS
    _write(folder, facts / ".gitignore", "*\n")
    local = {normal(name) for name in run.local}
    lock = "".join(
        f"# from no index: {line}\n" if normal(line.partition("==")[0]) in local else f"{line}\n"
        for line in run.packages
    )
    _write(folder, facts / "requirements.txt", f"# Python {run.python or 'of an unknown version'}\n{lock}")
    said: dict[str, Any] = {"run": run.run, "name": run.name, "project": run.project, "url": run.url}
    said |= {"commit": run.commit, "command": list(run.command), "missing": [*run.missing, *run.apart]}
    _write(folder, facts / "run.json", msgspec.json.format(msgspec.json.encode(said)).decode() + "\n")
    refs = [f"{each.project}/{each.name}" for each in run.inputs]
    inputs = {  # of one that was read in several versions, no reference says which
        ref: f"v{each.version}" for ref, each in zip(refs, run.inputs, strict=True) if refs.count(ref) == 1
    }
    _write(folder, facts / "inputs.json", msgspec.json.format(msgspec.json.encode(inputs)).decode() + "\n")


def _command(run: Captured, folder: Path, cwd: Path, root: PurePosixPath | None, python: str) -> tuple[str, ...]:
    """The words of the command, with the paths of this machine."""
    if run.cells:
        return (python, NOTEBOOK)
    script = _moved(run.script, root, folder)
    words = []
    for word in run.command[1:]:
        at = PurePosixPath(os.path.normpath(os.path.join(run.cwd or "/", word)))
        if script is not None and run.script is not None and str(at) == os.path.normpath(run.script):
            words.append(os.path.relpath(script, cwd))
        else:
            there = _moved(word, root, folder) if word.startswith("/") else None
            words.append(str(there) if there is not None else word)
    return (python, *words)


def _moved(path: str | None, root: PurePosixPath | None, folder: Path) -> Path | None:
    """Where a path of the machine where it ran is in the folder; None for one that is not below the root."""
    if path is None or root is None or not PurePosixPath(path).is_relative_to(root):
        return None
    inside = PurePosixPath(path).relative_to(root)
    return None if ".." in inside.parts else folder / inside
