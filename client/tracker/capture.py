"""What a run was started from: code, command, packages, machine. Captured once, by a thread.

What always holds: `init` does not wait for it, and whatever cannot be found out (no git, no repository, no permission)
is simply not there. A remote's address is recorded without its user and password.
"""

from __future__ import annotations

import fnmatch
import getpass
import importlib.metadata
import os
import platform
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from tracker import gpu, inputs, source
from tracker.forking import importing
from tracker.notices import notice
from tracker.records import EnvironmentCaptured
from tracker.redaction import Redactor, is_secret_name

MAX_PATCH_BYTES: Final = 1024 * 1024
MAX_COMMITS: Final = 100
_MAX_SUBJECT_CHARS: Final = 120
_GIT_TIMEOUT_S: Final = 10.0
_MAX_VARIABLE_CHARS: Final = 4096
_VARIABLES: Final = (
    "CUDA_*", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "OMP_*", "MKL_*", "KMP_*",
    "OPENBLAS_NUM_THREADS", "NUMEXPR_*", "PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG", "CUDNN_*", "NCCL_*", "GLOO_*",
    "TORCH_*", "TORCHINDUCTOR_*", "PYTORCH_*", "TRITON_*", "XLA_*", "TF_*", "JAX_*", "HF_HOME", "HF_*_OFFLINE",
    "TRANSFORMERS_*", "TOKENIZERS_PARALLELISM", "ACCELERATE_*", "WORLD_SIZE", "RANK", "LOCAL_RANK",
    "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT", "CONDA_DEFAULT_ENV", "VIRTUAL_ENV",
)  # fmt: skip
_SLURM: Final = (
    "job_id job_name job_nodelist job_num_nodes ntasks procid localid nodeid job_partition job_account array_job_id "
    "array_task_id restart_count cluster_name cpus_per_task gpus submit_dir"
)


