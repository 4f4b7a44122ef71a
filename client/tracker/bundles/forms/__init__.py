"""The forms of a bundle made to run: one module a form kind, chosen by what is installed and what is allowed.

What always holds: nothing of a bundle is carried out before its form was chosen; a pickle never without being allowed.
A form whose library is missing is passed over for the next one in the manifest, unless it was asked for by name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tracker.bundles.folder import BundleError
from tracker.bundles.forms.running import MissingLibraryError, Options, Runner, need
from tracker.manifest import Form, FormKind, ManifestError

if TYPE_CHECKING:
    from tracker.bundles.folder import Bundle

__all__ = ["MissingLibraryError", "PickleNotAllowedError", "Runner", "run"]

LIBRARIES: Final[dict[FormKind, tuple[str, ...]]] = {
    "onnx": ("onnxruntime",),
    "torch_export": ("torch",),
    "torch": ("torch", "safetensors"),
    "python": (),
    "loader": (),
    "pickle": (),
}
"""What each needs whatever the model; what a model's own code needs is seen when it is imported."""


class PickleNotAllowedError(BundleError):
    """The form is a pickle, and nobody has said that it may be loaded."""


def run(
    bundle: Bundle,
    *,
    form: str | None = None,
    allow_pickle: bool = False,
    providers: Sequence[str] | None = None,
    threads: int | None = None,
) -> Runner:
    """The bundle's model, ready to predict, in `form` or in the first one that can run here.

    `providers` and `threads` are of onnxruntime: the CPU's and as many as there are cores. Raises
    PickleNotAllowedError, MissingLibraryError, and BundleError where no form can run, which says why not of each.
    """
    options = Options(providers=tuple(providers) if providers is not None else None, threads=threads)
    if form is not None:
        return _opened(bundle, _named(bundle, form), allow_pickle, options)
    reasons = []
    for each in bundle.manifest.forms:
        try:
            return _opened(bundle, each, allow_pickle, options)
        except (MissingLibraryError, PickleNotAllowedError) as error:
            if len(bundle.manifest.forms) == 1:
                raise
            reasons.append(str(error))
    if not reasons:
        raise BundleError("the bundle has files alone, and no form that can run; load it with a loader=…")
    raise BundleError("none of the bundle's forms can run here: " + "; ".join(reasons))


def _named(bundle: Bundle, kind: str) -> Form:
    try:
        return bundle.manifest.form(kind)
    except ManifestError as error:
        raise BundleError(str(error)) from None


def _opened(bundle: Bundle, form: Form, allow_pickle: bool, options: Options) -> Runner:
    if form.kind == "pickle" and not allow_pickle:
        raise PickleNotAllowedError(
            "the form 'pickle' carries out whatever its file says; where you trust who made it, load it with "
            "allow_pickle=True (--allow-pickle)" + _others(bundle, form)
        )
    try:
        need(form, LIBRARIES[form.kind])
        return _opener(form.kind)(bundle, form, options)
    except MissingLibraryError as error:
        raise MissingLibraryError(f"{error}{_others(bundle, form)}") from None


def _opener(kind: FormKind) -> Callable[[Bundle, Form, Options], Runner]:
    """`opened` of the kind's module, which is imported only now, as it may need a library."""
    opener: Callable[[Bundle, Form, Options], Runner] = importlib.import_module(f"{__name__}.{kind}").opened
    return opener


def _others(bundle: Bundle, form: Form) -> str:
    others = [each.kind for each in bundle.manifest.forms if each.kind != form.kind]
    return f"; the bundle has {', '.join(others)} too" if others else "; the bundle has no other form"
