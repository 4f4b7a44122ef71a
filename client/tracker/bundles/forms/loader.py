"""A function that makes the model of the files by role: of the bundle's code, or of what is installed."""

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
    """What the function gives. It predicts by its method `predict`, or by being called."""
    load = importing.entry_point(bundle, form)
    native = importing.guarded(form, lambda: load(bundle.files()), f"{form.entry}(files)")
    function = getattr(native, "predict", None) or (native if callable(native) else None)
    if function is None:
        told = f"{form.entry} gave a {type(native).__name__}, which has no predict and cannot be called: use `native`"

        def refuse(given: Mapping[str, Any]) -> dict[str, Any]:
            raise BundleError(told)

        return Runner("loader", native, refuse)
    signature = bundle.manifest.signature
    call = calling.caller(function, signature)

    def predict(given: Mapping[str, Any]) -> dict[str, Any]:
        return calling.named_outputs(signature, call(calling.plain_inputs(given)))

    return Runner("loader", native, predict)
