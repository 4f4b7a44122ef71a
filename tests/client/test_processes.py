"""Real training processes, and every way in which they end. The program's own status and traceback are untouched."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.client.reading import read_all
from tests.processes import wait_until
from tracker import cli, journal_files
from tracker.records import ConsoleLine, Logged, RecordsLost, RunFinished, RunStarted

START = """
import os, signal, sys, threading, time
import tracker
run = tracker.init("digits", system_interval_s=0, capture_code=False)
tracker.log({"loss": 1.0})
"""
PATIENT = START.replace("capture_code=False", "capture_code=False, finish_timeout_s=50")
"""What a child logged is sent last, and a machine that is busy takes longer than the usual 10 s until then."""


def ready(process):
    """Wait until the program says that it is where the test wants it."""
    assert process.stdout.readline().strip() == "ready"


def ended(server):
    return [(record.status, record.exit_code) for record in server.records(RunFinished)]


def test_points_logged_before_a_kill_arrive_by_sync_once(server, program, tracker_dir):
    text = """
import os, signal, tracker
tracker.init("digits", url="http://127.0.0.1:9")
for step in range(5000):
    tracker.log({"loss": step / 3, "acc": float(step)})
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert program(text).returncode == -signal.SIGKILL
    assert cli.main(["sync"]) == 0
    assert [(record.step, record.values["acc"]) for record in server.records(Logged)] == [
        (step, float(step)) for step in range(5000)
    ]
    assert cli.main(["sync"]) == 0
    assert len(server.records(Logged)) == 5000


@pytest.mark.parametrize(
    ("ending", "returncode", "outcome"),
    [
        pytest.param("", 0, ("finished", None), id="return"),
        pytest.param("run.finish()", 0, ("finished", None), id="finish"),
        pytest.param("sys.exit(0)", 0, ("finished", 0), id="exit 0"),
        pytest.param("sys.exit(3)", 3, ("failed", 3), id="exit 3"),
        pytest.param("sys.exit('no data')", 1, ("failed", 1), id="exit with a message"),
        pytest.param("raise ValueError('no data')", 1, ("failed", 1), id="exception"),
        pytest.param("raise KeyboardInterrupt", -signal.SIGINT, ("stopped", 130), id="keyboard interrupt"),
        pytest.param("os.kill(os.getpid(), signal.SIGINT); time.sleep(20)", -2, ("stopped", 130), id="SIGINT"),
        pytest.param("os.kill(os.getpid(), signal.SIGTERM); time.sleep(20)", -15, ("stopped", 143), id="SIGTERM"),
    ],
)
def test_a_program_ends_as_it_would_have(server, program, ending, returncode, outcome):
    process = program(START + ending)
    assert process.returncode == returncode, process.err
    assert ended(server) == [outcome]


def test_a_traceback_is_printed_once_and_recorded(server, program):
    process = program(START + "raise ValueError('no data')")
    assert process.err.count("Traceback") == 1
    assert process.err.rstrip().endswith("ValueError: no data")
    assert "ValueError: no data" in server.records(RunFinished)[0].error


def test_an_exception_inside_a_with_block_fails_the_run(server, program):
    text = "import tracker\nwith tracker.init('digits', system_interval_s=0):\n    raise ValueError('no data')\n"
    assert program(text).returncode == 1
    assert ended(server) == [("failed", 1)]


def test_os_exit_leaves_a_journal_that_sync_sends(server, program, journals):
    process = program(START + "os._exit(7)")
    assert process.returncode == 7
    assert cli.main(["sync"]) == 0
    assert [record.step for record in server.records(Logged)] == [0]


def test_a_daemon_thread_that_logs_does_not_hold_the_exit(server, program):
    text = START + "threading.Thread(target=lambda: [run.log({'a': 1.0}) for _ in iter(int, 1)], daemon=True).start()"
    assert program(text).returncode == 0
    assert ended(server) == [("finished", None)]


def test_a_second_interrupt_ends_the_waiting_for_a_server_that_hangs(server, program, journals):
    server.manner = "hang"
    process = program(PATIENT + "os.write(1, b'ready\\n')\ntime.sleep(30)", wait=False)
    ready(process)
    server.wait_for(lambda: server.request_count >= 1)
    process.send_signal(signal.SIGINT)
    wait_until(lambda: isinstance(read_all(journals()[0])[-1], RunFinished), "it waits for the server")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=15)
    assert process.returncode == -signal.SIGINT
    assert f"tracker sync {journals()[0]}" in said


def test_a_handler_of_the_program_for_sigterm_is_left_alone(server, program):
    text = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n" + START
    process = program(text + "os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(20)")
    assert process.returncode == 5
    assert ended(server) == [("failed", 5)]


def test_what_is_printed_is_recorded_and_still_printed(server, program):
    process = program(START + "print('hello')\nprint('oh', file=sys.stderr)")
    assert process.out == "hello\n"
    assert "oh\n" in process.err
    lines = [(record.stream, record.text) for record in server.records(ConsoleLine)]
    assert ("stdout", "hello") in lines
    assert ("stderr", "oh") in lines


