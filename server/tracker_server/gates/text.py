"""The text of rules: YAML in, rules out, or all that is wrong in it, each with its line and the way out.

What always holds: a text is understood whole or not at all; nothing in it is ever carried out, and reading it takes
time in proportion to its length, whatever it says. `docs/gates.md` describes it to those who write it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Final, Literal, get_args

from tracker.manifest import FormKind
from tracker_server.errors import Refused
from tracker_server.gates import nodes, rules
from tracker_server.gates.schema import Protection, RuleProblem
from tracker_server.registry import names

MAX_BYTES: Final = 65_536
MAX_RULES: Final = 100
_MAX_PROBLEMS: Final = 20
_MAX_APPROVALS: Final = 20
FORMS: Final[tuple[str, ...]] = get_args(FormKind)

DEFAULT_TEXT: Final = """\
# What a version has to pass before a protected alias of this model points at it.
# "production" is always protected. Others are where they stand here:
#
# protected:
#   production: {approvals: 1}      # how many other people have to approve; without it the server says:
#   staging: {approvals: 0}         # one, as soon as more than one person has an account
#
# Each rule stands for all protected aliases, or for those that it names:
#
# rules:
#   - metric: val/acc
#     at_least: 0.77
#   - metric: val/acc
#     not_worse_by: 0.005           # than what holds the alias; or a part of it: 1 %
#     evidence: {seeds: 3}          # runs of equal config and commit but for the seed
#   - metric: latency_ms
#     at_most: 15
#     aliases: [staging, production]
#   - size: {at_most: 100 MB}
#   - tags: [reviewed]
"""
"""What a model has that was given no rules."""

_KINDS = ("metric", "slices", "size", "data", "tags", "card", "files", "verified")
_BOUNDS = ("at_least", "at_most")
_MARGINS = ("not_worse_by", "better_by")
_FOR_ALL = ("name", "aliases")
_MEASURED = (*_BOUNDS, *_MARGINS, "goal", "evidence")
_FIELDS: Final[dict[str, tuple[str, ...]]] = {"metric": (*_MEASURED, "by"), "slices": _MEASURED}


def parse(text: str, *, revision: int | None = None) -> rules.RuleBook:
    """The rules that a text says. Raises Refused `bad_rules`, whose `problems` say what is wrong in which line."""
    found = problems_in(text)
    if isinstance(found, list):
        first = found[0]
        where = f"line {first.line}" + (f", rule {first.rule!r}" if first.rule is not None else "")
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        told = [{"line": one.line, "rule": one.rule, "message": one.message} for one in found]
        raise Refused("bad_rules", f"{where}: {first.message}{more}", field="text", problems=told)
    return rules.RuleBook(text, *found, revision)


def problems_in(text: str) -> list[RuleProblem] | tuple[tuple[Protection, ...], tuple[rules.GateRule, ...]]:
    """All that is wrong in a text; else which aliases it protects, and its rules."""
    if len(text.encode()) > MAX_BYTES:
        return [RuleProblem(1, None, f"rules have at most {MAX_BYTES // 1024} KiB of text; this has more")]
    try:
        root = nodes.composed(text)
    except nodes.Wrong as wrong:
        return [RuleProblem(wrong.line, None, wrong.message)]
    if root is None:
        return _protected([]), ()
    return _document(root)


def _document(
    root: nodes.Node,
) -> list[RuleProblem] | tuple[tuple[Protection, ...], tuple[rules.GateRule, ...]]:
    problems: list[RuleProblem] = []
    protected = _protected([])
    listed: list[rules.GateRule] = []
    try:
        fields = nodes.Fields(root, ("protected", "rules"), what="a text of rules")
        protected = fields.read("protected", _aliases_protected) or protected
        items = fields.read("rules", nodes.as_items) or []
        if len(items) > MAX_RULES:
            raise nodes.Wrong(items[MAX_RULES], f"a model has at most {MAX_RULES} rules; this has {len(items)}")
    except nodes.Wrong as wrong:
        return [RuleProblem(wrong.line, None, wrong.message)]
    for number, item in enumerate(items, start=1):
        try:
            listed.append(_rule(item, f"rule {number}"))
        except nodes.Wrong as wrong:
            problems.append(RuleProblem(wrong.line, _called(item) or f"rule {number}", wrong.message))
    return problems[:_MAX_PROBLEMS] or (protected, tuple(listed))


def _protected(said: list[Protection]) -> tuple[Protection, ...]:
    """With the one that always is."""
    if any(one.alias == rules.MAIN_ALIAS for one in said):
        return tuple(said)
    return (Protection(rules.MAIN_ALIAS, None), *said)


def _aliases_protected(node: nodes.Node, name: str) -> tuple[Protection, ...]:
    return _protected([_protection(alias, entry) for alias, entry in nodes.pairs(node, f"{name!r}")])


def _protection(alias: str, entry: nodes.Entry) -> Protection:
    _check_alias(entry.key, alias)
    if nodes.is_null(entry.value):
        return Protection(alias, None)
    fields = nodes.Fields(entry.value, ("approvals",), what=f"the protection of {alias!r}")
    return Protection(alias, fields.read("approvals", _approvals))


def _approvals(node: nodes.Node, name: str) -> int:
    return nodes.as_whole(node, name, 0, _MAX_APPROVALS)


def _rule(node: nodes.Node, called: str) -> rules.GateRule:
    """Raises nodes.Wrong."""
    named = [name for name, _ in nodes.pairs(node, called)]
    kinds = [name for name in named if name in _KINDS]
    if not kinds:
        raise nodes.Wrong(*_unknown(node, named, called))
    if len(kinds) > 1:
        raise nodes.Wrong(node, f"{called} asks for {kinds[0]!r} and {kinds[1]!r}; make two rules of it")
    kind = kinds[0]
    fields = nodes.Fields(node, (kind, *_FOR_ALL, *_FIELDS.get(kind, ())), what=f"a rule about {kind!r}")
    aliases = fields.read("aliases", nodes.as_words) or ()
    for alias in aliases:
        _check_alias(fields.entries["aliases"].value, alias)
    asked = _READ[kind](fields)
    name = fields.read("name", nodes.as_word) or _subject(asked)
    return rules.GateRule(name, nodes.line_of(node), aliases, asked)


def _unknown(node: nodes.Node, named: list[str], called: str) -> tuple[nodes.Node, str]:
    """Where and how to say that nothing in a rule is one that there is."""
    others = [entry for name, entry in nodes.pairs(node, called) if name not in (*_FOR_ALL, *_MEASURED, "by")]
    kinds = ", ".join(_KINDS)
    if not others:
        return node, f"{called} does not say what it is about; a rule has one of {kinds}"
    unknown = nodes.as_text(others[0].key, "a key")
    near = difflib.get_close_matches(unknown[:80].lower(), _KINDS, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return others[0].key, f"there is no rule {unknown[:80]!r}; a rule has one of {kinds}{meant}"


def _subject(asked: rules.Asked) -> str:
    """What a rule without a name is called."""
    match asked:
        case rules.OfMetric(metric) | rules.OfSlices(metric, by=None):
            return metric
        case rules.OfSlices(metric, by):
            return f"{metric} by {by}"
        case rules.OfSize():
            return "size"
        case rules.OfData():
            return "data"
        case rules.OfTags():
            return "tags"
        case rules.OfCard():
            return "card"
        case rules.OfFiles():
            return "files"
        case rules.OfProof():
            return "verified"


def _of_metric(fields: nodes.Fields) -> rules.OfMetric | rules.OfSlices:
    metric = fields.need("metric", nodes.as_word)
    by = fields.read("by", nodes.as_word)
    asked, evidence = _measured(fields)
    if by is None:
        return rules.OfMetric(metric, asked, evidence)
    if evidence is not None and evidence.source == "seeds":
        raise nodes.Wrong(fields.entries["evidence"].value, "'by' looks at examples, so its evidence is {examples: …}")
    return rules.OfSlices(metric, by, asked, evidence)


def _of_slices(fields: nodes.Fields) -> rules.OfSlices:
    return rules.OfSlices(fields.need("slices", nodes.as_word), None, *_measured(fields))


def _of_size(fields: nodes.Fields) -> rules.OfSize:
    inner = nodes.Fields(fields.entries["size"].value, ("at_most",), what="'size'")
    return rules.OfSize(inner.need("at_most", nodes.as_size))


def _of_data(fields: nodes.Fields) -> rules.OfData:
    inner = nodes.Fields(fields.entries["data"].value, ("evaluated_on", "same_as"), what="'data'")
    evaluated_on, same_as = inner.read("evaluated_on", _artifact), inner.read("same_as", nodes.as_word)
    if (evaluated_on is None) == (same_as is None):
        raise nodes.Wrong(inner.node, "'data' has either 'evaluated_on' (name:v4) or 'same_as' (an alias)")
    if same_as is not None:
        _check_alias(inner.entries["same_as"].value, same_as)
    return rules.OfData(evaluated_on, same_as)


def _of_tags(fields: nodes.Fields) -> rules.OfTags:
    return rules.OfTags(fields.need("tags", nodes.as_some_words))


def _of_card(fields: nodes.Fields) -> rules.OfCard:
    return rules.OfCard(fields.need("card", nodes.as_some_words))


def _of_files(fields: nodes.Fields) -> rules.OfFiles:
    return rules.OfFiles(fields.need("files", nodes.as_some_words))


def _of_proof(fields: nodes.Fields) -> rules.OfProof:
    inner = nodes.Fields(fields.entries["verified"].value, ("within_days", "form"), what="'verified'")
    return rules.OfProof(inner.read("within_days", _days), inner.read("form", _form))


def _days(node: nodes.Node, name: str) -> int:
    return nodes.as_whole(node, name, 1, rules.MAX_DAYS)


def _form(node: nodes.Node, name: str) -> str:
    text = nodes.as_text(node, name)
    if text not in FORMS:
        raise nodes.Wrong(node, f"there is no form {text[:80]!r}{nodes.nearest(text, FORMS)}")
    return text


_READ: Final[dict[str, Callable[[nodes.Fields], rules.Asked]]] = {
    "metric": _of_metric, "slices": _of_slices, "size": _of_size, "data": _of_data, "tags": _of_tags,
    "card": _of_card, "files": _of_files, "verified": _of_proof,
}  # fmt: skip


def _measured(fields: nodes.Fields) -> tuple[rules.Bounds | rules.Margin, rules.Evidence | None]:
    """What is asked of a number, and the evidence that it takes."""
    bounds = [name for name in _BOUNDS if name in fields]
    margins = [name for name in _MARGINS if name in fields]
    if len(margins) > 1 or (bounds and margins):
        first, second, *_ = [*bounds, *margins]
        raise nodes.Wrong(fields.node, f"{first!r} and {second!r} in one rule; make two rules of it")
    if bounds:
        for name in ("goal", "evidence"):
            if name in fields:
                raise nodes.Wrong(fields.entries[name].key, f"{name!r} goes with 'not_worse_by' or 'better_by'")
        return _bounds(fields), None
    if not margins:
        raise nodes.Wrong(fields.node, f"{fields.what} needs one of {', '.join((*_BOUNDS, *_MARGINS))}")
    (margin,) = margins
    tolerance = fields.need(margin, nodes.as_tolerance)
    asked = rules.Margin(margin == "better_by", tolerance, fields.read("goal", _goal))
    return asked, fields.read("evidence", _evidence)


def _bounds(fields: nodes.Fields) -> rules.Bounds:
    found = rules.Bounds(fields.read("at_least", nodes.as_number), fields.read("at_most", nodes.as_number))
    if found.at_least is not None and found.at_most is not None and found.at_least > found.at_most:
        raise nodes.Wrong(
            fields.entries["at_most"].value, f"nothing is at least {found.at_least:g} and at most {found.at_most:g}"
        )
    return found


def _evidence(node: nodes.Node, name: str) -> rules.Evidence:
    fields = nodes.Fields(node, ("seeds", "examples", "error_rate", "seed"), what="'evidence'")
    if ("seeds" in fields) == ("examples" in fields):
        raise nodes.Wrong(node, "'evidence' has either 'seeds' or 'examples': how many there must be at least")
    error_rate = fields.read("error_rate", _error_rate) or rules.DEFAULT_ERROR_RATE
    if "examples" in fields:
        if "seed" in fields:
            raise nodes.Wrong(fields.entries["seed"].key, "'seed' goes with 'seeds'")
        return rules.Evidence("examples", fields.need("examples", _examples), error_rate)
    return rules.Evidence("seeds", fields.need("seeds", _seeds), error_rate, fields.read("seed", nodes.as_word))


def _seeds(node: nodes.Node, name: str) -> int:
    return nodes.as_whole(node, name, 2, rules.MAX_SEEDS)


def _examples(node: nodes.Node, name: str) -> int:
    return nodes.as_whole(node, name, rules.FEWEST_EXAMPLES, rules.MAX_EXAMPLES)


def _error_rate(node: nodes.Node, name: str) -> float:
    text = nodes.as_text(node, name)
    rate = nodes.as_tolerance(node, name).amount
    if not 0.001 <= rate <= 0.2:
        raise nodes.Wrong(node, f"{name!r} lies between 0.001 and 0.2, got {text[:80]!r}; 0.05 is usual")
    return rate


def _goal(node: nodes.Node, name: str) -> Literal["min", "max"]:
    match nodes.as_text(node, name):
        case "min":
            return "min"
        case "max":
            return "max"
        case other:
            raise nodes.Wrong(node, f"{name!r} is max (more is better) or min (less is better), got {other[:80]!r}")


def _artifact(node: nodes.Node, name: str) -> str:
    text = nodes.as_word(node, name)
    before, colon, after = text.replace("@", ":").rpartition(":")
    if not (before and colon and after):
        raise nodes.Wrong(node, f"{name!r} is a version of an artifact, such as imagenet-val:v4, got {text[:80]!r}")
    return text


def _called(node: nodes.Node) -> str | None:
    """The name that a rule gives itself, as far as it can be read."""
    try:
        return next((nodes.as_word(entry.value, name) for name, entry in nodes.pairs(node, "") if name == "name"), None)
    except nodes.Wrong:
        return None


def _check_alias(node: nodes.Node, alias: str) -> None:
    try:
        names.check_alias(alias)
    except Refused as refused:
        raise nodes.Wrong(node, refused.message) from None
