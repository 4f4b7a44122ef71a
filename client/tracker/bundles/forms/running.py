"""What running is, whatever the form: inputs by name in, outputs by name out."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tracker.bundles.folder import BundleError
from tracker.manifest import Form, FormKind


class MissingLibraryError(BundleError, ImportError):
    """A library that the form needs is not installed here."""


@dataclass(frozen=True)
class Options:
    """What the one who runs it wishes, whatever the bundle says."""

    providers: tuple[str, ...] | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Runner:
    """A model that can predict, from any thread. `native` is what the form's library made of it.

    `predict` takes inputs as `values.read_inputs` gives them, and gives the outputs by name: arrays, texts, or what the
    model's own code makes.
    """

    form: FormKind
    native: Any
    predict: Callable[[Mapping[str, Any]], dict[str, Any]]


def need(form: Form, libraries: Iterable[str]) -> None:
    """Raises MissingLibraryError for the first that is not installed; none of them is imported."""
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise missing(form, library)


def missing(form: Form, library: str) -> MissingLibraryError:
    """What to say of a library that is not here; with the version that the bundle's lock has."""
    pinned = [each for each in form.packages if each.partition("==")[0].lower().replace("-", "_") == library.lower()]
    what = f'"{pinned[0]}"' if pinned else library
    return MissingLibraryError(f"the form {form.kind!r} needs {library}, which is not installed: pip install {what}")
