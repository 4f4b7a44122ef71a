"""What a server takes that nobody uses: seconds until it answers, and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import requests

from benchmarks.figures import Ceiling, Figure
from benchmarks.processes import Backend, memory_of, processes_of, unstarted_server
from tests.processes import Server

MIB = 1024 * 1024
START_GOAL_S = 2.0
MEMORY_GOAL_MIB = 150.0
LIBRARIES = "import alembic, flask, gunicorn.app.base, numpy, pcodec, sqlalchemy.orm, tsdownsample"
WEIGH = "import json, psutil; print(json.dumps(psutil.Process().memory_info().rss))"


def figures(*, repetitions: int, backend: Backend = "sqlite") -> list[Figure]:
    """On an empty folder, where it makes its database first, and again on the same one."""
    firsts, agains, memory, twice = [], [], [], []
    for _ in range(repetitions):
        with unstarted_server(backend) as server:
            begun = time.perf_counter()
            with server:
                firsts.append(time.perf_counter() - begun)
                server.stop()
            begun = time.perf_counter()
            with server:
                agains.append(time.perf_counter() - begun)
                requests.get(f"{server.url}/healthz", timeout=20).raise_for_status()
                memory.append(_memory_shared_once(server) / MIB)
                twice.append(memory_of(server) / MIB)
    bare = [_bare() for _ in range(repetitions)]
    imported = Ceiling("bare Python with the same libraries", [seconds for seconds, _ in bare])
    weighed = Ceiling("bare Python with the same libraries", [size / MIB for _, size in bare])
    return [
        Figure("`tracker server` to its first answer", "s", agains, START_GOAL_S, ceiling=imported),
        Figure("the same, on an empty folder", "s", firsts, START_GOAL_S, ceiling=imported),
        Figure("server, idle, resident", "MiB", memory, MEMORY_GOAL_MIB, ceiling=weighed,
               note="what its processes share counted once"),
        Figure("server, idle, resident, what its processes share counted for each", "MiB", twice),
    ]  # fmt: skip


def _memory_shared_once(server: Server) -> int:
    """Bytes; on systems that do not know what is shared (all but Linux), what is not shared."""
    weighed = [process.memory_full_info() for process in processes_of(server)]
    return sum(getattr(one, "pss", one.uss) for one in weighed)


def _bare() -> tuple[float, int]:
    """Seconds and resident bytes of the libraries that a server cannot do without."""
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", f"{LIBRARIES}\n{WEIGH}"], capture_output=True, check=True, timeout=60)
    size: Any = json.loads(done.stdout)
    return time.perf_counter() - begun, int(size)