def test_a_forked_child_writes_to_a_journal_of_its_own(server, program):
    text = (
        PATIENT
        + """
child = os.fork()
if child == 0:
    print("from the child")
    for step in range(3):
        tracker.log({"child": 1.0}, step=step)
    os._exit(0)
os.waitpid(child, 0)
tracker.log({"loss": 2.0})
"""
    )
    assert program(text).returncode == 0
    assert sorted((record.step, *record.values) for record in server.records(Logged)) == [
        (0, "child"), (0, "loss"), (1, "child"), (1, "loss"), (2, "child"),
    ]  # fmt: skip
    assert len(server.next_seq) == 2
    assert [record.label != "" for record in server.records(RunStarted)] == [False, True]
    assert ended(server) == [("finished", None)]


def test_a_fork_waits_for_what_is_being_imported_to_send(server, program):
    text = (
        PATIENT
        + """
while "requests" not in sys.modules: time.sleep(0.0002)  # the sender's thread has begun to import it
child = os.fork()
if child == 0:
    signal.alarm(60)  # or one that hangs would hold the test
    import requests
    tracker.log({"child": requests.codes.ok})
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0, "the child hung"
"""
    )
    process = program("import signal\n" + text)
    assert (process.returncode, "ignored" in process.err) == (0, False), process.err
    assert {name: value for record in server.records(Logged) for name, value in record.values.items()}["child"] == 200


def test_a_forked_child_that_exits_does_not_end_its_parents_run(server, program):
    text = (
        START + "child = os.fork()\nif child == 0:\n    sys.exit(4)\nos.waitpid(child, 0)\ntracker.log({'loss': 2.0})"
    )
    assert program(text).returncode == 0
    assert ended(server) == [("finished", None)]
    assert [record.step for record in server.records(Logged)] == [0, 1]


def test_workers_of_multiprocessing_neither_hang_nor_end_the_run(server, program):
    text = """
import multiprocessing, tracker
def work(number):
    tracker.log({"work": float(number)})
    return number * 2
if __name__ == "__main__":
    with tracker.init("digits", system_interval_s=0, capture_code=False):
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(work, range(20), chunksize=1) == [2 * number for number in range(20)]
            pool.close()
            pool.join()
"""
    process = program(text)
    assert process.returncode == 0, process.err
    assert sorted(record.values["work"] for record in server.records(Logged)) == [float(number) for number in range(20)]
    assert ended(server) == [("finished", None)]


def test_ranks_write_into_one_run_under_labels_of_their_own(server, program):
    for rank in ("0", "1"):
        process = program(START, TRACKER_RUN_ID="shared-run", RANK=rank)
        assert process.returncode == 0, process.err
    assert {record.run_id for record in server.records(RunStarted)} == {"shared-run"}
    assert [record.label for record in server.records(RunStarted)] == ["", "rank1"]


def test_a_full_disk_costs_what_is_counted_and_nothing_else(server, program, journals):
    text = """
import resource, signal, tracker
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
run = tracker.init("digits", mode="offline", system_interval_s=0, capture_code=False, capture_console=False)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
for step in range(1000):
    run.log({"loss": float(step)})
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
run.log({"loss": -1.0})
"""
    process = program(text)
    assert process.returncode == 0, process.err
    assert process.err.count("cannot be kept") == 1
    kept = read_all(journals()[0])
    points = [record for record in kept if isinstance(record, Logged)]
    lost = sum(record.count for record in kept if isinstance(record, RecordsLost))
    assert len(points) + lost == 1001
    assert 0 < lost < 1000
    assert points[-1].values == {"loss": -1.0}


def test_a_huge_integer_is_told_once(program):
    process = program(START + "for _ in range(3): tracker.log({'tokens': 2**53 + 1})", TRACKER_MODE="offline")
    assert process.err.count("2**53") == 1


def test_warnings_as_errors_do_not_reach_training(program, tmp_path):
    text = "import warnings\nwarnings.simplefilter('error')\n" + START + "tracker.log({'tokens': 2**60})"
    assert program(text, TRACKER_URL="http://127.0.0.1:9", TRACKER_MODE="offline").returncode == 0


def test_a_live_journal_can_be_synced_and_stays(server, program, journals):
    process = program(START + "os.write(1, b'ready\\n')\ntime.sleep(60)", wait=False, TRACKER_MODE="offline")
    ready(process)
    assert journal_files.is_live(journals()[0])
    assert cli.main(["sync"]) == 0
    assert [record.step for record in server.records(Logged)] == [0]
    assert len(journals()) == 1


def test_importing_tracker_loads_nothing_heavy():
    heavy = [
        "requests",
        "urllib3",
        "psutil",
        "pynvml",
        "numpy",
        "torch",
        "plotly",
        "PIL",
        "matplotlib",
        "tracker.media",
        "flask",
        "sqlalchemy",
        "platformdirs",
    ]
    done = python(f"import sys, tracker; print([name for name in {heavy} if name in sys.modules])")
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_logging_without_a_run_says_how_to_start_one():
    assert (
        "tracker.log needs a run, and none is active; call tracker.init(project) first"
        in python("import tracker; tracker.log({'loss': 1.0})").stderr
    )


def python(text):
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