class Capture:
    """The capturing thread. `close` waits for it, so that a short run has its environment too."""

    def __init__(self, record: Callable[[EnvironmentCaptured], object], redactor: Redactor | None = None) -> None:
        self._record = record
        self._redactor = redactor
        self._thread = threading.Thread(target=self._run, name="tracker-capture", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._thread.join(5.0)
        notebook = source.notebook()  # now, so that the cells of the run are in it
        if notebook is not None:
            redactor = self._redactor or Redactor()
            cells = [cell | {"text": redactor.text(cell["text"])} for cell in notebook["cells"]]
            facts = _readable({"notebook": notebook | {"cells": cells}})
            self._record(EnvironmentCaptured(time.time_ns() // 1_000_000, facts))

    def _run(self) -> None:
        try:
            self._record(EnvironmentCaptured(time.time_ns() // 1_000_000, _readable(environment(self._redactor))))
        except Exception as error:  # the edge of the thread: training does not depend on it
            notice(f"the run's environment is not captured ({type(error).__name__}: {error})")


def environment(redactor: Redactor | None = None) -> dict[str, Any]:
    """Everything that is captured, JSON-like and without the secrets that the redactor finds."""
    redactor = redactor or Redactor()
    script = _entry_script()
    facts: dict[str, Any] = {
        "command": redactor.arguments(sys.orig_argv),
        "script": str(script) if script else source.notebook_path(),
        "cwd": _or_none(os.getcwd),
        "host": socket.gethostname(),
        "user": _or_none(getpass.getuser),
        "os": platform.platform(),
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "executable": sys.executable,
        },
        "packages": packages(),
        "local_packages": local_packages() or None,
        "cpu": _cpu(),
        "memory_bytes": _memory_bytes(),
        "gpus": _gpus(),
        "git": git_state(script.parent if script else Path.cwd(), redactor),
    }
    facts["source"] = _source(script, redactor)
    facts["dvc"] = inputs.pointers(Path.cwd()) or (inputs.pointers(script.parent) if script else None)
    facts["env"] = variables(os.environ, redactor)
    facts |= scheduler(os.environ)
    return {name: value for name, value in facts.items() if value is not None}


def variables(environ: Mapping[str, str], redactor: Redactor) -> dict[str, str]:
    """The environment variables that say how a run computes, and those that TRACKER_CAPTURE_ENV names.

    It has names with commas between them, and `*` for any letters. Variables with secret names are never taken.
    """
    asked = [name.strip() for name in environ.get("TRACKER_CAPTURE_ENV", "").split(",") if name.strip()]
    return {
        name: redactor.text(value[:_MAX_VARIABLE_CHARS])
        for name, value in sorted(environ.items())
        if not is_secret_name(name) and any(fnmatch.fnmatchcase(name, pattern) for pattern in (*_VARIABLES, *asked))
    }


def scheduler(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What SLURM, torchrun, Kubernetes, PBS and LSF tell a job of itself, under their names; all as text."""
    slurm = {
        field if field in ("job_id", "job_name") else field.removeprefix("job_"): f"SLURM_{field.upper()}"
        for field in _SLURM.split()
    }
    tables = {
        "slurm": ("SLURM_JOB_ID", slurm),
        "torchrun": (
            "TORCHELASTIC_RUN_ID",
            {
                "run_id": "TORCHELASTIC_RUN_ID", "restart_count": "TORCHELASTIC_RESTART_COUNT",
                "max_restarts": "TORCHELASTIC_MAX_RESTARTS", "world_size": "WORLD_SIZE", "rank": "RANK",
                "local_rank": "LOCAL_RANK", "local_world_size": "LOCAL_WORLD_SIZE", "group_rank": "GROUP_RANK",
                "master_addr": "MASTER_ADDR", "master_port": "MASTER_PORT",
            },
        ),
        "kubernetes": (
            "KUBERNETES_SERVICE_HOST",
            {
                "pod": "HOSTNAME", "namespace": "POD_NAMESPACE", "node": "NODE_NAME",
                "completion_index": "JOB_COMPLETION_INDEX",
            },
        ),
        "pbs": ("PBS_JOBID", {"job_id": "PBS_JOBID", "job_name": "PBS_JOBNAME", "queue": "PBS_QUEUE"}),
        "lsf": ("LSB_JOBID", {"job_id": "LSB_JOBID", "job_name": "LSB_JOBNAME", "queue": "LSB_QUEUE"}),
    }  # fmt: skip
    return {
        name: {field: environ[variable] for field, variable in fields.items() if variable in environ}
        for name, (marker, fields) in tables.items()
        if marker in environ
    }


def _source(script: Path | None, redactor: Redactor) -> dict[str, Any] | None:
    """The untracked files of the repository, or outside of one the script; without secrets."""
    root = _git(script.parent if script else Path.cwd(), "rev-parse", "--show-toplevel")
    if root is None and script is None:
        return None
    found = source.untracked(Path(root)) if root is not None else source.script(script or Path())
    found["files"] = [{"path": file["path"], "text": redactor.text(file["text"])} for file in found["files"]]
    return found


def packages() -> dict[str, str]:
    """The installed distributions and their versions, by name."""
    found = ((item.metadata["Name"], item.version) for item in importlib.metadata.distributions())
    return dict(sorted((name, version) for name, version in found if name and version))


def local_packages() -> list[str]:
    """Those of them that came from a folder, a file or a repository: an index may have another of that name."""
    local = (item for item in importlib.metadata.distributions() if item.read_text("direct_url.json"))
    return sorted({name for item in local if (name := item.metadata["Name"])})


def git_state(folder: Path, redactor: Redactor | None = None) -> dict[str, Any] | None:
    """Commit, branch, remote and uncommitted changes of the repository that a folder is in; None outside of one.

    The patch holds changes of tracked files against the commit, up to `MAX_PATCH_BYTES`; `is_patch_cut` says when more
    was there, `patch_left_out` names those of files that hold keys by their name. What the redactor finds in the patch
    is replaced, line for line. `root` is the repository's folder, `log` its last commits, newest first.
    """
    redactor = redactor or Redactor()
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    left_out = _changes_with_keys(folder)
    patch, is_cut = _patch(folder, left_out) if left_out is not None else ("", False)
    remote = _git(folder, "remote", "get-url", "origin")
    return {
        "commit": commit,
        "branch": _git(folder, "symbolic-ref", "--short", "-q", "HEAD"),
        "remote": redactor.text(without_credentials(remote)) if remote else None,
        "is_dirty": bool(_git(folder, "status", "--porcelain", "--untracked-files=no")),
        "patch": redactor.text(patch),
        "is_patch_cut": is_cut,
        "patch_left_out": (left_out or [])[: source.MAX_LEFT_OUT],
        "root": _git(folder, "rev-parse", "--show-toplevel"),
        "log": [{"commit": commit, "subject": redactor.text(subject)} for commit, subject in _log(folder)],
    }


def _log(folder: Path) -> list[tuple[str, str]]:
    """The last commits, newest first, each with the beginning of its first line: what lies between two runs."""
    told = _git(folder, "log", f"--max-count={MAX_COMMITS}", "--no-show-signature", "--no-color", "--format=%H%x00%s")
    lines = [line.partition("\0") for line in (told or "").splitlines()]
    return [(commit, subject[:_MAX_SUBJECT_CHARS]) for commit, _, subject in lines if commit and subject]


def without_credentials(remote: str) -> str:
    """A remote's address without user, password, query and fragment. `git@host:path` has no secret and stays."""
    if "://" not in remote:
        return remote
    parts = urlsplit(remote)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 (git by name, with arguments of our own)
            _git_command(folder, *arguments), capture_output=True, stdin=subprocess.DEVNULL, timeout=_GIT_TIMEOUT_S,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = os.fsdecode(done.stdout).strip()
    return text if done.returncode == 0 else None


def _git_command(folder: Path, *arguments: str) -> list[str]:
    return ["git", "--no-optional-locks", "-C", str(folder), *arguments]


def _changes_with_keys(folder: Path) -> list[str] | None:
    """The tracked files that have changed and hold keys by their name; None where that cannot be found out."""
    names = _git(folder, "-c", "diff.relative=false", "diff", "HEAD", "--name-only", "--no-renames", "-z")
    return None if names is None else [name for name in names.split("\0") if source.may_hold_keys(name)]


def _patch(folder: Path, left_out: Sequence[str]) -> tuple[str, bool]:
    """The changes of tracked files, and whether they are cut off. Never more than the limit in memory."""
    command = _git_command(folder, "diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv")
    command += ["--", ":/", *(f":(top,exclude,literal){name}" for name in left_out)]
    try:
        process = subprocess.Popen(  # noqa: S603 (git by name, with arguments of our own)
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
    except OSError:
        return "", False
    with process:
        give_up = threading.Timer(_GIT_TIMEOUT_S, process.kill)
        give_up.start()
        data = process.stdout.read(MAX_PATCH_BYTES + 1) if process.stdout else b""
        process.kill()
        give_up.cancel()
    return data[:MAX_PATCH_BYTES].decode(errors="replace"), len(data) > MAX_PATCH_BYTES


def _entry_script() -> Path | None:
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(file).absolute() if file else None


def _cpu() -> dict[str, Any]:
    return {"model": _cpu_model(), "count": os.cpu_count()}


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.processor()


def _memory_bytes() -> int:
    with importing():
        import psutil  # 29 ms that only a thread pays

    return int(psutil.virtual_memory().total)


def _gpus() -> list[dict[str, Any]]:
    driver = gpu.open_nvml()
    return driver.facts() if driver else []


def _or_none(find: Callable[[], str]) -> str | None:
    try:
        return find()
    except (OSError, KeyError):  # a folder that is gone, a user without a name
        return None


def _readable(value: Any) -> Any:
    """The same with text that any reader can decode: paths and arguments may hold bytes that are not UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    return value
