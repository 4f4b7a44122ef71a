"""Families: the runs that differ by their seed alone.

Two runs are of one family where they have the same config but for the seed, the same code (commit, and changes to it)
and have read the same data, as rules of a model say of seeds too. What always holds: code and data are read only of
runs whose config another has, so that a project without families costs one statement.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, db, gates, runs
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.runs import Run


@dataclass(frozen=True)
class Member:
    """The family of a run, and its seed in it. Of runs that have none (None) each counts for itself."""

    family: Hashable
    seed: Hashable


def members(session: Session, run_ids: Sequence[str], seed: str | None) -> dict[str, Member]:
    """The family and the seed of each of these runs. Three statements at most.

    `seed` is the config key that is the seed; None for every key whose last part is `seed`.
    """
    statement = sa.select(Run.id, sa.type_coerce(Run.config, sa.Text))
    recipes: dict[str, Hashable] = {}
    seeds: dict[str, Hashable] = {}
    alike: dict[Hashable, list[str]] = defaultdict(list)
    for run_id, text in session.execute(statement.where(Run.id.in_(sa.select(db.listed(list(run_ids)).c.value)))):
        leaves = runs.chosen_config(_decoded(text, _tree), None)
        own = [key for key in leaves if gates.is_seed(key, seed)]
        seeds[run_id] = _key({key: leaves.pop(key) for key in own}) or None
        recipes[run_id] = _key(leaves)
        alike[recipes[run_id]].append(run_id)
    shared = [run_id for ids in alike.values() if len(ids) > 1 for run_id in ids]
    code, read = _code(session, shared), _read(session, shared)
    return {
        run_id: Member((recipe, code.get(run_id), read.get(run_id, ())), seeds[run_id])
        for run_id, recipe in recipes.items()
    }


def _key(leaves: Mapping[str, Any]) -> Hashable:
    """The same for the same JSON values, in whatever order: 1 and 1.0 are one, 1 and true are not, NaN is itself."""
    return frozenset([(key, type(value) is str, _value(value)) for key, value in leaves.items()])


def _value(value: Any) -> Any:
    """Something that is equal for the same value. Of texts, which are told apart beside it, each is its own."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None or value != value:
        return str(value)
    return value if isinstance(value, int | float) else json.dumps(value, sort_keys=True)


def _code(session: Session, run_ids: Sequence[str]) -> dict[str, Hashable]:
    if not run_ids:
        return {}
    chosen = sa.select(db.listed(list(run_ids)).c.value)
    found = session.execute(sa.select(Run.id, sa.type_coerce(Run.environment, sa.Text)).where(Run.id.in_(chosen)))
    return {run_id: gates.code_of(_decoded(text, _git)) for run_id, text in found}


class _Git(msgspec.Struct):
    """What is looked at of an environment, whose packages are most of it."""

    git: Any = None


def _git(text: str) -> dict[str, Any]:
    return {"git": _OF_GIT.decode(text).git}


def _tree(text: str) -> dict[str, Any]:
    return _OF_TREE.decode(text)


_OF_GIT = msgspec.json.Decoder(_Git)
_OF_TREE = msgspec.json.Decoder(dict[str, Any])


def _decoded(text: str, read: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """A document, read quickly where it is JSON; one with NaN or infinities is not."""
    try:
        return read(text)
    except msgspec.DecodeError:
        found: dict[str, Any] = json.loads(text)
        return found


def _read(session: Session, run_ids: Sequence[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Names and contents of what each run has read, whoever asks: they tell runs apart, and are shown to nobody."""
    if not run_ids:
        return {}
    link, version, artifact = artifacts.RunArtifactLink, artifacts.ArtifactVersion, artifacts.Artifact
    statement = (
        sa.select(link.run_id, artifact.name, version.digest)
        .join(version, version.id == link.version_id)
        .join(artifact, artifact.id == version.artifact_id)
        .where(link.run_id.in_(sa.select(db.listed(list(run_ids)).c.value)), link.direction == "input")
        .execution_options(**EVERY_PROJECT)
    )
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for run_id, name, digest in session.execute(statement):
        found[run_id].add((name, digest))
    return {run_id: tuple(sorted(read)) for run_id, read in found.items()}
