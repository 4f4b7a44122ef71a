"""Starting a run, and the one run that is current in this process.

What always holds: `init` waits for nothing outside the machine. What takes time (git, packages, the GPU's driver) is
captured by threads that it starts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from tracker import names, settings
from tracker.errors import NoActiveRunError
from tracker.live_run import Run, now_ms
from tracker.notices import notice
from tracker.records import RunStarted
from tracker.version import client_version

_current: Run | None = None


def init(
    project: str,
    name: str | None = None,
    *,
    config: Any = None,
    tags: Iterable[str] | None = None,
    group: str | None = None,
    notes: str | None = None,
    job_type: str | None = None,
    parent: str | None = None,
    mode: str | None = None,
    url: str | None = None,
    id: str | None = None,
    system_interval_s: float = 10.0,
    finish_timeout_s: float = 10.0,
    capture_console: bool = True,
    capture_code: bool = True,
) -> Run:
    """Start a run and make it the current one; a run that was current is finished first.

    `config` is a mapping, a dataclass or an argparse.Namespace. `mode` is "online", "offline" (nothing is sent until
    `tracker sync`) or "disabled" (nothing is kept). `id` joins a run that may exist, as TRACKER_RUN_ID in the
    environment does. `system_interval_s` of 0 turns the sampling of the machine off. Raises TypeError or ValueError for
    a wrong argument, never for a server that is away.
    """
    global _current
    chosen = settings.load(url=url, mode=mode)
    run_id = _checked_id(id or os.environ.get("TRACKER_RUN_ID") or names.new_run_id())
    started = RunStarted(
        time_ms=now_ms(),
        run_id=run_id,
        project=_checked_project(project),
        writer=names.new_writer_id(),
        label=_label(),
        name=_checked_text("name", name) if name is not None else names.new_run_name(),
        is_name_generated=name is None,
        group=_optional_text("group", group),
        job_type=_optional_text("job_type", job_type),
        parent=_optional_text("parent", parent),
        tags=_checked_tags(tags),
        notes=_optional_text("notes", notes) or "",
        client_version=client_version(),
    )
    _check_seconds("system_interval_s", system_interval_s)
    _check_seconds("finish_timeout_s", finish_timeout_s)
    if _current is not None and not _current.is_finished:
        notice(f"run {_current.id} is finished, because another one starts")
        _current.finish()
    run = Run(chosen, started, finish_timeout_s=finish_timeout_s)
    if config is not None:
        try:
            run.config.update(config)
        except (TypeError, ValueError):
            run.finish("failed", error="init() was given a config that cannot be recorded")
            raise
    _watch(run, system_interval_s=system_interval_s, with_console=capture_console, with_code=capture_code)
    _current = run
    return run


def _watch(run: Run, *, system_interval_s: float, with_console: bool, with_code: bool) -> None:
    """Start what records by itself. The modules are imported here because a disabled run needs none of them."""
    if run.mode == "disabled":
        return
    from tracker.capture import Capture
    from tracker.console import Console
    from tracker.system import Sampler

    if with_code:
        run.attach(Capture(run.record))
    if system_interval_s > 0 and os.environ.get("LOCAL_RANK", "0") == "0":  # once for each machine
        run.attach(Sampler(run.record, lambda: run.last_step, interval_s=system_interval_s))
    notice(f"run {run.name} {'is kept on this machine' if run.mode == 'offline' else run.url}")
    if with_console:
        run.attach(Console(run.record))


def current() -> Run | None:
    """The run that is active in this process."""
    return _current if _current is not None and not _current.is_finished else None


def required(what: str) -> Run:
    """The run that was started last, finished or not. Raises NoActiveRunError naming `what` when there was none."""
    if _current is None:
        raise NoActiveRunError(what)
    return _current


def _label() -> str:
    """ "" for the main process; "rank3" for another rank of a run that several processes share."""
    rank = os.environ.get("RANK", "0")
    return f"rank{rank}" if os.environ.get("TRACKER_RUN_ID") and rank.isdigit() and int(rank) != 0 else ""


def _checked_id(run_id: object) -> str:
    if not isinstance(run_id, str) or not run_id.isascii() or not run_id.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"a run's id must be ASCII letters, digits, '-' and '_', got {run_id!r}")
    if len(run_id) > 64:
        raise ValueError(f"a run's id must have at most 64 characters, got {len(run_id)}: {run_id!r}")
    return run_id


def _checked_project(project: object) -> str:
    """A name that the server takes too, so that a run is not refused when all of it is there."""
    name = _checked_text("project", project)
    if len(name) > 128 or not name.isprintable() or "/" in name or not name.strip(". "):
        raise ValueError(
            f"project must have at most 128 printable characters, no '/', and not be dots alone, got {name!r:.200}"
        )
    return name


def _checked_text(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be text, got {type(value).__name__}: {value!r:.80}")
    if not value.strip():
        raise ValueError(f"{what} must not be empty, got {value!r}")
    return value


def _optional_text(what: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{what} must be text or None, got {type(value).__name__}: {value!r:.80}")


def _checked_tags(tags: Iterable[str] | None) -> tuple[str, ...]:
    if isinstance(tags, str):
        raise TypeError(f"tags must be a list of texts, got the text {tags!r}; write [{tags!r}]")
    return tuple(_checked_text("a tag", tag) for tag in tags or ())


def _check_seconds(what: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ValueError(f"{what} must be a number of seconds, 0 or more, got {value!r}")
