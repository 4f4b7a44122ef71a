"""The source that goes along with a model: the modules of the caller's own that its class needs.

What always holds: nothing is imported, and nothing run, to find it. Modules of the standard library and of installed
distributions stay where they are; the latter are named, for the lock. A class of the program itself (`__main__`, a
notebook) becomes a module of its own, of the definitions that it uses: importing the program would run it.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import math
import symtable
import sys
import sysconfig
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tracker.bundles.folder import Bundle
from tracker.bundles.forms import importing
from tracker.bundles.lock import distributions_of
from tracker.manifest import CODE, FORMAT, BundleFile, Form, Manifest

PROGRAM: Final = "model_code"
"""The module that a class of the program itself is put into."""

_MAX_FILES: Final = 1000
_MAX_BYTES: Final = 20 * 1024 * 1024
_MOST_ITEMS: Final = 1000


class SourceError(Exception):
    """Why the source of a class cannot be had, in words."""


@dataclass(frozen=True)
class Code:
    """Files by their path below `code/`, and the distributions that they import. `entry` is
    `package.module:Class`, where a class was asked for."""

    entry: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    distributions: frozenset[str] = frozenset()


def of_class(kind: type) -> Code:
    """What importing the class elsewhere takes. Raises SourceError."""
    if "<locals>" in kind.__qualname__:
        raise SourceError(f"{kind.__qualname__} is defined inside of a function; define it in a module")
    module = sys.modules.get(kind.__module__)
    if module is None:
        raise SourceError(f"the module {kind.__module__!r} of {kind.__qualname__} is not imported")
    if kind.__module__ != "__main__":
        taken = of_modules([kind.__module__])
        return Code(f"{kind.__module__}:{kind.__qualname__}", taken.files, taken.distributions)
    text = _Program(module).written([kind.__qualname__.partition(".")[0]])
    taken = _closure(_imports(ast.parse(text), PROGRAM, is_package=False))
    files = {f"{PROGRAM}.py": text.encode(), **taken.files}
    return Code(f"{PROGRAM}:{kind.__qualname__}", files, taken.distributions)


def of_modules(names: Iterable[str]) -> Code:
    """What importing some modules elsewhere takes. Raises SourceError."""
    wanted = sorted(set(names))
    if "__main__" in wanted:
        raise SourceError("it names classes of the program itself (__main__); define them in a module")
    return _closure(wanted)


def _closure(names: Iterable[str]) -> Code:
    """The caller's own modules among these and those that they import, and the distributions of the others."""
    files: dict[str, bytes] = {}
    others: set[str] = set()
    done: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        parents = [name.rpartition(".")[0]] if "." in name else []
        if name in done or name.partition(".")[0] in ("tracker", "tracker_server", *sys.stdlib_module_names):
            continue
        done.add(name)
        pending += parents
        module = sys.modules.get(name)
        path = _own_file(module) if module is not None else None
        if path is None:
            others.add(name)
            continue
        data = _read(path, name)
        is_package = path.name == "__init__.py"
        files[name.replace(".", "/") + ("/__init__.py" if is_package else ".py")] = data
        if len(files) > _MAX_FILES or sum(map(len, files.values())) > _MAX_BYTES:
            raise SourceError(
                f"{name!r} is one of more than {_MAX_FILES} modules, or {_MAX_BYTES // 2**20} MiB of them"
            )
        pending += _imports(_parsed(data, path), name, is_package=is_package)
    return Code("", files, frozenset(distributions_of(others)))


def _own_file(module: ModuleType) -> Path | None:
    """The module's source file, if it is the caller's own; None for what is installed, built in or has no file."""
    file = getattr(module, "__file__", None)
    if not file:
        return None
    path = Path(file)
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    of_python = [Path(sysconfig.get_path(key)) for key in ("stdlib", "platstdlib")]
    if installed or any(path.is_relative_to(place) for place in of_python):
        return None
    if path.suffix != ".py":
        raise SourceError(f"the module {module.__name__!r} is {path.name}, which is no Python source")
    return path


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"the source of {name!r}, {path}, cannot be read: {error.strerror}") from error


