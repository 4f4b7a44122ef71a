"""Who stands where on a leaderboard: families of runs, or versions of models, ranked by their scores.

What always holds: only finished runs count, and where the leaderboard names data only those whose evaluation used it;
whatever does not count is told with its reason; equal scores have one rank. The number of statements is constant.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, db, gates, runs
from tracker_server.leaderboards import entries, scores
from tracker_server.leaderboards.evidence import Evidence, Reason
from tracker_server.leaderboards.families import Member, members
from tracker_server.leaderboards.schema import (
    BoardDefinition,
    BoardRow,
    BoardRun,
    ProgressStep,
    Refusal,
    RefusalCount,
    Standing,
)
from tracker_server.leaderboards.scores import Entrant, Looked
from tracker_server.metrics.models import Series
from tracker_server.registry.moment import cost_of
from tracker_server.runs import Project, Run

MAX_ROWS: Final = 200
MAX_REFUSED: Final = 200
MAX_STEPS: Final = 1000
"""Of the progress, the newest."""

_MOST_RUNS_NAMED: Final = 20
_MOST_KEYS: Final = 6
_MOST_LETTERS: Final = 100
MODEL_KIND: Final = "model"


@dataclass(frozen=True)
class Counted:
    """A run that counts."""

    run: Entrant
    score: float
    member: Member


@dataclass(frozen=True)
class _Place:
    """A row before it is ranked and told. `own` are the runs behind its numbers, the best first."""

    score: float
    time_ms: int
    label: str
    own: Sequence[Counted]
    entry: entries.Entry | None = None


def of_board(
    session: Session, project: Project, definition: BoardDefinition, *, now_ms: int, lost_after_ms: int
) -> Standing:
    """As the runs are now. Raises Refused for a filter that cannot be read any more, and for too many runs."""
    looked = scores.look(session, project, definition, now_ms=now_ms, lost_after_ms=lost_after_ms)
    evidence = Evidence(session, looked)
    found = scores.entrants(session, looked)
    refused: list[Refusal] = []
    counted = _counted(session, looked, evidence, found, refused)
    if definition.rows == "model":
        refused.clear()
        places = _of_models(session, looked, evidence, counted, refused)
        progress = [_step_of_entry(place) for place in places]
    else:
        refused += _without_score(evidence, found)
        places = _of_families(looked, counted)
        progress = [_step_of_run(one) for one in counted]
    sign = 1 if looked.goal == "min" else -1
    places.sort(key=lambda place: (sign * place.score, place.time_ms, place.label))
    refused.sort(key=lambda one: (-one.time_ms, one.label))
    return Standing(
        goal=looked.goal,
        rows=_told(session, looked, places),
        row_count=len(places),
        refused=refused[:MAX_REFUSED],
        refused_count=len(refused),
        refusals=[RefusalCount(code, count) for code, count in Counter(one.code for one in refused).most_common()],
        progress=_best_so_far(progress, sign),
    )


def _counted(
    session: Session, looked: Looked, evidence: Evidence, found: Sequence[Entrant], refused: list[Refusal]
) -> list[Counted]:
    """The runs that count, the newest first; of a family's runs with one seed the newest."""
    fit: list[tuple[Entrant, float]] = []
    for run in found:
        reason = _against(looked, run) or evidence.against(run.id)
        if reason is None and run.score is not None:
            fit.append((run, run.score))
        elif reason is not None:
            refused.append(_refusal(run, reason))
    own = members(session, [run.id for run, _ in fit], looked.definition.seed)
    newest: dict[Hashable, Entrant] = {}
    counted = []
    for run, score in fit:
        member = own[run.id]
        first = newest.setdefault((member.family, member.seed), run) if member.seed is not None else run
        if first is run:
            counted.append(Counted(run, score, member))
        else:
            refused.append(
                _refusal(run, Reason("repeated_seed", f"{first.name} is newer and has the same config and seed"))
            )
    return counted


def _against(looked: Looked, run: Entrant) -> Reason | None:
    if run.status != "finished":
        state = {"running": "it has not finished"}.get(run.status, f"it {run.status}")
        return Reason("not_finished", f"{state}; only finished runs count")
    if run.score is None:
        return Reason("no_score", f"no value of {looked.definition.metric} that it logged is a finite number")
    return None


