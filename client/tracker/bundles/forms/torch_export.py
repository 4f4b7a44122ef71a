"""A program that `torch.export` wrote: runs without the class it came from.

What always holds: no pickle is opened in it. The file may hold some (constants, sample inputs, formats of earlier
versions), and `torch.export.load` would open them with everything that they say, so one that has any is refused before.
A program may still name any function of torch: it counts among the forms that carry out code.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tracker.bundles.folder import BundleError
from tracker.bundles.forms import calling
from tracker.bundles.forms.running import MissingLibraryError, Options, Runner
from tracker.bundles.forms.tensors import to_tensors
from tracker.manifest import Form

if TYPE_CHECKING:
    from tracker.bundles.folder import Bundle


def opened(bundle: Bundle, form: Form, options: Options) -> Runner:
    """The program as a module on the CPU."""
    import torch

    path = bundle.path(str(form.file))
    problem = next(_problems(path), None)
    if problem is not None:
        raise BundleError(f"{form.file!r} of the form 'torch_export' is refused: {problem}")
    try:
        program = torch.export.load(path)
        native = program.module()
    except Exception as error:  # torch raises what it likes
        raise BundleError(f"torch cannot load {form.file!r} of the form 'torch_export': {error}") from error
    signature = bundle.manifest.signature
    tensors, keywords = to_tensors(signature), _keywords(program)

    def predict(given: Mapping[str, Any]) -> dict[str, Any]:
        found = tensors(given, "cpu")
        by_name = {name: found.pop(name) for name in keywords if name in found}
        with torch.no_grad():
            return calling.named_outputs(signature, native(*found.values(), **by_name))

    return Runner("torch_export", native, predict)


def _keywords(program: Any) -> list[str]:
    """The inputs that it was exported with as keywords; it takes the others by place."""
    spec = program.call_spec.in_spec
    named = spec.child(1) if hasattr(spec, "child") else spec.children_specs[1]
    return list(named.context or ())


class _Weight(msgspec.Struct):
    path_name: str
    use_pickle: bool


class _Weights(msgspec.Struct):
    config: dict[str, _Weight]


def _problems(path: Path) -> Iterator[str]:
    """Why loading it might carry out something. What torch will read is read by torch's own reader: two readers of one
    archive need not see the same."""
    import torch

    if not hasattr(torch.export, "pt2_archive"):
        try:
            import torch.export.pt2_archive
        except ImportError:
            raise MissingLibraryError(
                f"the form 'torch_export' needs torch 2.8 or later, and {torch.__version__} is installed: "
                "pip install --upgrade torch"
            ) from None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        reader = torch._C.PyTorchFileReader(str(path))
        records = reader.get_all_records()
    except (zipfile.BadZipFile, RuntimeError, ValueError) as error:
        yield f"it is no archive of torch.export: {str(error).splitlines()[0]}"
        return
    if "version" in names or "archive_version" not in records:
        yield "it is of an earlier format, which holds pickles"
    for record in records:
        if record.startswith("data/aotinductor/"):
            yield f"it holds compiled code: {record}"
        elif record.startswith("data/sample_inputs/"):
            yield from _problems_of_inputs(record, reader.get_record(record))
        elif record.startswith(("data/weights/", "data/constants/")):
            if record.endswith(".pt"):
                yield f"it holds a pickle: {record}"
            elif record.endswith(".json"):
                yield from _problems_of_config(record, reader.get_record(record))


def _problems_of_inputs(record: str, data: bytes) -> Iterator[str]:
    import torch

    try:
        if data:
            torch.load(io.BytesIO(data), weights_only=True)
    except Exception as error:  # the reader of a pickle that is none but tensors
        yield f"it holds a pickle that is more than tensors, {record}: {str(error).splitlines()[0]:.200}"


def _problems_of_config(record: str, data: bytes) -> Iterator[str]:
    try:
        config = msgspec.json.decode(data, type=_Weights).config
    except msgspec.DecodeError as error:
        yield f"{record} cannot be read: {error}"
        return
    for name, weight in config.items():
        if weight.use_pickle or weight.path_name.startswith(("custom_obj_", "opaque_obj_")):
            yield f"it holds a pickle for {name!r}, in {record}"
