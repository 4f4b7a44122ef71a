"""Trainings of several processes: nobody hangs, no point arrives twice, and a child never ends its parent's run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from tracker.records import Logged, RunFinished, RunStarted

METHODS = ["fork", "spawn", "forkserver"]

POOL = """
import multiprocessing, tracker

def double(number):
    return number * 2

if __name__ == "__main__":
    with tracker.init("digits", system_interval_s=0, capture_code=False) as run:
        run.log({"loss": 1.0})
        with multiprocessing.get_context("METHOD").Pool(2) as pool:
            assert pool.map(double, range(10), chunksize=1) == [2 * number for number in range(10)]
        run.log({"loss": 2.0})
"""

RUNS_OF_CHILDREN = """
import multiprocessing, tracker

def train(number):
    with tracker.init("digits", f"child {number}", system_interval_s=0, capture_code=False) as run:
        for step in range(5):
            run.log({"child": float(number)})

if __name__ == "__main__":
    context = multiprocessing.get_context("METHOD")
    with tracker.init("digits", "parent", system_interval_s=0, capture_code=False) as run:
        children = [context.Process(target=train, args=(number,)) for number in range(2)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0, 0]
        run.log({"loss": 1.0})
"""

LOADER = """
import torch, tracker
from torch.utils.data import DataLoader, Dataset

class Digits(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        if tracker_is_inherited:
            tracker.log({"loaded": float(index)})
        return torch.tensor(float(index))

tracker_is_inherited = "METHOD" == "fork"

if __name__ == "__main__":
    run = tracker.init("digits", system_interval_s=0, capture_code=False)
    for epoch in range(2):
        for batch in DataLoader(Digits(), batch_size=2, num_workers=2, multiprocessing_context="METHOD"):
            run.log({"loss": batch.mean().item()})
"""

RANKS = """
import torch, torch.distributed as distributed, tracker
if GROUP_FIRST:
    distributed.init_process_group("gloo")
run = tracker.init("digits", system_interval_s=0, capture_code=False, finish_timeout_s=20)
if not GROUP_FIRST:
    distributed.init_process_group("gloo")
for step in range(5):
    summed = torch.ones(1)
    distributed.all_reduce(summed)
    run.log({"summed": summed.item()})
distributed.destroy_process_group()
"""


def values(server, metric):
    return sorted(record.values[metric] for record in server.records(Logged) if metric in record.values)


def statuses(server):
    return [record.status for record in server.records(RunFinished)]


@pytest.mark.parametrize("method", METHODS)
def test_a_pool_that_is_torn_down_does_not_end_the_run(server, program, method):
    process = program(POOL.replace("METHOD", method))
    assert process.returncode == 0, process.err
    assert values(server, "loss") == [1.0, 2.0]
    assert statuses(server) == ["finished"]


@pytest.mark.parametrize("manner", ["well", "hang"])
@pytest.mark.parametrize("method", METHODS)
def test_children_with_runs_of_their_own_end_those_only(server, program, method, manner):
    server.manner = manner
    process = program(
        RUNS_OF_CHILDREN.replace("METHOD", method).replace("capture_code", "finish_timeout_s=1, capture_code")
    )
    assert process.returncode == 0, process.err
    if manner == "hang":
        assert process.err.count("tracker sync ") == 3
        return
    assert values(server, "child") == [0.0] * 5 + [1.0] * 5
    assert values(server, "loss") == [1.0]
    assert Counter(statuses(server)) == {"finished": 3}
    assert len({record.run_id for record in server.records(RunStarted)}) == 3


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_the_workers_of_a_data_loader_leave_the_run_alone(server, program, method):
    process = program(LOADER.replace("METHOD", method))
    assert process.returncode == 0, process.err
    assert values(server, "loss") == sorted([0.5, 2.5, 4.5, 6.5] * 2)
    assert values(server, "loaded") == (sorted([float(index) for index in range(8)] * 2) if method == "fork" else [])
    assert statuses(server) == ["finished"]


@pytest.mark.parametrize("is_group_first", [True, False], ids=["after the group", "before the group"])
def test_the_ranks_of_torchrun_write_one_run(server, tmp_path, is_group_first):
    script = tmp_path / "train.py"
    script.write_text(RANKS.replace("GROUP_FIRST", str(is_group_first)))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", str(script)]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    started = server.records(RunStarted)
    assert len({record.run_id for record in started}) == 1
    assert sorted(record.label for record in started) == ["", "rank1"]
    assert values(server, "summed") == [2.0] * 10
    assert Counter((record.step, *record.values) for record in server.records(Logged)) == {
        (step, "summed"): 2 for step in range(5)
    }


def test_a_child_that_is_killed_leaves_what_it_logged(server, program):
    text = """
import os, signal, tracker
run = tracker.init("digits", system_interval_s=0, capture_code=False)
child = os.fork()
if child == 0:
    for step in range(50):
        tracker.log({"child": float(step)}, step=step)
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(child, 0)
run.log({"loss": 1.0})
"""
    process = program(text)
    assert process.returncode == 0, process.err
    assert values(server, "child") == [float(step) for step in range(50)]
    assert values(server, "loss") == [1.0]
    assert statuses(server) == ["finished"]
