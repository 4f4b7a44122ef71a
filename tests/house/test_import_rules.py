"""Who may import whom, as `setup.cfg` says it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_import_rules_hold(checkout: Path) -> None:
    linter = str(Path(sys.executable).parent / "lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
