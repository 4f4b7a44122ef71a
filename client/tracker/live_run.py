"""A run while its process writes it.

What always holds: nothing here waits for the server except `finish`, and that no longer than `finish_timeout_s`. What
a method has returned from is in the journal, but for media, which follow when they are encoded, and values that are
still on an accelerator. A wrong argument raises at once; a broken disk or network never does. A
forked child writes to a journal of its own, as another writer of the same run, and cannot end its parent's.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self, TypeVar

import msgspec

from tracker import (
    arguments,
    artifact,
    encoding,
    ending,
    evaluation,
    forking,
    journal_files,
    kinds,
    names,
    sender,
    values,
)
from tracker.appenders import AfterTheEnd, Appender, FirstRecordOfChild, Nowhere
from tracker.errors import TrackerError
from tracker.journal import Journal
from tracker.journal_files import blobs_of, path_of
from tracker.mappings import Config, Summary
from tracker.nan_watch import Finding, NanWatch
from tracker.notices import notice
from tracker.pending import Copies, CudaCopies, Resolver
from tracker.records import (
    AlertRaised,
    ArtifactUsed,
    ConfigChanged,
    Logged,
    LoggedOnward,
    MediaLogged,
    MetricDefined,
    Record,
    RunFinished,
    RunStarted,
    SummaryChanged,
    SystemSampled,
)
from tracker.redaction import Redactor
from tracker.settings import Settings
from tracker.steps import Steps
from tracker.stopping import OnStop, Stopping

if TYPE_CHECKING:
    from tracker import watching
    from tracker.media import Media
    from tracker.version_cache import UsedArtifact

_Numbers = TypeVar("_Numbers")
StepTaker = Callable[[int, bool, int], None]

LEVELS: Final = ("info", "warning", "error")
SUMMARIES: Final = ("last", "min", "max", "mean")
GOALS: Final = ("min", "max")
ON_NAN: Final = ("warn", "stop")


class Watcher(Protocol):
    """Something that records by itself while the run is alive: the console, the machine."""

    def close(self) -> None:
        """Stop, and have everything recorded."""


class Run:
    """One run of a program. Made by `tracker.init`. Safe from any thread; ends as a context manager or by `finish`."""

    def __init__(
        self,
        settings: Settings,
        started: RunStarted,
        *,
        finish_timeout_s: float = 10.0,
        nan_metrics: Iterable[str] = ("*",),
        on_stop: OnStop = "interrupt",
        copy_tensors: Callable[[dict[str, Any]], Copies[dict[str, float]]] = CudaCopies,
    ) -> None:
        self._settings = settings
        self.redactor = Redactor(also=[settings.api_key])
        self._started = msgspec.structs.replace(started, notes=self.redactor.text(started.notes))
        self._finish_timeout_s = finish_timeout_s
        self._copy_tensors = copy_tensors
        self._steps = _steps(started)
        self._stopping = Stopping(on_stop)
        self._nan_metrics = tuple(nan_metrics)
        self._nan_watch: NanWatch | None = None
        self._on_nan: str | None = None
        self._finish_lock = threading.Lock()
        self._journal: Journal | None = None
        self._sender: sender.Sender | None = None
        self._resolver: Resolver | None = None
        self._encoder: encoding.Encoder | None = None
        self._is_forked = False
        self._watchers: list[Watcher] = []
        self._watches: watching.Watches | None = None
        self._at_next_log: dict[StepTaker, None] = {}
        self._appender: Appender = Nowhere()
        self._is_finished = False
        self.config = Config(self._record_config)
        self.summary = Summary(self._record_summary)
        if settings.mode != "disabled":
            self._open_journal(self._started)
            _open_runs.add(self)
            ending.watch(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None or error is None:
            self.finish()
            return
        status, exit_code, text = ending.describe(kind, error, at)
        self.finish(status, exit_code=exit_code, error=text)

    def __repr__(self) -> str:
        return f"<Run {self.id} {self.name!r} of {self.project!r}>"

    def _repr_html_(self) -> str:
        from tracker import notebook, transport  # most programs are no notebook, and requests takes 100 ms

        title = f"{self.name or self.id} of {self.project}"
        url = self._settings.url
        if self.mode != "online":
            return notebook.show(url, self.project, [self.id], page=self.url, title=title, ask=None)
        server = transport.Transport(url, self._settings.api_key, connect_timeout_s=2.0, read_timeout_s=5.0)
        with closing(server):
            return notebook.show(
                url, self.project, [self.id], page=self.url, title=title,
                ask=lambda path, body: server.ask("POST", path, body=body),
            )  # fmt: skip

    @property
    def id(self) -> str:
        """The run's id, the same in every process that writes to it."""
        return self._started.run_id

    @property
    def name(self) -> str:
        """The name it was started with. The server adds a number to a generated one."""
        return self._started.name

    @property
    def project(self) -> str:
        """The project that the run belongs to."""
        return self._started.project

    @property
    def url(self) -> str:
        """The address of the run's page."""
        return f"{self._settings.url}/r/{self.id}"

    @property
    def settings(self) -> Settings:
        """What it was started with: the server's address, the key, where its journal lies."""
        return self._settings

    @property
    def mode(self) -> str:
        """ "online", "offline" or "disabled"."""
        return self._settings.mode

    @property
    def journal_path(self) -> Path | None:
        """The file that this process writes to; None when the run is disabled."""
        return self._journal.path if self._journal else None

    @property
    def last_step(self) -> int:
        """The step that was logged last, -1 before the first.

        In a run that goes on with another process's history it counts from 0 again, since what that history's last step
        was is the server's to know; the server puts the steps in their place. After `resume_from_step`, or once the
        program has named a step itself, it is the step as the dashboard shows it.
        """
        return self._steps.last

    @property
    def should_stop(self) -> bool:
        """Whether somebody has pressed Stop in the dashboard, or a watched metric is no number any more.

        A training loop that looks here is trusted to end by itself; one that never has is interrupted, as by Ctrl-C.
        """
        return self._stopping.look()

    @property
    def on_nan(self) -> str | None:
        """What the first NaN or infinity of a metric does: "warn" reports it, "stop" also asks the program to stop."""
        return self._on_nan

    @on_nan.setter
    def on_nan(self, choice: str | None) -> None:
        self._on_nan = None if choice is None else arguments.one_of("on_nan", choice, ON_NAN)
        self._nan_watch = NanWatch(self._nan_metrics) if choice is not None else None

    @property
    def is_finished(self) -> bool:
        """Whether `finish` has been called."""
        return self._is_finished

    def log(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Record the values of some metrics, and media, at one step; without a step, at the next one.

        A value is a number, a piece of media (`tracker.Image` and its kin, a figure of plotly or matplotlib, an image
        of PIL), or a list of such pieces. Returns when the numbers are in the journal; values of CUDA tensors follow
        when they have left the device, media when a thread has encoded them. Where 256 MiB of media wait for it
        already, this waits for room, for 5 s at most, and then gives the piece up, which is counted and told.
        Raises TypeError or ValueError for what cannot be logged, before anything of it is recorded.
        """
        if type(metrics) is dict and values.are_plain(metrics):
            at_step, is_onward = self._steps.take(step)
            at_ms = time.time_ns() // 1_000_000
            self._append_numbers(at_step, is_onward, at_ms, metrics)
            if self._at_next_log:
                self._hand_step(at_step, is_onward, at_ms)
            return
        content = values.sort(metrics)
        media = _media_of(content) if content.media else {}
        at_step, is_onward = self._steps.take(step)
        at_ms = now_ms()
        if self._at_next_log:
            self._hand_step(at_step, is_onward, at_ms)
        for name, pieces in media.items():
            self._log_media(at_step, is_onward, at_ms, name, pieces)
        if content.tensors:
            self._log_later(at_step, is_onward, at_ms, content)
        elif content.numbers or not content.media:
            self._append_numbers(at_step, is_onward, at_ms, content.numbers)

    def define_metric(
        self, name: str, *, step_metric: str | None = None, summary: str | None = None, goal: str | None = None
    ) -> None:
        """Say how a metric is to be read, or all metrics below a prefix: `define_metric("val/*", step_metric="epoch")`.

        `step_metric` is the metric that it is meant to be drawn over, `summary` which of its values stands for the run
        ("last", "min", "max" or "mean"), `goal` what is better ("min" or "max"). A later call for the same name adds to
        it.
        """
        values.check_name(name, "define_metric()")
        if "*" in name[:-1]:
            raise ValueError(f"define_metric() takes a name, or a prefix that ends in '*', got {name!r}")
        if step_metric is not None:
            values.check_name(step_metric, "define_metric()")
        if summary is not None:
            arguments.one_of("summary", summary, SUMMARIES)
        if goal is not None:
            arguments.one_of("goal", goal, GOALS)
        self._appender.append(MetricDefined(now_ms(), name, step_metric, summary, goal))

    def alert(self, title: str, text: str = "", level: str = "info") -> None:
        """Tell the people who watch the run something. `level` is "info", "warning" or "error"."""
        arguments.text("title", title)
        arguments.one_of("level", level, LEVELS)
        said = self.redactor.text(arguments.optional_text("text", text) or "")
        self._appender.append(AlertRaised(now_ms(), self.redactor.text(title), said, level))

    def log_artifact(
        self,
        path: artifact.Artifact | artifact.Source | Iterable[artifact.Source],
        name: str | None = None,
        type: str = "file",
        *,
        aliases: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> artifact.LoggedArtifact:
        """Keep a file, a folder, several of them or an `Artifact` as a version. It is copied before this returns.

        Equal files make no second version. What it returns can be registered as a model's version:
        `register_model(name, logged)`. Raises ValueError for a name that cannot be one, OSError where the source cannot
        be read, TrackerError for a file that is being written all the time. Where the copy cannot be kept (a full
        disk), a notice says so and training goes on.
        """
        if isinstance(path, artifact.Artifact):
            name, type = name or path.name, path.type
        writable = self._writable_journal()
        if writable is None:
            return artifact.LoggedArtifact(self.id, name or "", type, ())
        try:
            record = artifact.stage(
                path, blobs_of(writable.path), name=name, kind=type, aliases=aliases, metadata=metadata,
                time_ms=now_ms(),
            )  # fmt: skip
        except artifact.StagingError as error:
            writable.lose(f"the artifact {name or path}", error)
            return artifact.LoggedArtifact(self.id, name or "", type, ())
        is_kept = self._appender.append(record)
        return artifact.LoggedArtifact(self.id, record.name, record.kind, record.files if is_kept else ())

    def log_evaluation(
        self, name: str, scores: evaluation.Table, *, slices: evaluation.Table | None = None, data: str | None = None
    ) -> artifact.LoggedArtifact:
        """Keep results by example as a version of the artifact `name`, so that rules of a model can compare by them.

        `scores` are by metric, then by example: `{"val/acc": {"img-1": 1, "img-2": 0}}`, or a frame of pandas with the
        examples as index; `slices` say in the same way what part an example is in. `data` is the artifact version that
        they were made on: "imagenet-val:v4". Raises TypeError and ValueError for what is none of that.
        """
        import tempfile  # 5 ms that importing tracker shall not cost

        with tempfile.TemporaryDirectory(prefix="tracker-evaluation-") as folder:
            path = Path(folder) / evaluation.FILE
            details = evaluation.write(path, scores, slices=slices, data=data)
            return self.log_artifact(path, name, evaluation.KIND, metadata=details)

    def watch(
        self,
        model: Any,
        log: Literal["gradients", "parameters", "all"] | None = "gradients",
        *,
        log_freq: int = 100,
        bins: int = 64,
        norms: Literal["total", "each"] | None = "total",
        prefix: str = "",
        scaler: Any = None,
    ) -> None:
        """Log histograms and norms of a `torch.nn.Module`'s gradients, parameters or both, as it is trained.

        The first backward pass is measured and every `log_freq`-th after it, at its end: gradients as they are in
        `.grad` then, averaged over the ranks by DistributedDataParallel, not yet clipped. What was measured has the
        step of the next `log()`; of several passes before it the last counts. Parameters that require no gradient are
        left out. Histograms have `bins` bins and are named `gradients/<parameter>` and `parameters/<parameter>`;
        without `log` there are none. The norm over all is the metric `gradients/norm` or `parameters/norm`; with
        `norms="each"` there is `gradients/norm/<parameter>` too, with None none. `prefix` tells models apart:
        `gradients/<prefix>/<parameter>`. With a GradScaler as `scaler` gradients are divided by its scale.

        Watching it again takes the place of the watch before. It ends with `unwatch`, the run, or the model, which is
        not kept alive. Of ranks that write one run, rank 0 watches. Raises TypeError and ValueError for wrong
        arguments; what goes wrong later is a notice.
        """
        from tracker import watching  # most programs watch none

        choice = watching.Choice.checked(
            log=log, log_freq=log_freq, bins=bins, norms=norms, prefix=prefix, scaler=scaler
        )
        module = watching.unwrapped(model)
        watching.check(module, choice)
        if self._is_finished:
            notice(f"run {self.id} is over, so {type(module).__name__} is not watched. Start another: tracker.init()")
            return
        if self.mode == "disabled" or self._started.label:
            return
        if self._watches is None:
            self._watches = watching.Watches(self)
            self.attach(self._watches)
        self._watches.add(module, choice)

    def unwatch(self, model: Any = None) -> None:
        """Stop watching a model, or all of them. One that is not watched is none to stop."""
        from tracker import watching  # as above

        module = None if model is None else watching.unwrapped(model)
        if self._watches is not None:
            self._watches.remove(module)

    def at_next_log(self, act: StepTaker) -> None:
        """Have `act` called once with the step of the next `log()`, whether it counts onward, and the time; if none
        follows, at the end with the step after the last."""
        self._at_next_log[act] = None

    def resolve(self, copies: Copies[_Numbers], append: Callable[[_Numbers], None]) -> None:
        """Have a thread call `append` with what is on its way, when it is there and before the run ends."""
        if self._resolver is None:
            self._resolver = Resolver()
        self._resolver.add(copies, append)

    def record(self, record: Record) -> None:
        """Append a record as it is: for the parts of the client that watch the process."""
        self._appender.append(record)

    def record_sample(self, sample: SystemSampled) -> None:
        """Append a sample of the machine, whose step counts as the run's do."""
        is_onward = self._steps.is_onward
        self._appender.append(msgspec.structs.replace(sample, is_onward=True) if is_onward else sample)

    def note_use(self, artifact_version_id: int) -> None:
        """Note that this run reads an artifact version of the server."""
        self._appender.append(ArtifactUsed(now_ms(), artifact_version_id))

    def use_artifact(self, ref: str, *, type: str | None = None, project: str | None = None) -> UsedArtifact:
        """The verified files of an artifact's version, which this run reads; see `tracker.use_artifact`."""
        from tracker.version_cache import use_artifact  # talks to the server, which importing tracker does not need

        return use_artifact(ref, type=type, project=project, url=self._settings.url, run=self)

    def attach(self, watcher: Watcher) -> None:
        """Have `watcher` closed when the run finishes, before its last record."""
        self._watchers.append(watcher)

    def wait_until_stored(self, patience_s: float = 30.0) -> None:
        """Wait until the server has all that was recorded so far: for calls whose answer is the point of them.

        Raises TransportError where the server has been away for `patience_s`, RefusedError where it takes nothing of
        this run, TrackerError where nothing of it is sent: it is offline, disabled or over.
        """
        if self._is_finished:
            return  # `finish` has sent what it could
        if self._journal is None or self._sender is None:
            what = "offline, and sent by `tracker sync`" if self.mode == "offline" else "disabled"
            raise TrackerError(f"run {self.id} is {what}; the server cannot be asked now about what it has logged")
        if self._encoder is not None:
            self._encoder.settle(patience_s)
        self._sender.wait_until_stored(self._journal.next_seq, patience_s)

    def finish(self, status: str = "finished", *, exit_code: int | None = None, error: str | None = None) -> None:
        """End the run: record how, and send what is left for at most `finish_timeout_s`. A second call does nothing.

        A run that was asked to stop and ends in order is recorded as stopped.
        """
        if status not in ("finished", "failed", "stopped"):
            raise ValueError(f"status must be finished, failed or stopped, got {status!r}")
        with self._finish_lock:
            if self._is_finished:
                return
            self._is_finished = True
            if status == "finished" and self._stopping.is_requested:
                status = "stopped"
            deadline = time.monotonic() + self._finish_timeout_s
            try:
                self._append_ending(RunFinished(now_ms(), status, exit_code, self._error_text(error)), deadline)
            except KeyboardInterrupt:
                deadline = time.monotonic()
                raise
            finally:
                self._appender = AfterTheEnd(self.id)
                ending.forget(self)
                self._close_journal(deadline)

    def _error_text(self, error: str | None) -> str | None:
        """A traceback may quote file names that are no text, which become marks, and secrets, which go."""
        return None if error is None else self.redactor.text(error.encode("utf-8", "replace").decode())

    def _append_ending(self, record: RunFinished, deadline: float) -> None:
        """Collect what is still under way, then say that it is over."""
        for watcher in reversed(self._watchers):
            watcher.close()
        self._hand_step(self._steps.last + 1, self._steps.is_onward, now_ms())
        if self._encoder is not None:
            self._encoder.close(deadline - time.monotonic())
        if self._resolver is not None and not self._resolver.close(self._finish_timeout_s):
            notice("some values had not left the accelerator when the run ended; they are not kept")
        self._appender.append(msgspec.structs.replace(record, time_ms=now_ms()))

    def _append_numbers(self, step: int, is_onward: bool, time_ms: int, numbers: dict[str, float]) -> None:
        self._appender.append((LoggedOnward if is_onward else Logged)(step, time_ms, numbers))
        if self._nan_watch is not None:
            for finding in self._nan_watch.look(step, numbers):
                self._report(finding, time_ms)

    def _report(self, finding: Finding, time_ms: int) -> None:
        """Record that a metric is no number any more, and ask the program to stop where that was wished."""
        title = f"{finding.metric} is {finding.word} at step {finding.step}"
        before = ", ".join(f"{value:g} at step {step}" for step, value in finding.last_good) or "none"
        details = {
            "metric": finding.metric,
            "value": finding.word,
            "last_good": [list(point) for point in finding.last_good],
        }
        level = "error" if self._on_nan == "stop" else "warning"
        text = f"Last good values: {before}."
        self._appender.append(AlertRaised(time_ms, title, text, level, "nan", finding.step, details))
        notice(f"{title}; {text}")
        if self._on_nan == "stop":
            self._stopping.request(f"because {title}")

    def _obey(self, command: dict[str, Any]) -> None:
        """Do what the server's answer asks for; called by the sender's thread, again and again while it stands."""
        if command.get("type") == "stop" and not self._is_finished:  # one that is ending is not interrupted at it
            reason = f" ({command['reason']})" if command.get("reason") else ""
            self._stopping.request(f"by {command.get('by') or 'somebody'}{reason}")

    def _log_media(self, step: int, is_onward: bool, time_ms: int, name: str, pieces: list[Media]) -> None:
        """Have pieces encoded, in their order."""
        writable = self._writable_journal()
        if writable is None or self._encoder is None:
            self._appender.append(MediaLogged(step, time_ms, name, "", "", 0))  # which is not kept, and may be told
            return
        keep = partial(encoding.keep, blobs_of(writable.path))
        for position, piece in enumerate(pieces):
            caption = self.redactor.text(piece.caption) if piece.caption else ""
            record = MediaLogged(step, time_ms, name, "", "", 0, caption, is_onward, position=position)
            what = f"{type(piece).__name__} {name!r} of step {step}"
            self._encoder.add(what, piece.size_bytes, partial(_encoded, record, piece, keep))

    def _hand_step(self, step: int, is_onward: bool, time_ms: int) -> None:
        while self._at_next_log:
            act, _ = self._at_next_log.popitem()
            act(step, is_onward, time_ms)

    def _log_later(self, step: int, is_onward: bool, time_ms: int, content: values.Sorted) -> None:
        def append(arrived: dict[str, float]) -> None:
            self._append_numbers(step, is_onward, time_ms, content.numbers | arrived)

        self.resolve(self._copy_tensors(content.tensors), append)

    def _record_config(self, changed: dict[str, Any]) -> None:
        self._appender.append(ConfigChanged(now_ms(), self.redactor.mapping(changed)))

    def _record_summary(self, changed: dict[str, Any]) -> None:
        self._appender.append(SummaryChanged(now_ms(), self.redactor.mapping(changed)))

    def _writable_journal(self) -> Journal | None:
        """The journal beside which bytes may be staged; None when nothing is kept."""
        if isinstance(self._appender, FirstRecordOfChild):
            return self._open_child_journal()
        return self._journal if self._appender is self._journal else None

    def _open_journal(self, started: RunStarted) -> Journal:
        forking.wait_at_forks()
        path = path_of(self._settings.journals, started.run_id, started.writer)
        opened = Journal(path, max_bytes=self._settings.max_journal_bytes)
        opened.append(started)
        self._journal = self._appender = opened
        self._encoder = encoding.Encoder(opened, is_threaded=not self._is_forked)
        if self._settings.mode == "online":
            self._sender = sender.Sender(
                path, self._settings.url, self._settings.api_key, journal=opened, on_command=self._obey
            )
        return opened

    def _close_journal(self, deadline: float) -> None:
        if self._journal is None:
            return
        is_sent = False
        try:
            is_sent = self._sender is not None and self._sender.drain(deadline - time.monotonic())
        finally:  # also when Ctrl-C ends the waiting
            self._journal.close()
            if is_sent:
                journal_files.remove(self._journal.path)
            elif self._journal.has_file:
                what = "is kept on this machine" if self.mode == "offline" else "is not all sent yet; it is kept"
                notice(f"run {self.id} {what}. Send it with: tracker sync {self._journal.path}")

    def _become_child(self) -> None:
        """After a fork, in the child: nothing of the parent's is ours, and a journal is opened when one is needed."""
        if self._journal is None or self._is_finished:
            return
        self._journal.leave_to_parent()
        self._journal = self._sender = self._resolver = self._encoder = None
        self._is_forked = True
        self._watchers = []
        self._at_next_log = {}
        self._steps = self._steps.child()
        self._finish_lock = threading.Lock()
        self._appender = FirstRecordOfChild(self._open_child_journal)

    def _open_child_journal(self) -> Journal:
        label = f"{self._started.label or 'main'}.{os.getpid()}"
        return self._open_journal(
            msgspec.structs.replace(
                self._started,
                writer=names.new_writer_id(),
                label=label,
                time_ms=now_ms(),
                resume="allow",
                resume_from_step=None,
            )
        )


_open_runs: weakref.WeakSet[Run] = weakref.WeakSet()


def _leave_all_to_parent() -> None:
    for run in list(_open_runs):
        run._become_child()


os.register_at_fork(after_in_child=_leave_all_to_parent)


def _media_of(content: values.Sorted) -> dict[str, list[Media]]:
    """The pieces by name. Raises TypeError and ValueError for what is no media."""
    from tracker import media  # which most runs do without

    return {name: media.pieces(name, value) for name, value in content.media.items()}


def _encoded(record: MediaLogged, piece: Media, keep: Callable[..., Any]) -> MediaLogged:
    """The record of a piece, whose bytes lie beside the journal then."""
    made = piece.encode(keep)
    return msgspec.structs.replace(
        record,
        kind=made.kind,
        digest=made.blob.digest if made.blob is not None else "",
        size_bytes=made.blob.size_bytes if made.blob is not None else 0,
        details=kinds.write(made.details),
        files=made.files,
    )


def _steps(started: RunStarted) -> Steps:
    """After a checkpoint's step, after the one that a fork begins with, or onward in a run that may be there."""
    known = started.resume_from_step if started.resume_from_step is not None else started.fork_step
    return Steps(is_onward=started.is_resumed) if known is None else Steps(known)


def now_ms() -> int:
    """The wall-clock time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
