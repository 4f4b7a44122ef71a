"""Registered models as the server has them: their versions, aliases, rules and proposals, and the acts upon them.

What always holds: what is read here is what the server said when it was asked, and stays so until `refresh()`. A move
of an alias names the version that this program saw holding it: where somebody was faster, nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from tracker import arguments
from tracker.errors import RefusedError
from tracker.query import gates
from tracker.query.answers import MetricSummary, milliseconds, moment
from tracker.query.bundles import (
    BundleReport,
    BundlesAnswer,
    BundleState,
    Consumer,
    ConsumersAnswer,
    NewVerification,
    Verification,
)
from tracker.query.connection import Connection
from tracker.query.gates import CheckedRules, GateReport, RuleSet
from tracker.query.model_facts import (
    ActFacts,
    CardAnswer,
    HolderFacts,
    Lineage,
    ModelFacts,
    ModelsAnswer,
    ModelWhole,
    MovedFacts,
    ProposalFacts,
    ProposalsAnswer,
    Resolved,
    VersionFacts,
)

T = TypeVar("T")

PRODUCTION: Final = "production"


class AliasHolder(msgspec.Struct, frozen=True):
    """Which version holds an alias, since when, moved there by whom and why."""

    alias: str
    version: int
    since: datetime
    moved_by: str
    reason: str


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a model. `metrics` are those that its run had when it was registered; `url` is its page.

    `state` is "active", "deprecated" or "archived".
    """

    model: str
    version: int
    url: str
    description: str
    tags: list[str]
    state: str
    aliases: list[str]
    artifact: str
    artifact_version_id: int
    run: str | None
    created: datetime
    created_by: str
    size_bytes: int
    metrics: dict[str, MetricSummary]

    @property
    def ref(self) -> str:
        """What names it for good: "digits:v3"."""
        return f"{self.model}:v{self.version}"

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values; times are Unix milliseconds."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        del plain["created"]
        return plain | {"created_ms": milliseconds(self.created)}


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did to a model, as the trail has it: "alias.moved" say, from a version to another, and why."""

    time: datetime
    actor: str
    action: str
    alias: str | None
    from_version: int | None
    to_version: int | None
    reason: str


class Move(msgspec.Struct, frozen=True):
    """An alias that now points at `version`, in place of `replaced` (None: of nothing)."""

    model: str
    alias: str
    version: int
    replaced: int | None


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """That a version is to hold an alias. `state` is "open", "promoted", "rejected" or "withdrawn"; `approvals` are
    those that count, of `needed`; `url` is its page."""

    model: str
    number: int
    url: str
    alias: str
    version: int
    reason: str
    state: str
    created: datetime
    created_by: str
    approvals: int
    needed: int

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values; times are Unix milliseconds."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        del plain["created"]
        return plain | {"created_ms": milliseconds(self.created)}


class StoredModel:
    """One model. What a list does not show of it (versions, history) is fetched when it is asked."""

    def __init__(self, connection: Connection, facts: ModelFacts) -> None:
        self._connection = connection
        self._facts = facts
        self._detail = facts if isinstance(facts, ModelWhole) else None

    def __repr__(self) -> str:
        return f"<model {self.name!r} of {self.project!r}, {self.version_count} versions>"

    @property
    def name(self) -> str:
        """What names it on the server."""
        return self._facts.name

    @property
    def project(self) -> str:
        """The project that it belongs to."""
        return self._facts.project

    @property
    def url(self) -> str:
        """The address of its page."""
        return f"{self._connection.url}/models/{self.name}"

    @property
    def description(self) -> str:
        """What somebody wrote about it."""
        return self._facts.description

    @property
    def tags(self) -> list[str]:
        """Its tags."""
        return list(self._facts.tags)

    @property
    def created(self) -> datetime:
        """When its first version was registered, in UTC."""
        return moment(self._facts.created_ms)

    @property
    def version_count(self) -> int:
        """How many versions it has."""
        return self._facts.version_count

    @property
    def latest_version(self) -> int | None:
        """The number of its newest version."""
        return self._facts.latest_version

    @property
    def aliases(self) -> dict[str, int]:
        """The number of the version that each alias points at."""
        return {holder.alias: holder.version for holder in self._facts.aliases}

    @property
    def holders(self) -> list[AliasHolder]:
        """Its aliases, with who moved them there, when and why."""
        return [_holder(facts) for facts in self._facts.aliases]

    @property
    def versions(self) -> list[ModelVersion]:
        """Its versions, the newest first."""
        return [_version(self._connection, facts) for facts in self._whole().versions]

    @property
    def history(self) -> list[Act]:
        """What was done to it, the newest first."""
        return [_act(facts) for facts in self._whole().history]

    def version(self, ref: str | int = "latest") -> ModelVersion:
        """One version: 3, "v3", "latest" or an alias. Raises NotFoundError."""
        return _version(self._connection, self._ask("GET", f"/versions/{self._number_of(ref)}", VersionFacts))

    def gate(self, candidate: str | int, against: str = PRODUCTION, *, rules: str | None = None) -> GateReport:
        """What the rules of the alias `against` say of a version, compared with the one that holds the alias.

        `rules` is YAML that is used in place of the model's own. Raises BadRulesError for one that is not understood.
        """
        body = {"candidate": _pointer(candidate), "against": arguments.model_alias(against)}
        return self._about_rules("POST", "/gate", GateReport, body | ({} if rules is None else {"rules": rules}))

    def lineage(self, version: str | int = "latest") -> Lineage:
        """What a version came from (data, runs) and what came of it (aliases, runs that read it)."""
        return self._ask("GET", f"/versions/{self._number_of(version)}/lineage", Lineage)

    def card(self, version: str | int = "latest") -> str:
        """The card of a version as Markdown: the `README.md` of a hub, with what is known and what people wrote."""
        return self._ask("GET", f"/versions/{self._number_of(version)}/card", CardAnswer).text

    def bundle(self, version: str | int = "latest") -> BundleReport:
        """What a version holds, what verifying it found, and which processes hold it."""
        return self._ask("GET", f"/versions/{self._number_of(version)}/bundle", BundleReport)

    def bundles(self) -> list[BundleState]:
        """How its versions stand that are bundles, the newest first."""
        return self._ask("GET", "/bundles", BundlesAnswer).bundles

    def record_verification(self, version: str | int, found: NewVerification) -> Verification:
        """Record what verifying a version found, for good."""
        return record_verification(self._connection, self.name, self._number_of(version), found)

    def consumers(self) -> list[Consumer]:
        """The processes that hold versions of it, as they say, the one heard of last first."""
        return self._ask("GET", "/consumers", ConsumersAnswer).consumers

    def rules(self) -> RuleSet:
        """Its rules as they are now."""
        return self._ask("GET", "/rules", RuleSet)

    def set_rules(self, text: str, *, revision: int | None = None) -> RuleSet:
        """Keep a text of rules in place of `revision`: the one that there is now, unless it is told.

        Raises BadRulesError for a text that is not understood, RefusedError where somebody was faster.
        """
        seen = self.rules().revision if revision is None else revision
        return self._about_rules("PUT", "/rules", RuleSet, {"text": text, "revision": seen})

    def check_rules(self, text: str) -> CheckedRules:
        """What is wrong with a text of rules, or else what it says. Nothing is kept."""
        return self._ask("POST", "/rules/check", CheckedRules, {"text": text})

    def promote(self, version: str | int, alias: str = PRODUCTION, *, reason: str, override: bool = False) -> Move:
        """Have an alias point at a version, in place of the one that it points at now.

        Raises RefusedError where a rule does not pass (`override` is for admins of the project), where somebody else
        has to approve, and where somebody was faster.
        """
        checked = arguments.model_alias(alias)
        self.refresh()
        body: dict[str, Any] = {
            "version": self._number_of(version), "replaces": self.aliases.get(checked), "reason": _reason(reason)
        }  # fmt: skip
        body |= {"override": True} if override else {}
        return _move(self._ask("POST", f"/aliases/{quote(checked)}", MovedFacts, body))

    def roll_back(self, alias: str = PRODUCTION, *, reason: str, to: str | int | None = None) -> Move:
        """Have an alias point again at a version that has held it: the one before the holder, unless it is named."""
        checked = arguments.model_alias(alias)
        self.refresh()
        holder = self.aliases.get(checked)
        if holder is None:
            raise RefusedError(
                f"nothing holds the alias {checked!r} of {self.name!r}, so there is nothing to roll back",
                code="unknown_alias",
            )
        body: dict[str, Any] = {"replaces": holder, "reason": _reason(reason)}
        body |= {} if to is None else {"version": self._number_of(to)}
        return _move(self._ask("POST", f"/aliases/{quote(checked)}/rollback", MovedFacts, body))

    def propose(self, version: str | int, alias: str = PRODUCTION, *, reason: str) -> Proposal:
        """Propose that a version holds an alias. One that is open for the very same is answered as it is."""
        body = {
            "version": self._number_of(version), "alias": arguments.model_alias(alias), "reason": _reason(reason)
        }  # fmt: skip
        return _proposal(self._connection, self._ask("POST", "/proposals", ProposalFacts, body))

    def proposals(self) -> list[Proposal]:
        """Its proposals: those that are open, then the others, the newest first."""
        answer = self._ask("GET", "/proposals", ProposalsAnswer)
        return [_proposal(self._connection, facts) for facts in answer.proposals]

    def refresh(self) -> StoredModel:
        """Ask the server anew; the model itself."""
        self._facts = self._detail = self._ask("GET", "", ModelWhole)
        return self

    def as_dict(self) -> dict[str, Any]:
        """What a list shows of it as plain values; times are Unix milliseconds."""
        facts = {name: getattr(self._facts, name) for name in ModelFacts.__struct_fields__}
        plain: dict[str, Any] = msgspec.to_builtins(facts | {"url": self.url})
        return plain

    def _number_of(self, ref: str | int) -> int:
        """The number of a version. Raises NotFoundError for an alias that points at nothing."""
        pointer = _pointer(ref)
        if pointer[:1] == "v" and pointer[1:].isdigit():
            return int(pointer[1:])
        return self._ask("GET", "/resolve", Resolved, parameters={"ref": pointer}).version

    def _about_rules(self, method: str, path: str, kind: type[T], body: dict[str, Any]) -> T:
        try:
            return self._ask(method, path, kind, body)
        except RefusedError as error:
            raise gates.explained(error) from None

    def _ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        body: dict[str, Any] | None = None,
        *,
        parameters: dict[str, Any] | None = None,
    ) -> T:
        return self._connection.ask(method, f"/models/{self.name}{path}", kind, body=body, parameters=parameters)

    def _whole(self) -> ModelWhole:
        if self._detail is None:
            self.refresh()
        assert self._detail is not None
        return self._detail


def every(connection: Connection) -> list[StoredModel]:
    """Every model, by name."""
    return [StoredModel(connection, facts) for facts in connection.ask("GET", "/models", ModelsAnswer).models]


def one(connection: Connection, name: str) -> StoredModel:
    """The model of that name. Raises NotFoundError."""
    return StoredModel(connection, connection.ask("GET", f"/models/{arguments.model(name)}", ModelWhole))


def register(
    connection: Connection, name: str, artifact_version_id: int, *, description: str = "", tags: Iterable[str] = ()
) -> ModelVersion:
    """Make an artifact version the next version of a model, and the model where it is new.

    One that is a version of it already is answered as it is.
    """
    body: dict[str, Any] = {"artifact_version_id": artifact_version_id, "description": description}
    wanted = list(tags)
    body |= {"tags": wanted} if wanted else {}
    path = f"/models/{arguments.model(name)}/versions"
    return _version(connection, connection.ask("POST", path, VersionFacts, body=body))


def record_verification(
    connection: Connection, name: str, number: int, found: NewVerification | Mapping[str, Any]
) -> Verification:
    """Record what verifying a version found."""
    path = f"/models/{arguments.model(name)}/versions/{number}/verifications"
    return connection.ask("POST", path, Verification, body=msgspec.to_builtins(found))


def _pointer(ref: str | int) -> str:
    """`v3`, `latest` or an alias, of what a caller may call a version."""
    if isinstance(ref, int) and not isinstance(ref, bool):
        return f"v{ref}"
    return arguments.text("a version", ref)


def _reason(value: str) -> str:
    return arguments.text("reason", value)


def _holder(facts: HolderFacts) -> AliasHolder:
    return AliasHolder(facts.alias, facts.version, moment(facts.since_ms), facts.moved_by, facts.reason)


def _version(connection: Connection, facts: VersionFacts) -> ModelVersion:
    return ModelVersion(
        model=facts.model,
        version=facts.version,
        url=f"{connection.url}/models/{facts.model}/{facts.version}",
        description=facts.description,
        tags=facts.tags,
        state=facts.state,
        aliases=facts.aliases,
        artifact=facts.artifact,
        artifact_version_id=facts.artifact_version_id,
        run=facts.run,
        created=moment(facts.created_ms),
        created_by=facts.created_by,
        size_bytes=facts.size_bytes,
        metrics=facts.metrics,
    )


def _act(facts: ActFacts) -> Act:
    return Act(
        time=moment(facts.time_ms),
        actor=facts.actor,
        action=facts.action,
        alias=facts.alias,
        from_version=facts.from_version,
        to_version=facts.to_version,
        reason=facts.reason,
    )


def _move(facts: MovedFacts) -> Move:
    return Move(facts.model, facts.alias, facts.version, facts.replaced)


def _proposal(connection: Connection, facts: ProposalFacts) -> Proposal:
    return Proposal(
        model=facts.model,
        number=facts.number,
        url=f"{connection.url}/models/{facts.model}/proposals/{facts.number}",
        alias=facts.alias,
        version=facts.version,
        reason=facts.reason,
        state=facts.state,
        created=moment(facts.created_ms),
        created_by=facts.created_by,
        approvals=facts.approvals,
        needed=facts.needed,
    )
