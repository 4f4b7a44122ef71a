"""The digest that a thread takes of what is downloaded."""

from __future__ import annotations

import hashlib
import random
import threading
from contextlib import suppress

import pytest

from tracker import digests
from tracker.digests import Digest

MIB = 1024 * 1024


@pytest.mark.parametrize("size", [0, 1, MIB, MIB + 1, 9 * MIB + 3])
def test_it_is_the_sha256_of_all_parts(size: int) -> None:
    data = random.Random(size).randbytes(size)
    with Digest() as digest:
        for start in range(0, size, 65_537):
            digest.update(data[start : start + 65_537])
        assert digest.hexdigest() == hashlib.sha256(data).hexdigest()


def test_no_thread_is_left_where_its_user_fails() -> None:
    before = threading.active_count()
    with suppress(ConnectionError), Digest() as digest:
        digest.update(bytes(2 * MIB))
        assert threading.active_count() == before + 1
        raise ConnectionError
    assert threading.active_count() == before


def test_few_bytes_need_no_thread() -> None:
    before = threading.active_count()
    with Digest() as digest:
        digest.update(b"few")
        assert threading.active_count() == before


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever brings more waits for the digest."""
    monkeypatch.setattr(digests, "WAITING_BYTES", MIB)
    most = 0
    with Digest() as digest:
        for _ in range(64):
            digest.update(bytes(MIB))
            most = max(most, digest._waiting_bytes)
        assert digest.hexdigest() == hashlib.sha256(bytes(64 * MIB)).hexdigest()
    assert most <= 2 * MIB
