"""`make audit` finds what is known, and never takes an answer that did not come for a good one."""

from __future__ import annotations

import pytest

from audit import Verdict, of_npm, of_pip, told


def test_a_known_vulnerability_of_a_python_package_is_told_with_its_way_out() -> None:
    answer = {
        "dependencies": [
            {"name": "flask", "version": "3.1.0", "vulns": []},
            {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"]}]},
            {"name": "tracker-runs", "skip_reason": "distribution marked as editable"},
        ]
    }
    verdict = of_pip(answer)
    assert verdict == Verdict(2, 1, ("jinja2 2.4.1: PYSEC-2014-8, mended in 2.7.2",))
    assert told("pip-audit", verdict).splitlines() == [
        "pip-audit: known vulnerabilities in 2 packages: 1; 1 packages are not in the database",
        "  jinja2 2.4.1: PYSEC-2014-8, mended in 2.7.2",
    ]


def test_known_vulnerabilities_of_node_packages_are_told_the_worst_first() -> None:
    answer = {
        "vulnerabilities": {
            "a": {"range": "<2", "severity": "low"},
            "b": {"range": "<=1.2.3", "severity": "critical"},
        },
        "metadata": {"dependencies": {"total": 321}},
    }
    assert of_npm(answer) == Verdict(321, 0, ("b <=1.2.3: critical", "a <2: low"))


@pytest.mark.parametrize("answer", [None, {"dependencies": [{"name": "flask", "skip_reason": "not found"}]}], ids=str)
def test_a_python_database_that_is_away_is_told(answer: object) -> None:
    assert told("pip-audit", of_pip(answer)).endswith("cannot be reached from here; nothing was looked up")


@pytest.mark.parametrize("answer", [None, {"message": "405 Method Not Allowed", "error": {"summary": ""}}], ids=str)
def test_a_node_database_that_is_away_is_told(answer: object) -> None:
    assert told("npm audit", of_npm(answer)).endswith("cannot be reached from here; nothing was looked up")
