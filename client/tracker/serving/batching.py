"""Requests that arrive together run together, where the model's signature says that examples are independent.

What always holds: a request that is alone is run at once, and one that waits does so for at most `max_wait_s`, and only
while others are being read; nobody's answer depends on whether a neighbour's request could be answered. There is no
thread for this: of those that wait, one runs the model for all, and the next leads those that came meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tracker.notices import notice

if TYPE_CHECKING:
    from tracker.manifest import Field, Signature

log = logging.getLogger(__name__)

Inputs = dict[str, Any]
Outputs = dict[str, Any]
Predict = Callable[[Inputs], Outputs]
Key = tuple[tuple[str, Any, tuple[int, ...]], ...]
"""Of each input its name, its type and its shape without the first axis: those of one key can be joined."""


def can_join(signature: Signature | None) -> bool:
    """Whether requests may be joined: by the signature, along first axes that have no fixed size."""
    if signature is None or not signature.is_batched or not signature.inputs:
        return False
    return all(map(_has_free_rows, (*signature.inputs, *signature.outputs)))


def _has_free_rows(field: Field) -> bool:
    return field.dtype != "json" and bool(field.shape) and not isinstance(field.shape[0], int)


class _Waiting:
    """A request, until it is answered; `woken` is open once it is, or once it has to lead."""

    __slots__ = ("error", "inputs", "key", "leads", "outputs", "rows", "woken")

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.key: Key = tuple((name, value.dtype, value.shape[1:]) for name, value in inputs.items())
        self.rows: int = next(iter(inputs.values())).shape[0]
        self.outputs: Outputs | None = None
        self.error: BaseException | None = None
        self.leads = False
        self.woken = threading.Lock()
        self.woken.acquire()


class Batcher:
    """Runs `predict` for any number of threads, one call at a time.

    A call has at most `max_batch` examples, unless one request alone has more. `expect()` says that a request is being
    read; then either `run` or `cancel` follows. `count` is told the examples of each call.
    """

    def __init__(
        self, predict: Predict, *, max_batch: int, max_wait_s: float, count: Callable[[int], None] = lambda _: None
    ) -> None:
        self._predict = predict
        self._max_batch = max_batch
        self._max_wait_s = max_wait_s
        self._count = count
        self._changed = threading.Condition(threading.Lock())
        self._waiting: deque[_Waiting] = deque()
        self._expected = 0
        self._is_led = False
        self._is_gathering = False
        self._joins = True

    def __len__(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def expect(self) -> None:
        """A request is on its way here."""
        with self._changed:
            self._expected += 1

    def cancel(self) -> None:
        """It is not: it could not be read."""
        with self._changed:
            self._expected -= 1
            self._tell_gathering()

    def run(self, inputs: Inputs) -> Outputs:
        """The outputs to these inputs, numpy arrays whose first axes are equally long. Raises what the model raises."""
        one = _Waiting(inputs)
        with self._changed:
            self._expected -= 1
            self._waiting.append(one)
            self._tell_gathering()
            one.leads = not self._is_led
            self._is_led = True
        if not one.leads:
            one.woken.acquire()
        if one.leads:
            self._lead(one)
        if one.error is not None:
            raise one.error
        assert one.outputs is not None
        return one.outputs

    def _tell_gathering(self) -> None:
        if self._is_gathering:
            self._changed.notify()

    def _lead(self, leader: _Waiting) -> None:
        """Run the first that wait, the leader's own before others, and have the next one lead the rest."""
        batch: list[_Waiting] = []
        try:
            batch = self._gathered()
            self._answer(batch)
        finally:
            with self._changed:
                self._is_gathering = False
                if self._waiting and self._waiting[0] is leader:  # nothing was gathered
                    self._waiting.popleft()
                self._is_led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].woken.release()
            for one in batch:
                if not one.leads:
                    one.woken.release()

    def _gathered(self) -> list[_Waiting]:
        with self._changed:
            if self._expected and self._max_wait_s > 0 and self._joins:
                self._is_gathering = True
                self._changed.wait_for(self._has_all, self._max_wait_s)
                self._is_gathering = False
            first = self._waiting.popleft()
            batch, rows = [first], first.rows
            while self._joins and self._waiting:
                following = self._waiting[0]
                if following.key != first.key or rows + following.rows > self._max_batch:
                    break
                batch.append(self._waiting.popleft())
                rows += following.rows
            return batch

    def _has_all(self) -> bool:
        return not self._expected or sum(one.rows for one in self._waiting) >= self._max_batch

    def _answer(self, batch: list[_Waiting]) -> None:
        if len(batch) > 1 and self._is_joined(batch):
            return
        for one in batch:
            self._count(one.rows)
            try:
                one.outputs = self._predict(one.inputs)
            except (Exception, SystemExit) as error:  # it is the model's, and raised in the request that it belongs to
                one.error = error

    def _is_joined(self, batch: list[_Waiting]) -> bool:
        """Whether one call could answer all; whose fault it is that it could not shows when each runs by itself."""
        try:
            self._answer_joined(batch)
        except (Exception, SystemExit) as error:
            log.debug("%d requests could not be answered together: %s", len(batch), error)
            return False
        return True

    def _answer_joined(self, batch: list[_Waiting]) -> None:
        import numpy as np

        names = batch[0].inputs
        rows = sum(one.rows for one in batch)
        outputs = self._predict({name: np.concatenate([one.inputs[name] for one in batch]) for name in names})
        for name, value in outputs.items():
            if not isinstance(value, np.ndarray) or value.ndim == 0 or value.shape[0] != rows:
                self._joins = False
                notice(f"the output {name!r} of {rows} examples has no row for each: requests are no longer joined")
                raise ValueError(name)
        self._count(rows)
        start = 0
        for one in batch:
            one.outputs = {name: value[start : start + one.rows] for name, value in outputs.items()}
            start += one.rows


class Single:
    """The same without joining; one call at a time where the model is not known to bear several."""

    def __init__(self, predict: Predict, *, is_shared: bool, count: Callable[[int], None] = lambda _: None) -> None:
        self._predict = predict
        self._turn = None if is_shared else threading.Lock()
        self._count = count

    def expect(self) -> None:
        """Nobody waits for it."""

    def cancel(self) -> None:
        """Nobody has waited for it."""

    def run(self, inputs: Inputs) -> Outputs:
        """The outputs to these inputs. Raises what the model raises."""
        self._count(1)
        if self._turn is None:
            return self._predict(inputs)
        with self._turn:
            return self._predict(inputs)
