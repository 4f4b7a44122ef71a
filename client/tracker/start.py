"""Starting a run, and the one run that is current in this process.

What always holds: `init` waits for no server. What takes time (git, packages, the GPU's driver) is captured by threads
that it starts. The ranks of a distributed training write one run: see `ranks.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple

from tracker import arguments, names, settings
from tracker.errors import NoActiveRunError
from tracker.live_run import ON_NAN, Run, now_ms
from tracker.mappings import plain_mapping
from tracker.naming import MAX_NAME, MAX_NOTES
from tracker.notices import notice
from tracker.records import RunStarted
from tracker.stopping import ON_STOP, OnStop
from tracker.version import client_version

Resume = Literal["allow", "must", "never"]
OnNan = Literal["warn", "stop"]

REPRODUCES: Final = "TRACKER_REPRODUCES"
"""The variable by which `tracker reproduce` tells the program that it runs whose run it repeats."""

RESUME: Final = ("allow", "must", "never")
_RANK_VARIABLES: Final = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK")

_current: Run | None = None
_starts = 0


@arguments.known_keywords
def init(
    project: str | None = None,
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
    resume: Resume | None = None,
    resume_from_step: int | None = None,
    fork_of: str | None = None,
    fork_step: int | None = None,
    system_interval_s: float = 10.0,
    finish_timeout_s: float = 10.0,
    capture_console: bool = True,
    capture_code: bool = True,
    on_nan: OnNan | None = None,
    nan_metrics: Iterable[str] = ("*",),
    on_stop: OnStop = "interrupt",
) -> Run:
    """Start a run and make it the current one; a run that was current is finished first.

    `config` is a mapping, a dataclass or an argparse.Namespace. `parent` is the id of a run that this one is part of.
    `mode` is "online", "offline" (nothing is sent until `tracker sync`) or "disabled" (nothing is kept).

    `id`, or TRACKER_RUN_ID in the environment, names a run that may be there already: then steps go on after its last
    one. `resume` says whether it may ("allow", the default), must or must never be there; the server judges that when
    it is reached, takes nothing of a run that breaks the rule, and a notice says what to do with the journal. With
    `resume_from_step`, a checkpoint's, the next step is the one after it, and what the run had beyond is superseded:
    drawn faint, and restored from the run's page if need be. `fork_of` and `fork_step`: see `fork`.

    `system_interval_s` of 0 turns the sampling of the machine off; below 1 is fine. `on_nan` has the first NaN or
    infinity of each of `nan_metrics` (names, or all below "prefix/*") reported as a finding; "stop" also asks the
    program to stop. When somebody asks that in the dashboard, `run.should_stop` is True; a program that has never
    looked at it is interrupted as by Ctrl-C, unless `on_stop` is "flag".

    Raises TypeError or ValueError for a wrong argument, never for a server that is away.
    """
    global _current, _starts
    _starts += 1
    chosen = settings.load(url=url, mode=mode)
    joined_id = id or os.environ.get("TRACKER_RUN_ID")
    arguments.seconds("system_interval_s", system_interval_s)
    arguments.seconds("finish_timeout_s", finish_timeout_s)
    arguments.one_of("on_stop", on_stop, ON_STOP)
    if on_nan is not None:
        arguments.one_of("on_nan", on_nan, ON_NAN)
    patterns = arguments.texts("nan_metrics", nan_metrics)
    values = plain_mapping(config, where="config") if config is not None else {}
    history = _history(resume, resume_from_step, fork_of, fork_step, is_joined=bool(joined_id))
    here = _place(is_joined=bool(joined_id))
    run_id = arguments.run_id(joined_id or here.run_id or names.new_run_id())
    started = RunStarted(
        time_ms=now_ms(),
        run_id=run_id,
        project="" if project is None and fork_of is not None else arguments.project(project),
        writer=names.new_writer_id(),
        label=here.label,
        name=arguments.name("name", name) if name is not None else names.run_name(run_id),
        is_name_generated=name is None,
        group=arguments.optional_text("group", group, most=MAX_NAME),
        job_type=arguments.optional_text("job_type", job_type, most=MAX_NAME),
        parent=arguments.run_id(parent) if parent is not None else None,
        tags=arguments.tags(tags),
        notes=arguments.optional_text("notes", notes, most=MAX_NOTES) or "",
        client_version=client_version(),
        is_resumed=bool(joined_id),
        reproduces=_reproduced(),
        **history,
    )
    if _current is not None and not _current.is_finished:
        notice(f"run {_current.id} is finished, because another one starts")
        _current.finish()
    run = Run(chosen, started, finish_timeout_s=finish_timeout_s, nan_metrics=patterns, on_stop=on_stop)
    run.on_nan = on_nan
    run.config.update(values)
    interval_s = system_interval_s if here.samples_machine else 0.0
    is_main = here.label == ""  # what ranks have in common is captured once
    _watch(run, system_interval_s=interval_s, with_console=capture_console, with_code=capture_code and is_main)
    _current = run
    return run


def _reproduced() -> str | None:
    """The run that `tracker reproduce` repeats by this process."""
    run_id = os.environ.get(REPRODUCES)
    return arguments.run_id(run_id) if run_id else None


def fork(run_id: str, step: int, project: str | None = None, name: str | None = None, **options: Any) -> Run:
    """Start a new run that begins with the history of the run `run_id` up to `step`, and goes on after it.

    Its config begins as that run's. Without a `project` it is in that run's, which the server then has to know.
    `options` are those of `init`, but `id` and the ones of resuming. Raises what `init` raises.
    """
    return init(project, name, fork_of=run_id, fork_step=step, **options)


class _Place(NamedTuple):
    """What a process is among those that train together; one by itself has no id to share."""

    run_id: str | None = None
    label: str = ""
    samples_machine: bool = True


def _place(*, is_joined: bool) -> _Place:
    """Told by the environment. `ranks` is imported only where something says that there may be several."""
    if not any(name in os.environ for name in _RANK_VARIABLES) and "torch.distributed" not in sys.modules:
        return _Place()
    from tracker import ranks

    here = ranks.place()
    shared_id = None if is_joined else ranks.shared_run_id(here, _starts)
    is_shared = is_joined or shared_id is not None
    return _Place(shared_id, here.label if is_shared else "", samples_machine=here.local_rank == 0)


def _history(
    resume: object, resume_from_step: object, fork_of: object, fork_step: object, *, is_joined: bool
) -> dict[str, Any]:
    """The fields of the first record that say how this run goes on with another's history, or its own."""
    if resume is not None:
        arguments.one_of("resume", resume, RESUME)
    if fork_of is not None or fork_step is not None:
        return _fork(resume, resume_from_step, fork_of, fork_step, is_joined=is_joined)
    if not is_joined and (resume in ("must", "allow") or resume_from_step is not None):
        word = "resume" if resume is not None else "resume_from_step"
        raise ValueError(f"{word} needs the id of the run to go on with: init(id=…), or TRACKER_RUN_ID")
    if resume_from_step is None:
        return {"resume": resume or "allow"}
    if resume == "never":
        raise ValueError("resume='never' starts a run that is not there yet, which has no step to resume from")
    step = arguments.step(resume_from_step, "resume_from_step", "give the step of the checkpoint")
    return {"resume": resume or "allow", "resume_from_step": step}


