"""What is compared between two runs, and what of a captured run is believed."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tracker.query.answers import MetricSummary
from tracker.reproducing import captured
from tracker.reproducing.captured import without_binary
from tracker.reproducing.checkout import checkout
from tracker.reproducing.comparing import compare
from tracker.reproducing.running import installable, lend


def metric(last: float | None = 1.0, *, count: int = 3, kind: str = "metric", **more: Any) -> MetricSummary:
    fields: dict[str, Any] = {"last_step": 2, "min": last, "min_step": 0, "max": last, "max_step": 0, "mean": last}
    return MetricSummary(count=count, last=last, kind=kind, **{**fields, **more})


@pytest.mark.parametrize(
    ("before", "after", "outcome", "statistic"),
    [
        (metric(), metric(), "equal", None),
        (metric(1.0), metric(1.0 + 1e-9), "close", None),
        (metric(1.0), metric(1.0 + 1e-3), "differs", "last"),
        (metric(), metric(count=4), "differs", "count"),
        (metric(), metric(min_step=1), "differs", "min_step"),
        (metric(1.0), metric(1.0 + 1e-9, min_step=1), "close", None),
        (metric(None), metric(None), "equal", None),
        (metric(None), metric(1.0), "differs", "last"),
        (metric(), metric(mean=2.0), "differs", "mean"),
        (metric(mean=0.1), metric(mean=0.1 + 1e-16), "equal", None),
        (metric(0.0), metric(1e-12), "differs", "last"),
        (metric(math.inf), metric(math.inf), "equal", None),
    ],
)
def test_a_metric_is_the_same_up_to_the_tolerance(before, after, outcome, statistic):
    (verdict,) = compare({"x": before}, {"x": after}, tolerance=1e-6).metrics
    assert (verdict.outcome, verdict.statistic) == (outcome, statistic)


def test_what_is_missing_or_new_is_not_the_same_and_what_differs_comes_first():
    found = compare(
        {"a": metric(), "b": metric(), "d": metric()}, {"b": metric(), "c": metric(), "d": metric(2.0)}, tolerance=0
    )
    assert [(each.metric, each.outcome) for each in found.metrics] == [
        ("d", "differs"), ("a", "missing"), ("c", "new"), ("b", "equal")
    ]  # fmt: skip
    assert not found.is_same


def test_the_machines_samples_and_what_is_ignored_do_not_count():
    old = {"loss": metric(), "time/step": metric(), "system/cpu": metric(kind="system")}
    new = {"loss": metric(), "time/step": metric(9.0), "system/cpu": metric(9.0, kind="system")}
    found = compare(old, new, tolerance=0, ignore=["time/*"])
    assert (found.is_same, found.ignored, len(found.metrics)) == (True, ("time/step",), 1)


PATHS = ["../x", ".git/hooks/x", "a/.GIT/b", "/etc/x", "fine.py"]


def run(**environment: Any) -> Any:
    return SimpleNamespace(id="r", name="n", project="p", url="u", environment=environment, artifacts=list)


def test_of_what_a_server_says_only_what_can_be_is_believed():
    found = captured(
        run(
            command=["python", "train.py", 3],
            git={"commit": "--upload-pack=touch /tmp/x", "remote": "ext::sh -c x", "root": "/w", "patch": 7},
            source={"files": [{"path": path, "text": "1"} for path in PATHS] + [{"path": "no.py"}, 4]},
            packages={"numpy": "2.0", "--index-url": "http://evil", "evil": "1.0 ; --index-url http://evil"},
            env={"PYTHONHASHSEED": "0", "LD_PRELOAD": "/tmp/x.so", "PYTHONPATH": "/tmp"},
            python={"version": "3.11; rm"},
        )
    )  # fmt: skip
    assert (found.commit, found.remote, found.root, found.patch) == (None, None, None, "")
    assert [file.path for file in found.sources] == ["fine.py"]
    assert found.packages == ("numpy==2.0",)
    assert found.variables == {"PYTHONHASHSEED": "0"}
    assert found.python is None


@pytest.mark.parametrize("remote", ["https://host/x.git", "ssh://git@host/x.git", "git@github.com:a/b.git"])
def test_a_remote_by_https_or_ssh_is_believed(remote):
    assert captured(run(git={"commit": "a" * 40, "remote": remote})).remote == remote


@pytest.mark.parametrize("remote", ["file:///etc", "-uX@host:x", "https://-x", "/home/a/x.git", "ext::sh", "git://x/y"])
def test_any_other_remote_is_not(remote):
    assert captured(run(git={"commit": "a" * 40, "remote": remote})).remote is None


def test_what_was_left_out_is_said():
    found = captured(
        run(
            git={
                "commit": "a" * 40,
                "is_patch_cut": True,
                "patch_left_out": [".env"],
                "patch": "+ key = '[redacted]'\n",
            },
            source={
                "left_out": [
                    {"path": path, "reason": "larger than 256 KB"}
                    for path in ("big.py", "a/__pycache__/b.cpython-311.pyc", "model.pt")
                ]
            },
        )
    )
    assert found.apart == ("model.pt was left out: larger than 256 KB",)
    assert list(found.missing) == [
        "the patch of uncommitted changes was too long and is cut",
        "the changes of .env were left out, as it may hold keys",
        "big.py was left out: larger than 256 KB",
        "the code holds [redacted] where it held a secret",
    ]


def test_binary_files_are_taken_out_of_a_patch_and_named():
    text = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-1\n+Binary files here differ\n"
    binary = "diff --git a/y.png b/y.png\nindex 1..2 100644\nBinary files a/y.png and b/y.png differ\n"
    assert without_binary(text + binary) == (text, ["y.png"])


def test_no_index_is_asked_for_what_came_from_none(tmp_path):
    packages = {"numpy": "2.0", "My_Own.Package": "0.1", "tracker-runs": "0.1.0", "msgspec": "0.20.0"}
    source = {"files": [{"path": "train.py", "text": "1"}]}
    found = captured(run(packages=packages, local_packages=["my-own-package", "tracker-runs", 3], source=source))
    wanted, left_out = installable(found)
    assert wanted[:2] == ["numpy==2.0", "msgspec==0.20.0"]
    assert (left_out, [line for line in wanted if "tracker" in line or line.startswith("msgspec>")]) == (
        ["my-own-package"], [],
    )  # fmt: skip
    assert any(line.startswith("requests") for line in wanted), "what the tracker needs is there"
    checkout(found, tmp_path / "here")
    lock = (tmp_path / "here" / ".tracker" / "requirements.txt").read_text().splitlines()
    assert lock[1:] == [
        "numpy==2.0", "# from no index: My_Own.Package==0.1", "# from no index: tracker-runs==0.1.0", "msgspec==0.20.0",
    ]  # fmt: skip


def test_an_environment_is_lent_the_tracker_at_hand(tmp_path):
    lend(tmp_path)
    code = (
        "from importlib.metadata import version; from importlib.util import find_spec; "
        "print(find_spec('tracker').origin, version('tracker-runs'))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split()[0] == str(tmp_path / "tracker" / "__init__.py")
