"""A model that was loaded: it answers, and says which version answers.

What always holds: a call is answered whole by the version that was held when it began, while another one may take its
place; the one before is let go of when its last call has ended.
"""

from __future__ import annotations

import os
import threading
import weakref
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tracker.bundles.folder import Bundle, BundleError
from tracker.bundles.forms.running import Runner
from tracker.bundles.replay import compared
from tracker.bundles.values import read_inputs, to_json

if TYPE_CHECKING:
    from tracker.manifest import Manifest


@dataclass(frozen=True)
class Held:
    """A version that is loaded; `version` is None for a folder's."""

    version: int | None
    bundle: Bundle
    runner: Runner


class Companion(Protocol):
    """What works for a loaded model beside it, in a thread: watching, reporting."""

    def start(self) -> None:
        """Begin, in the process that calls."""

    def close(self) -> None:
        """End; nothing of it runs on."""


@dataclass(eq=False)
class LoadedModel:
    """What `tracker.load` gives. `predict(**inputs)`, or calling it, answers from any thread.

    Closing it ends what watches and reports; a `with` does that at its end, and so does the end of the process.
    """

    model: str
    ref: str
    held: Held = field(repr=False)
    companions: list[Companion] = field(default_factory=list, repr=False)
    _is_forked: bool = field(default=False, repr=False)
    _is_closed: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        _loaded.add(self)

    def __repr__(self) -> str:
        version = "" if self.version is None else f" v{self.version}"
        return f"<loaded model {self.ref!r}{version}, form {self.form!r}>"

    @property
    def version(self) -> int | None:
        """The number of the version that is held now; None for one that came out of a folder."""
        return self.held.version

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""
        return self.held.bundle.manifest

    @property
    def form(self) -> str:
        """The form that answers: "onnx", "torch_export", "torch", "python", "loader" or "pickle"."""
        return self.held.runner.form

    @property
    def native(self) -> Any:
        """What the form's library made: a session of onnxruntime, a module of torch, an object of the class."""
        return self.held.runner.native

    def predict(self, /, **inputs: Any) -> dict[str, Any]:
        """The outputs by name, of inputs as the signature names them: lists, arrays or tensors.

        Raises InputError, which names the input that is wrong, and whatever the model itself raises.
        """
        if self._is_forked or self._is_closed:
            self._begin_again()
        held = self.held
        return held.runner.predict(read_inputs(held.bundle.manifest.signature, inputs))

    __call__ = predict

    def close(self) -> None:
        """End what watches and reports. It can predict no more."""
        self._is_closed = True
        for companion in self.companions:
            companion.close()

    def __enter__(self) -> LoadedModel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _begin_again(self) -> None:
        """A child that was forked has none of its parent's threads, and starts them when it first predicts."""
        if self._is_closed:
            raise BundleError(f"{self.ref} was closed; load it again")
        with _beginning:
            if not self._is_forked:  # another thread was first
                return
            self._is_forked = False
            for companion in self.companions:
                companion.start()


def check_example(bundle: Bundle, runner: Runner) -> None:
    """Raises BundleError unless the model gives to the stored inputs what is stored, within the manifest's tolerance.

    One without an example, or without a signature to read it by, is taken as it is.
    """
    example, signature = bundle.manifest.example, bundle.manifest.signature
    if example is None or signature is None:
        return
    inputs = msgspec.json.decode(bundle.path(example.input).read_bytes(), type=dict[str, Any])
    stored = msgspec.json.decode(bundle.path(example.output).read_bytes(), type=dict[str, Any])
    given = to_json(runner.predict(read_inputs(signature, inputs)))
    _, problem = compared(stored, given, absolute=example.absolute, relative=example.relative)
    if problem:
        raise BundleError(f"it does not give what is stored with its example: {problem}")


_loaded: weakref.WeakSet[LoadedModel] = weakref.WeakSet()


_beginning = threading.Lock()


def _note_fork() -> None:
    global _beginning
    _beginning = threading.Lock()  # a thread that is not here may have held the one before
    for model in list(_loaded):
        model._is_forked = True


os.register_at_fork(after_in_child=_note_fork)
