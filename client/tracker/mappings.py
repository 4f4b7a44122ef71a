"""`run.config` and `run.summary`: mappings that tell the run about every change.

What always holds: what is in a mapping has been checked and recorded. Values of the config are JSON-like, of any depth;
values of the summary are numbers, text, booleans or None.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from tracker import values as metric_values
from tracker.naming import MAX_DEPTH

Recorder = Callable[[dict[str, Any]], None]


class Config(MutableMapping[str, Any]):
    """What went into a run. Read and set as items or as attributes; a nested mapping is a Config of its own.

    A change below the top is recorded as its whole top-level value. Deleting a key records it as None.
    """

    def __init__(self, record: Recorder, *, prefix: str = "config") -> None:
        object.__setattr__(self, "_record", record)
        object.__setattr__(self, "_prefix", prefix)
        object.__setattr__(self, "_values", {})

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        return self._nested(key, value) if isinstance(value, dict) else value

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        del self._values[key]
        self._record({key: None})

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, key: str) -> Any:
        try:
            return self[key]
        except KeyError:
            raise AttributeError(f"{self._prefix} has no {key!r}; it has {', '.join(self) or 'nothing'}") from None

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value

    def __repr__(self) -> str:
        return repr(self._values)

    def __eq__(self, other: object) -> bool:
        return bool(self._values == (other._values if isinstance(other, Config) else other))

    __hash__ = None  # type: ignore[assignment]

    def update(self, *others: Any, **named: Any) -> None:
        """Set several values and record them as one change. Takes mappings, dataclasses and argparse results."""
        changed: dict[str, Any] = {}
        for other in (*others, named):
            changed |= plain_mapping(other, where=self._prefix)
        if changed:
            self._values.update(changed)
            self._record({key: self._values[key] for key in changed})

    def as_dict(self) -> dict[str, Any]:
        """The values as plain Python."""
        return plain_mapping(self._values, where=self._prefix)

    def _nested(self, key: str, value: dict[str, Any]) -> Config:
        def record(_: dict[str, Any]) -> None:
            self._record({key: value})

        nested = Config(record, prefix=f"{self._prefix}.{key}")
        object.__setattr__(nested, "_values", value)
        return nested


class Summary(MutableMapping[str, float | str | bool | None]):
    """Values that stand for the run as a whole, set by hand; the server itself keeps last, min and max."""

    def __init__(self, record: Recorder) -> None:
        self._record = record
        self._values: dict[str, float | str | bool | None] = {}

    def __getitem__(self, name: str) -> float | str | bool | None:
        return self._values[name]

    def __setitem__(self, name: str, value: object) -> None:
        self.update({name: value})

    def __delitem__(self, name: str) -> None:
        del self._values[name]
        self._record({name: None})

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)

    def update(self, *others: Any, **named: Any) -> None:
        """Set several values and record them as one change."""
        changed: dict[str, float | str | bool | None] = {}
        for other in (*others, named):
            for name, value in dict(other).items():
                metric_values.check_name(name, "summary")
                changed[name] = value if value is None or isinstance(value, str | bool) else _number(name, value)
        if changed:
            self._values.update(changed)
            self._record(changed)


def _number(name: str, value: object) -> float:
    number = metric_values.as_number(name, value)
    if number is None:
        raise TypeError(
            f"summary {name!r} must be a number, text, a boolean or None, got {type(value).__name__}: {value!r:.80}"
        )
    return number


def plain_mapping(value: Any, *, where: str, depth: int = 1) -> dict[str, Any]:
    """A mapping, dataclass or argparse result as a dict of JSON-like values. Raises TypeError naming the key.

    What lies deeper than `MAX_DEPTH`, counted from `depth`, raises ValueError.
    """
    if isinstance(value, Config):
        value = value._values
    elif _is_namespace(value):
        value = vars(value)
    elif _is_dataclass(value):
        value = {name: getattr(value, name) for name in value.__dataclass_fields__}
    if not isinstance(value, Mapping):
        raise TypeError(f"{where} must be a mapping, a dataclass or an argparse.Namespace, got {type(value).__name__}")
    if depth > MAX_DEPTH:
        raise _too_deep(where)
    plain: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str) or not key:
            raise TypeError(f"a key of {where} must be text that is not empty, got {key!r}")
        plain[key] = _plain(item, f"{where}.{key}", depth)
    return plain


def _too_deep(where: str) -> ValueError:
    return ValueError(
        f"{where:.200}… lies deeper than {MAX_DEPTH} mappings and lists in one another; does it hold itself?"
    )


def _plain(value: Any, where: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise _too_deep(where)
    if isinstance(value, enum.Enum):
        return _plain(value.value, where, depth)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return int(value)
    if isinstance(value, Mapping) or _is_namespace(value) or _is_dataclass(value):
        return plain_mapping(value, where=where, depth=depth + 1)
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        return [_plain(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(items)]
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if metric_values.is_array(value):
        return _plain(value.tolist(), where, depth)
    number = metric_values.as_number(where, value)
    if number is None:
        raise TypeError(
            f"{where} must be JSON-like (numbers, text, lists, mappings), got {type(value).__name__}; "
            "give its name, or str() of it"
        )
    return number


def _is_dataclass(value: object) -> bool:
    return not isinstance(value, type) and hasattr(type(value), "__dataclass_fields__")


def _is_namespace(value: object) -> bool:
    """Whether this is what argparse returns. Told by name, because argparse is not otherwise needed here."""
    return any((kind.__module__, kind.__name__) == ("argparse", "Namespace") for kind in type(value).__mro__)
