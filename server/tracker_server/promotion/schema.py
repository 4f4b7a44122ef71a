"""What the API says of promoting: what a candidate changes, proposals, and the acts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.bounds import Id
from tracker_server.gates.schema import GateReport
from tracker_server.registry.schema import AliasHolder, AuditEntry, Cost, ModelVersion, Reason, Why
from tracker_server.runs.schema import MetricSummary

Comment = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]


class PromotionQuery(msgspec.Struct, frozen=True):
    """Either a `version` of the model or an `artifact_version_id` that would become its next one."""

    alias: Id = "production"
    version: int | None = None
    artifact_version_id: int | None = None


class Spread(msgspec.Struct, frozen=True):
    """A metric over the seeds of a version, the runs that differ by their seed alone, by the value that stands for
    each. `deviation` is the sample standard deviation."""

    mean: float
    deviation: float
    count: int


Change = Literal["better", "worse", "same", "changed"]


class MetricChange(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of the holder and of the candidate; `relative` is (candidate - holder) / |holder|.

    Compared is what rules compare: the value that stands for the run, which is `shown`, else `last`. None where one has
    not logged it. `change` is better or worse only where `goal` says which way is better; None where
    there is nothing to compare. `is_gated` metrics come first; `is_main` is the model's own choice.
    """

    name: str
    holder: MetricSummary | None
    candidate: MetricSummary | None
    holder_spread: Spread | None
    candidate_spread: Spread | None
    relative: float | None
    goal: Literal["min", "max"] | None
    change: Change | None
    is_gated: bool
    is_main: bool


class ConfigChange(msgspec.Struct, frozen=True):
    """A dotted config key whose value differs; `is_in_holder`/`is_in_candidate` tell null from absent."""

    key: str
    holder: Any
    candidate: Any
    is_in_holder: bool
    is_in_candidate: bool


class CodeState(msgspec.Struct, frozen=True, kw_only=True):
    """The code of a run as it was: the commit, and whether files differed from it. None where it was not captured."""

    commit: str | None
    branch: str | None
    is_dirty: bool | None


class PackageChange(msgspec.Struct, frozen=True):
    """A package whose version differs, or `python` itself; None where it was not installed."""

    name: str
    holder: str | None
    candidate: str | None


class DataChange(msgspec.Struct, frozen=True):
    """Data (an artifact) that either was made from, by its newest version there; None where it was not."""

    name: str
    holder: int | None
    candidate: int | None


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    """What is not the same between holder and candidate. Both states of the code are told even where they are;
    `is_code_same` is None where either was not captured. `packages` is empty then too."""

    config: list[ConfigChange]
    holder_code: CodeState | None
    candidate_code: CodeState | None
    is_code_same: bool | None
    packages: list[PackageChange]
    data: list[DataChange]


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Who has to approve. `needed` is how many other people; `may` are those who can, by name, at most twenty."""

    needed: int
    may: list[str]


class Called(msgspec.Struct, frozen=True):
    """A webhook that will hear of it."""

    name: str
    host: str


class PromotionPreview(msgspec.Struct, frozen=True, kw_only=True):
    """All that the dialog and the page of a proposal show. `holder` is None while nothing holds the alias.

    `candidate` is None where promoting will register it first; `next_version` is the number it would get. `metrics` are
    of everything that either has; without a holder, `differences` is None. `may_roll_back` says that the holder has a
    predecessor to return to. `gates` is None for an alias without rules. `obstacle` says why it cannot be promoted
    whoever asks (archived, barred), None where it can; `barred_by` is the same of a bundle alone: a role that it lacks,
    a file that is no longer what it was, a manifest that lies. `open_proposal` is the number of one that waits for this
    very version and alias.
    """

    model: str
    alias: str
    is_protected: bool
    model_exists: bool
    next_version: int
    holder: ModelVersion | None
    holder_since: AliasHolder | None
    candidate: ModelVersion | None
    candidate_artifact: str
    candidate_size_bytes: int
    candidate_run: str | None
    candidate_run_name: str | None
    candidate_cost: Cost | None
    holder_cost: Cost | None
    metrics: list[MetricChange]
    differences: Differences | None
    gates: GateReport | None
    approval: Approval
    webhooks: list[Called]
    obstacle: str | None
    barred_by: str | None
    open_proposal: int | None
    may_roll_back: bool


class AliasMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Moves an alias to `version`, or registers `artifact_version_id` and moves it there, in one transaction.

    `replaces` is the version that the caller saw holding the alias, None for none: when it moved meanwhile, nothing
    happens and the answer is 409 `alias_moved`. 409 `gate_failed` where a rule does not pass; an admin of the project
    may `override` that. 409 `needs_approval` where somebody else has to approve: propose it instead.
    """

    reason: Reason
    replaces: int | None
    version: int | None = None
    artifact_version_id: int | None = None
    override: bool = False


class Moved(msgspec.Struct, frozen=True):
    """What a promotion or a roll-back did."""

    model: str
    alias: str
    version: int
    replaced: int | None
    entry: AuditEntry


class RollBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Moves an alias back to a version that has held it before: `version`, or the one before the holder."""

    reason: Reason
    replaces: int
    version: int | None = None


class NewProposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Proposes that `version`, or `artifact_version_id` once it is registered, holds `alias`. One that is open for the
    very same is answered as it is (200)."""

    reason: Reason
    alias: Id = "production"
    version: int | None = None
    artifact_version_id: int | None = None


ProposalState = Literal["open", "promoted", "rejected", "withdrawn"]
RemarkKind = Literal["comment", "approved", "rejected", "withdrawn", "promoted"]


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """`counts` is whether an approval is still of what there is: the alias has the holder that its author saw."""

    id: int
    kind: RemarkKind
    author: str
    time_ms: int
    text: str
    counts: bool


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """`approvals` are those that count, of `needed`."""

    model: str
    project: str
    number: int
    alias: str
    version: int
    reason: str
    state: ProposalState
    created_ms: int
    created_by: str
    closed_ms: int | None
    closed_by: str | None
    approvals: int
    needed: int


class ProposalList(msgspec.Struct, frozen=True):
    """Newest first, those that are open before the others."""

    proposals: list[Proposal]


class ProposalQuery(msgspec.Struct, frozen=True):
    state: ProposalState | None = None


class ProposalDetail(Proposal, frozen=True, kw_only=True):
    """A proposal with all that it is decided by. `preview` is None once it is closed: `entry` then says what came of
    it, where it was promoted. `refusal` is why who asks may not approve it; None where they may."""

    remarks: list[Remark]
    preview: PromotionPreview | None
    entry: AuditEntry | None
    refusal: str | None


class NewComment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Comment


class ApprovalGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`replaces` is the holder that was seen, None for none. The last approval that is needed also promotes, in the
    same transaction: it is refused whole where a rule does not pass, unless an admin says `override` with a `text`."""

    replaces: int | None
    text: Why = ""
    override: bool = False


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a proposal is rejected or withdrawn."""

    text: Reason
