"""What MLflow calls to load a bundle as a `python_function`; `MLmodel` names this module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracker.bundles.folder import open_folder
from tracker.bundles.forms import run
from tracker.bundles.values import read_inputs


class Model:
    """A verified bundle with the method that MLflow asks for."""

    def __init__(self, folder: Path, *, form: str | None, allow_pickle: bool) -> None:
        self._bundle = open_folder(folder)
        self._runner = run(self._bundle, form=form, allow_pickle=allow_pickle)

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The outputs by name, of a mapping of inputs, of a data frame with a column for each, or of one array."""
        signature = self._bundle.manifest.signature
        if not isinstance(model_input, Mapping):
            if hasattr(model_input, "columns"):
                model_input = {str(name): model_input[name].to_numpy() for name in model_input.columns}
            elif signature is not None and len(signature.inputs) == 1:
                model_input = {signature.inputs[0].name: model_input}
            else:
                raise TypeError(f"give the inputs by name, as a mapping, got {type(model_input).__name__}")
        return self._runner.predict(read_inputs(signature, model_input))


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> Model:
    """The name and the arguments that MLflow calls."""
    config = dict(model_config or {})
    return Model(Path(path), form=config.get("form"), allow_pickle=bool(config.get("allow_pickle", False)))