def _refusal(run: Entrant, reason: Reason) -> Refusal:
    return Refusal(
        code=reason.code,
        reason=reason.words,
        label=run.name,
        run=run.id,
        model=None,
        version=None,
        time_ms=run.created_ms,
    )


def _without_score(evidence: Evidence, found: Iterable[Entrant]) -> list[Refusal]:
    return [
        Refusal(
            code=reason.code,
            reason=reason.words,
            label=one.run_name,
            run=one.run_id,
            model=None,
            version=None,
            time_ms=one.created_ms,
        )
        for one, reason in evidence.without_score({run.id for run in found})
    ]


def _of_families(looked: Looked, counted: Sequence[Counted]) -> list[_Place]:
    families: dict[Hashable, list[Counted]] = defaultdict(list)
    for one in counted:
        families[one.member.family].append(one)
    places = []
    for own in families.values():
        best_first = _best_first(looked, own)
        score = scores.mean([one.score for one in own])
        newest = max(one.run.ended_ms for one in own)
        places.append(_Place(score, newest, best_first[0].run.name, best_first))
    return places


def _best_first(looked: Looked, own: Iterable[Counted]) -> list[Counted]:
    sign = 1 if looked.goal == "min" else -1
    return sorted(own, key=lambda one: (sign * one.score, one.run.ended_ms, one.run.id))


def _of_models(
    session: Session, looked: Looked, evidence: Evidence, counted: Sequence[Counted], refused: list[Refusal]
) -> list[_Place]:
    """A place for each version with a score. Behind it are the runs of its run's family, where that one counts."""
    by_run = {one.run.id: one for one in counted}
    families: dict[Hashable, list[Counted]] = defaultdict(list)
    for one in counted:
        families[one.member.family].append(one)
    places = []
    for entry in entries.read(session, looked):
        reason = entry.reason or evidence.against(entry.run_id)
        if reason is not None:
            refused.append(
                Refusal(
                    code=reason.code,
                    reason=reason.words,
                    label=entry.label,
                    run=entry.run_id,
                    model=entry.model,
                    version=entry.version,
                    time_ms=entry.created_ms,
                )
            )
        elif entry.score is not None:
            mine = by_run.get(entry.run_id or "")
            own = _best_first(looked, families[mine.member.family] if mine is not None else ())
            places.append(_Place(entry.score, entry.created_ms, entry.label, own, entry))
    return places


def _step_of_run(one: Counted) -> ProgressStep:
    return ProgressStep(
        time_ms=one.run.ended_ms, score=one.score, label=one.run.name, run=one.run.id, model=None, version=None
    )


def _step_of_entry(place: _Place) -> ProgressStep:
    entry = place.entry
    assert entry is not None
    return ProgressStep(
        time_ms=entry.created_ms,
        score=place.score,
        label=entry.label,
        run=entry.run_id,
        model=entry.model,
        version=entry.version,
    )


def _best_so_far(steps: Iterable[ProgressStep], sign: int) -> list[ProgressStep]:
    """Those that were better than all before them."""
    found: list[ProgressStep] = []
    for step in sorted(steps, key=lambda one: (one.time_ms, sign * one.score, one.label)):
        if not found or sign * step.score < sign * found[-1].score:
            found.append(step)
    return found[-MAX_STEPS:]


