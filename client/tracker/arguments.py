"""What the arguments of `init()` and its kin must be.

What always holds: a wrong argument raises TypeError or ValueError at once, which names it, its value and the way out.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, ParamSpec, TypeVar

from tracker.naming import MAX_NAME, MAX_SHORT_NAME, MAX_TAGS, is_model, is_model_alias, is_model_pointer, is_project

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
    if not is_project(name):
        raise ValueError(
            f"project must have at most {MAX_SHORT_NAME} printable characters, no '/', and not be dots alone, got "
            f"{name!r:.200}"
        )
    return name


def model(value: object) -> str:
    """A name of a registered model."""
    found = text("a model's name", value)
    if not is_model(found):
        raise ValueError(
            f"a model's name has 1 to {MAX_SHORT_NAME} letters, digits, '-', '_' and '.', and starts with a letter or "
            f"a digit, got {found!r:.200}"
        )
    return found


def model_alias(value: object) -> str:
    """An alias of a registered model."""
    found = text("an alias", value)
    if not is_model_alias(found):
        raise ValueError(
            f"an alias has 1 to {MAX_SHORT_NAME} letters, digits, '-', '_' and '.', and is neither 'latest' nor a "
            f"version such as 'v3', which always point where they say; got {found!r:.200}"
        )
    return found


def model_reference(ref: object) -> tuple[str, str]:
    """The model's name and the version or alias of `name@alias` or `name:v3`; a bare name means `name@latest`."""
    like = "name@production or name:v3"
    name, pointer = _reference(ref, "a model reference", like)
    if "@" not in str(ref) and not is_model_pointer(pointer):
        raise ValueError(f"a model reference must look like {like}, got {ref!r}")
    return model(name), pointer


def artifact_reference(ref: object) -> tuple[str | None, str, str]:
    """The project, None for none, the name, and the version or alias of `project/name:v3`, `name@best` or `name`."""
    inside, slash, pointed = ref.rpartition("/") if isinstance(ref, str) else ("", "", ref)
    name, pointer = _reference(pointed, "an artifact reference", "name:v3, name@best or project/name:latest")
    if slash and not inside:
        raise ValueError(f"{ref!r} says of no project; without an active run, write project/{pointed}")
    return inside or None, name, pointer


def _reference(ref: object, what: str, like: str) -> tuple[str, str]:
    """The name and the version or alias of a reference; `latest` where it has neither."""
    if not isinstance(ref, str):
        raise TypeError(f"{what} must be text, got {type(ref).__name__}: {ref!r:.80}")
    separator = "@" if "@" in ref else ":"
    name, _, pointer = ref.rpartition(separator) if separator in ref else (ref, "", "latest")
    if not name or not pointer:
        raise ValueError(f"{what} must look like {like}, got {ref!r}")
    return name, pointer


def text(what: str, value: object) -> str:
    """Text that is not blank."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be text, got {type(value).__name__}: {value!r:.80}")
    if not value.strip():
        raise ValueError(f"{what} must not be empty, got {value!r}")
    return value


def name(what: str, value: object) -> str:
    """Text that is not blank and short enough to stand in a table."""
    return _within(what, text(what, value), MAX_NAME)


def optional_text(what: str, value: object, *, most: int | None = None) -> str | None:
    """Text, blank or not, of at most so many characters, or None."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{what} must be text or None, got {type(value).__name__}: {value!r:.80}")
    return value if most is None else _within(what, value, most)


def _within(what: str, value: str, most: int) -> str:
    if len(value) > most:
        raise ValueError(f"{what} must have at most {most:,} characters, got {len(value):,}: {value[:80]!r}…")
    return value


def tags(values: Iterable[str] | None) -> tuple[str, ...]:
    """Tags, each a name."""
    found = tuple(name("each of tags", value) for value in texts("tags", values))
    if len(found) > MAX_TAGS:
        raise ValueError(f"a run has at most {MAX_TAGS:,} tags, got {len(found):,}; put such values into the config")
    return found


def texts(what: str, values: Iterable[str] | None) -> tuple[str, ...]:
    """Several texts, none of them blank. One text alone is a mistake, not a list of letters."""
    if isinstance(values, str):
        raise TypeError(f"{what} must be a list of texts, got the text {values!r}; write [{values!r}]")
    return tuple(text(f"each of {what}", value) for value in values or ())


def seconds(what: str, value: object) -> float:
    """A length of time, which ends."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
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
