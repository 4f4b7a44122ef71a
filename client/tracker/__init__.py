"""Log what a training run does: its config, metrics, system use, files and console.

    import tracker

    with tracker.init("digits", config={"lr": 0.001}) as run:
        for batch in batches:
            run.log({"train/loss": loss})

The functions here act on the run that `init` started last. Importing this package loads nothing heavy; the threads that
need requests, psutil or NVML import them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker import start as _start
from tracker.errors import NoActiveRunError, RefusedError, TrackerError, TransportError
from tracker.live_run import Run
from tracker.start import fork, init

if TYPE_CHECKING:
    from tracker.mappings import Config, Summary
    from tracker.query import Api as Api

    run: Run | None
    config: Config
    summary: Summary

__all__ = [
    "Api",
    "NoActiveRunError",
    "RefusedError",
    "Run",
    "TrackerError",
    "TransportError",
    "alert",
    "config",
    "define_metric",
    "finish",
    "fork",
    "init",
    "log",
    "log_artifact",
    "run",
    "summary",
    "use_model",
]


def log(metrics: Mapping[str, Any], step: int | None = None) -> None:
    """Record the values of some metrics; see `Run.log`."""
    _start.required("log").log(metrics, step)


def log_artifact(
    path: str | PathLike[str],
    name: str | None = None,
    type: str = "file",
    *,
    aliases: Iterable[str] = (),
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Keep a file or a folder as a version of an artifact; see `Run.log_artifact`."""
    _start.required("log_artifact").log_artifact(path, name, type, aliases=aliases, metadata=metadata)


def define_metric(
    name: str, *, step_metric: str | None = None, summary: str | None = None, goal: str | None = None
) -> None:
    """Say how a metric, or all metrics below a prefix, are to be read; see `Run.define_metric`."""
    _start.required("define_metric").define_metric(name, step_metric=step_metric, summary=summary, goal=goal)


def alert(title: str, text: str = "", level: str = "info") -> None:
    """Tell the people who watch the run something; see `Run.alert`."""
    _start.required("alert").alert(title, text, level)


def finish(status: str = "finished", *, exit_code: int | None = None, error: str | None = None) -> None:
    """End the current run; see `Run.finish`. Without a run there is nothing to do."""
    active = _start.current()
    if active is not None:
        active.finish(status, exit_code=exit_code, error=error)


def use_model(ref: str, *, url: str | None = None) -> Path:
    """The folder with the verified files of a registered model's version, such as "digits@production"."""
    from tracker.model_cache import use_model as fetch  # talks to the server, which importing tracker does not need

    return fetch(ref, url=url, run=_start.current())


def __getattr__(name: str) -> Any:
    if name == "Api":
        from tracker.query import Api  # talks to the server, which importing tracker does not need

        return Api
    if name == "run":
        return _start.current()
    if name in ("config", "summary"):
        return getattr(_start.required(name), name)
    raise AttributeError(f"module 'tracker' has no attribute {name!r}")