def _told(session: Session, looked: Looked, places: Sequence[_Place]) -> list[BoardRow]:
    """The first rows, with what there is to say of them."""
    shown = places[:MAX_ROWS]
    definition = looked.definition
    sizes = scores.last_values(session, looked, definition.size_metric)
    times = scores.last_values(session, looked, definition.time_metric)
    leaders = _leaders(session, [_leading(place) for place in shown])
    configs = _differing([leaders.config(_leading(place)) for place in shown], definition.seed)
    ranks: dict[float, int] = {}
    rows = []
    for number, (place, config) in enumerate(zip(shown, configs, strict=True), start=1):
        ids = [one.run.id for one in place.own]
        entry, duration_ms = place.entry, _mean_ms(place.own)
        leader = _leading(place)
        rows.append(
            BoardRow(
                rank=ranks.setdefault(place.score, number),
                label=place.label,
                score=place.score,
                spread=scores.spread([one.score for one in place.own]),
                run_count=max(1, len(place.own)),
                best=place.own[0].score if place.own else place.score,
                runs=[_told_run(one) for one in place.own[:_MOST_RUNS_NAMED]],
                config=config,
                model=entry.model if entry is not None else None,
                version=entry.version if entry is not None else None,
                aliases=entry.aliases if entry is not None else [],
                duration_ms=duration_ms,
                gpu_ms=leaders.gpu_ms(leader, duration_ms),
                size_bytes=entry.size_bytes if entry is not None else leaders.size_bytes.get(leader or ""),
                size=_mean_of(sizes, ids),
                time=_mean_of(times, ids),
                time_ms=place.time_ms,
            )
        )
    return rows


def _leading(place: _Place) -> str | None:
    """The run that stands for the row where one has to: the version's own, else the best."""
    if place.entry is not None:
        return place.entry.run_id
    return place.own[0].run.id if place.own else None


def _told_run(one: Counted) -> BoardRun:
    return BoardRun(one.run.id, one.run.name, one.run.number, one.score, one.run.ended_ms)


def _mean_ms(own: Sequence[Counted]) -> int | None:
    return round(sum(one.run.duration_ms for one in own) / len(own)) if own else None


def _mean_of(values: Any, ids: Sequence[str]) -> float | None:
    found = [values[run_id] for run_id in ids if run_id in values]
    return scores.mean(found) if found else None


@dataclass(frozen=True)
class _Leaders:
    """What is known of the runs that stand for rows."""

    runs: dict[str, Run]
    gpu_counts: dict[str, int]
    size_bytes: dict[str, int]

    def config(self, run_id: str | None) -> dict[str, Any]:
        run = self.runs.get(run_id or "")
        return runs.chosen_config(run.config, None) if run is not None else {}

    def gpu_ms(self, run_id: str | None, duration_ms: int | None) -> int | None:
        count = self.gpu_counts.get(run_id or "")
        return duration_ms * count if count and duration_ms is not None else None


def _leaders(session: Session, ids: Iterable[str | None]) -> _Leaders:
    """In three statements."""
    wanted = sorted({run_id for run_id in ids if run_id is not None})
    if not wanted:
        return _Leaders({}, {}, {})
    chosen = sa.select(db.listed(wanted).c.value)
    found = {run.id: run for run in session.scalars(sa.select(Run).where(Run.id.in_(chosen)))}
    named: dict[str, list[str]] = defaultdict(list)
    measured = sa.select(Series.run_id, Series.name).where(
        Series.run_id.in_(chosen), Series.name.startswith("system/", autoescape=True), Series.name.contains("gpu.")
    )
    for run_id, name in session.execute(measured.distinct()):
        named[run_id].append(name)
    counts = {run.id: cost_of(run, named[run.id]).gpu_count or 0 for run in found.values()}
    link, version, artifact = artifacts.RunArtifactLink, artifacts.ArtifactVersion, artifacts.Artifact
    models = (
        sa.select(link.run_id, version.size_bytes)
        .join(version, version.id == link.version_id)
        .join(artifact, artifact.id == version.artifact_id)
        .where(link.run_id.in_(chosen), link.direction == "output", artifact.kind == MODEL_KIND)
        .order_by(link.time_ms, version.id)
    )
    return _Leaders(found, counts, {row.run_id: row.size_bytes for row in session.execute(models)})


def _differing(configs: Sequence[dict[str, Any]], seed: str | None) -> list[dict[str, Any]]:
    """Of each config the first keys in which they differ, but for the seed; long values cut short."""
    keys = dict.fromkeys(key for config in configs for key in config if not gates.is_seed(key, seed))
    differing = [key for key in keys if len({_identity(config.get(key)) for config in configs}) > 1][:_MOST_KEYS]
    return [{key: _short(config[key]) for key in differing if key in config} for config in configs]


def _identity(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _short(value: Any) -> Any:
    if isinstance(value, bool | None):
        return value
    if isinstance(value, int | float) and abs(value) < 2**53:  # NaN and infinities go as text
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"
