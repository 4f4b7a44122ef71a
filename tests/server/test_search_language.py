"""The filter language: what a filter finds, what it refuses, and that both databases agree with plain Python."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.test_search_table import LOST_AFTER_MS, add, search
from tracker.records import MetricDefined
from tracker_server import auth, runs
from tracker_server.db import Database
from tracker_server.errors import Refused
from tracker_server.search import language

DAY_MS = 86_400_000


def no_texts(_field: object) -> list[str]:
    return []


def found(session: Session, text: str) -> str:
    """The ids of the runs that a filter finds, each one letter, in order."""
    return "".join(sorted(row.id for row in search(session, filter=text, columns=[]).runs))


def fill(session: Session, actor: auth.Actor) -> None:
    """Three runs: a, which has everything; b, which has other things; c, which has nothing."""
    add(session, actor, "a", name="calm-Heron", tags=("baseline", "kept"), group="g1", job_type="train",
        notes="100% 'sure'", created_ms=NOW_MS - 2 * DAY_MS, status="finished", ended_ms=NOW_MS - 2 * DAY_MS + 90_500,
        config={"lr": 1e-4, "amp": True, "optim": {"name": "adamw", "lr": 0.5}, "batch-size": 64, "layers": [64, 32]},
        logged={"val/acc": [0.5, 0.95, 0.9], "loss": [3.0, 1.0]})  # fmt: skip
    runs.set_environment(session, runs.get(session, "a"), {"user": "ada"})
    runs.define_metric(session, runs.get(session, "a"), MetricDefined(NOW_MS, "*", goal="min"))
    runs.define_metric(session, runs.get(session, "a"), MetricDefined(NOW_MS, "val/*", goal="max"))
    runs.define_metric(session, runs.get(session, "a"), MetricDefined(NOW_MS, "val/acc", summary="last"))
    runs.set_summary(session, runs.get(session, "a"), {"best": 0.95, "verdict": "good"})
    add(session, actor, "b", name="Émile", tags=("sweep",), group="g2", created_ms=NOW_MS - 9 * DAY_MS,
        heard_ms=NOW_MS - LOST_AFTER_MS - 1, config={"lr": "auto", "amp": False, "optim": {"lr": math.nan}, "n": None},
        logged={"val/acc": [0.7], "loss": [math.nan]})  # fmt: skip
    add(session, actor, "c", created_ms=NOW_MS - DAY_MS)


FOUND = {
    'metrics["val/acc"].max > 0.9 and config.lr < 1e-3 and "baseline" in tags and created > days_ago(7)': "a",
    'metrics["val/acc"] == 0.9': "a",
    'metrics["val/acc"].min < 0.6': "a",
    'metrics["val/acc"].mean >= 0.7': "ab",
    'metrics["val/acc"].count == 3': "a",
    'metrics["val/acc"].last_step == 2': "a",
    "metrics.loss.last == 1": "a",
    "metrics.loss is None": "bc",
    "metrics.loss.count is not None": "ab",
    "metrics.loss.max > metrics.loss.last": "a",
    "metrics.nothing > 0": "",
    "config.lr < 1": "a",
    'config.lr == "auto"': "b",
    "config.lr != 0.0001": "bc",
    "config.lr != 0.0001 and config.lr is not None": "b",
    "not config.lr < 1": "bc",
    "config.optim.lr is None": "bc",
    'config["optim.lr"] == .5 and config["optim"].name == "adamw"': "a",
    'config["batch-size"] == 64': "a",
    "config.amp": "a",
    "not config.amp": "bc",
    "config.amp == False": "b",
    'config.amp == "true"': "",
    "config.n is None": "abc",
    "config.lr > -1e999": "a",
    "1e-5 < config.lr < 1e-3": "a",
    "0.3 > config.lr": "a",
    'config.lr in (1e-4, "auto", 7)': "ab",
    "config.lr not in [1e-4]": "bc",
    "config.lr in [None, 1e-4]": "ac",
    '"32" in config.layers': "a",
    'summary["best"] > 0.9': "a",
    'summary.verdict.startswith("go")': "a",
    'config.optim.name.endswith("mw")': "a",
    '"sweep" in tags': "b",
    '"sweep" not in tags': "ac",
    "tags": "ab",
    "not tags": "c",
    '"Heron" in name': "a",
    '"heron" in name': "",
    'name.contains("")': "abc",
    'name.startswith("É")': "b",
    'name.endswith("ile")': "b",
    'name < "b"': "",
    'name >= "c"': "abc",
    'name == "Émile" or id == "c"': "bc",
    '"%" in notes': "a",
    '"\\\'" in notes': "a",
    "notes": "a",
    'group != "g1"': "bc",
    'group in ["g1", "g2"]': "ab",
    "group is None": "c",
    "group == None": "c",
    'job_type == "train" and user == "ada"': "a",
    "parent is None": "abc",
    'status == "lost"': "b",
    'status != "finished"': "bc",
    'status in ["running", "finished"]': "ac",
    "number <= 2": "ab",
    "duration == 90.5": "a",
    "duration > 8 and finished is None": "bc",
    "created < days_ago(3)": "b",
    "created > hours_ago(30)": "c",
    "heartbeat < minutes_ago(1)": "b",
    'created > date("2025-06-07")': "ac",
    'created > "2025-06-13T00:00Z"': "ac",
    f"created == {NOW_MS - DAY_MS}": "c",
    "created < finished": "a",
    "started == created": "abc",
    'matches(name, "^calm-[A-Z]")': "a",
    'not matches(name, "(?i)HERON$")': "bc",
    'matches(name, "^.mile$")': "b",
    'matches(tags, "^b.*line$|sw")': "ab",
    'matches(config.optim.name, "a{1}dam\\\\w")': "a",
    "matches(config.layers, r'\\[\\d+,')": "a",
    'matches(config.lr, "^au")': "b",
    'matches(config.amp, "true")': "",
    'matches(summary.verdict, "o{2}")': "a",
    'matches(status, "lost|finished") and matches(group, r"\\d")': "ab",
    'matches(notes, "")': "abc",
    'matches(parent, "")': "",
    'metrics["val/acc"].best == 0.95': "a",
    'metrics["val/acc"].best_step == 1': "a",
    "metrics.loss.best == 1": "a",
    "metrics.loss.best is None": "bc",
    'metrics["val/acc"].min_step == 0 and metrics["val/acc"].max_step == 1': "a",
    "True": "abc",
    "not True or False": "",
    ' \n ( name == "c"\n or config.amp ) ': "ac",
    "  ": "abc",
    'name == "a\\0b"': "",
    f"number < {2**70}": "abc",
}


def test_a_filter_finds_the_runs_that_it_states(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    assert {text: found(session, text) for text in FOUND} == FOUND


def test_a_metric_is_the_one_that_the_table_shows(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"loss": [2.0]})
    add(session, actor, "a", logged={"loss": [9.0]}, label="rank1")
    add(session, actor, "b")
    add(session, actor, "b", logged={"loss": [1.0]}, label="rank1")
    add(session, actor, "b", logged={"loss": [8.0]}, label="rank2")
    assert [found(session, f"metrics.loss == {value}") for value in (2, 9, 1, 8)] == ["a", "", "b", ""]


def test_a_long_text_is_compared_by_what_is_kept_for_searching(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", config={"prompt": "x" * 1000})
    assert found(session, f'config.prompt == "{"x" * 1000}"') == "a"


def test_filter_text_and_status_have_to_fit_together(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    page = search(session, filter="tags", text="heron", status=["finished"], limit=1)
    assert ([row.id for row in page.runs], page.matched, page.total) == (["a"], 1, 3)


REFUSED = {
    "tgas": (1, "there is no name 'tgas'; did you mean 'tags'?"),
    "tags and lr > 3": (10, "config.lr"),
    "config.lr = 3": (11, "write `==` to compare"),
    "tags && notes": (7, "write `and`"),
    "tags | notes": (1, "arithmetic is not part"),
    "tags AND notes": (6, "write `and`"),
    "config.amp == true": (15, "write `True`"),
    "config.batch-size > 3": (1, 'config["batch-size"]'),
    "metrics.val/acc > 3": (1, 'metrics["val/acc"]'),
    "metrics.loss.maxx > 3": (1, "did you mean 'max'?"),
    "metrics > 3": (1, "metrics has many"),
    "metrics.loss": (1, "a number alone is no condition"),
    "metrics[0] > 3": (9, "a key is a text in quotes"),
    "name.first == 'x'": (1, "name has no part 'first'"),
    "created > week_ago(1)": (11, "there is no function 'week_ago'"),
    "created > day_ago(1)": (11, "did you mean 'days_ago'?"),
    "created > days_ago('x')": (11, "days_ago takes how many"),
    "created > days_ago(1e300)": (11, "days_ago takes how many"),
    "created > days_ago(1, 2)": (11, "one value stands in the brackets"),
    "created > 'yesterday'": (11, "this is no date"),
    "status == 'finnished'": (11, "did you mean 'finished'?"),
    "duration > '1h'": (12, "without quotes"),
    "name == 5": (9, "in quotes"),
    "name == number": (1, "cannot be compared"),
    "matches(name)": (1, "matches takes a text of the run and a pattern"),
    "matches('x', name)": (9, "a text of the run comes first"),
    "matches(duration, '1')": (9, "a text of the run comes first"),
    "matches(name, 5)": (15, "a pattern is a text in quotes"),
    "matches(name, 'x') == True": (1, "matches is a condition itself"),
    "matches(name, 'ab(c')": (16, "no regular expression (RE2): missing )"),
    "matches(name, 'é*+a')": (17, "bad repetition operator"),
    "matches(name, r'\\d(?=x)')": (19, "invalid perl operator: (?="),
    "matches(name, '" + "x" * 501 + "')": (15, "at most 500 characters, this one has 501"),
    "matches(name, '((a{100}){100})')": (19, "RE2"),
    " or ".join(["matches(tags, 'x')"] * 6): (111, "at most 5 patterns"),
    "name.lower() == 'x'": (1, "a call that is a condition itself"),
    "name.upper()": (1, "no method 'upper'"),
    "__import__('os').system('true')": (1, "no method 'system'"),
    "().__class__.__bases__": (1, "have parts"),
    "1 < 2": (1, "two fixed values"),
    "3": (1, "a value alone is no condition"),
    "'a' in 'abc'": (8, "write name in"),
    "3 in name": (1, "only a text can be looked for"),
    "'a' in duration": (8, "only a text has parts"),
    "tags == 'a'": (1, "tags are many"),
    "(name == 'a') == True": (2, "a condition cannot be compared"),
    "name is 'a'": (9, "`is` stands only before None"),
    "config.lr < None": (13, "nothing is above or below None"),
    "number < 9**9**9**9": (10, "arithmetic is not part"),
    f"number < {'9' * 400}": (10, "too large"),
    "number < 1j": (10, "a value is a number"),
    "name == f'{name}'": (9, "f-string"),
    "name == b'x'": (9, "a value is a number"),
    "name in [x for x in tags]": (9, "comprehension"),
    "name in [name]": (10, "a list holds only fixed values"),
    "lambda: 0": (1, "a function cannot be made"),
    "(x := 1)": (2, "nothing is assigned"),
    "name == 'a' # and nothing": (13, "no comments"),
    "é == 1 and name": (1, "there is no name 'é'"),
    "'é' in name and x": (17, "there is no name 'x'"),
    " \n x": (4, "there is no name 'x'"),
    "name == '\\ud800'": (9, "half of a surrogate pair"),
    "name == 'a\0'": (11, "cannot hold the character"),
    "name ==": (8, "cannot be read"),
    "name == 'a": (9, "cannot be read: unterminated string"),
    "(" * 3000: (201, "cannot be read: too many nested parentheses"),
    "-" * 3999 + "1": (1, "nested too deep"),
    "not " * 900 + "tags": (121, "at most 30 deep"),
    " or ".join(["tags"] * 51): (401, "at most 50 comparisons"),
    "a" + ".b" * 1999: (1, "there is no name 'a'"),
    "import os": (1, "cannot be read"),
    "tags; notes": (5, "cannot be read"),
}


@pytest.mark.parametrize("text", REFUSED, ids=[text[:40].replace("\0", "NUL") for text in REFUSED])
def test_what_is_not_part_of_the_language_is_refused_with_its_place(text: str) -> None:
    place, problem = REFUSED[text]
    with pytest.raises(Refused) as refused:
        language.conditions(text, now_ms=NOW_MS, lost_before_ms=NOW_MS, texts=no_texts)
    assert problem in refused.value.message
    assert refused.value.message.startswith(f"at character {place},")
    assert (refused.value.code, refused.value.field) == ("bad_filter", "filter")


def test_a_filter_that_is_too_long_is_refused() -> None:
    with pytest.raises(Refused, match="at most 4,000 characters, this one has 4,001"):
        language.conditions("x" * 4001, now_ms=NOW_MS, lost_before_ms=NOW_MS, texts=no_texts)


def test_a_filter_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    session.commit()
    address = "/api/v1/projects/digits/runs/search"
    answer = client.post(address, json={"filter": 'config.lr == "auto"'})
    assert [row["id"] for row in answer.json["runs"]] == ["b"]
    refused = client.post(address, json={"filter": "name ==\0"})
    assert refused.status_code == 422
    assert (refused.json["error"]["field"], refused.json["error"]["position"]) == ("filter", 8)


@dataclass(frozen=True)
class Stated:
    """A filter, and the same said in Python of a row: its values by name, None where it has none."""

    text: str
    holds: Callable[[dict[str, Any]], bool]


NUMBERS = st.sampled_from([-1, 0, 1, 2, 0.5, 1e-3, 2**60])
TEXTS = st.sampled_from(["", "a", "b", "aB", "Ä", "ab", "true", "0"])
SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
NUMERIC = ("metrics.loss", 'metrics["loss"].max')
DYNAMIC = ("config.x", 'config["y.z"]', "summary.s")
TEXTUAL = ("name", "group", "notes")


def compares(sign: str, left: Any, right: Any) -> bool:
    """As Python compares, but that only numbers and only texts stand above one another."""
    if sign in ("==", "!="):
        return bool(SIGNS[sign](left, right))
    if left is None or right is None or isinstance(left, str) != isinstance(right, str):
        return False
    return bool(SIGNS[sign](left, right))


def comparison(name: str, sign: str, value: Any) -> Stated:
    return Stated(f"{name} {sign} {value!r}", lambda row: compares(sign, row[name], value))


def relation(left: str, sign: str, right: str) -> Stated:
    if "!" in sign or "==" in sign:  # two that are missing are not equal
        is_equal = sign == "=="
        return Stated(
            f"{left} {sign} {right}",
            lambda row: (row[left] is not None and row[left] == row[right]) is is_equal,
        )
    return Stated(f"{left} {sign} {right}", lambda row: compares(sign, row[left], row[right]))


def membership(name: str, values: list[Any], *, is_in: bool) -> Stated:
    return Stated(f"{name} {'in' if is_in else 'not in'} {values!r}", lambda row: (row[name] in values) is is_in)


def part(name: str, method: str, text: str) -> Stated:
    tests: dict[str, Callable[[str], bool]] = {
        "contains": lambda value: text in value,
        "startswith": lambda value: value.startswith(text),
        "endswith": lambda value: value.endswith(text),
    }
    return Stated(f"{name}.{method}({text!r})", lambda row: isinstance(row[name], str) and tests[method](row[name]))


leaves = st.one_of(
    st.builds(comparison, st.sampled_from(NUMERIC), st.sampled_from(list(SIGNS)), NUMBERS),
    st.builds(comparison, st.sampled_from(DYNAMIC), st.sampled_from(list(SIGNS)), NUMBERS | TEXTS | st.booleans()),
    st.builds(comparison, st.sampled_from(TEXTUAL), st.sampled_from(list(SIGNS)), TEXTS),
    st.builds(relation, st.sampled_from(DYNAMIC), st.sampled_from(list(SIGNS)), st.sampled_from(NUMERIC + DYNAMIC)),
    st.builds(membership, st.sampled_from(DYNAMIC), st.lists(NUMBERS | TEXTS | st.none()), is_in=st.booleans()),
    st.builds(part, st.sampled_from(DYNAMIC + TEXTUAL), st.sampled_from(["contains", "startswith", "endswith"]), TEXTS),
    st.sampled_from(DYNAMIC + TEXTUAL).map(lambda name: Stated(name, lambda row: bool(row[name]))),
    TEXTS.map(lambda tag: Stated(f"{tag!r} in tags", lambda row: tag in row["tags"])),
    st.sampled_from(DYNAMIC + NUMERIC + TEXTUAL).map(
        lambda name: Stated(f"{name} is None", lambda row: row[name] is None)
    ),
)


def joined(parts: list[Stated], word: str) -> Stated:
    decide = {"and": all, "or": any}[word]
    text = f" {word} ".join(f"({part.text})" for part in parts)
    return Stated(text, lambda row: decide(part.holds(row) for part in parts))


filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(joined, st.lists(inner, min_size=2, max_size=3), st.sampled_from(["and", "or"])),
        inner.map(lambda part: Stated(f"not ({part.text})", lambda row: not part.holds(row))),
    ),
    max_leaves=6,
)
values = st.none() | NUMBERS | TEXTS | st.booleans() | st.just(math.nan)
rows = st.fixed_dictionaries(
    {
        "name": TEXTS.filter(bool),
        "group": st.none() | TEXTS,
        "notes": TEXTS,
        "tags": st.lists(TEXTS, unique=True, max_size=2),
        "config.x": values,
        'config["y.z"]': values,
        "summary.s": values,
        "points": st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), max_size=3),
    }
)


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_a_filter_finds_what_plain_python_finds(make_database_url: Callable[[str], str], backend: str) -> None:
    database = Database(make_database_url(backend))

    @settings(max_examples=60, deadline=None)
    @given(st.lists(rows, min_size=1, max_size=4), st.lists(filters, min_size=1, max_size=6))
    def check(rows: list[dict[str, Any]], stated: list[Stated]) -> None:
        with database.writing() as session:
            described = {f"{place}": stored(session, f"{place}", row) for place, row in enumerate(rows)}
            for wanted in stated:
                expected = "".join(run_id for run_id, row in described.items() if wanted.holds(row))
                assert found(session, wanted.text) == expected, wanted.text

    check()
    database.close()


def stored(session: Session, run_id: str, row: dict[str, Any]) -> dict[str, Any]:
    """The row as a run, and what a filter sees of it."""
    actor = auth.ensure_operator(session, "ada", NOW_MS)
    config = {"x": row["config.x"], "y": {"z": row['config["y.z"]']}}
    fields = {name: row[name] for name in ("name", "group", "notes")}
    run = add(session, actor, run_id, config=config, logged={"loss": row["points"]}, tags=tuple(row["tags"]), **fields)
    runs.set_summary(session, run, {"s": row["summary.s"]})
    points = row["points"]
    seen = {name: None if value != value else value for name, value in row.items()}
    last, highest = (points[-1], max(points)) if points else (None, None)
    return {**seen, "metrics.loss": last, 'metrics["loss"].max': highest}
