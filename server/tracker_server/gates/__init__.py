"""Gates: the rules that a version has to pass before a protected alias of its model points at it.

A *rule* asks something of a candidate, by itself or beside the version that holds the alias; its *verdict* is pass,
fail or not enough evidence. `docs/design/gates.md` says what is promised.
"""

from tracker_server.gates.examples import KIND as EVALUATION
from tracker_server.gates.rules import RuleBook
from tracker_server.gates.schema import kept
from tracker_server.gates.seeds import Seeds, code_of, is_seed
from tracker_server.gates.service import (
    answer,
    change_rules,
    check_rules,
    data_named,
    evaluate,
    rule_set,
    rules_of,
    rules_of_all,
    seeds,
)
from tracker_server.gates.sides import summary_value
from tracker_server.gates.text import parse

__all__ = [
    "EVALUATION",
    "RuleBook",
    "Seeds",
    "answer",
    "change_rules",
    "check_rules",
    "code_of",
    "data_named",
    "evaluate",
    "is_seed",
    "kept",
    "parse",
    "rule_set",
    "rules_of",
    "rules_of_all",
    "seeds",
    "summary_value",
]
