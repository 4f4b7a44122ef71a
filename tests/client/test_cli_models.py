"""The commands of the registry, against a real server: `register`, `models`, `gate`, `rules`, `promote`, `rollback`."""

from __future__ import annotations

import json

import pytest
from junitparser import Failure, JUnitXml

from tests.client.served import served
from tests.frames import START_MS
from tests.processes import free_port
from tracker import cli
from tracker.records import ArtifactLogged, Logged, RunFinished

RULES = """\
rules:
  - name: accuracy
    metric: val/acc
    at_least: 0.9
  - name: small
    size: {at_most: 1 MB}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("server")) as made:
        for number, accuracy in ((1, 0.8), (2, 0.95), (3, 0.97)):
            files = (made.upload("model.pt", b"weights %d" % number),)
            made.log(
                f"run{number}", Logged(1, START_MS, {"val/acc": accuracy}),
                ArtifactLogged(START_MS, "checkpoint", "model", files), RunFinished(START_MS + 1, "finished", 0),
            )  # fmt: skip
        made.log("hollow", ArtifactLogged(START_MS, "hollow", "model", ()), project="digits")
        yield made


@pytest.fixture(autouse=True)
def address(server, monkeypatch):
    monkeypatch.setenv("TRACKER_URL", server.url)


@pytest.fixture
def ends(capsys):
    """Runs a command that is to end with a status; what it printed and what it complained of."""

    def run(status, *arguments):
        ended = cli.main(list(arguments))
        said = capsys.readouterr()
        assert ended == status, said
        return said

    return run


@pytest.fixture
def done(ends):
    """Runs a command that is to end well; its lines."""
    return lambda *arguments: ends(0, *arguments).out.splitlines()


@pytest.fixture
def model(done, request):
    """A model of this test's own, with the three artifacts as its versions."""
    name = f"m-{request.node.name.partition('[')[0]}"[:100]
    for number in (1, 2, 3):
        done("register", name, f"checkpoint:v{number}", "--project", "digits")
    return name


@pytest.fixture
def rules_file(tmp_path):
    """A file of rules."""

    def write(text=RULES):
        path = tmp_path / "rules.yaml"
        path.write_text(text)
        return str(path)

    return write


def test_an_artifact_is_registered_by_its_reference(server, done):
    lines = done("register", "by-ref", "checkpoint:v2", "--run", "run1", "--description", "wider", "--tag", "nightly")
    assert lines == ["by-ref:v1", f"{server.url}/models/by-ref/1"]
    version = json.loads("\n".join(done("models", "by-ref", "--json")))["versions"][0]
    told = (version["artifact"], version["description"], version["tags"], version["run"])
    assert told == ("checkpoint:v2", "wider", ["nightly"], "run2")


def test_files_become_an_artifact_of_the_run_which_stays_as_it_ended(done, tmp_path):
    (tmp_path / "model.onnx").write_text("weights")
    (tmp_path / "words.txt").write_text("a b")
    done("register", "by-path", str(tmp_path / "model.onnx"), str(tmp_path / "words.txt"), "--run", "run1")
    version = json.loads("\n".join(done("models", "by-path", "--json")))["versions"][0]
    assert (version["run"], version["metrics"]["val/acc"]["last"]) == ("run1", 0.8)
    assert json.loads("\n".join(done("run", "show", "run1", "--json")))["status"] == "finished"


