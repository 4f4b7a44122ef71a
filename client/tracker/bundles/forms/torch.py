"""A class of the bundle's code, with its weights out of safetensors."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tracker.bundles.folder import BundleError
from tracker.bundles.forms import calling, importing
from tracker.bundles.forms.running import Options, Runner
from tracker.bundles.forms.tensors import to_tensors
from tracker.manifest import Form

if TYPE_CHECKING:
    from tracker.bundles.folder import Bundle


def opened(bundle: Bundle, form: Form, options: Options) -> Runner:
    """A module in evaluation mode on the CPU; where `native` was moved to another device, it predicts there."""
    import torch
    from safetensors.torch import load_model

    made = importing.entry_point(bundle, form)
    native = importing.guarded(form, lambda: made(**form.arguments), f"making {form.entry}")
    if not isinstance(native, torch.nn.Module):
        raise BundleError(f"{form.entry!r} is no torch.nn.Module: {type(native).__name__}")
    try:
        load_model(native, bundle.path(str(form.file)), strict=True, device="cpu")
    except Exception as error:  # those of safetensors have no base of their own
        raise BundleError(f"{form.file!r} does not have the weights of {form.entry}: {error}") from error
    native.eval()
    signature = bundle.manifest.signature
    tensors, call = to_tensors(signature), calling.caller(native, signature, like=native.forward)

    def predict(given: Mapping[str, Any]) -> dict[str, Any]:
        weight = next(itertools.chain(native.parameters(), native.buffers()), None)
        with torch.inference_mode():
            return calling.named_outputs(signature, call(tensors(given, "cpu" if weight is None else weight.device)))

    return Runner("torch", native, predict)
