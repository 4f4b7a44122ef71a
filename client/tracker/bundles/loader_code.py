"""The code that a loader is: found without importing it, copied into a bundle, and what it needs beside itself.

What always holds: nothing of the code is carried out. What is installed is not copied but named, for the lock; what
lies here as files is copied, with what it imports of the same kind. Of a folder that nobody named, modules alone are.
"""

from __future__ import annotations

import ast
import os
import shutil
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Final, NamedTuple

from tracker.bundles.lock import distributions_of
from tracker.manifest import CODE

_MOST_BYTES: Final = 50_000_000
_LEFT_OUT: Final = ("__pycache__", "*.pyc", ".*", "*.egg-info")


class Taken(NamedTuple):
    """Which distributions the code needs, and the modules that it imports and that are not here."""

    distributions: tuple[str, ...]
    absent: tuple[str, ...]


def take(entry: str, given: Sequence[Path], folder: Path) -> Taken:
    """Copy the code of `package.module:function` below `code/` of a folder: `given` files and folders, or what is here.

    Raises ValueError where there is no such module, or no such function in it; FileNotFoundError for a given path.
    """
    module = entry.partition(":")[0]
    root = module.partition(".")[0]
    copied: dict[str, Path] = {}
    for path in given:
        if not path.exists():
            raise FileNotFoundError(f"there is no code at {str(path)!r}")
        copied[path.name.removesuffix(".py")] = _copied(path, folder)
    pending = [root] if root not in copied else []
    distributions, absent, seen = set(), set(), set(copied)
    pending += [name for path in copied.values() for name in _imports(path)]
    while pending:
        name = pending.pop()
        if name in seen or name in ("tracker", *sys.stdlib_module_names):
            continue
        seen.add(name)
        found = PathFinder.find_spec(name, [os.getcwd(), *sys.path])
        place = _place(found)
        if place is None:
            absent.add(name)
        elif _is_installed(place):
            distributions |= distributions_of([name])
        elif not given or name == root:
            copied[name] = _copied(place, folder, is_found=True)
            pending += _imports(copied[name])
    _check(entry, folder, copied, absent)
    return Taken(tuple(sorted(distributions)), tuple(sorted(absent)))


def _place(spec: ModuleSpec | None) -> Path | None:
    """The file of a module, or the folder of a package."""
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(spec.origin) if spec.origin is not None else None


def _is_installed(place: Path) -> bool:
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    folders.add(site.getusersitepackages())
    return any(place.resolve().is_relative_to(Path(folder).resolve()) for folder in folders)


def _copied(place: Path, folder: Path, *, is_found: bool = False) -> Path:
    """The copy of a file or a folder below `code/`. Of a folder that was found, and not given, the modules alone: what
    else lies in it was never meant to be shown to others.
    """
    target = folder / CODE / place.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if place.is_file():
        shutil.copyfile(place, target)
        return target
    size_bytes = sum(file.stat().st_size for file in place.rglob("*.py" if is_found else "*") if file.is_file())
    if size_bytes > _MOST_BYTES:
        raise ValueError(f"the code in {place} has {size_bytes} bytes, and at most {_MOST_BYTES} are taken; name the "
                         "files that are needed with code=…")  # fmt: skip
    left_out = shutil.ignore_patterns(*_LEFT_OUT)
    shutil.copytree(place, target, ignore=_no_module if is_found else left_out, dirs_exist_ok=True)
    return target


def _no_module(folder: str, names: list[str]) -> set[str]:
    """What of a folder is neither a module nor a folder of them."""
    left_out = shutil.ignore_patterns(*_LEFT_OUT)(folder, names)
    return left_out | {name for name in names if not name.endswith(".py") and not Path(folder, name).is_dir()}


def _imports(place: Path) -> set[str]:
    """The first names of whatever the files there import."""
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    return {name for file in files if file.suffix == ".py" for name in _imports_of(_tree(file))}


def _imports_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def _tree(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"the code in {file.name} is no Python: {error}") from None


def _check(entry: str, folder: Path, copied: dict[str, Path], absent: Iterable[str]) -> None:
    """That the function is there, as far as its file says so."""
    module, _, function = entry.partition(":")
    root, *inner = module.split(".")
    if root in absent:
        raise ValueError(
            f"there is no module {root!r} here to take the loader {entry!r} from; name its files with code=…"
        )
    if root not in copied:
        return  # an installed one, which is what it is
    package = (folder / CODE).joinpath(root, *inner)
    file = next((each for each in (package.with_suffix(".py"), package / "__init__.py") if each.is_file()), None)
    if file is None:
        raise ValueError(f"the loader {entry!r} is not in the code that was taken: there is no module {module!r}")
    if function.partition(".")[0] not in _defined(_tree(file)):
        raise ValueError(f"the module {module!r} has no {function!r}, which the loader {entry!r} names")


def _defined(tree: ast.Module) -> set[str]:
    """The names that a module has, wherever they come from; one that imports everything has any."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names
