"""Values at the nodes of YAML, each with the line that it stands in.

What always holds: nothing in a text stands for anything else (no anchors, no tags), names stand once in a mapping and
are known, and whatever is not as it should be is said of the line where it is.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

import yaml

from tracker_server.gates.rules import Tolerance

_MAX_DEPTH: Final = 6
MAX_WORDS: Final = 500

_BYTES: Final = {
    "": 1, "b": 1, "bytes": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_SIZE = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)\s*([a-z]*)", re.IGNORECASE)

Node = yaml.nodes.Node
T = TypeVar("T")


class Wrong(Exception):
    """A problem, at a node or in a line."""

    def __init__(self, at: Node | yaml.Event | int, message: str) -> None:
        super().__init__(message)
        self.line = at if isinstance(at, int) else line_of(at)
        self.message = message


class Entry(NamedTuple):
    key: Node
    value: Node


class Fields:
    """The fields of a mapping by name, each of which is known and stands there once."""

    def __init__(self, node: Node, known: Iterable[str], *, what: str) -> None:
        self.node, self.what = node, what
        self.entries: dict[str, Entry] = {}
        known = list(known)
        for name, entry in pairs(node, what):
            if name not in known:
                raise Wrong(entry.key, f"{what} has no {name[:80]!r}{nearest(name, known)}")
            self.entries[name] = entry

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def read(self, name: str, read: Callable[[Node, str], T]) -> T | None:
        """What `read` makes of a field; None where it is not there."""
        return read(self.entries[name].value, name) if name in self.entries else None

    def need(self, name: str, read: Callable[[Node, str], T]) -> T:
        if name not in self.entries:
            raise Wrong(self.node, f"{self.what} needs {name!r}")
        return read(self.entries[name].value, name)


def composed(text: str) -> Node | None:
    """The nodes of the text, in which nothing stands for anything else. Raises Wrong for what is not YAML, and for what
    is refused everywhere."""
    try:
        return _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Wrong(mark.line + 1 if mark else 1, f"this is not YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Wrong(line, "this is not YAML: it has a character that no text should have") from None


def _composed(text: str) -> Node | None:
    """The events are gone through first: composing recurses, and follows what an alias refers to."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise Wrong(event, "anchors (&) and aliases (*) are not read here; write it out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise Wrong(event, f"tags such as {tag[:80]!r} are not read here; leave it out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise Wrong(event, f"nothing is nested deeper than {_MAX_DEPTH} here")
    node: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return node


def as_tolerance(node: Node, name: str) -> Tolerance:
    """A number, or a part of another."""
    text = as_text(node, name).strip()
    is_relative = text.endswith("%")
    number = _float(text.removesuffix("%").strip())
    if number is None or number < 0:
        raise Wrong(node, f"{name!r} is a number such as 0.005 or a part such as 1 %, from 0 up, got {text[:80]!r}")
    return Tolerance(number / 100 if is_relative else number, is_relative)


def as_number(node: Node, name: str) -> float:
    text = as_text(node, name)
    number = _float(text)
    if number is None:
        raise Wrong(node, f"{name!r} is a number, got {text[:80]!r}")
    return number


def as_whole(node: Node, name: str, least: int, most: int) -> int:
    text = as_text(node, name)
    if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise Wrong(node, f"{name!r} is a whole number from {least} to {most}, got {text[:80]!r}")
    return int(text)


def as_size(node: Node, name: str) -> int:
    text = as_text(node, name).strip()
    found = _SIZE.fullmatch(text)
    unit = _BYTES.get(found[2].lower()) if found is not None else None
    if found is None or unit is None:
        raise Wrong(node, f"{name!r} is a size such as 100 MB or 2 GiB, got {text[:80]!r}")
    return int(min(float(found[1]) * unit, 2.0**62))


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def as_some_words(node: Node, name: str) -> tuple[str, ...]:
    listed = as_words(node, name)
    if not listed:
        raise Wrong(node, f"{name!r} is empty; name at least one, or leave the rule out")
    return listed


def as_words(node: Node, name: str) -> tuple[str, ...]:
    if isinstance(node, yaml.ScalarNode):
        raise Wrong(node, f"{name!r} is a list, such as [{as_text(node, name)[:80]}]")
    return tuple(as_word(item, name) for item in as_items(node, name))


def as_word(node: Node, name: str) -> str:
    text = as_text(node, name)
    if not text.strip() or len(text) > MAX_WORDS:
        raise Wrong(node, f"{name!r} is a text of 1 to {MAX_WORDS} characters, got {text[:80]!r}")
    return text


def as_text(node: Node, name: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise Wrong(
            node, f"{name!r} is one value, not a {'list' if isinstance(node, yaml.SequenceNode) else 'mapping'}"
        )
    return str(node.value)


def as_items(node: Node, name: str) -> list[Node]:
    if is_null(node):
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise Wrong(node, f"{name!r} is a list: each of its items begins with a dash")
    return list(node.value)


def pairs(node: Node, what: str) -> Iterator[tuple[str, Entry]]:
    """The entries of a mapping by name. Raises Wrong for one that stands there twice, and for what is no mapping."""
    if is_null(node):
        return
    if not isinstance(node, yaml.MappingNode):
        raise Wrong(node, f"{what} has names and values, such as 'at_most: 15'")
    lines: dict[str, int] = {}
    for key, value in node.value:
        name = as_text(key, "a name")
        if name in lines:
            raise Wrong(key, f"{name[:80]!r} stands here already, in line {lines[name]}")
        lines[name] = line_of(key)
        yield name, Entry(key, value)


def nearest(word: str, known: Iterable[str]) -> str:
    """The way out of a word that is not known."""
    known = list(known)
    near = difflib.get_close_matches(word[:80].lower(), known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; it can have {', '.join(known)}"


def is_null(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def line_of(node: Node | yaml.Event) -> int:
    """From 1."""
    return node.start_mark.line + 1 if node.start_mark is not None else 1
