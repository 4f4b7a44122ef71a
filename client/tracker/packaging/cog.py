"""What `cog` builds from: `cog.yaml`, and a predictor whose inputs are those of the signature.

The keys are those of cog's reference of cog.yaml; its predictors take texts, numbers and booleans by name, so an array
travels as JSON.
"""

from __future__ import annotations

import keyword
from typing import Final

import yaml

from tracker.manifest import Field
from tracker.packaging import requirements
from tracker.packaging.shipment import PICKLE, Shipment

_TYPES: Final = {"f": "float", "i": "int", "u": "int", "b": "bool"}
_OWN: Final = frozenset({"self", "bundle", "runner", "json", "read_inputs", "to_json"})


def config(shipment: Shipment) -> str:
    """The text of `cog.yaml`."""
    content = {
        "build": {"python_version": shipment.python, "python_requirements": requirements.FILE_NAME},
        "predict": "predict.py:Predictor",
    }
    return yaml.safe_dump(content, sort_keys=False)


def predictor(shipment: Shipment, folder: str) -> str:
    """The text of `predict.py`. Names and descriptions are of the bundle, so they stand in it as quoted texts alone."""
    form = shipment.running()
    fields = shipment.manifest.signature.inputs if shipment.manifest.signature else ()
    names = _parameters(fields)
    declared = [f"        {name}: {_type(field)} = Input(description={_said(field)!r})," for name, field in names]
    given = [f"            {field.name!r}: {_read(name, field)}," for name, field in names]
    if not shipment.manifest.signature:
        declared = ["        inputs: str = Input(description='a JSON object with the inputs by name'),"]
        taken = "json.loads(inputs)"
    else:
        taken = "\n".join(["{", *given, "        }"])
    return "\n".join(
        [
            '"""The model for cog: loaded once, from its verified bundle. Answers a JSON object of outputs."""',
            "",
            "import json",
            "from pathlib import Path",
            "",
            "from cog import BasePredictor, Input",
            "",
            "from tracker.bundles.folder import open_folder",
            "from tracker.bundles.forms import run",
            "from tracker.bundles.values import read_inputs, to_json",
            "",
            "",
            "class Predictor(BasePredictor):",
            "    def setup(self) -> None:",
            f"        self.bundle = open_folder(Path(__file__).parent / {folder!r})",
            f"        self.runner = run(self.bundle, form={form.kind!r}, allow_pickle={(form.kind == PICKLE)!r})",
            "",
            "    def predict(",
            "        self,",
            *declared,
            "    ) -> str:",
            f"        given = {taken}",
            "        inputs = read_inputs(self.bundle.manifest.signature, given)",
            "        return json.dumps(to_json(self.runner.predict(inputs)))",
            "",
        ]
    )


def _parameters(fields: tuple[Field, ...]) -> list[tuple[str, Field]]:
    """A name that Python takes for each input: its own where that is one."""
    taken: set[str] = set()
    named = []
    for number, field in enumerate(fields, start=1):
        is_free = field.name.isascii() and field.name.isidentifier() and not keyword.iskeyword(field.name)
        name = field.name if is_free and not field.name.startswith("__") and field.name not in _OWN | taken else ""
        while not name or name in taken:
            name = f"input_{number}" if not name else f"{name}_"
        taken.add(name)
        named.append((name, field))
    return named


def _type(field: Field) -> str:
    if field.shape or field.dtype in ("string", "json"):
        return "str"
    return _TYPES["f" if field.dtype == "bfloat16" else field.dtype[0]]


def _read(name: str, field: Field) -> str:
    is_text = field.shape or field.dtype == "json"
    return f"json.loads({name})" if is_text else name


def _said(field: Field) -> str:
    shape = "" if not field.shape else f" [{', '.join('any' if size is None else str(size) for size in field.shape)}]"
    form = "as JSON, " if field.shape or field.dtype == "json" else ""
    return f"{field.name}: {form}{field.dtype}{shape}{f'; {field.description}' if field.description else ''}"
