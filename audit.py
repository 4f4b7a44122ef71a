"""`make audit`: asks the databases of known vulnerabilities about every package that is installed here.

Exits 1 where one is found. A database that cannot be reached is told as that, on a line of its own, and is no failure:
the same command works behind a firewall and in a pipeline, and never says "none found" of what was not looked up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PIP = [sys.executable, "-m", "pip_audit", "--skip-editable", "--progress-spinner", "off", "--format", "json"]
NPM = [sys.executable, str(Path(__file__).with_name("web") / "npm.py"), "audit", "--json"]
SEVERITIES = ("critical", "high", "moderate", "low", "info")


@dataclass(frozen=True)
class Verdict:
    """What one database says: `looked_up` packages, and a line for each that has a known vulnerability."""

    looked_up: int
    not_looked_up: int = 0
    found: tuple[str, ...] = ()


def main() -> int:
    """Print what each database says. Returns 1 where one knows a vulnerability of something installed, else 0."""
    verdicts = {"pip-audit": of_pip(_asked(PIP)), "npm audit": of_npm(_asked(NPM))}
    for what, verdict in verdicts.items():
        print(told(what, verdict))
    return int(any(verdict.found for verdict in verdicts.values()))


def of_pip(answer: Any) -> Verdict:
    """pip-audit says of each package either what is known, or why it was not looked up."""
    packages = answer.get("dependencies", []) if isinstance(answer, dict) else []
    looked_up = [package for package in packages if "skip_reason" not in package]
    found = tuple(
        f"{package['name']} {package['version']}: {known['id']}, mended in "
        f"{', '.join(known['fix_versions']) or 'no version yet'}"
        for package in looked_up
        for known in package["vulns"]
    )
    return Verdict(len(looked_up), len(packages) - len(looked_up), found)


def of_npm(answer: Any) -> Verdict:
    """npm says how many packages there are, and what is known of each that has something; else why it cannot."""
    if not isinstance(answer, dict) or "vulnerabilities" not in answer:
        return Verdict(0)
    found = tuple(
        f"{name} {package['range']}: {package['severity']}"
        for name, package in sorted(
            answer["vulnerabilities"].items(), key=lambda pair: SEVERITIES.index(pair[1]["severity"])
        )
    )
    return Verdict(answer["metadata"]["dependencies"]["total"], found=found)


def told(what: str, verdict: Verdict) -> str:
    """The verdict in words, with a line for each vulnerability."""
    if verdict.looked_up == 0:
        return f"{what}: its database cannot be reached from here; nothing was looked up"
    rest = f"; {verdict.not_looked_up} packages are not in the database" if verdict.not_looked_up else ""
    lines = "".join(f"\n  {line}" for line in verdict.found)
    return f"{what}: known vulnerabilities in {verdict.looked_up} packages: {len(verdict.found)}{rest}{lines}"


def _asked(command: list[str]) -> Any:
    """The answer of a command as JSON; None where it gave none. Its status only repeats what the answer says."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        return json.loads(ended.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None


if __name__ == "__main__":
    sys.exit(main())
