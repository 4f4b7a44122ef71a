"""Watching the gradients and parameters of a torch module while it is trained.

What always holds: between the passes that are measured, a backward pass costs one short call for each parameter and
nothing of the device. What is measured is computed where it lies, and nothing waits for it: a thread writes the records
when it has come. Watching keeps no module alive, and what goes wrong in it is a notice, never an error of training.
"""

from __future__ import annotations

import sys
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol, Self, TypeVar

import msgspec

from tracker import arguments, kinds, spread, values
from tracker.notices import notice
from tracker.pending import Copies, CudaCopies
from tracker.records import Logged, LoggedOnward, MediaLogged, Record
from tracker.spread import Spread

LOGS: Final = ("gradients", "parameters", "all")
NORMS: Final = ("total", "each")
MAX_PREFIX: Final = 100

_WRAPPED: Final = ("_orig_mod.", "_checkpoint_wrapped_module.", "_fsdp_wrapped_module.")
"""Parts of a parameter's name that torch.compile and its like put there."""

_Numbers = TypeVar("_Numbers")


class Recorder(Protocol):
    """What watching needs of a run."""

    def record(self, record: Record) -> None: ...

    def at_next_log(self, act: Callable[[int, bool, int], None]) -> None: ...

    def resolve(self, copies: Copies[_Numbers], append: Callable[[_Numbers], None]) -> None: ...


class Choice(msgspec.Struct, frozen=True):
    """What is to be logged of a module, how often, and under which names."""

    of: tuple[str, ...]
    log_freq: int
    bins: int
    norms: str | None
    prefix: str
    scaler: Any

    @classmethod
    def checked(
        cls, *, log: object, log_freq: object, bins: object, norms: object, prefix: object, scaler: object
    ) -> Self:
        """Of the arguments of `watch`. Raises TypeError or ValueError for what they cannot be."""
        if log is not None:
            arguments.one_of("log", log, LOGS)
        if norms is not None:
            arguments.one_of("norms", norms, NORMS)
        if log is None and norms is None:
            raise ValueError("with log=None and norms=None there is nothing to watch; give one of them")
        if scaler is not None and not (hasattr(scaler, "get_scale") and hasattr(scaler, "is_enabled")):
            raise TypeError(f"scaler must be a torch.amp.GradScaler or None, got {type(scaler).__name__}")
        return cls(
            of=("gradients", "parameters") if log == "all" else (str(log or "gradients"),),
            log_freq=_whole("log_freq", log_freq, 1, arguments.MAX_STEP),
            bins=_whole("bins", bins, 1, kinds.MAX_BINS) if log is not None else 0,
            norms=norms if isinstance(norms, str) else None,
            prefix=(arguments.optional_text("prefix", prefix, most=MAX_PREFIX) or "").strip("/"),
            scaler=scaler,
        )

    def name(self, of: str, parameter: str) -> str:
        """What the histogram of a parameter is called, or of its gradient."""
        return "/".join(filter(None, (of, self.prefix, parameter)))


def unwrapped(model: object) -> Any:
    """The module whose parameters have the names that the program gave them. Raises TypeError for what is none."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(model, torch.nn.Module):
        hint = "; watch several one by one, each with a prefix" if isinstance(model, list | tuple | dict) else ""
        raise TypeError(f"watch() takes a torch.nn.Module, got {type(model).__name__}: {model!r:.80}{hint}")
    while True:
        if isinstance(model, torch.nn.parallel.DistributedDataParallel | torch.nn.DataParallel):
            model = model.module
        elif isinstance(inner := getattr(model, "_orig_mod", None), torch.nn.Module):
            model = inner
        else:
            return model


def check(module: Any, choice: Choice) -> None:
    """Raise ValueError for a module that cannot be watched."""
    from torch.nn.parameter import is_lazy

    what = type(module).__name__
    for name, parameter in module.named_parameters():
        if is_lazy(parameter):
            raise ValueError(f"{name} of {what} has no shape yet; run a batch through the model, then watch it")
        for of in choice.of:
            values.check_name(choice.name(of, f"norm/{name}"), "watch()")
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise ValueError(f"no parameter of {what} requires a gradient, so no backward pass would be seen")


class Watches:
    """The modules that one run watches."""

    def __init__(self, run: Recorder) -> None:
        self._run = run
        self._watches: list[Watch] = []

    def add(self, module: Any, choice: Choice) -> None:
        """Watch a module. Raises ValueError where another one's names are the same."""
        self._watches = [watch for watch in self._watches if watch.is_open]
        for watch in self._watches:
            if watch.module is not module and watch.prefix == choice.prefix:
                said = f"with the prefix {choice.prefix!r}" if choice.prefix else "without a prefix"
                raise ValueError(
                    f"a {type(watch.module).__name__} is watched {said} already; "
                    f"give this one another: watch(model, prefix={type(module).__name__.lower()!r})"
                )
        self.remove(module)
        self._watches.append(Watch(self._run, module, choice))

    def remove(self, module: Any) -> None:
        """Stop watching a module, or all for None."""
        for watch in self._watches:
            if module is None or watch.module is module:
                watch.close()

    def close(self) -> None:
        """Stop watching all of them."""
        self.remove(None)


class _Taken(msgspec.Struct):
    """What one pass gave, until a `log()` says its step."""

    spreads: Copies[dict[str, Spread]]
    scale: Callable[[], float]


