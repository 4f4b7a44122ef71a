"""A model of MLflow: `MLmodel` with its flavors, and the environments that it is run in.

The flavor `onnx` is there where the names in the graph are those of the signature, and is what `python_function` loads
then; otherwise `python_function` loads the bundle by `tracker.packaging.mlflow_loader`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import yaml

from tracker import manifest as manifests
from tracker.manifest import Field, Form
from tracker.packaging import onnx_file, requirements
from tracker.packaging.layout import Layout
from tracker.packaging.shipment import PICKLE, Shipment

BUNDLE: Final = "bundle"
LOADER: Final = "tracker.packaging.mlflow_loader"
_MLFLOW: Final = "mlflow>=2.10,<4"
_NO_TENSOR: Final = frozenset({"json", "bfloat16"})


def layout(shipment: Shipment, now: datetime | None = None) -> Layout:
    """The folder that `mlflow.pyfunc.load_model` takes."""
    form = shipment.running()
    made = Layout()
    if form.kind == "onnx" and form.file is not None and _is_named_alike(shipment, form.file):
        flavors, needed = _onnx(shipment, form, made), requirements_of_onnx(shipment)
        made.notices += ["MLflow runs the ONNX file by itself, so the wheel is left out"] if shipment.wheel else []
    else:
        flavors, needed = _bundle(shipment, form, made), requirements.text(shipment, "models", _MLFLOW)
        made.notices += requirements.notices(shipment, "models")
    made.add(requirements.FILE_NAME, needed)
    made.add("python_env.yaml", _yaml(_python_env(shipment)))
    made.add("conda.yaml", _yaml(_conda(shipment, needed)))
    content: dict[str, Any] = {"flavors": flavors, "metadata": {"tracker": shipment.facts}}
    content["model_uuid"] = shipment.digest[:32]
    content["utc_time_created"] = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M:%S.%f")
    signature = _signature(shipment, made)
    content |= {"signature": signature} if signature else {}
    content |= _example(shipment, made)
    made.add("MLmodel", _yaml(content))
    made.steps = ["mlflow models serve -m {out}"]
    return made


def requirements_of_onnx(shipment: Shipment) -> str:
    """The lock, and what MLflow reads ONNX with; the tracker itself is not needed then."""
    lock = [each for each in shipment.running().packages if not each.startswith(f"{requirements.DISTRIBUTION}==")]
    names = {each.partition("==")[0].lower() for each in lock}
    more = [each for each in ("onnx>=1.17,<2", "onnxruntime>=1.24,<2") if each.split(">")[0] not in names]
    return "\n".join([*lock, *more, _MLFLOW, ""])


def _onnx(shipment: Shipment, form: Form, made: Layout) -> dict[str, Any]:
    assert form.file is not None
    made.add("model.onnx", shipment.file(form.file))
    for place, file in onnx_file.beside(shipment, form.file).items():
        made.add(place, file)
    version = next((each.partition("==")[2] for each in form.packages if each.startswith("onnx==")), None)
    onnx: dict[str, Any] = {"code": None, "data": "model.onnx", "providers": ["CPUExecutionProvider"]}
    onnx |= {"onnx_version": version} if version else {}
    return {"onnx": onnx, "python_function": _function(shipment, "mlflow.onnx", "model.onnx")}


def _bundle(shipment: Shipment, form: Form, made: Layout) -> dict[str, Any]:
    made.add(f"{BUNDLE}/{manifests.FILE_NAME}", shipment.bundle.path(manifests.FILE_NAME).read_bytes())
    for file in shipment.manifest.files:
        made.add(f"{BUNDLE}/{file.path}", file)
    if shipment.wheel is not None:
        made.add(shipment.wheel.name, shipment.wheel)
    function = _function(shipment, LOADER, BUNDLE)
    function["config"] = {"form": form.kind, "allow_pickle": form.kind == PICKLE}
    return {"python_function": function}


def _function(shipment: Shipment, loader: str, data: str) -> dict[str, Any]:
    return {
        "data": data,
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "loader_module": loader,
        "python_version": shipment.manifest.python,
    }


def _python_env(shipment: Shipment) -> dict[str, Any]:
    return {
        "python": shipment.manifest.python,
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": [f"-r {requirements.FILE_NAME}"],
    }


def _conda(shipment: Shipment, needed: str) -> dict[str, Any]:
    packages = [line for line in needed.splitlines() if line and not line.startswith("#")]
    dependencies = [f"python={shipment.manifest.python}", "pip", {"pip": packages}]
    return {"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": dependencies}


def _is_named_alike(shipment: Shipment, path: str) -> bool:
    """Whether MLflow, which feeds the graph by the names it is given, means the same as the signature."""
    signature = shipment.manifest.signature
    if signature is None:
        return True
    inputs, outputs = onnx_file.names(shipment, path)
    return inputs == [field.name for field in signature.inputs] and outputs == [
        field.name for field in signature.outputs
    ]


def _signature(shipment: Shipment, made: Layout) -> dict[str, Any] | None:
    """As MLflow writes it: JSON in texts, of tensors by name."""
    signature = shipment.manifest.signature
    if signature is None:
        return None
    odd = [field.name for field in (*signature.inputs, *signature.outputs) if field.dtype in _NO_TENSOR]
    if odd:
        made.notices.append(f"MLflow has no tensors of the type of {odd[0]!r}, so its model has no signature")
        return None
    sides = {"inputs": signature.inputs, "outputs": signature.outputs}
    return {side: json.dumps([_tensor(field) for field in fields]) for side, fields in sides.items()} | {"params": None}


def _tensor(field: Field) -> dict[str, Any]:
    dtype = "str" if field.dtype == "string" else field.dtype
    shape = [size if isinstance(size, int) else -1 for size in field.shape]
    return {"name": field.name, "type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}}


def _example(shipment: Shipment, made: Layout) -> dict[str, Any]:
    """The stored inputs, as MLflow keeps an example and as its server takes one."""
    given = shipment.example()
    if given is None:
        return {}
    made.add("input_example.json", msgspec.json.encode(given))
    made.add("serving_input_example.json", msgspec.json.format(msgspec.json.encode({"inputs": given}), indent=2))
    said = {
        "artifact_path": "input_example.json",
        "serving_input_path": "serving_input_example.json",
        "type": "ndarray",
    }
    return {"saved_input_example_info": said}


def _yaml(content: Any) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
