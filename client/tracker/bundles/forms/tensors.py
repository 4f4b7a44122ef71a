"""Between arrays and tensors of torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tracker.manifest import Signature


def to_tensors(signature: Signature | None) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """Makes inputs tensors on a device; texts and JSON values stay what they are."""
    import torch

    fields = signature.inputs if signature is not None else ()
    halves = {field.name for field in fields if field.dtype == "bfloat16"}

    def tensors(given: Mapping[str, Any], device: Any) -> dict[str, Any]:
        found = {}
        for name, value in given.items():
            if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
                # torch shares the memory of the array, and takes none that it may not write to or that runs backwards
                shared = np.require(value, requirements=["C", "W"])
                tensor = torch.from_numpy(shared).to(device)
                value = tensor.bfloat16() if name in halves else tensor
            found[name] = value
        return found

    return tensors
