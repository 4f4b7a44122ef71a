"""A program that has secrets everywhere leaves none of them in the bytes that it records."""

from __future__ import annotations

import os
import subprocess
import sys

SECRETS = {
    "variable": "Vesuvius-1944",
    "argument": "Etna-1669",
    "config": "Krakatoa-1883",
    "console": "Tambora-1815",
    "patch": "Pinatubo-1991",
    "tracked key file": "Hekla-1947",
    "untracked source": "Laki-1783",
    "untracked key file": "Katmai-1912",
    "remote": "Pelee-1902",
}

TRAIN = f"""
import logging, os, sys
import tracker

run = tracker.init("digits", mode="offline", notes="as " + os.environ["DB_PASSWORD"],
                   config={{"db": {{"password": "{SECRETS["config"]}"}}, "lr": 0.1}})
logging.warning("logging in with token=%s", "{SECRETS["console"]}")
print("the password is", os.environ["DB_PASSWORD"])
print("https://ada:{SECRETS["console"]}@example.org/x")
run.summary["api_key"] = "{SECRETS["config"]}"
tracker.log({{"loss": 1.0}})
raise ValueError(f"{{os.environ['DB_PASSWORD']}} was refused")
"""


def git(folder, *arguments):
    identity = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def make_repository(folder):
    """A repository with a program, and secrets in what has changed since its commit and in what git does not know."""
    folder.mkdir()
    (folder / ".env").write_text("MODE=fast\n")
    (folder / "train.py").write_text(TRAIN)
    (folder / "login.py").write_text("user = 'ada'\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    git(folder, "remote", "add", "origin", f"https://ada:{SECRETS['remote']}@example.org/digits.git")
    (folder / "login.py").write_text(f"user = 'ada'\npassword = '{SECRETS['patch']}'\n")
    (folder / ".env").write_text(f"MODE={SECRETS['tracked key file']}\n")
    (folder / "fetch.py").write_text(f"API_KEY = '{SECRETS['untracked source']}'\n")
    (folder / "id_rsa").write_text(SECRETS["untracked key file"])


def test_no_secret_of_a_program_is_in_the_bytes_of_its_journal(tmp_path, tracker_dir):
    make_repository(tmp_path / "repository")
    done = subprocess.run(
        [sys.executable, "train.py", "--epochs", "3", "--db-password", SECRETS["argument"]],
        cwd=tmp_path / "repository", env=os.environ | {"DB_PASSWORD": SECRETS["variable"], "TRACKER_CAPTURE_ENV": "*"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "ValueError: Vesuvius-1944 was refused" in done.stderr, done.stderr
    recorded = b"".join(path.read_bytes() for path in tracker_dir.rglob("*") if path.is_file())
    for told in (
        b"--epochs",
        b"+password = '[redacted]'",
        b"fetch.py",
        b"was refused",
        b"logging in with",
        b"user = 'ada'",
    ):
        assert told in recorded, f"{told!r} is recorded, so its neighbours would be"
    assert {place for place, secret in SECRETS.items() if secret.encode() in recorded} == set()
