"""Where there is no room, or no folder: training goes on, one warning is printed, and what is missing is counted."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

import pytest

from tracker.records import Logged, RecordsLost, RunFinished

LIMIT = """
import resource, signal, tracker
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
run = tracker.init("digits", system_interval_s=0, capture_code=False, capture_console=False, finish_timeout_s=20)
def limit(size_bytes):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))
"""

MOUNTED = """
import os, sys, tracker
filler = os.path.join(os.environ["TRACKER_DIR"], "filler")
run = tracker.init("digits", system_interval_s=0, capture_code=False, capture_console=False, finish_timeout_s=20)
run.log({"loss": 0.0})
with open(filler, "wb", buffering=0) as file:
    try:
        while file.write(bytes(4096)):
            pass
    except OSError as error:
        assert error.errno == 28, error
for step in range(1, 2000):
    run.log({"loss": float(step)})
os.unlink(filler)
run.log({"loss": -1.0})
"""


def assert_each_is_stored_or_counted(server, total):
    stored = server.records(Logged)
    lost = server.records(RecordsLost)
    assert len(stored) + sum(record.count for record in lost) == total
    assert 0 < len(stored) < total
    assert stored[-1].values == {"loss": -1.0}
    assert [record.status for record in server.records(RunFinished)] == ["finished"]


def test_a_file_size_limit_costs_what_the_run_says_on_the_server(server, program):
    text = LIMIT + (
        "limit(20_000)\nfor step in range(1000): run.log({'loss': float(step)})\n"
        "limit(resource.RLIM_INFINITY)\nrun.log({'loss': -1.0})\n"
    )
    process = program(text)
    assert process.returncode == 0, process.err
    assert process.err.count("cannot be kept") == 1
    assert process.err.count("records were not kept") == 1
    assert_each_is_stored_or_counted(server, 1001)


def test_a_disk_that_fills_twice_is_counted_twice(server, program):
    text = LIMIT + (
        "for size_bytes in (20_000, 40_000):\n"
        "    limit(size_bytes)\n"
        "    for step in range(1000): run.log({'loss': float(step)})\n"
        "    limit(resource.RLIM_INFINITY)\n"
        "    run.log({'loss': -1.0})\n"
    )
    process = program(text)
    assert process.returncode == 0, process.err
    assert_each_is_stored_or_counted(server, 2002)
    assert len(server.records(RecordsLost)) == 2


@pytest.fixture
def small_disk(tmp_path):
    """A file system of half a mebibyte, where this user may mount one."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root on Linux")
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"mounting is not permitted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_file_system_costs_what_the_run_says_on_the_server(server, program, small_disk):
    process = program(MOUNTED, TRACKER_DIR=str(small_disk))
    assert process.returncode == 0, process.err
    assert process.err.count("cannot be kept") == 1
    assert_each_is_stored_or_counted(server, 2001)


def test_a_file_system_without_any_room_lets_the_program_run(server, program, small_disk):
    filler = bytes(4096)
    with (small_disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(filler):
            pass
    assert os.statvfs(small_disk).f_bavail == 0
    text = 'import tracker\nrun = tracker.init("digits", system_interval_s=0)\nrun.log({"loss": 1.0})\nprint("trained")'
    process = program(text, TRACKER_DIR=str(small_disk))
    assert (process.returncode, process.out) == (0, "trained\n"), process.err
    assert "Traceback" not in process.err
    assert process.err.count("not kept") == 1


def test_a_read_only_file_system_lets_the_program_run(server, program, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    text = 'import tracker\nrun = tracker.init("digits", system_interval_s=0)\nrun.log({"loss": 1.0})\nprint("trained")'
    process = program(text, TRACKER_DIR=str(small_disk))
    assert (process.returncode, process.out) == (0, "trained\n"), process.err
    assert "Traceback" not in process.err
    assert process.err.count("not kept") == 1


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_a_folder_removed_while_training_costs_nothing_that_is_not_counted(server, program, tracker_dir, mode):
    text = """
import os, shutil, tracker
run = tracker.init("digits", system_interval_s=0, capture_code=False, capture_console=False, finish_timeout_s=20)
for step in range(100):
    run.log({"loss": float(step)})
shutil.rmtree(os.environ["TRACKER_DIR"])
for step in range(100):
    run.log({"loss": float(step)})
print("trained")
"""
    process = program(text, TRACKER_MODE=mode)
    assert (process.returncode, process.out) == (0, "trained\n"), process.err
    assert "Traceback" not in process.err
    if mode == "online":
        lost = sum(record.count for record in server.records(RecordsLost))
        assert len(server.records(Logged)) + lost == 200
