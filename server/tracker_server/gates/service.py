"""The rules of a model, kept in revisions, and what comes of them for a candidate.

What always holds: rules are changed as a whole, by somebody who saw the ones before, with an entry in the trail that
has the text's digest; evaluating reads what was logged and changes nothing; equal facts make equal reports, with equal
digests.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, registry
from tracker_server.auth.models import User
from tracker_server.errors import Conflict
from tracker_server.gates import text as rules_text
from tracker_server.gates.facts import Facts
from tracker_server.gates.judging import judge
from tracker_server.gates.models import RuleText
from tracker_server.gates.results import joint
from tracker_server.gates.rules import OfData, RuleBook
from tracker_server.gates.schema import (
    CheckedRules,
    GateQuestion,
    GateReport,
    RulesChange,
    RuleSet,
)
from tracker_server.gates.seeds import Seeds, seeds_of
from tracker_server.gates.sides import side_of
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.registry.models import RegisteredModel, RegisteredVersion


def rules_of(session: Session, model: RegisteredModel | None) -> RuleBook:
    """The rules that hold for a model; those of every new one for None. One statement."""
    row = _last(session, model) if model is not None else None
    return _book(row.text, row.revision) if row is not None else _book(rules_text.DEFAULT_TEXT, 0)


def rules_of_all(session: Session, model_ids: Collection[int]) -> dict[int, RuleBook]:
    """The same of several models, by id. One statement."""
    newest = sa.select(RuleText.model_id, sa.func.max(RuleText.revision).label("revision"))
    last = newest.where(RuleText.model_id.in_(model_ids)).group_by(RuleText.model_id).subquery()
    is_last = sa.and_(RuleText.model_id == last.c.model_id, RuleText.revision == last.c.revision)
    books = {
        row.model_id: _book(row.text, row.revision) for row in session.scalars(sa.select(RuleText).join(last, is_last))
    }
    return {model_id: books.get(model_id) or _book(rules_text.DEFAULT_TEXT, 0) for model_id in model_ids}


def data_named(session: Session, project_ids: Collection[int]) -> list[tuple[RegisteredModel, str]]:
    """The models of these projects whose rules ask for data by name, seen or not, and what each names (`val:v4`)."""
    has_some = sa.exists().where(RuleText.model_id == RegisteredModel.id, RuleText.text.contains("evaluated_on"))
    asked = sa.select(RegisteredModel).where(RegisteredModel.project_id.in_(project_ids), has_some)
    models = session.scalars(asked.order_by(RegisteredModel.name), execution_options=EVERY_PROJECT).all()
    books = rules_of_all(session, [model.id for model in models])
    asked_of = [(model, rule.asked) for model in models for rule in books[model.id].rules]
    return [
        (model, asked.evaluated_on) for model, asked in asked_of if isinstance(asked, OfData) and asked.evaluated_on
    ]


def rule_set(session: Session, model: RegisteredModel) -> RuleSet:
    """The same with their text, for who reads or changes it."""
    row = _last(session, model)
    book = rules_of(session, model)
    return RuleSet(
        model=model.name,
        revision=book.revision or 0,
        text=book.text,
        changed_ms=row.created_ms if row is not None else None,
        changed_by=session.get_one(User, row.created_by).name if row is not None else None,
        protected=list(book.protected),
        rules=book.told(),
    )


def change_rules(session: Session, model_name: str, asked: RulesChange, *, actor_id: int, now_ms: int) -> RuleSet:
    """Put a text in place of the one that the caller saw; the text that holds already is left as it is.

    Raises Refused `bad_rules` for one that is not understood, Conflict `rules_changed` when somebody was faster.
    """
    book = rules_text.parse(asked.text)
    model = registry.get_model(session, model_name, for_update=True)
    row = _last(session, model)
    revision = row.revision if row is not None else 0
    if revision != asked.revision:
        who = session.get_one(User, row.created_by).name if row is not None else "nobody"
        raise Conflict(
            "rules_changed",
            f"the rules of {model.name!r} were changed by {who}: they are at revision {revision}, you saw "
            f"{asked.revision}; read them again and put your change to them",
            field="revision",
            revision=revision,
        )
    if row is None or row.text != book.text:
        kept = RuleText(
            model_id=model.id, revision=revision + 1, text=book.text, created_ms=now_ms, created_by=actor_id
        )
        session.add(kept)
        session.flush()
        details = {"revision": kept.revision, "text_sha256": hashlib.sha256(kept.text.encode()).hexdigest()}
        registry.record(session, model, "rules.changed", actor_id=actor_id, now_ms=now_ms, details=details)
    return rule_set(session, model)


def check_rules(text: str) -> CheckedRules:
    """What is wrong with a text, or else what it says."""
    found = rules_text.problems_in(text)
    if isinstance(found, list):
        return CheckedRules(found, [], [])
    book = RuleBook(text, *found)
    return CheckedRules([], list(book.protected), book.told())


def answer(session: Session, model_name: str, question: GateQuestion, *, now_ms: int) -> GateReport:
    """What the rules say of a candidate against what holds an alias."""
    model = registry.get_model(session, model_name)
    candidate = registry.resolve(session, model_name, question.candidate)
    holder = registry.holder_of(session, model, question.against)
    book = rules_text.parse(question.rules) if question.rules is not None else None
    return evaluate(session, model, candidate, alias=question.against, holder=holder, rules=book, now_ms=now_ms)


def evaluate(
    session: Session,
    model: RegisteredModel,
    candidate: RegisteredVersion | artifacts.ArtifactVersion,
    *,
    alias: str,
    holder: RegisteredVersion | None,
    rules: RuleBook | None = None,
    now_ms: int,
) -> GateReport:
    """Every rule for the alias against the candidate: a version of the model, or an artifact version that would become
    one. `rules` stand in for the model's own. In a number of statements that does not grow with that of the rules."""
    book = rules if rules is not None else rules_of(session, model)
    new = side_of(session, candidate)
    old = side_of(session, holder) if holder is not None else None
    facts = Facts(session, model, new, old, now_ms=now_ms)
    results = [judge(rule, facts) for rule in book.of_alias(alias)]
    report = GateReport(
        model=model.name,
        alias=alias,
        candidate_version=new.version,
        against_version=holder.version if holder is not None else None,
        revision=book.revision,
        verdict=joint(one.verdict for one in results),
        rules=results,
        digest="",
        evaluated_ms=0,
    )
    digest = hashlib.sha256(msgspec.json.encode(report)).hexdigest()
    return msgspec.structs.replace(report, digest=digest, evaluated_ms=now_ms)


def _last(session: Session, model: RegisteredModel) -> RuleText | None:
    statement = sa.select(RuleText).where(RuleText.model_id == model.id)
    return session.scalar(statement.order_by(RuleText.revision.desc()).limit(1))


@functools.lru_cache(maxsize=128)
def _book(text: str, revision: int) -> RuleBook:
    return rules_text.parse(text, revision=revision)


def seeds(session: Session, source: RegisteredVersion | artifacts.ArtifactVersion) -> Seeds:
    """The runs that differ from that of a version by their seed alone, with what they have logged."""
    return seeds_of(session, side_of(session, source), None)
