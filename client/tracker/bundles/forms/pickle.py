"""A pickle, which carries out whatever it says: opened only by who has said that it may be, see `forms.run`."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tracker.bundles import predicting
from tracker.bundles.folder import BundleError
from tracker.bundles.forms import calling, importing
from tracker.bundles.forms.running import Options, Runner
from tracker.manifest import Form

if TYPE_CHECKING:
    from tracker.bundles.folder import Bundle


def opened(bundle: Bundle, form: Form, options: Options) -> Runner:
    """What was pickled; classes of the bundle's code are those of this bundle."""
    assert form.file is not None

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            found: Any = importing.module(bundle, form, module)
            for part in name.split("."):
                found = getattr(found, part)
            return found

    def unpickled() -> Any:
        with bundle.path(str(form.file)).open("rb") as file:
            return Unpickler(file).load()

    native = importing.guarded(form, unpickled, f"unpickling {form.file}")
    signature = bundle.manifest.signature
    names = [field.name for field in signature.outputs] if signature is not None else None
    if callable(getattr(native, "predict", None)):

        def predict(given: Mapping[str, Any]) -> dict[str, Any]:
            return calling.named_outputs(signature, predicting.outputs_of(native, given, names))

    elif callable(native):
        call = calling.caller(native, signature)

        def predict(given: Mapping[str, Any]) -> dict[str, Any]:
            return calling.named_outputs(signature, call(calling.plain_inputs(given)))

    else:
        raise BundleError(f"{form.file!r} is a {type(native).__name__}, which has no predict and cannot be called")
    return Runner("pickle", native, predict)