@pytest.mark.parametrize(
    ("arguments", "status", "what"),
    [
        (("no/name", "checkpoint:v1", "--project", "digits"), 2, "a model's name has 1 to 128 letters"),
        (("digits", "checkpoint:v1"), 2, "says of no project"),
        (("digits", "checkpoint:v9", "--project", "digits"), 1, "has nothing at 'v9'; its newest is v"),
        (("digits", "hollow:v1", "--project", "digits"), 1, "has no files, so there is nothing"),
        (("digits", "nothing.pt"), 2, "name it with --run"),
        (("digits", "nothing.pt", "--run", "run1"), 2, "there is no file or folder at 'nothing.pt'"),
        (("digits", "checkpoint:v1", "--run", "absent"), 1, "there is no run 'absent'"),
        (("digits", "checkpoint:v1", "--project", "digits", "--alias", "v3"), 2, "always point where they say"),
    ],
)
def test_a_registration_that_cannot_be_says_why(ends, arguments, status, what):
    said = ends(status, "register", *arguments)
    assert what in said.err
    assert said.out == ""


def test_models_and_their_versions_are_listed(done, model):
    done("promote", f"{model}:v2", "champion", "--reason", "it is better")
    (row,) = [line.split() for line in done("models", "--project", "digits") if line.startswith(f"{model} ")]
    assert row == [model, "digits", "3", "v3", "champion", "v2"]
    versions = [line.split() for line in done("models", model) if line.startswith("v")]
    assert [(row[0], row[1]) for row in versions] == [("v3", "active"), ("v2", "champion"), ("v1", "active")]


@pytest.mark.parametrize(("version", "status", "word"), [("v1", 1, "fails: 1 of 2"), ("v2", 0, "passes: 2 of 2")])
def test_the_status_of_a_gate_is_its_verdict(ends, model, rules_file, version, status, word):
    said = ends(status, "gate", f"{model}:{version}", "--rules", rules_file())
    assert word in said.out
    assert f"{model}:{version} against production, which nothing holds" in said.out


def test_what_failed_is_told_with_what_was_asked_and_found(ends, model, rules_file):
    shown = " ".join(ends(1, "gate", f"{model}:v1", "--rules", rules_file()).out.split())
    assert "FAIL accuracy asked val/acc is at least 0.9 found v1 has 0.8" in shown


def test_not_enough_evidence_has_a_status_of_its_own_and_says_what_would_be_enough(ends, model, rules_file):
    text = RULES.replace("val/acc", "test/acc")
    said = ends(3, "gate", f"{model}:v2", "--rules", rules_file(text))
    assert "log test/acc in that run" in said.out
    assert "not enough evidence: 1 of 2 rules" in said.out


def test_a_gate_goes_by_the_models_own_rules(ends, done, model, rules_file):
    assert "no rule is about 'production'" in ends(0, "gate", model).out
    done("rules", model, "--set", rules_file())
    report = json.loads(ends(1, "gate", f"{model}:v1", "--json").out)
    assert (report["verdict"], report["revision"]) == ("fail", 1)
    assert [rule["verdict"] for rule in report["rules"]] == ["fail", "pass"]


def test_a_gate_compares_with_what_holds_the_alias(ends, done, model, rules_file):
    done("promote", f"{model}:v3", "champion", "--reason", "it is the best")
    rules = "protected: {champion: {}}\nrules:\n  - {name: better, metric: val/acc, better_by: 0.01, goal: max}\n"
    said = ends(1, "gate", f"{model}:v2", "--against", "champion", "--rules", rules_file(rules))
    assert "against champion, which v3 holds" in said.out


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("digits:production",), "must look like name@production or name:v3"),
        (("absent:v1",), "there is no model 'absent'"),
        (("digits@v1", "--against", "latest"), "always point where they say"),
        (("digits", "--rules", "/nowhere/rules.yaml"), "/nowhere/rules.yaml: No such file or directory"),
        (("digits", "--url", "http://127.0.0.1:1"), "cannot be reached"),
    ],
)
def test_no_answer_of_a_gate_is_no_verdict(ends, done, arguments, what):
    done("register", "digits", "checkpoint:v1", "--project", "digits")
    assert what in ends(2, "gate", *arguments).err


