"""What a run's client captured, as facts that can stand beside another run's.

What always holds: a fact is a leaf under a dotted key, and long texts (patches, files, cells) are told by digests.
Packages and facts of the machine stand apart from the rest, since they differ for reasons of their own.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

FIRST = ("git", "source", "notebook", "command", "script", "python")
MACHINE = ("host", "os", "cpu", "memory_bytes", "gpus", "gpu")

APART = ("packages", "dvc")
"""What is compared in a part of its own."""


@dataclass(frozen=True)
class Facts:
    """Each part by key: how the run was started, on which machine, with which versions of packages."""

    environment: dict[str, Any]
    machine: dict[str, Any]
    packages: dict[str, Any]


def of(environment: dict[str, Any]) -> Facts:
    """The facts in what was captured, which may lack anything; code comes first."""
    first = [name for name in FIRST if name in environment]
    others = [name for name in environment if name not in (*FIRST, *MACHINE, *APART)]
    machine = [name for name in MACHINE if name in environment]
    return Facts(
        environment=dict(_of_parts(environment, [*first, *others])),
        machine=dict(_of_parts(environment, machine)),
        packages=_packages(environment.get("packages")),
    )


def _packages(packages: Any) -> dict[str, Any]:
    """Versions by name, of a list of requirements too."""
    if isinstance(packages, dict):
        return dict(sorted(packages.items()))
    if not isinstance(packages, list):
        return {}
    parted = (str(line).partition("==") for line in packages)
    return {name: version for name, _, version in sorted(parted)}


def _of_parts(environment: dict[str, Any], names: list[str]) -> Iterator[tuple[str, Any]]:
    for name in names:
        yield from _leaves(name, environment[name])


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if path == "git.log":
        return  # the code of two runs is compared with it, commit by commit
    if path == "git.patch":
        yield from _patch(path, value)
    elif path in ("source.files", "notebook.cells") and isinstance(value, list):
        yield from _texts(path, value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}", item)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for place, item in enumerate(value):
            yield from _leaves(f"{path}.{place}", item)
    elif isinstance(value, list):
        yield path, shlex.join(str(item) for item in value)
    else:
        yield path, value


def _texts(path: str, texts: list[Any]) -> Iterator[tuple[str, Any]]:
    """Files and cells are told by the digests of what is in them; files under their own names."""
    for place, found in enumerate(texts):
        name, text = (found.get("path"), found.get("text")) if isinstance(found, dict) else (None, found)
        digest = hashlib.sha256(str(text).encode(errors="replace")).hexdigest()
        yield f"{path}.{place if name is None else name}.sha256", digest


def _patch(path: str, patch: Any) -> Iterator[tuple[str, Any]]:
    """A patch can be long, so it is told by its digest and its length; the run's own page has it whole."""
    text = patch if isinstance(patch, str) else msgspec.json.encode(patch).decode()
    yield f"{path}.sha256", hashlib.sha256(text.encode(errors="replace")).hexdigest()
    yield f"{path}.lines", len(text.splitlines())
