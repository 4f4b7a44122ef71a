"""What of the code is captured that git does not know, and what never is."""

from __future__ import annotations

import subprocess

import pytest

from tracker import capture, source
from tracker.redaction import Redactor


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def paths(found):
    return [file["path"] for file in found["files"]]


def test_untracked_source_is_captured_and_ignored_files_are_not(repository):
    (repository / ".gitignore").write_text("out/\n")
    (repository / ".trackerignore").write_text("*.csv\n")
    (repository / "out").mkdir()
    for name in ("train.py", "data.csv", "out/log.txt"):
        (repository / name).write_text("x = 1\n")
    found = source.untracked(repository)
    assert paths(found) == ["train.py", ".gitignore", ".trackerignore"]
    assert found["files"][0]["text"] == "x = 1\n"


def test_what_is_left_out_is_named_with_the_reason(repository):
    (repository / "big.py").write_text("#" * (source.MAX_FILE_BYTES + 1))
    (repository / "image.bin").write_bytes(b"\0\1")
    (repository / "link.py").symlink_to("/etc/hostname")
    for name in (".env", ".env.local", "deploy.pem", "id_rsa", "server.key"):
        (repository / name).write_text("secret")
    found = source.untracked(repository)
    assert found["files"] == []
    assert {item["path"]: item["reason"] for item in found["left_out"]} == {
        "big.py": "larger than 256 KB",
        "image.bin": "not text",
        "link.py": "not a regular file",
        **dict.fromkeys((".env", ".env.local", "deploy.pem", "id_rsa", "server.key"), "may hold keys"),
    }


def test_many_files_stay_within_the_limits_and_source_comes_first(repository):
    (repository / "zoo.py").write_text("x = 1\n")
    for number in range(3000):
        (repository / f"{number:04}.txt").write_text("1")
    found = source.untracked(repository)
    assert paths(found)[:2] == ["zoo.py", "0000.txt"]
    assert len(found["files"]) == source.MAX_FILES
    assert (len(found["left_out"]), found["left_out_count"]) == (source.MAX_LEFT_OUT, 3001 - source.MAX_FILES)


def test_all_files_together_stay_within_a_megabyte(repository):
    for number in range(10):
        (repository / f"{number}.py").write_text("#" * 200_000)
    assert len(source.untracked(repository)["files"]) == source.MAX_TOTAL_BYTES // 200_000


def test_variables_are_captured_by_name_and_never_secret_ones():
    environ = {
        "NCCL_DEBUG": "INFO", "HOME": "/home/ada", "MY_LR": "0.1", "MY_TOKEN": "hunter22",
        "TRACKER_CAPTURE_ENV": "MY_*, OTHER",
    }  # fmt: skip
    assert capture.variables(environ, Redactor(environ)) == {"NCCL_DEBUG": "INFO", "MY_LR": "0.1"}


def test_a_scheduler_tells_of_its_job():
    facts = capture.scheduler({"SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "fit", "SLURM_JOB_PARTITION": "gpu", "RANK": "1"})
    assert facts == {"slurm": {"job_id": "7", "job_name": "fit", "partition": "gpu"}}


def test_torchrun_tells_of_its_ranks():
    facts = capture.scheduler({"TORCHELASTIC_RUN_ID": "none", "RANK": "1", "WORLD_SIZE": "2"})
    assert facts == {"torchrun": {"run_id": "none", "rank": "1", "world_size": "2"}}
