"""What the arguments of `init()` and its kin must be.

What always holds: a wrong argument raises TypeError or ValueError at once, which names it, its value and the way out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Final, ParamSpec, TypeVar

MAX_STEP: Final = 2**63 - 1

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def known_keywords(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Have an unknown keyword answered with its value and the way out, which Python's own message lacks."""
    code = function.__code__
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @functools.wraps(function)
    def checked(*positional: _Parameters.args, **named: _Parameters.kwargs) -> _Result:
        for keyword, value in named.items():
            if keyword not in known:
                raise TypeError(_unknown(function.__name__, keyword, value, known))
        return function(*positional, **named)

    return checked


def _unknown(what: str, keyword: str, value: object, known: Sequence[str]) -> str:
    import difflib  # 5 ms that only a mistake pays

    near = difflib.get_close_matches(keyword, known, n=1)
    way_out = f"did you mean {near[0]!r}?" if near else f"a setting of the program goes into config={{{keyword!r}: …}}"
    return f"{what}() has no argument {keyword!r}, got {value!r:.80}; {way_out}"


def run_id(value: object) -> str:
    """An id of a run: up to 64 ASCII letters, digits, '-' and '_'."""
    if not isinstance(value, str) or not value.isascii() or not value.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"a run's id must be ASCII letters, digits, '-' and '_', got {value!r}")
    if len(value) > 64:
        raise ValueError(f"a run's id must have at most 64 characters, got {len(value)}: {value!r}")
    return value


def project(value: object) -> str:
    """A name that the server takes too, so that a run is not refused when all of it is there."""
    name = text("project", value)
    if len(name) > 128 or not name.isprintable() or "/" in name or not name.strip(". "):
        raise ValueError(
            f"project must have at most 128 printable characters, no '/', and not be dots alone, got {name!r:.200}"
        )
    return name


def text(what: str, value: object) -> str:
    """Text that is not blank."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be text, got {type(value).__name__}: {value!r:.80}")
    if not value.strip():
        raise ValueError(f"{what} must not be empty, got {value!r}")
    return value


def optional_text(what: str, value: object) -> str | None:
    """Text, blank or not, or None."""
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{what} must be text or None, got {type(value).__name__}: {value!r:.80}")


def texts(what: str, values: Iterable[str] | None) -> tuple[str, ...]:
    """Several texts, none of them blank. One text alone is a mistake, not a list of letters."""
    if isinstance(values, str):
        raise TypeError(f"{what} must be a list of texts, got the text {values!r}; write [{values!r}]")
    return tuple(text(f"each of {what}", value) for value in values or ())


def seconds(what: str, value: object) -> float:
    """A length of time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ValueError(f"{what} must be a number of seconds, 0 or more, got {value!r}")
    return value


def one_of(what: str, value: object, choices: Sequence[str]) -> str:
    """One of a few words."""
    if value not in choices or not isinstance(value, str):
        raise ValueError(f"{what} must be one of {', '.join(choices)}, got {value!r}")
    return value


def step(value: object, what: str = "step", way_out: str = "omit it to count up by one") -> int:
    """A step as a Python integer of 64 bits; numpy's integers are some too."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{what} must be an integer, got {type(value).__name__}: {value!r:.80}; {way_out}")
    number = int(value.__index__())
    if not -MAX_STEP <= number <= MAX_STEP:
        raise ValueError(f"{what} must fit in 64 bits, got {value!r}")
    return number
