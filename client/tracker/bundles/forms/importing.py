"""Importing what an entry point names: from the bundle's `code/` where it is there, else from what is installed.

What always holds: modules of two bundles never meet, whatever they are called: each bundle's stand in `sys.modules`
below a package of its own, and what they import of `code/` by its plain name, then or later, is theirs. Whatever else
they import is what everybody has. Importing writes nothing into the bundle, and reads no bytecode.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import importlib.machinery
import sys
import threading
import types
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tracker.bundles.folder import BundleError
from tracker.bundles.forms.running import MissingLibraryError, missing
from tracker.manifest import CODE, Form

if TYPE_CHECKING:
    from tracker.bundles.folder import Bundle

_PREFIX: Final = "_tracker_bundle_"
_lock = threading.Lock()
_packages: dict[str, _Package] = {}


class _Package(types.ModuleType):
    """The package that a bundle's `code/` is, and the top-level modules that are in it."""

    def __init__(self, name: str, folder: str, own: frozenset[str]) -> None:
        super().__init__(name, "The code of a bundle.")
        self.__path__ = [folder]
        self.__package__ = name
        self.own = own


def entry_point(bundle: Bundle, form: Form) -> Any:
    """What the form's `entry` names. Raises MissingLibraryError, and BundleError where the code has no such thing."""
    assert form.entry is not None
    module_name, _, name = form.entry.partition(":")
    found: Any = module(bundle, form, module_name)
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise BundleError(f"the entry point {form.entry!r} of the form {form.kind!r} is not there") from None
    return found


def module(bundle: Bundle, form: Form, name: str) -> types.ModuleType:
    """The module of that name, as the bundle's code means it."""
    package = _package(bundle)
    is_own = package is not None and name.partition(".")[0] in package.own
    try:
        return importlib.import_module(f"{package.__name__}.{name}" if package is not None and is_own else name)
    except ImportError as error:
        raise _explained(form, name, error) from error
    except Exception as error:  # a module's own code may raise anything
        raise BundleError(
            f"importing {name!r} for the form {form.kind!r} raised {type(error).__name__}: {error}"
        ) from error


def guarded(form: Form, act: Callable[[], Any], what: str) -> Any:
    """What `act`, which is code of the bundle, gives; its errors in words that say what was tried."""
    try:
        return act()
    except BundleError:
        raise
    except ImportError as error:
        raise _explained(form, what, error) from error
    except Exception as error:  # as above
        raise BundleError(f"{what} for the form {form.kind!r} raised {type(error).__name__}: {error}") from error


def _explained(form: Form, what: str, error: ImportError) -> BundleError:
    root = (error.name or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and root and not root.startswith(_PREFIX):
        return missing(form, root)
    if isinstance(error, MissingLibraryError):
        return error
    return BundleError(f"{what} for the form {form.kind!r} cannot be imported: {error}")


def _package(bundle: Bundle) -> _Package | None:
    """The package of the bundle's code, None where it has none. Equal code of one folder is imported once."""
    within = f"{CODE}/"
    files = [file for file in bundle.manifest.files if file.path.startswith(within)]
    if not files:
        return None
    folder = str(bundle.path(CODE).resolve())
    said = "\n".join([folder, *(f"{file.path} {file.sha256}" for file in files)])
    name = _PREFIX + hashlib.sha256(said.encode()).hexdigest()[:16]
    with _lock:
        package = _packages.get(name)
        if package is None:
            if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
                sys.meta_path.insert(0, _Finder())
            tops = {file.path.removeprefix(within).partition("/") for file in files}
            own = frozenset(top if slash else top.partition(".")[0] for top, slash, _ in tops)
            package = _packages[name] = sys.modules[name] = _Package(name, folder, own)
        return package


def forget(bundle: Bundle) -> None:
    """Let go of the modules of a bundle whose folder goes; nothing of them may be imported by it any more."""
    package = _package(bundle)
    if package is None:
        return
    name, folder = package.__name__, package.__path__[0]
    with _lock:
        _packages.pop(name, None)
        for each in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
            sys.modules.pop(each, None)
        for place in [place for place in sys.path_importer_cache if place.startswith(folder)]:
            sys.path_importer_cache.pop(place, None)


class _Finder:
    """Finds the modules below a bundle's package, as the path finder does, and loads them by `_Loader`."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not name.startswith(_PREFIX) or path is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if (
            spec is not None
            and spec.origin is not None
            and isinstance(spec.loader, importlib.machinery.SourceFileLoader)
        ):
            spec.loader = _Loader(name, spec.origin)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    """Has a module of a bundle import others of it by their plain names."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError("no bytecode is looked for, and none is written")

    def exec_module(self, module: types.ModuleType) -> None:
        package = _packages[self.name.partition(".")[0]]
        module.__dict__["__builtins__"] = vars(builtins) | {"__import__": _importer(package)}
        super().exec_module(module)


def _importer(package: _Package) -> Callable[..., Any]:
    """What `import` does in the bundle's modules."""

    def import_(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        top = name.partition(".")[0]
        if level or top not in package.own:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        private = f"{package.__name__}.{name}"
        leaf = builtins.__import__(private, globals, locals, fromlist or ("__name__",), 0)
        return leaf if fromlist else sys.modules[f"{package.__name__}.{top}"]

    return import_
