"""What estimators with `predict` give: their prediction, and the probabilities of classes where they have them.

One module for who makes a bundle and who runs it, so that the two agree on the outputs' names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

LABEL: Final = "label"
PROBABILITIES: Final = "probabilities"


def outputs_of(model: Any, inputs: Mapping[str, Any], names: Sequence[str] | None = None) -> dict[str, Any]:
    """The outputs by name: `label` and `probabilities` of a classifier, `output` of anything else, or those of `names`.

    The one input is given as it is; several are columns of a frame, which pandas makes.
    """
    given = next(iter(inputs.values())) if len(inputs) == 1 else _frame(inputs)
    found = model.predict(given)
    if isinstance(found, Mapping):
        return dict(found)
    if isinstance(found, tuple):
        return {f"output_{number}": value for number, value in enumerate(found)}
    wants = PROBABILITIES in names if names is not None else hasattr(model, "predict_proba")
    probabilities = model.predict_proba(given) if wants else None
    if probabilities is None or isinstance(probabilities, list):  # a list: one for each of several labels
        return {next(iter(names)) if names else "output": found}
    return {LABEL: found, PROBABILITIES: probabilities}


def _frame(inputs: Mapping[str, Any]) -> Any:
    import pandas  # type: ignore[import-untyped]

    return pandas.DataFrame(dict(inputs))
