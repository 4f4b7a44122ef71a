"""What one server is told at its start. Nothing here reads the environment: the command line builds it (`cli.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from tracker_server.rights import Role

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Oidc:
    """A provider of identities, and who of those whom it knows may enter: by the domain of a verified e-mail address;
    `*` among `domains` is everybody."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    domains: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class Settings:
    """`data` is the folder that holds all that has no other place: the SQLite file and the blobs, by default.

    `needs_key` is whether a request must carry a key or a session; `operator` is the name that acts stand under when
    nobody has signed in, and else that of the first admin. `new_projects` is the role that everybody has in a new
    project: None keeps it to who made it. `proxies` is how many stand in front and tell of who asks.
    `max_waiting_batches` and `max_waiting_bytes` bound what of journals waits in memory to be stored; beyond them,
    writers are told to come again. Many live runs are asked to gather what they log for so long that about
    `live_requests_per_s` come from all of them together. What a run has left that was silent for `abandoned_after_ms`
    is sealed. Webhooks are sent to public addresses and to `webhook_networks`; after a failure again, the first
    time after about `webhook_first_wait_s` and then after ever longer waits. Pages may
    ask the servers of models at `serving_origins`. People may sign in through `oidc`.
    """

    data: Path
    database_url: str
    blobs: Path
    host: str = "127.0.0.1"
    port: int = 8090
    allowed_hosts: tuple[str, ...] = field(default=LOOPBACK_HOSTS)
    needs_key: bool = False
    operator: str = "local"
    new_projects: Role | None = None
    proxies: int = 0
    max_journal_bytes: int = 32 * 1024 * 1024
    max_json_bytes: int = 4 * 1024 * 1024
    max_file_bytes: int = 256 * 1024**3
    lost_after_ms: int = 60_000
    stalled_after_s: int = 20
    abandoned_after_ms: int = 600_000
    max_waiting_batches: int = 64
    max_waiting_bytes: int = 128 * 1024 * 1024
    live_requests_per_s: float = 400.0
    counts: Path | None = None
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    webhook_first_wait_s: float = 2.0
    serving_origins: tuple[str, ...] = ()
    oidc: Oidc | None = None

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
