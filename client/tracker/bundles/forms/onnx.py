"""ONNX, run by onnxruntime: needs neither the framework that the model was made in nor any code of the bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from tracker.bundles.folder import BundleError
from tracker.bundles.forms.running import Options, Runner
from tracker.manifest import Field, Form

if TYPE_CHECKING:
    from tracker.bundles.folder import Bundle

_LEAST: Final = (1, 24)


def opened(bundle: Bundle, form: Form, options: Options) -> Runner:
    """A session of onnxruntime, which any number of threads may use at once."""
    import onnxruntime

    if tuple(int(part) for part in onnxruntime.__version__.split(".")[:2]) < _LEAST:
        raise BundleError(
            f"onnxruntime {onnxruntime.__version__} is here, and 1.24 or later is needed: earlier ones read files "
            'outside the bundle where a model names them; pip install --upgrade "tracker-runs[models]"'
        )
    assert form.file is not None
    wanted = list(options.providers or ("CPUExecutionProvider",))
    here = onnxruntime.get_available_providers()
    absent = [provider for provider in wanted if provider not in here]
    if absent:
        raise BundleError(f"onnxruntime has no provider {absent[0]!r} here; it has {', '.join(here)}")
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    if options.threads is not None:
        settings.intra_op_num_threads = options.threads
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are shared with others then
    try:
        session = onnxruntime.InferenceSession(str(bundle.path(form.file)), settings, providers=wanted)
    except Exception as error:  # its errors share no base but this
        raise BundleError(f"onnxruntime cannot load {form.file!r} of the form 'onnx': {error}") from error
    signature = bundle.manifest.signature
    fields = (signature.inputs, signature.outputs) if signature is not None else (None, None)
    inputs = _names(form, "inputs", [each.name for each in session.get_inputs()], fields[0])
    outputs = _names(form, "outputs", [each.name for each in session.get_outputs()], fields[1])
    run, asked, named = session.run, list(outputs), list(outputs.values())
    is_same = all(name == field for name, field in inputs.items())

    def predict(given: Mapping[str, Any]) -> dict[str, Any]:
        feed = given if is_same and len(given) == len(inputs) else _feed(inputs, given)
        return dict(zip(named, run(asked, feed), strict=True))

    return Runner("onnx", session, predict)


def _feed(inputs: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """What the graph takes; an exporter drops inputs that no output depends on."""
    return {name: given[field] for name, field in inputs.items() if field in given}


def _names(form: Form, what: str, here: list[str], fields: tuple[Field, ...] | None) -> dict[str, str]:
    """By the graph's name the field's: the same, or else in their order."""
    if fields is None:
        return {name: name for name in here}
    known = [field.name for field in fields]
    if what == "inputs" and set(here) <= set(known):
        return {name: name for name in here}
    if what == "outputs" and set(known) <= set(here):
        return {name: name for name in known}
    if len(here) != len(known):
        raise BundleError(
            f"{form.file!r} has the {what} {', '.join(here)}, which are not those of the signature: {', '.join(known)}"
        )
    return dict(zip(here, known, strict=True))
