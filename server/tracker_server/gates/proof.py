"""Whether a candidate was verified: its stored example replayed, and its files found to be what they were."""

from __future__ import annotations

import datetime as dt

from tracker_server.gates import rules
from tracker_server.gates.facts import Facts
from tracker_server.gates.results import not_enough, result
from tracker_server.gates.schema import RuleResult

_DAY_MS = 24 * 3600 * 1000


def proved(rule: rules.GateRule, asked: rules.OfProof, facts: Facts) -> RuleResult:
    """Fail where the newest replay failed or a file was found changed; a replay that is too old shows nothing."""
    name, version = facts.candidate.name, facts.candidate_version
    if version is None:
        return not_enough(rule, f"{name} is no version yet", "register it, and verify it then: tracker verify")
    state = facts.bundle
    if state is None:
        return not_enough(
            rule, f"{name} is loose files, which nothing says how to run", "log it as a bundle: tracker.log_model"
        )
    if state.barred_by is not None:
        return result(rule, "fail", state.barred_by)
    verify = f"verify it: tracker verify {facts.model.name}:{name}"
    if asked.form is not None:
        verify += f" --form {asked.form}"
    replay = facts.newest_replay(asked.form)
    if replay is None:
        by_form = f" by its form {asked.form}" if asked.form is not None else ""
        return not_enough(rule, f"nobody has verified {name}{by_form}", verify)
    when = f"on {dt.datetime.fromtimestamp(replay.time_ms // 1000, dt.UTC):%Y-%m-%d}"
    if replay.outcome == "fail":
        return result(rule, "fail", f"verifying {name} {when} failed: {replay.message}", enough=verify)
    if asked.within_days is not None and replay.time_ms < facts.now_ms - asked.within_days * _DAY_MS:
        return not_enough(rule, f"{name} was last verified {when}", verify)
    return result(rule, "pass", f"{name} was verified {when}")