def test_a_mistake_in_a_rules_file_is_told_with_its_line(ends, model, rules_file):
    path = rules_file("rules:\n  - name: acc\n    metric: val/acc\n    at_lest: 0.9\n")
    for command in (("gate", f"{model}:v1", "--rules"), ("rules", model, "--check"), ("rules", model, "--set")):
        said = ends(2, *command, path)
        assert said.err.startswith(f"{path}:4: rule 'acc': "), said.err
        assert "at_lest" in said.err
        assert said.out == ""


def test_the_verdicts_are_written_as_junit(ends, model, rules_file, tmp_path):
    text = RULES + "  - {name: '<tests> & more\\x07', metric: test/acc, at_least: 0.5}\n".replace("\\x07", "")
    ends(1, "gate", f"{model}:v1", "--rules", rules_file(text), "--junit", str(tmp_path / "gate.xml"))
    (suite,) = JUnitXml.fromfile(str(tmp_path / "gate.xml"))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (3, 2, 0, 0)
    failures = {
        case.name: [(one.type, one.message) for one in case.result if isinstance(one, Failure)] for case in suite
    }
    assert failures["small"] == []
    assert failures["accuracy"] == [("fail", "v1 has 0.8")]
    ((kind, message),) = failures["<tests> & more"]
    assert kind == "not_enough_evidence"
    assert "enough would be: log test/acc" in message
    assert {one.name: one.value for one in suite.properties()}["verdict"] == "fail"


def test_a_file_for_junit_that_cannot_be_written_is_no_verdict(ends, model):
    said = ends(2, "gate", f"{model}:v1", "--junit", "/nowhere/gate.xml")
    assert "/nowhere/gate.xml: No such file or directory" in said.err


def test_rules_are_checked_kept_and_printed(done, ends, model, rules_file):
    path = rules_file()
    assert [line.split()[:2] for line in done("rules", model, "--check", path)[1:]] == [
        ["2", "accuracy"],
        ["5", "small"],
    ]
    assert done("rules", model, "--set", path) == [f"the rules of {model} are at revision 1: 2 rules"]
    assert ends(0, "rules", model).out == RULES


def test_an_alias_goes_on_and_back(done, model):
    assert done("promote", f"{model}:v1", "champion", "--reason", "the first") == [f"champion of {model}: nothing → v1"]
    assert done("promote", f"{model}:v2", "champion", "--reason", "better") == [f"champion of {model}: v1 → v2"]
    moved = json.loads("\n".join(done("rollback", model, "champion", "--reason", "slow", "--json")))
    assert moved == {"model": model, "alias": "champion", "version": 1, "replaced": 2}
    assert done("rollback", model, "champion", "--to", "v2", "--reason", "not that slow") == [
        f"champion of {model}: v1 → v2"
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "what"),
    [
        (("promote", "{model}:v9", "champion", "--reason", "x"), 1, "has no version v9"),
        (("promote", "{model}@champion", "staging", "--reason", "x"), 1, "nothing holds the alias 'champion'"),
        (("promote", "{model}:v1", "v2", "--reason", "x"), 2, "always point where they say"),
        (("promote", "{model}:v1", "champion", "--reason", " "), 2, "reason must not be empty"),
        (("rollback", "{model}", "champion", "--reason", "x"), 1, "nothing holds the alias 'champion'"),
    ],
)
def test_a_move_that_cannot_be_says_why(ends, model, arguments, status, what):
    said = ends(status, *(part.format(model=model) for part in arguments))
    assert what in said.err


def test_a_server_that_is_away_is_the_usual_status(ends):
    assert "cannot be reached" in ends(3, "models", "--url", f"http://127.0.0.1:{free_port()}").err


def test_a_proposal_is_opened_once(server, done, model):
    asked = ("propose", f"{model}:v2", "--alias", "champion", "--reason", "it is better")
    (said, page) = done(*asked)
    assert said.startswith(f"proposal 1: {model}:v2 for champion, open")
    assert page == f"{server.url}/models/{model}/proposals/1"
    assert json.loads("\n".join(done(*asked, "--json")))["number"] == 1