def _fork(
    resume: object, resume_from_step: object, fork_of: object, fork_step: object, *, is_joined: bool
) -> dict[str, Any]:
    if fork_of is None or fork_step is None:
        raise ValueError(f"a fork needs both fork_of and fork_step, got {fork_of!r} and {fork_step!r}")
    if resume in ("must", "allow") or resume_from_step is not None or is_joined:
        raise ValueError(
            "a fork is a new run, so it takes no id, resume or resume_from_step; TRACKER_RUN_ID is one too"
        )
    step = arguments.step(fork_step, "fork_step", "give the step of the checkpoint")
    return {"resume": "never", "fork_of": arguments.run_id(fork_of), "fork_step": step}


def _watch(run: Run, *, system_interval_s: float, with_console: bool, with_code: bool) -> None:
    """Start what records by itself. The modules are imported here because a disabled run needs none of them."""
    if run.mode == "disabled":
        return
    from tracker.capture import Capture
    from tracker.console import Console
    from tracker.system import Sampler

    if with_code:
        run.attach(Capture(run.record, run.redactor))
    if system_interval_s > 0:
        run.attach(Sampler(run.record_sample, lambda: run.last_step, interval_s=system_interval_s))
    notice(f"run {run.name} {'is kept on this machine' if run.mode == 'offline' else run.url}")
    if with_console:
        run.attach(Console(run.record, run.redactor))


def current() -> Run | None:
    """The run that is active in this process."""
    return _current if _current is not None and not _current.is_finished else None


def required(what: str) -> Run:
    """The run that was started last, finished or not. Raises NoActiveRunError naming `what` when there was none."""
    if _current is None:
        raise NoActiveRunError(what)
    return _current
