"""What one server is told at its start. Nothing here reads the environment: the command line builds it (`cli.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Settings:
    """`data` is the folder that holds all that has no other place: the SQLite file and the blobs, by default.

    `needs_key` is whether a request must carry a key or a session; `operator` is the name that acts stand under when
    nobody has signed in. `max_waiting_batches` and `max_waiting_bytes` bound what of journals waits in memory to be
    stored; beyond them, writers are told to come again. Many live runs are asked to gather what they log for so long
    that about `live_requests_per_s` come from all of them together. What a run has left that was silent for
    `abandoned_after_ms` is sealed.
    """

    data: Path
    database_url: str
    blobs: Path
    host: str = "127.0.0.1"
    port: int = 8090
    allowed_hosts: tuple[str, ...] = field(default=LOOPBACK_HOSTS)
    needs_key: bool = False
    operator: str = "local"
    max_journal_bytes: int = 16 * 1024 * 1024
    max_json_bytes: int = 4 * 1024 * 1024
    lost_after_ms: int = 60_000
    abandoned_after_ms: int = 600_000
    max_waiting_batches: int = 64
    max_waiting_bytes: int = 128 * 1024 * 1024
    live_requests_per_s: float = 400.0

    @classmethod
    def in_folder(
        cls, data: Path, *, database_url: str | None = None, blobs: Path | None = None, **others: Any
    ) -> Settings:
        """The settings of a server whose database and blobs lie in `data` where nothing else is said."""
        return cls(
            data=data,
            database_url=database_url or f"sqlite:///{data / 'tracker.db'}",
            blobs=blobs or data / "blobs",
            **others,
        )
