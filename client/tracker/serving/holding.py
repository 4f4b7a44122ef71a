"""The version that a serving process holds, and the thread that brings it another one when the alias moves.

What always holds: a version is held only after it has loaded and answered its own example; until another one has, the
one before stays, whatever goes wrong. Whoever took the held version keeps it to the end of the request, so nothing is
dropped when another takes its place. The last good version is noted in a file, for workers that start later.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from tracker.bundles import forms
from tracker.bundles.folder import Bundle, open_folder
from tracker.bundles.model import check_example
from tracker.bundles.values import plain_array
from tracker.errors import TrackerError, TransportError
from tracker.manifest import RUNS_CODE, Manifest, Signature
from tracker.notices import notice
from tracker.serving.batching import Batcher, Single, can_join
from tracker.serving.counts import Counts
from tracker.serving.source import Source, Version

log = logging.getLogger(__name__)

KILLED_S: Final = 600.0
"""For so long a version whose loading ended a process is not loaded in place of one that answers."""

AGAIN_S: Final = 30.0
"""After so long a version that could not be loaded is tried again, while the alias still points at it."""


_LONGEST_EXAMPLE: Final = 2000
"""Characters of an example that the page shows in a line to be copied."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is run. Waits are in seconds; `model_threads` are of onnxruntime, None for its own choice."""

    form: str | None = None
    allow_pickle: bool = False
    max_batch: int = 32
    max_wait_s: float = 0.002
    look_every_s: float = 2.0
    model_threads: int | None = None


@dataclass(frozen=True)
class Held:
    """A version that answers. `example` are its stored inputs, where they are short; `since_ms` is when it came."""

    model: str
    version: int | None
    form: str
    manifest: Manifest
    engine: Batcher | Single
    example: Mapping[str, Any] | None
    since_ms: int

    @property
    def signature(self) -> Signature | None:
        return self.manifest.signature

    @property
    def told(self) -> str:
        return told(self.model, self.version)


def told(model: str, number: int | None) -> str:
    """What a version is called: `digits:v3`, or the folder's name."""
    return model if number is None else f"{model}:v{number}"


def load(version: Version, options: Options, counts: Counts) -> Held:
    """The version, ready to answer. Raises TrackerError and whatever the model's own code does."""
    bundle = open_folder(version.folder)
    runner = forms.run(bundle, form=options.form, allow_pickle=options.allow_pickle, threads=options.model_threads)
    signature = bundle.manifest.signature
    runs_code = runner.form in RUNS_CODE
    predict = (lambda inputs: _owned(runner.predict(inputs))) if runs_code else runner.predict
    engine: Batcher | Single
    if options.max_batch > 1 and can_join(signature):
        engine = Batcher(predict, max_batch=options.max_batch, max_wait_s=options.max_wait_s, count=counts.note_rows)
    else:
        engine = Single(predict, is_shared=not runs_code, count=counts.note_rows)
    try:
        check_example(bundle, runner)
    except (Exception, SystemExit) as error:  # the edge of the model's own code
        raise TrackerError(f"it cannot answer its own example: {said(error)}") from error
    return Held(
        model=version.model,
        version=version.number,
        form=runner.form,
        manifest=bundle.manifest,
        engine=engine,
        example=_example(bundle),
        since_ms=time.time_ns() // 1_000_000,
    )


def _owned(value: Any) -> Any:
    """The same in memory of its own: a model may write its next answer where the one before lies."""
    if isinstance(value, Mapping):
        return {key: _owned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_owned(item) for item in value]
    array = plain_array(value)
    return value if array is None else copy.deepcopy(array)


def _example(bundle: Bundle) -> Mapping[str, Any] | None:
    if bundle.manifest.example is None:
        return None
    data = bundle.path(bundle.manifest.example.input).read_bytes()
    example: Mapping[str, Any] = msgspec.json.decode(data, type=dict[str, Any])
    return example if len(json.dumps(example)) <= _LONGEST_EXAMPLE else None


