"""Which processes of a distributed training write one run, found from the environment.

What always holds: a process that belongs to no group is by itself. The ranks of a group agree on the run's id without
the server: by TRACKER_RUN_ID, else through the process group's store, else from what names this launch and its restart.
A launcher's placeholder ("none") names nothing and is never used. Where ranks cannot agree, each writes a run of its
own, and a notice says what to do about it.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from tracker import names
from tracker.notices import notice

_STORE_TIMEOUT_S: Final = 30.0
_PLACEHOLDERS: Final = ("", "none", "null")


class Place(msgspec.Struct, frozen=True):
    """Where a process stands among those that train together. `local_rank` counts within its machine."""

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0

    @property
    def label(self) -> str:
        """The label of its series: "" for the first, "rank3" for another."""
        return f"rank{self.rank}" if self.rank else ""


def place(environ: Mapping[str, str] = os.environ) -> Place:
    """The process's place: from an initialised process group, else from torchrun's or MPI's variables."""
    group = _process_group()
    if group is not None:
        rank, world_size = group.get_rank(), group.get_world_size()
        return Place(rank, world_size, _number(environ, "LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK") or 0)
    rank = _number(environ, "RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK") or 0
    world_size = _number(environ, "WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE") or 1
    return Place(rank, world_size, _number(environ, "LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK") or 0)


def shared_run_id(here: Place, start: int, environ: Mapping[str, str] = os.environ) -> str | None:
    """The id of the run that the ranks of this group write together; None for a process by itself.

    `start` counts the runs that the process has started: the n-th of one rank is the n-th of the others. Waits for rank
    0 for up to 30 s where the process group's store is what they agree by, and never for a server.
    """
    if here.world_size <= 1:
        return None
    agreed = _by_store(here, start) or _by_launch(environ, start)
    if agreed is None:
        notice(
            f"rank {here.rank} of {here.world_size} writes a run of its own: nothing names what the ranks have in "
            "common. Set TRACKER_RUN_ID to one value for all of them, or call tracker.init() after "
            "torch.distributed.init_process_group()"
        )
    return agreed


def _process_group() -> Any:
    """torch.distributed, where the program has made a process group with it."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return distributed


def _by_store(here: Place, start: int) -> str | None:
    if _process_group() is None:
        return None
    key = f"tracker/run/{start}"
    try:
        store = sys.modules["torch.distributed.distributed_c10d"]._get_default_store()
        if here.rank == 0:
            store.set(key, names.new_run_id())
        else:
            store.wait([key], timedelta(seconds=_STORE_TIMEOUT_S))
        return str(store.get(key).decode())
    except Exception as error:  # a store of any kind, from any version of torch: what it raises is its own
        notice(f"the process group's store does not say which run rank {here.rank} belongs to ({error})")
        return None


def _by_launch(environ: Mapping[str, str], start: int) -> str | None:
    """An id made from what all ranks of this launch see, and no other launch does."""
    launch = _torchrun_on_one_machine(environ) or _job(environ)
    if launch is None:
        return None
    restart = environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    digest = hashlib.sha256(f"{launch}/{restart}/{start}".encode()).digest()
    return names.run_id_from(digest)


def _torchrun_on_one_machine(environ: Mapping[str, str]) -> str | None:
    """All ranks are children of one torchrun: its process, told from a later one of the same number by its start."""
    if "TORCHELASTIC_RUN_ID" not in environ or environ.get("LOCAL_WORLD_SIZE") != environ.get("WORLD_SIZE"):
        return None
    started = _start_of_process(os.getppid())
    return None if started is None else f"torchrun:{socket.gethostname()}:{os.getppid()}:{started}"


def _start_of_process(pid: int) -> str | None:
    """When a process started, in ticks since boot, with the boot; None where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return f"{boot}:{fields[19]}"


def _job(environ: Mapping[str, str]) -> str | None:
    """What the launcher or the scheduler calls this job."""
    named = environ.get("TORCHELASTIC_RUN_ID", "")
    if named.lower() not in _PLACEHOLDERS:
        return f"elastic:{named}"
    if environ.get("SLURM_JOB_ID"):
        step, restarts = environ.get("SLURM_STEP_ID", ""), environ.get("SLURM_RESTART_COUNT", "0")
        return f"slurm:{environ['SLURM_JOB_ID']}:{step}:{restarts}"
    for name in ("PMIX_NAMESPACE", "PBS_JOBID", "LSB_JOBID"):
        if environ.get(name):
            return f"{name}:{environ[name]}"
    return None


def _number(environ: Mapping[str, str], *variables: str) -> int | None:
    """The first of these variables that holds a whole number."""
    return next((int(environ[name]) for name in variables if environ.get(name, "").isdigit()), None)
