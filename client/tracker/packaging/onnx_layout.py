"""The bare ONNX file, which says where it came from, with its signature as JSON."""

from __future__ import annotations

import msgspec

from tracker.packaging import onnx_file
from tracker.packaging.layout import Layout
from tracker.packaging.shipment import PackagingError, Shipment

PREFIX = "tracker."


def layout(shipment: Shipment) -> Layout:
    """`model.onnx` with the version in its metadata. Raises PackagingError for a bundle without that form."""
    form = next((form for form in shipment.manifest.forms if form.kind == "onnx"), None)
    if form is None or form.file is None:
        has = ", ".join(form.kind for form in shipment.manifest.forms) or "files alone"
        raise PackagingError(f"{shipment.ref} has no form onnx; it has {has}")
    model = onnx_file.parsed(shipment, form.file)
    kept = [entry for entry in model.metadata_props if not entry.key.startswith(PREFIX)]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    for key, value in shipment.facts.items():
        model.metadata_props.add(key=f"{PREFIX}{key}", value=value)
    made = Layout()
    made.add("model.onnx", model.SerializeToString(deterministic=True))
    for place, file in onnx_file.beside(shipment, form.file).items():
        made.add(place, file)
    if shipment.manifest.signature is not None:
        made.add("signature.json", msgspec.json.format(_signature(shipment), indent=2))
    return made


def _signature(shipment: Shipment) -> bytes:
    """The signature as it stands in the manifest."""
    assert shipment.manifest.signature is not None
    return msgspec.json.encode(shipment.manifest.signature)
