"""The layout of a repository on the Hugging Face Hub, which is still a bundle: its manifest names the new places.

The Hub knows files by their names: the card is `README.md`, the weights `model.safetensors`, ONNX lies in `onnx/`.
Pickles are left out unless they are allowed, since whoever downloads the repository may load what is in it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import msgspec
import yaml

from tracker import manifest as manifests
from tracker.manifest import BundleFile, Field
from tracker.packaging import onnx_file, requirements
from tracker.packaging.layout import Layout
from tracker.packaging.shipment import PICKLE, PackagingError, Shipment, moved

_LIBRARIES: Final = {"torch": "pytorch", "torch_export": "pytorch", "onnx": "onnx", "pickle": "sklearn"}
_CARD: Final = "README.md"
_LARGE: Final = ("*.safetensors", "*.onnx", "*.onnx.data", "*.onnx_data", "*.pt2", "*.pkl", "*.bin", "*.npz")


def layout(shipment: Shipment) -> Layout:
    """The repository. Raises PackagingError where two files would get one name."""
    made = Layout(steps=["hf upload <owner>/<name> {out}"])
    places = _places(shipment, made)
    taken = {place.casefold() for place in places.values()}
    own = {_CARD: shipment.card or card(shipment), ".gitattributes": _attributes()}
    if "config.json" not in taken:
        own["config.json"] = _config(shipment)
    if shipment.form is not None and requirements.FILE_NAME not in taken:
        own[requirements.FILE_NAME] = requirements.text(shipment, "models")
    for path, text in own.items():
        made.add(path, text)
    for file in shipment.manifest.files:
        if file.path in places:
            made.add(places[file.path], file)
    added = tuple(
        BundleFile(path, hashlib.sha256(text.encode()).hexdigest(), len(text.encode())) for path, text in own.items()
    )
    made.add(manifests.FILE_NAME, manifests.write(moved(shipment.manifest, places, added=added)))
    return made


def card(shipment: Shipment) -> str:
    """A card of what the bundle says of itself, for one that no server knows."""
    kinds = [form.kind for form in shipment.manifest.forms]
    library = next((_LIBRARIES[kind] for kind in ("torch", "pickle", "onnx") if kind in kinds), None)
    front: dict[str, Any] = {"library_name": library} if library else {}
    front["tags"] = ["tracker", *(["onnx"] if "onnx" in kinds and library != "onnx" else [])]
    signature = shipment.manifest.signature
    rows = [
        f"| {what} | {_cell(field.name)} | {field.dtype} | {_cell(_shape(field))} | {_cell(field.description)} |"
        for what, fields in (("in", signature.inputs), ("out", signature.outputs))
        for field in fields
    ] if signature else []  # fmt: skip
    table = ["| | name | type | shape | |", "| --- | --- | --- | --- | --- |", *rows, ""] if rows else []
    return "\n".join(
        [
            "---",
            yaml.safe_dump(front, sort_keys=False).rstrip(),
            "---",
            "",
            f"# {shipment.name}",
            "",
            *table,
            "This repository is a bundle: `tracker.yaml` names each file with its sha256, the signature, the packages",
            "and an example. `tracker serve` answers for it over HTTP:",
            "",
            "    hf download <owner>/<name> --local-dir model",
            '    pip install "tracker-runs[serve]"',
            "    tracker serve ./model",
            "",
        ]
    )


def _places(shipment: Shipment, made: Layout) -> dict[str, str]:
    """Where each file of the bundle goes; pickles nowhere, unless they are allowed."""
    left_out = [] if shipment.allow_pickle else [form for form in shipment.manifest.forms if form.kind == PICKLE]
    places = {file.path: file.path for file in shipment.manifest.files}
    for form in left_out:
        places.pop(form.file or "", None)
        made.notices.append(f"the pickle {form.file!r} is left out; --allow-pickle ships it")
    for form in shipment.manifest.forms:
        if form.file is None or form.file not in places:
            continue
        if form.kind == "torch":
            places[form.file] = "model.safetensors"
        elif form.kind == "onnx":
            beside = onnx_file.beside(shipment, form.file)
            places[form.file] = "onnx/model.onnx"
            places |= {file.path: f"onnx/{place}" for place, file in beside.items()}
    for path, place in places.items():
        if place in (_CARD, ".gitattributes"):
            places[path] = f"bundle/{place.lstrip('.')}"
    twice = [place for place in places.values() if list(places.values()).count(place) > 1]
    if twice:
        raise PackagingError(
            f"two files of {shipment.ref} would both be {twice[0]!r} on the Hub; log one by another name"
        )
    return places


def _config(shipment: Shipment) -> str:
    """What the Hub shows as the model's configuration, and counts downloads by."""
    torch = next((form for form in shipment.manifest.forms if form.kind == "torch"), None)
    content: dict[str, Any] = {"model_type": shipment.name}
    if torch is not None and torch.entry is not None:
        content |= {"architectures": [torch.entry.partition(":")[2]], "arguments": torch.arguments}
    if shipment.manifest.signature is not None:
        content["signature"] = msgspec.to_builtins(shipment.manifest.signature)
    content["tracker"] = shipment.facts
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _attributes() -> str:
    """What git keeps as large files; the Hub would write its own otherwise, which the manifest did not know."""
    return "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in _LARGE)


def _shape(field: Field) -> str:
    return " × ".join("any" if size is None else str(size) for size in field.shape)


def _cell(text: str) -> str:
    """Text in a table of Markdown: no bar ends the cell, and no tag is one."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