def note_end(folder: Path, process_id: int) -> str | None:
    """A process that shared the folder is gone; why nothing can be served, where that ended what was to be the first.

    A mark that it was loading a version says then that this version ends processes.
    """
    (folder / f"ready-{process_id}").unlink(missing_ok=True)
    for mark in folder.glob(f"loading-{process_id}-*"):
        number = mark.name.rpartition("-")[2]
        killed = mark.replace(folder / f"killed-{number}")
        killed.touch()
        if not (folder / "good.json").exists():
            what = "the model" if number == "None" else f"v{number}"
            return f"{what} cannot be served: the process that loaded it was killed, perhaps for want of memory"
    return None


def said(error: BaseException) -> str:
    """What an error says, with its type where its words were not written for people."""
    return str(error) if isinstance(error, TrackerError | ValueError) else f"{type(error).__name__}: {error}"


class Good(msgspec.Struct, frozen=True):
    """What the file of the last good version says."""

    number: int | None
    folder: str


class Holder:
    """Holds a version for one of `workers` processes, which share `folder`; `first` is what it begins with.

    `on_change` is called with each version that it comes to hold; `on_open` in the process by which all have one;
    `on_failure` where `first` does not load.
    """

    def __init__(
        self,
        source: Source,
        first: Version,
        options: Options,
        counts: Counts,
        *,
        folder: Path,
        workers: int = 1,
        on_change: Callable[[Held], None] = lambda _: None,
        on_open: Callable[[Held], None] = lambda _: None,
        on_failure: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.source = source
        self.held: Held | None = None
        self.reason = ""
        """Why there is nothing to answer with, or why the newest version is not held."""
        self._first = first
        self._options = options
        self._counts = counts
        self._folder = folder
        self._good = folder / "good.json"
        self._open = folder / "open"
        self._is_open = False
        self._workers = workers
        self._on_change = on_change
        self._on_open = on_open
        self._on_failure = on_failure
        self._is_over = threading.Event()
        self._is_away = False
        self._failed: tuple[int | None, float] | None = None
        self._thread = threading.Thread(target=self._work, name="tracker-holder", daemon=True)

    @property
    def state(self) -> Literal["STARTING", "READY", "UNAVAILABLE"]:
        """Ready is who has a version, once the other workers have had one too: any of them may get the next request."""
        if self.held is None:
            return "UNAVAILABLE" if self.reason else "STARTING"
        if not self._is_open:
            self._is_open = self._open.exists()
        return "READY" if self._is_open else "STARTING"

    def start(self) -> None:
        """Begin to load, and answer meanwhile; where others answer already, be back once it is loaded."""
        if self._open.exists():
            self._attempt(self._begin)
        self._thread.start()

    def stop(self) -> None:
        """Let no other version come any more; that one was being loaded says nothing against it then."""
        self._is_over.set()
        for mark in self._folder.glob(f"loading-{os.getpid()}-*"):
            mark.unlink(missing_ok=True)

    def join(self, timeout_s: float) -> None:
        """Wait for the thread; one that loads is not waited for longer than so."""
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while not self._is_over.is_set():
            self._attempt(self._turn)
            if self.held is not None and self._open.exists() and not self.source.follows:
                return
            self._is_over.wait(self._options.look_every_s if self.source.follows else AGAIN_S)

    def _turn(self) -> None:
        """What did not work before is tried again: to hold a version at all, and to open."""
        if self.held is None and (self._failed is None or time.monotonic() >= self._failed[1]):
            self._begin()
        elif self.held is not None and not self._open.exists():
            self._open_up(self.held)
        if self.source.follows and not self._is_over.is_set():
            self.look()

    def _attempt(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Exception:  # the edge of the thread: a full disk, say; what is held goes on
            log.exception("could not look where %s points", self.source.model)

    def _begin(self) -> None:
        """Hold the last good version, or where there has been none yet the first; it has to load then."""
        good = self._last_good()
        if good is not None and self._take(good):
            return
        if good == self._first:
            return
        if not self._take(self._first) and good is None and not self._good.exists():
            self._is_over.set()
            self._on_failure(self.reason)

    def look(self) -> None:
        """Ask what is meant now, and take that where it is another version than the one that is held."""
        try:
            number = self.source.number()
        except TransportError as error:
            if not self._is_away:
                notice(f"{error}; {self._now()}, and the server is asked again")
            self._is_away = True
            return
        except (TrackerError, ValueError) as error:
            self._complain(f"{error}; {self._now()}")
            return
        if self._is_away:
            notice(f"{self.source.url} answers again")
        self._is_away = False
        if self.held is not None and number == self.held.version:
            self.reason = ""
            return
        if self._failed is not None and self._failed[0] == number and time.monotonic() < self._failed[1]:
            return
        if self.held is not None and self._ends_processes(number):
            what = told(self.source.model, number)
            self._complain(f"{what} is not loaded: a process that loaded it was killed; {self._now()}")
            return
        self._bring(number)

    def _ends_processes(self, number: int | None) -> bool:
        """Whether a process ended not long ago while it loaded that version."""
        try:
            return time.time() - (self._folder / f"killed-{number}").stat().st_mtime < KILLED_S
        except FileNotFoundError:
            return False

    def _bring(self, number: int | None) -> None:
        try:
            version = self.source.fetch(number)
        except TransportError as error:  # the next look may find it answering again
            self._complain(f"{told(self.source.model, number)} cannot be fetched: {error}; {self._now()}")
            return
        except (TrackerError, OSError, ValueError) as error:
            self._fail(number, error)
            return
        self._take(version)

    def _take(self, version: Version) -> bool:
        """Load and hold it; whether that worked. The edge of a model's own code: it may raise whatever it likes."""
        before = self.held
        mark = self._folder / f"loading-{os.getpid()}-{version.number}"
        try:
            mark.touch()
            held = load(version, self._options, self._counts)
        except (Exception, SystemExit) as error:
            self._fail(version.number, error)
            return False
        finally:
            mark.unlink(missing_ok=True)
        self._failed, self.reason = None, ""
        self.held = held
        self._counts.note_held(held.version)
        if before is not None:
            self._counts.swaps.inc()
            notice(f"serving {held.told} in place of {before.told}")
        self._on_change(held)
        try:
            self._note_good(version)
        except OSError:  # whoever starts later begins with the one before
            log.exception("could not note that %s is good", held.told)
        self._open_up(held)
        return True

    def _open_up(self, held: Held) -> None:
        """Say that this worker is ready; the last of them opens for all."""
        (self._folder / f"ready-{os.getpid()}").touch()
        if not self._open.exists() and sum(1 for _ in self._folder.glob("ready-*")) >= self._workers:
            try:
                self._open.touch(exist_ok=False)
            except FileExistsError:  # another one was the last at the same moment
                return
            self._on_open(held)

    def _fail(self, number: int | None, error: BaseException) -> None:
        self._failed = (number, time.monotonic() + AGAIN_S)
        self._counts.failed_swaps.inc()
        self._complain(f"{told(self.source.model, number)} cannot be served: {said(error)}; {self._now()}")

    def _complain(self, reason: str) -> None:
        """Say it once; where nothing has been served yet, the command ends with it."""
        is_first = self.held is None and not self._good.exists()
        if reason != self.reason and not is_first:
            notice(reason)
        self.reason = reason

    def _now(self) -> str:
        return f"{self.held.told} goes on being served" if self.held is not None else "nothing is served"

    def _last_good(self) -> Version | None:
        try:
            good = msgspec.json.decode(self._good.read_bytes(), type=Good)
        except (OSError, msgspec.DecodeError):
            return None
        return Version(self.source.model, good.number, Path(good.folder))

    def _note_good(self, version: Version) -> None:
        """In one step, as other workers may do the same."""
        temporary = self._good.with_name(f".good-{os.getpid()}")
        temporary.write_bytes(msgspec.json.encode(Good(version.number, str(version.folder))))
        temporary.replace(self._good)
