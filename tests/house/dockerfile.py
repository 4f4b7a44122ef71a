"""A Dockerfile, read and run without an engine: its steps in a directory and a virtual environment of their own.

This is as close as one comes without an engine, and no closer. Paths below / become paths below the directory of the
stage; the base image is the Python that runs the tests; the steps that change the system itself (`useradd`) are read
and not run; pip keeps its cache. What is run is what the file says: the working directory, the context less
`.dockerignore`, every other RUN, the copies between stages, the start command and the health check.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SYSTEM_STEPS = ("useradd", "groupadd", "apt-get", "install --directory")
PLACES = re.compile(r"(?<![\w./:])/(?=(?:source|wheels|data)\b)")


@dataclass(frozen=True)
class Instruction:
    keyword: str
    arguments: str

    def command(self) -> list[str]:
        """The exec form, after any options: `["tracker"]`. Raises ValueError for the shell form."""
        start = self.arguments.find("[")
        if start < 0:
            raise ValueError(f"{self.keyword} must be in the exec form, got {self.arguments!r}")
        return [str(word) for word in json.loads(self.arguments[start:])]


@dataclass(frozen=True)
class Stage:
    name: str
    instructions: tuple[Instruction, ...]

    def all(self, keyword: str) -> list[Instruction]:
        return [found for found in self.instructions if found.keyword == keyword]

    def last(self, keyword: str) -> Instruction:
        return self.all(keyword)[-1]


def parse(text: str) -> list[Stage]:
    stages: list[Stage] = []
    joined = re.sub(r"\\\n\s*", "", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    for line in filter(None, joined.splitlines()):
        keyword, arguments = line.split(maxsplit=1)
        if keyword == "FROM":
            stages.append(Stage(arguments.partition(" AS ")[2] or str(len(stages)), ()))
            continue
        before = stages.pop()
        stages.append(Stage(before.name, (*before.instructions, Instruction(keyword, arguments))))
    return stages


@dataclass
class Container:
    """One stage after its steps have run: `root` stands for /, `python` is the stage's own virtual environment."""

    root: Path
    workdir: Path = field(init=False)
    arguments: dict[str, str] = field(default_factory=dict)
    """What the build is told by name; for what it is not told, the default of the file is here after `build`."""

    def __post_init__(self) -> None:
        self.workdir = self.root
        venv.create(self.root / "venv", with_pip=True)

    def build(self, stage: Stage, context: Path, earlier: dict[str, Container]) -> None:
        for instruction in stage.instructions:
            if instruction.keyword == "WORKDIR":
                self.workdir = self.root / instruction.arguments.lstrip("/")
            elif instruction.keyword == "ARG":
                name, _, default = instruction.arguments.partition("=")
                self.arguments.setdefault(name, default.strip('"'))
            elif instruction.keyword == "COPY":
                self._copy(instruction.arguments.split(), context, earlier)
            elif instruction.keyword == "RUN" and not instruction.arguments.startswith(SYSTEM_STEPS):
                self._run(instruction.arguments)

    def command(self, words: list[str]) -> list[str]:
        """The command with its program and its paths inside this container."""
        program = str(self.root / "venv" / "bin" / words[0])
        return [program, *(self._inside(word) for word in words[1:])]

    @property
    def environment(self) -> dict[str, str]:
        """As bare as the image's: its own programs, and neither Node nor anything of the checkout."""
        return {"PATH": str(self.root / "venv" / "bin"), "HOME": str(self.root)}

    def _copy(self, words: list[str], context: Path, earlier: dict[str, Container]) -> None:
        if words[0].startswith("--from="):
            source = earlier[words[0].removeprefix("--from=")].root / words[1].lstrip("/")
            words = words[1:]
        else:
            source = context / words[0]
        target = self.root / words[-1].lstrip("/") if words[-1].startswith("/") else self.workdir / words[-1]
        for place in [source, *(context / word for word in words[1:-1])]:
            if place.is_dir():
                shutil.copytree(place, target, dirs_exist_ok=True)
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(place, target)

    def _run(self, line: str) -> None:
        path = os.pathsep.join([str(self.root / "venv" / "bin"), "/usr/bin", "/bin"])
        self.workdir.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["sh", "-ec", self._inside(line).replace("--no-cache-dir ", "")],
            cwd=self.workdir,
            env={**os.environ, **self.arguments, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(
                f"RUN {line} ended with status {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
            )

    def _inside(self, text: str) -> str:
        return PLACES.sub(f"{self.root}/", text)


def copy_context(checkout: Path, target: Path) -> None:
    """What `docker build` sends: the files that git knows or would add, less those that `.dockerignore` names."""
    ignored = [line for line in (checkout / ".dockerignore").read_text().split() if not line.startswith("#")]
    for name in _files_of(checkout):
        if not any(_is_below(name, pattern) for pattern in ignored) and (checkout / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, target / name)


def _files_of(checkout: Path) -> Iterator[str]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        check=True,
    )
    yield from filter(None, listing.stdout.decode().split("\0"))


def _is_below(name: str, pattern: str) -> bool:
    """Whether the path or a folder above it matches; a leading `**/` matches any number of folders, none among them."""
    folders = [name, *(str(parent) for parent in Path(name).parents)]
    patterns = [pattern, pattern.removeprefix("**/")] if pattern.startswith("**/") else [pattern]
    return any(fnmatch.fnmatchcase(folder, each) for folder in folders for each in patterns)
