"""Following an alias: the version that it points at takes the place of the one that a loaded model holds.

What always holds: a version takes it only after it was fetched, verified, loaded and has answered its own example;
until one has, the one before stays, whatever goes wrong, and one notice says so. A model that nobody holds any more is
not watched.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Final

from tracker.bundles.model import Held, LoadedModel
from tracker.errors import TrackerError, TransportError
from tracker.notices import notice
from tracker.settings import Settings

if TYPE_CHECKING:
    from tracker.transport import Transport

AGAIN_S: Final = 30.0
"""After so long a version that could not be loaded is tried again, while the alias still points at it."""


class Watcher:
    """Asks every `every_s` seconds what `pointer` of the model points at, from a thread of its own.

    `load` gives that version ready to answer, or raises whatever it likes; `on_change` is called with its number.
    """

    def __init__(
        self,
        model: LoadedModel,
        pointer: str,
        chosen: Settings,
        load: Callable[[int], Held],
        *,
        every_s: float,
        on_change: Callable[[int], None],
    ) -> None:
        self._model = weakref.ref(model)
        self._name, self._pointer, self._told = model.model, pointer, model.ref
        self._chosen = chosen
        self._load = load
        self._every_s = every_s
        self._on_change = on_change
        self._is_over = threading.Event()
        self._complaint = ""
        self._failed: tuple[int, float] | None = None

    def start(self) -> None:
        """Begin, in the process that calls."""
        threading.Thread(target=self._work, name=f"tracker-watch-{self._name}", daemon=True).start()

    def close(self) -> None:
        """Look no more. A version that is being loaded is thrown away."""
        self._is_over.set()

    def _work(self) -> None:
        from tracker.transport import Transport

        with closing(Transport(self._chosen.url, self._chosen.api_key, read_timeout_s=10.0)) as transport:
            while not self._is_over.wait(self._every_s):
                try:
                    self._look(transport)
                except (
                    Exception,
                    SystemExit,
                ) as error:  # the edge of the thread; a model's own code may raise anything
                    self._complain(f"{type(error).__name__}: {error}")

    def _look(self, transport: Transport) -> None:
        try:
            answer = transport.resolve_model(self._name, self._pointer)
        except TransportError as error:
            self._complain(f"{error}; the server is asked again")
            return
        except TrackerError as error:
            self._complain(str(error))
            return
        number = answer.get("version")
        model = self._model()
        if model is None or not isinstance(number, int):
            return
        if number == model.version:
            self._complaint = ""
        elif self._failed is None or self._failed[0] != number or time.monotonic() >= self._failed[1]:
            self._bring(model, number)

    def _bring(self, model: LoadedModel, number: int) -> None:
        try:
            held = self._load(number)
        except TransportError as error:
            self._complain(f"v{number} cannot be fetched: {error}")
            return
        except (Exception, SystemExit) as error:  # a model's own code may raise anything
            self._failed = (number, time.monotonic() + AGAIN_S)
            told = str(error) if isinstance(error, TrackerError) else f"{type(error).__name__}: {error}"
            self._complain(f"v{number} cannot be held: {told}")
            return
        if self._is_over.is_set():
            return
        before, model.held = model.version, held
        self._failed, self._complaint = None, ""
        notice(f"{self._told} is v{number} now, in place of v{before}")
        self._on_change(number)

    def _complain(self, reason: str) -> None:
        """Say it once, however often it happens in a row."""
        model = self._model()
        if model is not None and reason != self._complaint and not self._is_over.is_set():
            notice(f"{self._told}: {reason}; v{model.version} stays")
        self._complaint = reason
