"""The seeds of a version: its run, and the others that differ from it by chance alone.

Such a run is of the same project, finished and not in the trash, has the same config but for the seed, the same code
(commit, and changes to it) and has read the same data. Of runs with one seed the newest counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from tracker_server import artifacts, metrics, runs
from tracker_server.gates.rules import MAX_SEEDS
from tracker_server.gates.sides import Side, summary_value
from tracker_server.runs.schema import MetricSummary


@dataclass(frozen=True)
class Recipe:
    """What the runs of one recipe have in common."""

    project_id: int
    config: Mapping[str, Any]
    code: tuple[Any, ...]
    data: Mapping[str, str]


@dataclass(frozen=True)
class Seeds:
    """The runs of a recipe, the version's own first, each with what it has logged. Without a `recipe` its run is not
    known, so there are no others."""

    recipe: Recipe | None
    logged: tuple[Mapping[str, MetricSummary], ...]

    def values(self, metric: str) -> tuple[float, ...]:
        """Of the runs that have one."""
        found = (summary_value(logged.get(metric)) for logged in self.logged)
        return tuple(value for value in found if value is not None)


def seeds_of(session: Session, side: Side, seed: str | None) -> Seeds:
    """At most as many as are read of any version (`MAX_SEEDS`). In a constant number of statements.

    `seed` is the config key that is the seed; None for every key whose last part is `seed`.
    """
    run = session.get(runs.Run, side.run_id) if side.run_id is not None else None
    if run is None:
        return Seeds(None, (side.metrics,))
    config = runs.chosen_config(run.config, None)
    fixed = {key: value for key, value in config.items() if not is_seed(key, seed)}
    alike = [run, *(found for found in runs.finished_with(session, run.project_id, fixed, most=MAX_SEEDS))]
    read = artifacts.inputs(session, [one.id for one in alike])
    recipe = Recipe(run.project_id, fixed, code_of(run.environment), read[run.id])
    by_seed: dict[str, runs.Run] = {}
    for one in alike:
        own = runs.chosen_config(one.config, None)
        seeds = {key: value for key, value in own.items() if is_seed(key, seed)}
        others = {key: value for key, value in own.items() if key not in seeds}
        if Recipe(one.project_id, others, code_of(one.environment), read[one.id]) == recipe:
            by_seed.setdefault(repr(sorted(seeds.items())) if seeds else one.id, one)
    others_ids = [one.id for one in by_seed.values() if one.id != run.id]
    logged = metrics.last(session, others_ids) if others_ids else {}
    return Seeds(recipe, (side.metrics, *(logged[run_id] for run_id in others_ids)))


def is_seed(key: str, seed: str | None) -> bool:
    """Whether a config key is the seed: the one that is named, else every key whose last part is `seed`."""
    return key == seed if seed is not None else key.rpartition(".")[2] == "seed"


def code_of(environment: Mapping[str, Any]) -> tuple[Any, ...]:
    """The commit, and what had been changed since."""
    git = environment.get("git")
    if not isinstance(git, dict):
        return (None, None)
    patch = git.get("patch")
    changes = hashlib.sha256(patch.encode(errors="replace")).hexdigest() if isinstance(patch, str) and patch else None
    commit = git.get("commit")
    return (commit if isinstance(commit, str) else repr(commit) if commit is not None else None, changes)
