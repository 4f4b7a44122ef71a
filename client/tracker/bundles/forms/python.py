"""A class of the bundle's own, with `load(files)` and `predict(**inputs)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tracker.bundles.folder import BundleError
from tracker.bundles.forms import calling, importing
from tracker.bundles.forms.running import Options, Runner
from tracker.manifest import Form

if TYPE_CHECKING:
    from tracker.bundles.folder import Bundle


def opened(bundle: Bundle, form: Form, options: Options) -> Runner:
    """An object of the class that has loaded the files, by role."""
    made = importing.entry_point(bundle, form)
    native = importing.guarded(form, lambda: made(**form.arguments), f"making {form.entry}")
    if hasattr(native, "load"):
        importing.guarded(form, lambda: native.load(bundle.files()), f"{form.entry}.load(files)")
    if not callable(getattr(native, "predict", None)):
        raise BundleError(f"{form.entry!r} has no method predict(**inputs)")
    signature = bundle.manifest.signature

    def predict(given: Mapping[str, Any]) -> dict[str, Any]:
        return calling.named_outputs(signature, native.predict(**calling.plain_inputs(given)))

    return Runner("python", native, predict)