class Watch:
    """One module that is watched. Its hooks hold this, and this holds no parameter."""

    def __init__(self, run: Recorder, module: Any, choice: Choice) -> None:
        self._run = run
        self._module = weakref.ref(module)
        self._choice = choice
        self._passes = 0
        self._is_due = False
        self._waiting: deque[_Taken] = deque(maxlen=1)
        self._witness: tuple[Any, Any, int] | None = None
        hook = _once_a_pass(self._begin)
        self._hooks = [
            parameter.register_post_accumulate_grad_hook(hook)
            for parameter in module.parameters()
            if parameter.requires_grad
        ]

    @property
    def module(self) -> Any:
        """What is watched; None when nothing else keeps it any more."""
        return self._module()

    @property
    def prefix(self) -> str:
        return self._choice.prefix

    @property
    def is_open(self) -> bool:
        """Whether there is still something to watch."""
        return bool(self._hooks) and self.module is not None

    def close(self) -> None:
        """Take the hooks away."""
        hooks, self._hooks = self._hooks, []
        for hook in hooks:
            hook.remove()
        self._witness = None

    def _begin(self) -> None:
        """The first gradient of a backward pass has come."""
        self._passes += 1
        self._is_due = (self._passes - 1) % self._choice.log_freq == 0
        if self._is_due or self._waiting:
            _at_the_end_of_the_pass(lambda: _at_the_end_of_the_pass(self._end))  # after what others have there

    def _end(self) -> None:
        """All gradients are there, those of DistributedDataParallel averaged."""
        try:
            module = self.module
            if module is None:
                self.close()
            elif self._hooks and (self._is_due or self._goes_on()):
                self._waiting.append(self._measured(module))
                self._run.at_next_log(self._record)
        except Exception as error:  # the edge to the training loop, which has asked for a backward pass alone
            self.close()
            notice(f"the model is not watched any more ({type(error).__name__}: {error})")

    def _goes_on(self) -> bool:
        """Whether this pass has added to gradients that were measured and have no step yet.

        One gradient tells: it is the same tensor, changed by at most one addition. Clipping it, unscaling it, setting
        it to zero, or a new one after `zero_grad()` would differ.
        """
        if not self._waiting or self._witness is None:
            return False
        of, gradient, version = self._witness
        parameter = of()
        return parameter is not None and parameter.grad is gradient and gradient._version - version in (0, 1)

    def _measured(self, module: Any) -> _Taken:
        found: dict[str, Any] = {}
        trained = [(_plain(name), each) for name, each in module.named_parameters() if each.requires_grad]
        with_gradient = [each for _, each in trained if each.grad is not None]
        if with_gradient:  # else something has used it up already
            least = min(with_gradient, key=lambda parameter: parameter.grad.numel())
            self._witness = weakref.ref(least), least.grad, least.grad._version
        for of in self._choice.of:
            for name, parameter in trained:
                tensor = parameter.grad if of == "gradients" else parameter
                if tensor is not None:
                    found[f"{of}/{name}"] = tensor
        return _Taken(spread.measure(found, self._choice.bins), _scale(self._choice.scaler))

    def _record(self, step: int, is_onward: bool, time_ms: int) -> None:
        """A `log()` has said the step of what was measured last."""
        try:
            taken = self._waiting.pop()
        except IndexError:  # another thread's `log()` was first
            return
        self._witness = None
        self._run.resolve(taken.spreads, lambda found: self._append(found, taken.scale(), step, is_onward, time_ms))

    def _append(self, found: dict[str, Spread], scale: float, step: int, is_onward: bool, time_ms: int) -> None:
        """Write the records; called by the thread that has waited for the device."""
        numbers: dict[str, float] = {}
        squares: dict[str, float] = {}
        for key, each in found.items():
            of, _, name = key.partition("/")
            divisor = scale if of == "gradients" else 1.0
            norm = each.norm / divisor
            squares[of] = squares.get(of, 0.0) + norm * norm
            if self._choice.norms == "each":
                numbers[self._choice.name(of, f"norm/{name}")] = norm
            if self._choice.bins:
                details = kinds.write(each.histogram(divisor))
                name = self._choice.name(of, name)
                self._run.record(
                    MediaLogged(step, time_ms, name, "histogram", "", 0, is_onward=is_onward, details=details)
                )
        if self._choice.norms is not None and squares:
            numbers |= {self._choice.name(of, "norm"): square**0.5 for of, square in squares.items()}
            self._run.record((LoggedOnward if is_onward else Logged)(step, time_ms, numbers))


def _once_a_pass(begin: Callable[[], None]) -> Callable[[Any], None]:
    """A hook for all parameters that calls `begin` at the first gradient of each backward pass."""
    from torch._C import _current_graph_task_id as current_pass

    last = -1

    def hook(_: Any) -> None:
        nonlocal last
        if (number := current_pass()) != last:
            last = number
            begin()

    return hook


def _at_the_end_of_the_pass(act: Callable[[], None]) -> None:
    import torch

    torch.autograd.Variable._execution_engine.queue_callback(act)


def _scale(scaler: Any) -> Callable[[], float]:
    """What gradients have been multiplied by, as it is now; its own `get_scale` would wait for the device."""
    if scaler is None or not scaler.is_enabled():
        return lambda: 1.0
    tensor = getattr(scaler, "_scale", None)
    if getattr(tensor, "is_cuda", False):
        copies = CudaCopies({"scale": tensor})

        def arrived() -> float:
            copies.wait()
            return copies.numbers()["scale"]

        return arrived
    scale = float(scaler.get_scale())
    return lambda: scale


def _plain(name: str) -> str:
    for part in _WRAPPED:
        name = name.replace(part, "")
    return name


def _whole(what: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{what} must be a whole number from {least} to {most}, got {value!r}")
    return value
