"""The candidate beside the holder: all that somebody needs to see before an alias is moved."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tracker_server import gates, registry, runs, webhooks
from tracker_server.gates.schema import GateReport
from tracker_server.promotion import approvals, candidates, settling
from tracker_server.promotion.candidates import Candidate
from tracker_server.promotion.differences import differences, metric_changes
from tracker_server.promotion.schema import Called, Differences, PromotionPreview, PromotionQuery
from tracker_server.registry.models import RegisteredVersion


def preview(
    session: Session, model_name: str, query: PromotionQuery, *, proposed_by: int, is_known: bool, now_ms: int
) -> PromotionPreview:
    """What promoting would do, for a model or a version that may not exist yet. `proposed_by` is who would not be asked
    to approve it; `is_known` whether the server knows who asks.

    Raises NotFound for a version or artifact version that is not there, Refused for a bad name, for an artifact
    version without files, and unless exactly one of the two is named. A bounded number of statements.
    """
    registry.check_alias(query.alias)
    candidate = candidates.find(session, model_name, query.version, query.artifact_version_id)
    model, version = candidate.model, candidate.version
    holder = registry.holder_of(session, model, query.alias) if model is not None else None
    before = registry.evidence_at_registration(holder) if holder is not None else None
    run = session.get(runs.Run, candidate.source.run_id) if candidate.source.run_id is not None else None
    is_shown = run is not None and run.deleted_ms is None
    book = gates.rules_of(session, model)
    goals = runs.metric_goals(session, candidate.project_id)
    report = _report(session, candidate, book, query.alias, holder, now_ms)
    barred_by = candidates.bar(session, candidate)
    waits = (
        settling.open_of(session, model, query.alias, version) if model is not None and version is not None else None
    )
    return PromotionPreview(
        model=model_name,
        alias=query.alias,
        is_protected=book.is_protected(query.alias),
        model_exists=model is not None,
        next_version=model.next_version if model is not None else 1,
        holder=registry.describe_version(session, holder) if holder is not None else None,
        holder_since=registry.alias_holder(session, model, query.alias) if model is not None else None,
        candidate=registry.describe_version(session, version) if version is not None else None,
        candidate_artifact=f"{candidate.artifact.name}:v{candidate.source.version}",
        candidate_size_bytes=candidate.source.size_bytes,
        candidate_run=run.id if run is not None and is_shown else None,
        candidate_run_name=run.name if run is not None and is_shown else None,
        candidate_cost=candidate.evidence.cost,
        holder_cost=before.cost if before is not None else None,
        metrics=metric_changes(
            before.metrics if before is not None else {},
            candidate.evidence.metrics,
            seeds=(
                gates.seeds(session, holder) if holder is not None else None,
                gates.seeds(session, version or candidate.source),
            ),
            goal_of=lambda metric: goals.of_logged(metric, candidate.evidence.metrics),
            gated={rule.metric for rule in report.rules if rule.metric is not None} if report is not None else (),
            main=model.main_metric if model is not None else None,
        ),
        differences=_differences(session, before, candidate.evidence) if before is not None else None,
        gates=report,
        approval=approvals.of_alias(
            session, book, query.alias, candidate.project_id, proposed_by=proposed_by, is_known=is_known
        ),
        webhooks=[Called(*told) for told in webhooks.told(session, candidate.project_id, "alias.moved")],
        obstacle=(candidates.obstacle(version) if version is not None else None) or barred_by,
        barred_by=barred_by,
        open_proposal=waits.number if waits is not None else None,
        may_roll_back=model is not None
        and holder is not None
        and registry.holders(session, model, query.alias).former is not None,
    )


def _report(
    session: Session,
    candidate: Candidate,
    book: gates.RuleBook,
    alias: str,
    holder: RegisteredVersion | None,
    now_ms: int,
) -> GateReport | None:
    """What the rules for the alias say; None where there are none."""
    if candidate.model is None or not book.of_alias(alias):
        return None
    source = candidate.version or candidate.source
    return gates.evaluate(session, candidate.model, source, alias=alias, holder=holder, rules=book, now_ms=now_ms)


def _differences(session: Session, holder: registry.Evidence, candidate: registry.Evidence) -> Differences:
    """Of data, those that one sees."""
    before, after = registry.seen_data(session, [holder.data, candidate.data])
    return differences(holder._replace(data=before), candidate._replace(data=after))
