"""A disk that is full: what the tests of the server try of it, as a row of the table."""

from __future__ import annotations

import re
import subprocess
import sys

from chaos.outcomes import Outcome
from chaos.processes import ROOT

TESTS = ("tests/server/test_trouble.py", "tests/client/test_full_disk.py")


def full_disk() -> Outcome:
    """Run those tests in a process of their own."""
    outcome = Outcome(
        "disk full, server and client", "507 with Retry-After, nothing half kept, reads go on, recovers by itself"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    passed = re.findall(r"(\d+) passed", done.stdout)
    outcome.count(f"{passed[-1] if passed else 0} tests of {' and '.join(TESTS)} passed")
    outcome.expect(done.returncode == 0, f"pytest ends with status {done.returncode}: {done.stdout[-2000:]}")
    return outcome
