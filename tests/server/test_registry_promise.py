"""What the registry promises, held against a plain model of it.

Whatever is asked in whatever order: a move that fails leaves nothing, an alias has one holder, every success saw the
value that it replaced, and a roll-back is one request that returns the former holder.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.server.logged import log_artifact, log_run, writing
from tests.server.model_registry import Registry, make_artifacts

ARTIFACTS = 4
EMPTY = ARTIFACTS
"""The place of an artifact version without files among those of the test."""

Event = tuple[str, str | None, int | None, int | None]


@dataclass
class Plain:
    """A model's registry as lists: versions by artifact, the way back of each alias, whoever held it, the trail."""

    versions: list[int] = field(default_factory=list)
    holder: dict[str, int] = field(default_factory=dict)
    back: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    held: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    trail: list[Event] = field(default_factory=list)

    def register(self, artifact: int) -> int:
        if artifact == EMPTY:
            return 422
        if artifact in self.versions:
            return 200
        if not self.versions:
            self.trail.append(("model.created", None, None, None))
        self.versions.append(artifact)
        self.trail.append(("version.registered", None, None, len(self.versions)))
        return 201

    def move(self, alias: str, replaces: int | None, *, artifact: int | None = None, version: int | None = None) -> int:
        if artifact is not None:
            if artifact == EMPTY:
                return 422
            version = self.versions.index(artifact) + 1 if artifact in self.versions else len(self.versions) + 1
        elif version not in range(1, len(self.versions) + 1):
            return 404
        if self.holder.get(alias) != replaces:
            return 409
        if self.holder.get(alias) == version:
            return 422
        if artifact is not None:
            self.register(artifact)
        assert version is not None
        self._hold(alias, version, "alias.moved")
        if self.back[alias][-1:] != [version]:
            self.back[alias].append(version)
        return 200

    def roll_back(self, alias: str, replaces: int, version: int | None) -> int:
        if not self.versions:
            return 404
        if self.holder.get(alias) != replaces:
            return 409
        way = self.back[alias]
        target = version if version is not None else (way[-2] if len(way) > 1 else None)
        if target is None or target == self.holder[alias] or target not in self.held[alias]:
            return 422
        if target in way:
            del way[len(way) - way[::-1].index(target) :]
        else:
            way.append(target)
        self._hold(alias, target, "alias.rolled_back")
        return 200

    def remove(self, alias: str, replaces: int) -> int:
        if not self.versions:
            return 404
        if self.holder.get(alias) != replaces:
            return 409
        self.trail.append(("alias.removed", alias, self.holder.pop(alias), None))
        return 200

    def _hold(self, alias: str, version: int, action: str) -> None:
        self.trail.append((action, alias, self.holder.get(alias), version))
        self.holder[alias] = version
        self.held[alias].add(version)


_aliases = st.sampled_from((*("production",) * 3, "staging"))
_artifacts = st.integers(0, EMPTY)
_versions = st.integers(1, ARTIFACTS + 1)
_is_current = st.sampled_from((*(True,) * 5, False))
"""Whether the caller knows the holder; else it is one off."""
_choices: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
    "move to version": (_aliases, _is_current, _versions),
    "move to artifact": (_aliases, _is_current, _artifacts),
    "roll back": (_aliases, _is_current, st.sampled_from((None, None, *range(1, ARTIFACTS + 2)))),
    "remove": (_aliases, _is_current),
    "register": (_artifacts,),
}
_kinds = (*("move to version",) * 6, *("roll back",) * 6, *("move to artifact",) * 2, "register", "remove")
"""Each as often as it takes to get far: aliases that move much, are rolled back much, and seldom removed."""
_acts = st.sampled_from(_kinds).flatmap(lambda kind: st.tuples(st.just(kind), *_choices[kind]))
_names = count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(_acts, min_size=8, max_size=25), is_new=st.sampled_from((True, False, False, False)))
def test_any_sequence_of_acts_leaves_what_a_plain_model_says(
    client: FlaskClient, app: Flask, acts: list[tuple[Any, ...]], is_new: bool
) -> None:
    artifacts = _artifact_ids(app)
    registry, plain = Registry(client, f"model-{next(_names)}"), Plain()
    for artifact in range(0 if is_new else ARTIFACTS):
        assert registry.register(artifacts[artifact]).status_code == plain.register(artifact)
    for act in acts:
        answer, expected = _carry_out(act, registry, plain, artifacts)
        event(f"{act[0]}: {answer.status_code}")
        assert (answer.status_code, act) == (expected, act), answer.text
        if answer.status_code == 200 and act[0] in ("move to artifact", "move to version", "roll back"):
            _action, _alias, replaced, version = plain.trail[-1]
            assert (answer.json["replaced"], answer.json["version"]) == (replaced, version)
        assert _state(registry, artifacts) == (plain.versions, plain.holder, plain.trail)


def _artifact_ids(app: Flask) -> list[int]:
    """The same artifact versions for every sequence: four with a file, and one without."""
    ids = make_artifacts(app, ARTIFACTS)
    with writing(app) as session:
        return [*ids, log_artifact(session, log_run(session), {}, name="empty").id]


def _carry_out(act: tuple[Any, ...], registry: Registry, plain: Plain, artifacts: list[int]) -> tuple[Any, int]:
    """What the registry answers, and the status that it should have."""
    match act:
        case ("register", artifact):
            return registry.register(artifacts[artifact]), plain.register(artifact)
        case ("move to artifact", alias, is_current, artifact):
            seen = _seen(plain, alias, is_current)
            answer = registry.move(alias=alias, replaces=seen, artifact_version_id=artifacts[artifact])
            return answer, plain.move(alias, seen, artifact=artifact)
        case ("move to version", alias, is_current, version):
            seen = _seen(plain, alias, is_current)
            answer = registry.move(alias=alias, replaces=seen, version=version)
            return answer, plain.move(alias, seen, version=version)
        case ("roll back", alias, is_current, version):
            seen = _seen(plain, alias, is_current) or 1
            named = {} if version is None else {"version": version}
            return registry.roll_back(alias=alias, replaces=seen, **named), plain.roll_back(alias, seen, version)
        case ("remove", alias, is_current):
            seen = _seen(plain, alias, is_current) or 1
            return registry.remove(alias=alias, replaces=seen), plain.remove(alias, seen)
    raise AssertionError(act)


def _seen(plain: Plain, alias: str, is_current: bool) -> int | None:
    holder = plain.holder.get(alias)
    return holder if is_current else (holder or 0) + 1


def _state(registry: Registry, artifacts: list[int]) -> tuple[list[int], dict[str, int], list[Event]]:
    """The registry in the words of the plain model."""
    if registry.client.get(registry.address).status_code == 404:
        return [], {}, []
    detail = registry.detail()
    assert [version["version"] for version in detail["versions"]] == list(range(len(detail["versions"]), 0, -1))
    versions = [artifacts.index(version["artifact_version_id"]) for version in reversed(detail["versions"])]
    by_version = {alias: version["version"] for version in detail["versions"] for alias in version["aliases"]}
    holders = {holder["alias"]: holder["version"] for holder in detail["aliases"]}
    assert by_version == holders
    return versions, holders, registry.trail()
