"""Which processes write one run together, told by what a launcher leaves in the environment."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tracker import names, ranks
from tracker.ranks import Place

TORCHRUN = {
    "RANK": "1",
    "WORLD_SIZE": "2",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "TORCHELASTIC_RUN_ID": "none",
    "TORCHELASTIC_RESTART_COUNT": "0",
}
SLURM = {"RANK": "1", "WORLD_SIZE": "16", "SLURM_JOB_ID": "77", "SLURM_STEP_ID": "0", "SLURM_RESTART_COUNT": "0"}


def _id(environ, start=1):
    return ranks.shared_run_id(ranks.place(environ), start, environ)


def test_a_process_by_itself_is_rank_0_of_1():
    assert ranks.place({}) == Place(0, 1, 0)
    assert ranks.shared_run_id(Place(), 1) is None


@pytest.mark.parametrize(
    "environ",
    [
        {"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1"},
        {"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_LOCAL_RANK": "1"},
    ],
    ids=["torchrun", "mpi"],
)
def test_a_launcher_says_which_rank_it_is(environ):
    here = ranks.place(environ)
    assert here == Place(3, 8, 1)
    assert here.label == "rank3"


@pytest.mark.parametrize("environ", [TORCHRUN, SLURM], ids=["torchrun", "slurm"])
def test_ranks_of_one_launch_agree_and_a_restart_is_another_run(environ):
    first = _id(environ)
    assert first == _id(environ | {"RANK": "0", "LOCAL_RANK": "0"})
    assert first != _id(environ | {"TORCHELASTIC_RESTART_COUNT": "1"})
    assert len(first) == len(names.new_run_id())


def test_the_second_run_of_a_rank_is_the_second_of_the_others():
    other = SLURM | {"RANK": "0"}
    assert [_id(SLURM, 1), _id(SLURM, 2)] == [_id(other, 1), _id(other, 2)]
    assert _id(SLURM, 1) != _id(SLURM, 2)


def test_a_launchers_placeholder_names_no_run(capsys):
    several_machines = TORCHRUN | {"WORLD_SIZE": "4"}
    assert _id(several_machines) is None
    assert "Set TRACKER_RUN_ID to one value for all of them" in capsys.readouterr().err
    assert _id(several_machines | {"TORCHELASTIC_RUN_ID": "night-7"}) is not None


RANK = """
import sys
import torch.distributed as distributed
from datetime import timedelta
distributed.init_process_group("gloo", init_method=f"file://{sys.argv[1]}", rank=int(sys.argv[2]), world_size=2,
                               timeout=timedelta(seconds=30))
from tracker import ranks
here = ranks.place()
print(here.rank, ranks.shared_run_id(here, 1), ranks.shared_run_id(here, 2))
distributed.barrier()
distributed.destroy_process_group()
"""


def test_ranks_of_a_process_group_agree_through_its_store(tmp_path):
    pytest.importorskip("torch")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, str(tmp_path / "store"), str(rank)], stdout=subprocess.PIPE, text=True,
            env=os.environ | {"GLOO_SOCKET_IFNAME": "lo"},
        )
        for rank in range(2)
    ]  # fmt: skip
    try:
        said = [process.communicate(timeout=60)[0].split() for process in started]
    finally:
        for process in started:
            process.kill()
    assert [one[0] for one in said] == ["0", "1"]
    assert said[0][1:] == said[1][1:]
    assert said[0][1] != said[0][2]
