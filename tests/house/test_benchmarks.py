"""The benchmarks run, and what they print and keep says what was measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import growth, peers, results, tables
from benchmarks.figures import Ceiling, Figure, Machine, Measurement
from benchmarks.peers import Comparison, Measured

RATE = Figure(
    "ingest", "points/s", [1.8e6, 2.0e6, 1.9e6], 1_500_000, is_rate=True, ceiling=Ceiling("a bare insert", [3.8e6])
)
COST = Figure("a chart", "ms", [200.0], 150.0, ceiling=Ceiling("decoding", [50.0]))


def bench(checkout: Path, *words: str, **more: str) -> str:
    command = [sys.executable, "-m", "benchmarks", *words]
    env = {**os.environ, **more}
    done = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def measurement(part: str, *figures: Figure, backend: str = "sqlite") -> Measurement:
    return Measurement(part, backend, f"python -m benchmarks --only {part}", 1.0, Machine(), figures)


def grown(curve: str, costs: dict[int, float]) -> list[Figure]:
    return [Figure(f"{curve} at {size}", "s", [cost], curve=curve, size=size) for size, cost in costs.items()]


def rows_of(printed: str) -> dict[str, list[str]]:
    """Cells of each row of a Markdown table, by the first."""
    lines = [line.strip("| ").split(" | ") for line in printed.splitlines() if line.startswith("|")]
    return {cells[0]: cells[1:] for cells in lines}


def test_a_part_is_measured_printed_kept_and_shown(checkout: Path, tmp_path: Path) -> None:
    kept = str(tmp_path / "results.json")
    printed = bench(checkout, "--quick", "--only", "artifacts", "--database", "sqlite", "--results", kept)
    assert "artifact of 64 MiB, down, verified" in printed
    (part,) = json.loads(Path(kept).read_text())["measurements"]
    assert (part["part"], part["backend"], "--quick" in part["command"]) == ("artifacts", "sqlite", True)
    assert {file.name for file in tmp_path.glob("*.svg")} == {"results.svg", "growth.svg"}
    shown = rows_of(bench(checkout, "--show", "--markdown", "--results", kept))
    assert set(shown) >= {figure["name"] for figure in part["figures"]}


def test_a_row_has_the_goal_the_ceiling_and_the_ratio_between() -> None:
    rows = rows_of(tables.markdown([measurement("all", RATE, COST)]))
    assert rows["ingest"][3:] == ["≥ 1,500,000 ✓", "a bare insert: 3,800,000", "2.0×"]
    assert rows["a chart"][3:] == ["≤ 150 ✗", "decoding: 50", "4.0×"]


def test_a_point_of_a_curve_is_no_row_of_its_own() -> None:
    figures = grown("ingest", {10: 1.0, 100: 2.0, 1000: 4.0})
    printed = tables.text([measurement("ingest", *figures, *growth.slopes(figures))])
    assert "ingest at 10" not in printed
    assert "growth of ingest" in printed


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0], ids=["constant", "root", "proportional"])
def test_slope_of_a_known_power_is_its_exponent(exponent: float) -> None:
    figures = grown("reading", {size: 0.003 * size**exponent for size in (10_000, 100_000, 1_000_000)})
    (slope,) = growth.slopes(figures)
    assert slope.median == pytest.approx(exponent, abs=1e-9)


def test_two_sizes_make_no_slope() -> None:
    assert list(growth.slopes(grown("reading", {10: 1.0, 100: 2.0}))) == []


def test_a_part_measured_again_replaces_itself_alone(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    first = [measurement("read", COST), measurement("read", COST, backend="postgresql"), measurement("ingest", RATE)]
    results.write(file, first)
    again = measurement("read", Figure("a chart", "ms", [10.0], 150.0))
    results.write(file, results.merged(results.read(file), [again]))
    assert results.read(file)[2].figures == [RATE]
    medians = {(one.part, one.backend): one.figures[0].median for one in results.read(file)}
    assert medians == {("read", "sqlite"): 10.0, ("read", "postgresql"): 200.0, ("ingest", "sqlite"): 1.9e6}


def test_the_lead_is_over_the_fastest_other_one_that_serves() -> None:
    rates = {"tracker, served": 1.5e6, "mlflow, served": 300.0, "trackio, served": 1e5, "wandb, offline": 9e5}
    printed = peers.rendered(comparison([measured(name, rate) for name, rate in rates.items()]), in_markdown=False)
    assert "15.0 × the points a second of trackio, served (goal ≥ 10 ✓)" in printed


def test_no_lead_is_claimed_over_a_peer_that_failed() -> None:
    failed = Measured("trackio, served", failure="its server does not answer: no disk left")
    printed = peers.rendered(comparison([measured("tracker, served", 1.5e6), failed]), in_markdown=True)
    assert rows_of(printed)["trackio, served"][-1] == "not measured: its server does not answer: no disk left"
    assert "ours stands beside none" in printed


def test_peers_that_are_missing_or_broken_are_named(checkout: Path, tmp_path: Path) -> None:
    broken = tmp_path / "wandb" / "bin" / "python"
    broken.parent.mkdir(parents=True)
    broken.write_text('#!/bin/sh\n[ "$1" = -c ] || { echo no disk left >&2; exit 3; }\n')
    broken.chmod(0o755)
    rows = rows_of(bench(checkout, "--peers", "--quick", "--markdown", TRACKER_BENCH_PEERS=str(tmp_path)))
    assert rows["mlflow, served"][-1] == "not measured: not installed here"
    assert rows["wandb, offline"][-1] == "not measured: no disk left"
    assert float(rows["tracker, served"][6].replace(",", "")) > 0


def measured(name: str, rate: float) -> Measured:
    return Measured(name, "1.0", "its reader", {"calls": 100.0, "points_per_s": rate})


def comparison(found: Sequence[Measured]) -> Comparison:
    return Comparison("python -m benchmarks --peers", 3, Machine(), found)
