"""Values that are still on an accelerator when they are logged.

What always holds: logging them waits for nothing. A copy to pinned memory is started without blocking, and a thread
appends the record when the copy has arrived. `close` waits for what is under way, so that finishing a run loses none.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from tracker import turns
from tracker.notices import notice

_Numbers = TypeVar("_Numbers")
_Arriving = TypeVar("_Arriving", covariant=True)


class Copies(Protocol[_Arriving]):
    """Numbers on their way to the host."""

    def wait(self) -> None:
        """Return when they have arrived."""

    def numbers(self) -> _Arriving:
        """The values; only after `wait`."""


class CudaTransfer:
    """Non-blocking copies of CUDA tensors in pinned memory, one event for each device that they come from."""

    def __init__(self, tensors: dict[str, Any]) -> None:
        import torch  # whoever logs a CUDA tensor has it

        self.hosts: dict[str, Any] = {}
        devices = set()
        for name, tensor in tensors.items():
            host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            self.hosts[name] = host.copy_(tensor.detach(), non_blocking=True)
            devices.add(tensor.device)
        self._events: list[Any] = []
        for device in devices:
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record(torch.cuda.current_stream(device))
            self._events.append(event)

    def wait(self) -> None:
        while not all(event.query() for event in self._events):  # asking blocks neither the device nor the interpreter
            time.sleep(0.0005)


class CudaCopies(CudaTransfer):
    """The same of scalars."""

    def numbers(self) -> dict[str, float]:
        return {name: float(host) for name, host in self.hosts.items()}


class Resolver:
    """A thread that appends what was waiting for a device, in the order in which it was logged."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[Copies[Any], Callable[[Any], None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="tracker-resolver", daemon=True)
        self._thread.start()

    def add(self, copies: Copies[_Numbers], append: Callable[[_Numbers], None]) -> None:
        """Call `append` with the numbers when they are there."""
        self._queue.put((copies, append))

    def close(self, timeout_s: float) -> bool:
        """Append what is under way and end; False when that took longer than `timeout_s`."""
        self._queue.put(None)
        return turns.join(self._thread, timeout_s)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            copies, append = item
            try:
                copies.wait()
                append(copies.numbers())
            except Exception as error:  # the edge of the thread: a device that failed must not end the ones after it
                notice(f"values could not be read from the accelerator ({type(error).__name__}: {error})")
