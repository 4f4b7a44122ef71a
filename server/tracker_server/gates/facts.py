"""What rules ask of the database about a candidate and a holder.

What always holds: everything is read once, whatever the number of rules, and only where a rule looks at it.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, bundles, registry, runs
from tracker_server.bundles.schema import BundleState, Verification
from tracker_server.gates.examples import Logged, logged_by
from tracker_server.gates.results import MOST_COMPARISONS
from tracker_server.gates.seeds import Seeds, seeds_of
from tracker_server.gates.sides import Side, side_of
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.registry.models import RegisteredModel, RegisteredVersion
from tracker_server.runs.schema import Goal


class DataVersion(NamedTuple):
    """A version of some data: by its number, and by what is in it."""

    told: str
    digest: str


class Facts:
    """Of one evaluation of the rules."""

    def __init__(
        self, session: Session, model: RegisteredModel, candidate: Side, holder: Side | None, *, now_ms: int
    ) -> None:
        self.session, self.model, self.candidate, self.holder = session, model, candidate, holder
        self.now_ms = now_ms
        self._comparisons_left = MOST_COMPARISONS
        self._seeds: dict[tuple[Side, str | None], Seeds] = {}
        self._replays: dict[str | None, Verification | None] = {}

    def may_compare(self, count: int) -> bool:
        """Whether that many more comparisons may be weighed; they count from then on."""
        self._comparisons_left -= count
        return self._comparisons_left >= 0

    @functools.cached_property
    def _goals(self) -> runs.Goals:
        return runs.metric_goals(self.session, self.model.project_id)

    def goal(self, metric: str) -> Goal | None:
        """Which values are better, as the project says, else as the candidate's run has defined it."""
        return self._goals.of_logged(metric, self.candidate.metrics)

    def seeds(self, side: Side, seed: str | None) -> Seeds:
        """The runs that differ from the side's own by chance alone; see `seeds_of`."""
        if (side, seed) not in self._seeds:
            self._seeds[side, seed] = seeds_of(self.session, side, seed)
        return self._seeds[side, seed]

    @functools.cached_property
    def _evaluations(self) -> dict[str, list[Logged]]:
        sides = [side for side in (self.candidate, self.holder) if side is not None]
        return logged_by(self.session, [side.run_id for side in sides if side.run_id is not None])

    def evaluations(self, side: Side) -> list[Logged]:
        """What the side's run logged of single examples, newest first."""
        return self._evaluations.get(side.run_id, []) if side.run_id is not None else []

    def evaluation(self, side: Side, metric: str) -> Logged | None:
        """The newest that has scores of the metric."""
        return next((logged for logged in self.evaluations(side) if metric in logged.metrics), None)

    @functools.cached_property
    def candidate_bytes(self) -> int:
        """How large the files of the candidate are in all."""
        statement = sa.select(artifacts.ArtifactVersion.size_bytes)
        where = artifacts.ArtifactVersion.id == self.candidate.artifact_version_id
        return self.session.scalars(statement.where(where), execution_options=EVERY_PROJECT).one()

    @functools.cached_property
    def candidate_files(self) -> list[str]:
        """The paths of the candidate's files."""
        return [file.path for file in artifacts.files_of(self.session, self.candidate.artifact_version_id)]

    @functools.cached_property
    def candidate_version(self) -> RegisteredVersion | None:
        """None for an artifact version that is no version yet."""
        number = self.candidate.version
        return registry.get_version(self.session, self.model, number) if number is not None else None

    @functools.cached_property
    def bundle(self) -> BundleState | None:
        """How the candidate stands as a bundle; None for loose files, and for what is no version yet."""
        version = self.candidate_version
        return bundles.state_of(self.session, version) if version is not None else None

    def newest_replay(self, form: str | None) -> Verification | None:
        """The newest replay of the candidate's example, of that form where one is named."""
        version = self.candidate_version
        if form not in self._replays and version is not None:
            self._replays[form] = bundles.newest_replay(self.session, version, form=form)
        return self._replays.get(form)

    def held_by(self, alias: str) -> Side | None:
        """What holds an alias of the model."""
        found = registry.holder_of(self.session, self.model, alias)
        return side_of(self.session, found) if found is not None else None

    def evaluated_on(self, side: Side) -> str | None:
        """The data of the side's newest evaluation that names some (`imagenet-val:v4`)."""
        found = self.evaluations(side) or (
            logged_by(self.session, [side.run_id])[side.run_id] if side.run_id is not None else []
        )
        return next((logged.data for logged in found if logged.data is not None), None)

    def data_version(self, side: Side, reference: str) -> DataVersion | None:
        """What `name:v4`, `name:latest` or `name@alias` means in the project of the side's run."""
        name, _, pointer = reference.replace("@", ":").rpartition(":")
        version, artifact = artifacts.ArtifactVersion, artifacts.Artifact
        project_id = sa.select(runs.Run.project_id).where(runs.Run.id == side.run_id).scalar_subquery()
        statement = (
            sa.select(version.version, version.digest)
            .join(artifact, artifact.id == version.artifact_id)
            .where(artifact.project_id == project_id, artifact.name == name, artifacts.is_meant(pointer))
        )
        row = self.session.execute(statement).first()
        return DataVersion(f"{name}:v{row.version}", row.digest) if row is not None else None
