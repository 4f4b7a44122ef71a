"""A program ends as the same program without a tracker does: the same exit status, output and errors.

Each is run twice, once with a `tracker` that does nothing. What the client says itself, in lines that begin with
"tracker: ", is all that may differ; it is tested here as well.
"""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.client.reading import read_all
from tests.processes import TRACKER, wait_until
from tracker.records import Logged, RunFinished

STUB = """
class Run:
    def log(self, *_, **__): pass
    def finish(self): pass
    def __enter__(self): return self
    def __exit__(self, *_): pass
def init(*_, **__): return Run()
def log(*_, **__): pass
"""

START = """
import atexit, os, signal, sys, threading, time
atexit.register(print, "registered before")
import tracker
run = tracker.init("digits", system_interval_s=0, capture_code=False, finish_timeout_s=0.3)
atexit.register(print, "registered after")
tracker.log({"loss": 1.0})
"""

WAIT = "\ntime.sleep(20)"

ENDINGS = {
    "return": "print('done')",
    "exception": "raise ValueError('no data')",
    "chained exception": "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError from error",
    "exception in a with block": "with run:\n    raise ValueError('no data')",
    "sys.exit of a number": "sys.exit(3)",
    "sys.exit of nothing": "sys.exit()",
    "sys.exit of a text": "sys.exit('no data')",
    "SystemExit raised": "raise SystemExit(4)",
    "sys.exit in a function": "def leave():\n    sys.exit(5)\nleave()",
    "sys.exit that is caught": "try:\n    sys.exit(5)\nexcept SystemExit:\n    print('stayed')",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)" + WAIT,
    "SIGTERM with a handler": "signal.signal(signal.SIGTERM, lambda *_: sys.exit(6))\n"
    "os.kill(os.getpid(), signal.SIGTERM)" + WAIT,
    "SIGINT": "os.kill(os.getpid(), signal.SIGINT)" + WAIT,
    "SIGINT that is caught": "try:\n    os.kill(os.getpid(), signal.SIGINT)" + WAIT.replace("\n", "\n    ")
    + "\nexcept KeyboardInterrupt:\n    print('stayed')",
    "os._exit": "os._exit(7)",
    "daemon thread that logs": "threading.Thread(target=lambda: [run.log({'a': 1.0}) for _ in iter(int, 1)], "
    "daemon=True).start()",
    "thread that is waited for": "threading.Thread(target=lambda: (time.sleep(0.1), run.log({'a': 1.0}))).start()",
    "exception in a thread": "thread = threading.Thread(target=lambda: 1 / 0, name='worker')\nthread.start()\n"
    "thread.join()",
    "sys.exit in a thread": "thread = threading.Thread(target=sys.exit, args=(9,))\nthread.start()\nthread.join()",
    "finally": "try:\n    raise ValueError('no data')\nfinally:\n    run.log({'last': 1.0})\n    print('tidied up')",
    "finally after SIGINT": "try:\n    os.kill(os.getpid(), signal.SIGINT)" + WAIT.replace("\n", "\n    ")
    + "\nfinally:\n    print('tidied up')",
    "hook for exceptions": "sys.excepthook = lambda kind, error, at: print('hooked')\nraise ValueError('no data')",
    "failing atexit handler": "atexit.register(lambda: 1 / 0)",
    "handler that logs": "atexit.register(lambda: tracker.log({'last': 1.0}))",
    "closed standard error": "sys.stderr.close()",
    "abort": "os.abort()",
}  # fmt: skip


@pytest.mark.parametrize("manner", ["well", "hang"])
@pytest.mark.parametrize("ending", [pytest.param(text, id=name) for name, text in ENDINGS.items()])
def test_a_program_ends_as_without_a_tracker(server, program, tmp_path, ending, manner):
    server.manner = manner
    stub = tmp_path / "stub"
    stub.mkdir()
    (stub / "tracker.py").write_text(STUB)
    bare = program(START + ending, PYTHONPATH=str(stub))
    ours = program(START + ending)
    assert (ours.returncode, ours.out, own_lines(ours.err)) == (bare.returncode, bare.out, own_lines(bare.err))


def own_lines(said: str) -> str:
    """What the program itself put on standard error. The address of a function in a traceback is its own each time."""
    kept = "".join(line for line in said.splitlines(keepends=True) if not line.startswith("tracker: "))
    return re.sub(r"0x[0-9a-f]+", "0x", kept)


def test_an_end_that_gives_up_prints_one_command_that_sends_everything(server, program, journals):
    server.manner = "hang"
    process = program(START + "for step in range(99): tracker.log({'loss': 1.0})", HOME="/nonexistent")
    assert process.returncode == 0
    commands = [line.partition("tracker sync ")[2] for line in process.err.splitlines() if "tracker sync " in line]
    assert commands == [str(journals()[0])]
    server.manner = "well"
    server.release.set()
    done = subprocess.run([TRACKER, "sync", *shlex.split(commands[0])], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [record.step for record in server.records(Logged)] == list(range(100))
    assert [record.status for record in server.records(RunFinished)] == ["finished"]


@pytest.mark.parametrize("limit_s", [0.0, 0.5, 1.5])
def test_the_end_waits_as_long_as_it_is_allowed(server, program, limit_s):
    server.manner = "hang"
    text = START.replace("finish_timeout_s=0.3", f"finish_timeout_s={limit_s}")
    process = program(text + "at = time.monotonic()\nrun.finish()\nos.write(1, str(time.monotonic() - at).encode())")
    assert limit_s * 0.9 <= float(process.out.partition("registered")[0]) < limit_s + 0.5


@pytest.mark.parametrize(
    ("first", "second", "ends_by"),
    [
        (signal.SIGINT, signal.SIGINT, signal.SIGINT),
        (signal.SIGINT, signal.SIGTERM, signal.SIGTERM),
        (signal.SIGTERM, signal.SIGTERM, signal.SIGTERM),
        (signal.SIGTERM, signal.SIGINT, signal.SIGTERM),
    ],
    ids=["SIGINT twice", "SIGTERM after SIGINT", "SIGTERM twice", "SIGINT after SIGTERM"],
)
def test_a_second_signal_ends_the_wait_for_a_server_that_hangs(server, program, journals, first, second, ends_by):
    server.manner = "hang"
    text = START.replace("finish_timeout_s=0.3", "finish_timeout_s=30")
    process = program(text + "os.write(1, b'ready\\n')" + WAIT, wait=False)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(first)
    wait_until(lambda: isinstance(read_all(Path(journals()[0]))[-1], RunFinished), "it has begun to end")
    process.send_signal(second)
    process.communicate(timeout=20)
    assert process.returncode == -ends_by


def test_an_interrupt_that_does_not_wake_the_wait_ends_it_all_the_same(server, program):
    server.manner = "hang"
    text = START.replace("finish_timeout_s=0.3", "finish_timeout_s=30")
    unheard = (
        "lambda: (time.sleep(0.3), signal.pthread_kill(threading.get_ident(), signal.SIGINT))"  # wakes that thread
    )
    process = program(text + f"threading.Thread(target={unheard}, daemon=True).start()\nrun.finish()", wait=False)
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT


def test_an_interrupt_is_not_forgotten_while_a_thread_imports(server, program):
    imports = (
        "threading.Thread(target=lambda: [exec('') for _ in iter(int, 1)], daemon=True).start()\n"  # so it is seen
    )
    late = "import atexit, time\natexit.register(time.sleep, 0.2)\n"  # it has its turn after the run's end
    process = program(late + START + imports + ENDINGS["SIGINT"])
    assert process.returncode == -signal.SIGINT
