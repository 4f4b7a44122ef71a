"""`tracker.Api` reads registered models: versions, aliases, what their rules say, and where they come from."""

from __future__ import annotations

import pytest

import tracker
from tests.client.served import served
from tests.frames import START_MS
from tracker.query import BadRulesError, NotFoundError
from tracker.records import ArtifactLogged, Logged, RunFinished


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """Of a server with the model `digits`: v1 is the champion, v2 better."""
    with served(tmp_path_factory.mktemp("server")) as server:
        made = tracker.Api(server.url)
        for number, accuracy in ((1, 0.8), (2, 0.9)):
            files = (server.upload("model.pt", b"weights %d" % number),)
            server.log(
                f"run{number}", Logged(1, START_MS, {"val/acc": accuracy}),
                ArtifactLogged(START_MS, "checkpoint", "model", files), RunFinished(START_MS + 1, "finished", 0),
            )  # fmt: skip
            version_id = made.artifact_id("digits", f"checkpoint:v{number}")
            made.register_model("digits", version_id, description=f"number {number}", tags=["small"])
        made.model("digits").promote(1, "champion", reason="it is the first")
        yield made
        made.close()


def test_models_are_listed_with_their_aliases(api):
    (model,) = api.models()
    told = (model.name, model.project, model.version_count, model.latest_version, model.aliases)
    assert told == ("digits", "digits", 2, 2, {"champion": 1})
    assert api.models(project="faces") == []


def test_versions_come_newest_first_with_what_was_known_at_registration(api):
    first, second = reversed(api.model("digits").versions)
    assert (second.ref, second.run, second.artifact, second.metrics["val/acc"].last) == (
        "digits:v2", "run2", "checkpoint:v2", 0.9,
    )  # fmt: skip
    assert (first.description, first.tags, first.aliases, first.state) == (
        "number 1",
        ["small"],
        ["champion"],
        "active",
    )


@pytest.mark.parametrize(("ref", "number"), [(1, 1), ("v1", 1), ("champion", 1), ("latest", 2)])
def test_a_version_goes_by_its_number_or_an_alias(api, ref, number):
    assert api.model("digits").version(ref).version == number


@pytest.mark.parametrize("ref", [9, "v9", "staging"])
def test_a_version_that_is_not_there_is_not_found(api, ref):
    with pytest.raises(NotFoundError):
        api.model("digits").version(ref)


def test_a_name_that_is_none_is_a_wrong_argument(api):
    with pytest.raises(ValueError, match="a model's name has 1 to 128"):
        api.model("no/name")


def test_who_moved_an_alias_is_told(api):
    (holder,) = api.model("digits").holders
    assert (holder.alias, holder.version, holder.moved_by, holder.reason) == ("champion", 1, "ada", "it is the first")
    act = api.model("digits").history[0]
    assert (act.action, act.alias, act.from_version, act.to_version) == ("alias.moved", "champion", None, 1)


def test_a_gate_reports_what_each_rule_found(api):
    rules = "rules:\n  - {metric: val/acc, better_by: 0.05, goal: max, aliases: [champion]}\n"
    report = api.model("digits").gate(2, "champion", rules=rules)
    (rule,) = report.rules
    assert (report.is_passed, report.against_version, rule.candidate, rule.holder) == (True, 1, 0.9, 0.8)


def test_rules_that_are_not_understood_say_where(api):
    with pytest.raises(BadRulesError) as caught:
        api.model("digits").set_rules("rules:\n  - {metric: val/acc, at_lest: 1}\n")
    (problem,) = caught.value.problems
    assert (problem.line, "at_lest" in problem.message) == (2, True)
    assert api.model("digits").check_rules("rules: [").problems


def test_rules_that_somebody_changed_meanwhile_are_not_written_over(api):
    model = api.model("digits")
    seen = model.rules().revision
    kept = model.set_rules("rules:\n  - {metric: val/acc, at_least: 0.5}\n")
    assert (kept.revision, kept.rules[0].says) == (seen + 1, "val/acc is at least 0.5")
    with pytest.raises(tracker.RefusedError, match="were changed by"):
        model.set_rules("rules: []\n", revision=seen)


def test_lineage_names_the_run_that_a_version_came_from(api):
    graph = api.model("digits").lineage("champion")
    names = {(node.kind, node.distance < 0) for node in graph.nodes}
    assert ("run", True) in names
    assert any(edge.kind == "registered" for edge in graph.edges)
    assert next(node for node in graph.nodes if node.id == graph.start).version == 1


def test_the_card_of_a_version_is_markdown_with_what_is_known(api):
    card = api.model("digits").card("champion")
    assert card.startswith("---\n")
    assert "val/acc" in card


def test_a_proposal_is_read_back(api):
    made = api.model("digits").propose("latest", "champion", reason="it is better")
    assert [(one.number, one.state, one.reason) for one in api.model("digits").proposals()] == [
        (made.number, "open", "it is better")
    ]
