"""What a run was started from, as its server tells it.

What always holds: it is distrusted. A path is one inside of a folder, a commit a hexadecimal digest, a remote an
address that git may be given; whatever is anything else is as if it had not been captured.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tracker.naming import is_path
from tracker.redaction import REDACTED
from tracker.source import is_code

if TYPE_CHECKING:
    from tracker.query.stored_run import StoredRun

_COMMIT: Final = re.compile("[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REMOTE: Final = re.compile(r"(?:https|ssh)://[^\s-]\S*|[A-Za-z0-9_.]+@[A-Za-z0-9.-]+:\S+")
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PACKAGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DETERMINING: Final = re.compile(
    "PYTHONHASHSEED|CUBLAS_WORKSPACE_CONFIG|NVIDIA_TF32_OVERRIDE|(?:OMP|MKL|OPENBLAS|NUMEXPR)_NUM_THREADS|MKL_CBWR|"
    "TF_DETERMINISTIC_OPS|TF_CUDNN_DETERMINISTIC|XLA_FLAGS"
)
"""Variables that change what numbers come out, and nothing else."""


class SourceFile(msgspec.Struct, frozen=True):
    """A text file that no commit has, by its path in the repository."""

    path: str
    text: str


class Input(msgspec.Struct, frozen=True):
    """An artifact version that the run read."""

    project: str
    name: str
    version: int


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """`root` is the folder of the repository where it ran, `cwd` and `script` lie in it or elsewhere; all on the
    machine of the run. `missing` says in sentences what of the code was not kept, `apart` what other files lay
    beside it and were not. `local` are the packages that came from no index, where another may have their name."""

    run: str
    name: str
    project: str
    url: str
    command: tuple[str, ...]
    cwd: str | None
    script: str | None
    root: str | None
    python: str | None
    packages: tuple[str, ...]
    local: frozenset[str]
    variables: dict[str, str]
    commit: str | None
    remote: str | None
    patch: str
    sources: tuple[SourceFile, ...]
    cells: tuple[str, ...]
    inputs: tuple[Input, ...]
    apart: tuple[str, ...]
    missing: tuple[str, ...]


def captured(run: StoredRun) -> Captured:
    """What the server has of it. Raises what asking the server raises."""
    environment = run.environment
    git = _mapping(environment.get("git"))
    source = _mapping(environment.get("source"))
    commit = _fitting(_COMMIT, git.get("commit"))
    patch, binary = without_binary(_text(git.get("patch")) or "")
    sources = tuple(_sources(source))
    command = tuple(str(word) for word in _list(environment.get("command")))
    cells = tuple(
        _text(cell.get("text")) or "" for cell in _mappings(_mapping(environment.get("notebook")).get("cells"))
    )
    python = _fitting(_VERSION, _mapping(environment.get("python")).get("version"))
    packages = _mapping(environment.get("packages"))
    return Captured(
        run=run.id,
        name=run.name,
        project=run.project,
        url=run.url,
        command=command,
        cwd=_text(environment.get("cwd")),
        script=_text(environment.get("script")),
        root=_text(git.get("root")) if commit else None,
        python=python,
        packages=tuple(
            f"{name}=={version}" for name, version in packages.items()
            if _fitting(_PACKAGE, name) and re.fullmatch(r"[A-Za-z0-9.!+_-]+", str(version))
        ),
        local=frozenset(name for name in _list(environment.get("local_packages")) if isinstance(name, str)),
        variables={
            name: value for name, value in _mapping(environment.get("env")).items()
            if _DETERMINING.fullmatch(name) and isinstance(value, str) and REDACTED not in value
        },
        commit=commit,
        remote=_fitting(_REMOTE, git.get("remote")),
        patch=patch,
        sources=sources,
        cells=cells,
        inputs=tuple(_inputs(run)),
        apart=tuple(told for path, told in _left_out(source) if not is_code(path)),
        missing=tuple(_missing(commit, git, source, binary, sources, cells, command)),
    )  # fmt: skip


def _inputs(run: StoredRun) -> list[Input]:
    read = [artifact for artifact in run.artifacts() if artifact.direction == "input"]
    return [Input(each.project or run.project, *_name_and_version(each.ref)) for each in read]


def _name_and_version(ref: str) -> tuple[str, int]:
    name, _, version = ref.rpartition(":v")
    return name, int(version)


def normal(package: str) -> str:
    """A package's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", package).lower()


def without_binary(patch: str) -> tuple[str, list[str]]:
    """The patch without the files that it can only say have changed, and those files."""
    sections = re.split(r"^(?=diff --git )", patch, flags=re.MULTILINE)
    kept = [section for section in sections if not _is_binary(section)]
    left_out = [section.partition("\n")[0].rpartition(" b/")[2] for section in sections if _is_binary(section)]
    return "".join(kept), left_out


def _is_binary(section: str) -> bool:
    return re.search(r"^Binary files .* differ$", section, re.MULTILINE) is not None and "\n@@ " not in section


def _sources(source: dict[str, Any]) -> list[SourceFile]:
    found = []
    for file in _mappings(source.get("files")):
        path, text = _text(file.get("path")), file.get("text")
        if path and isinstance(text, str) and is_path(path) and ".git" not in PurePosixPath(path.lower()).parts:
            found.append(SourceFile(path, text))
    return found


def _missing(
    commit: str | None,
    git: dict[str, Any],
    source: dict[str, Any],
    binary: list[str],
    sources: tuple[SourceFile, ...],
    cells: tuple[str, ...],
    command: tuple[str, ...],
) -> list[str]:
    said = []
    if commit is None and not cells:
        script = sources[0].path if sources else "nothing"
        said.append(f"the run was outside of git: of its code only {script} was captured, and nothing that it imports")
    if git.get("is_patch_cut"):
        said.append("the patch of uncommitted changes was too long and is cut")
    said += [f"{path} is binary and was changed: only its commit's state is there" for path in binary]
    said += [f"the changes of {path} were left out, as it may hold keys" for path in _list(git.get("patch_left_out"))]
    said += [told for path, told in _left_out(source) if is_code(path)]
    texts = [_text(git.get("patch")) or "", *(file.text for file in sources), *cells]
    if any(REDACTED in text for text in texts):
        said.append(f"the code holds {REDACTED} where it held a secret")
    if any(REDACTED in word for word in command):
        said.append(f"the command holds {REDACTED} where it held a secret")
    if cells:
        said.append("it was a notebook: its cells are there in the order in which they were run, as one script")
    return [" ".join(each.split()) for each in said]


def _left_out(source: dict[str, Any]) -> list[tuple[str, str]]:
    """What git did not know and was not captured, by its path; what Python makes of source by itself is nothing."""
    found = [(str(each.get("path")), str(each.get("reason"))) for each in _mappings(source.get("left_out"))]
    return [(path, f"{path} was left out: {reason}") for path, reason in found if "__pycache__" not in path.split("/")]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mappings(value: object) -> list[dict[str, Any]]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value and "\0" not in value else None


def _fitting(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None
