"""Ids and names that a client makes up by itself, so that starting a run needs no server."""

from __future__ import annotations

import os
import time
import zlib
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_CHARACTERS: Final = 9
_RANDOM_CHARACTERS: Final = 7

_ADJECTIVES: Final = (
    "amber", "bold", "brave", "bright", "brisk", "calm", "clear", "clever", "cosmic", "crisp", "daring",
    "deep", "eager", "early", "fair", "fancy", "fleet", "fond", "gentle", "glad", "golden", "grand", "happy",
    "hardy", "honest", "humble", "jolly", "keen", "kind", "lively", "lucky", "lunar", "mellow", "merry",
    "mild", "misty", "neat", "noble", "patient", "plucky", "polite", "proud", "quick", "quiet", "rapid",
    "rosy", "sandy", "serene", "sharp", "silent", "silver", "smooth", "snowy", "solar", "spry", "steady",
    "still", "sturdy", "sunny", "swift", "tidy", "vivid", "warm", "wise", "witty", "young",
)  # fmt: skip
_ANIMALS: Final = (
    "ant", "badger", "bat", "bear", "beaver", "bee", "bison", "crane", "crow", "deer", "dingo", "dove",
    "duck", "eagle", "egret", "elk", "falcon", "ferret", "finch", "fox", "gecko", "goose", "hare", "hawk",
    "heron", "ibis", "jay", "koala", "lark", "lemur", "lion", "llama", "lynx", "magpie", "marten", "mole",
    "moose", "moth", "newt", "ocelot", "orca", "otter", "owl", "panda", "pika", "puffin", "quail", "rabbit",
    "raven", "robin", "salmon", "seal", "shrew", "sloth", "sparrow", "stork", "swan", "tapir", "tern",
    "tiger", "toad", "trout", "turtle", "vole", "walrus", "whale", "wolf", "wombat", "wren", "yak", "zebra",
)  # fmt: skip


def new_run_id(time_ms: int | None = None) -> str:
    """16 characters that sort by the time they were made: 45 bits of milliseconds, 35 random bits."""
    at_ms = time.time_ns() // 1_000_000 if time_ms is None else time_ms
    return _base32(at_ms, _TIME_CHARACTERS) + _base32(_random_bits(5 * _RANDOM_CHARACTERS), _RANDOM_CHARACTERS)


def run_id_from(digest: bytes) -> str:
    """An id that every process with the same digest makes. It has no time in it, and sorts before those that have."""
    number = int.from_bytes(digest[:10], "little")
    return "0" + _base32(number, _TIME_CHARACTERS + _RANDOM_CHARACTERS - 1)


def new_writer_id() -> str:
    """8 random characters: enough to tell the writers of one run apart."""
    return _base32(_random_bits(40), 8)


def run_name(run_id: str) -> str:
    """A name that a person can say, such as "glad-otter", the same for every writer of the run.

    The server adds the run's number to make it unique.
    """
    number = zlib.crc32(run_id.encode())
    return f"{_ADJECTIVES[number % len(_ADJECTIVES)]}-{_ANIMALS[number // len(_ADJECTIVES) % len(_ANIMALS)]}"


def _random_bits(count: int) -> int:
    """From the system, whatever the program has seeded, without the 5 ms that importing `secrets` costs."""
    return int.from_bytes(os.urandom(8), "little") & ((1 << count) - 1)


def _base32(number: int, length: int) -> str:
    return "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(length)))