def _parsed(data: bytes, path: Path) -> ast.Module:
    try:
        return ast.parse(data)
    except (SyntaxError, ValueError) as error:
        raise SourceError(f"{path} has changed since it was imported, and is no Python: {error}") from error


def _imports(tree: ast.AST, name: str, *, is_package: bool) -> Iterator[str]:
    """The modules that a module's source imports and that are imported here, wherever in it."""
    for node in ast.walk(tree):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, name, is_package=is_package)
            found = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        yield from (each for each in found if each in sys.modules)


def _absolute(node: ast.ImportFrom, name: str, *, is_package: bool) -> str:
    """The module of `from … import`, its dots resolved."""
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    kept = parts[: len(parts) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


class _Program:
    """The definitions at the top of a program, by the names that they bind; the last one of each."""

    def __init__(self, module: ModuleType) -> None:
        self._values = vars(module)
        self._package = getattr(getattr(module, "__spec__", None), "parent", "") or ""
        self._bound: dict[str, ast.stmt] = {}
        self._future: list[str] = []
        for text in _texts(module):
            try:
                tree = ast.parse(text)
            except SyntaxError:  # a cell with magics, or one that failed
                continue
            for statement in _top(tree.body):
                if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                    self._future = sorted({*self._future, ast.unparse(statement)})
                self._bound |= dict.fromkeys(_bindings(statement), statement)
        if not self._bound:
            raise SourceError(
                "the program's source is not there (an interactive session?); define the class in a module"
            )

    def written(self, names: Iterable[str]) -> str:
        """A module of the definitions of these names and of what they use, in the order in which they are needed."""
        done: dict[str, str] = {}
        for name in names:
            self._visit(name, done)
        imports = [text for text in done.values() if text.startswith(("import ", "from "))]
        rest = [text for text in done.values() if text and not text.startswith(("import ", "from "))]
        return "\n\n\n".join(["\n".join([*self._future, *sorted(set(imports))]), *rest]) + "\n"

    def _visit(self, name: str, done: dict[str, str]) -> None:
        if name in done:
            return
        statement = self._bound.get(name)
        if statement is None:
            if hasattr(builtins, name) or name not in self._values:
                return
            raise SourceError(f"it uses {name!r}, whose definition is not found in the program's source")
        if isinstance(statement, ast.Import | ast.ImportFrom):
            done[name] = self._import(statement, name)
            return
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            done[name] = f"{name} = {self._constant(name, statement)}"
            return
        done[name] = ""  # functions may use one another
        for used in _used(statement):
            self._visit(used, done)
        done.pop(name)
        done[name] = ast.unparse(statement)

    def _import(self, statement: ast.Import | ast.ImportFrom, name: str) -> str:
        for alias in statement.names:
            if (alias.asname or alias.name.partition(".")[0]) == name or alias.asname == name:
                renamed = f" as {alias.asname}" if alias.asname else ""
                if isinstance(statement, ast.Import):
                    return f"import {alias.name}{renamed}"
                module = _absolute(statement, f"{self._package}.__main__", is_package=False)
                return f"from {module} import {alias.name}{renamed}"
        raise SourceError(f"it uses {name!r} of `from … import *`; import it by name")

    def _constant(self, name: str, statement: ast.stmt) -> str:
        """Its value as source. A text has to stand in the program itself: one that it has read may be a key."""
        value = self._values.get(name)
        if not _is_plain(value, with_texts=_stands_there(name, value, statement)):
            raise SourceError(
                f"it uses {name!r}, a {type(value).__name__} that the program has made; pass it to __init__, or define "
                "the class in a module"
            )
        return repr(value)


def _is_plain(value: object, *, with_texts: bool) -> bool:
    """Whether it is a number, a boolean or None, or a tuple or list of a few such things; or a text too."""
    if isinstance(value, tuple | list):
        return len(value) <= _MOST_ITEMS and all(_is_plain(each, with_texts=with_texts) for each in value)
    if isinstance(value, dict):
        return len(value) <= _MOST_ITEMS and all(
            _is_plain(each, with_texts=with_texts) for pair in value.items() for each in pair
        )
    if type(value) is float:
        return math.isfinite(value)
    return type(value) in (int, bool, type(None)) or (with_texts and type(value) in (str, bytes))


def _stands_there(name: str, value: object, statement: ast.stmt) -> bool:
    """Whether the statement binds the name to this very value, written out; a value may have been changed since."""
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    written = getattr(statement, "value", None)
    for target in targets:
        pairs = [(target, written)]
        if isinstance(target, ast.Tuple | ast.List) and isinstance(written, ast.Tuple | ast.List):
            is_known = not any(isinstance(each, ast.Starred) for each in (*target.elts, *written.elts))
            pairs = list(zip(target.elts, written.elts, strict=False)) if is_known else []
        for bound, node in pairs:
            if isinstance(bound, ast.Name) and bound.id == name and node is not None:
                return _is_literal(node, value)
    return False


def _is_literal(node: ast.expr, value: object) -> bool:
    try:
        return bool(ast.literal_eval(node) == value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False


def _texts(module: ModuleType) -> list[str]:
    """The program's source: the cells of a notebook in order, or the script's file."""
    cells = getattr(module, "In", None)
    if isinstance(cells, list) and "get_ipython" in vars(module):
        return [str(cell) for cell in cells]
    file = getattr(module, "__file__", None)
    try:
        return [Path(file).read_text(encoding="utf-8")] if file else []
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"the program's source, {file}, cannot be read: {error}") from error


def _top(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of the module itself, those below `if`, `try` and `with` too."""
    for statement in statements:
        yield statement
        for part in ("body", "orelse", "finalbody"):
            if isinstance(statement, ast.If | ast.Try | ast.With):
                yield from _top(getattr(statement, part, ()))


def _bindings(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor | ast.With):
        yield from (
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )


def _used(statement: ast.stmt) -> list[str]:
    """The global names that a definition reads, in order: its parameters and what it binds itself are none."""
    found = set(_globals(symtable.symtable(ast.unparse(statement), "<definition>", "exec")))
    walked = (node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    return list(dict.fromkeys(name for name in walked if name in found))


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    yield from (each.get_name() for each in table.get_symbols() if each.is_global() and each.is_referenced())
    for inner in table.get_children():
        yield from _globals(inner)


@contextmanager
def imported(code: Code, folder: Path) -> Generator[Any]:
    """The class that `entry` names, imported as loading does: from the source that is in the folder by now, not from
    what this process has in memory. Its modules are let go of afterwards."""
    files = []
    for path in sorted(path for path in (folder / CODE).rglob("*") if path.is_file()):
        data = path.read_bytes()
        files.append(BundleFile(path.relative_to(folder).as_posix(), hashlib.sha256(data).hexdigest(), len(data)))
    python = ".".join(map(str, sys.version_info[:3]))
    draft = Manifest(format=FORMAT, kind="python", python=python, files=tuple(files))
    bundle = Bundle(folder, draft)
    try:
        yield importing.entry_point(bundle, Form("python", entry=code.entry))
    finally:
        importing.forget(bundle)


def made_of(code: Code, program: str = PROGRAM) -> Any:
    """The class that `entry` names: for one of the program's, from the source that was written, carried out anew."""
    module_name, _, name = code.entry.partition(":")
    if module_name == program:
        module = ModuleType(module_name)
        exec(compile(code.files[f"{program}.py"], f"{program}.py", "exec"), vars(module))  # noqa: S102 (the caller's own)
        found: Any = module
    else:
        found = sys.modules[module_name]
    for part in name.split("."):
        found = getattr(found, part)
    return found
