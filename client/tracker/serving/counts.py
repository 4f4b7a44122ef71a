"""What a serving process counts while it works, for Prometheus.

What always holds: nothing that a client says becomes a label; several worker processes count as one server, but for the
version that each of them holds.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
"""The type of Prometheus' format."""

_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_ROWS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Counts:
    """The counters of one process, which adds them up with others in `folder`, where there are several."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        # Here and not above: the library looks at that variable once, when it is loaded.
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._folder = folder
        self._own = CollectorRegistry()
        self._requests = Counter(
            "tracker_serve_requests", "Requests answered.", ("route", "status"), registry=self._own
        )
        self._errors = Counter(
            "tracker_serve_errors", "Requests that the model or the server could not answer.", registry=self._own
        )
        self._seconds = Histogram(
            "tracker_serve_request_seconds", "From a request for a prediction to its answer.", buckets=_SECONDS,
            registry=self._own,
        )  # fmt: skip
        rows = Histogram(
            "tracker_serve_batch_rows", "Examples that one call of the model had.", buckets=_ROWS, registry=self._own
        )
        self.swaps: Counter = Counter("tracker_serve_swaps", "Changes of the version.", registry=self._own)
        self.failed_swaps: Counter = Counter(
            "tracker_serve_failed_swaps", "Versions that could not be loaded.", registry=self._own
        )
        self._held = Gauge(
            "tracker_serve_held_version", "The version that is held; 0 for a folder's.", registry=self._own,
            multiprocess_mode="liveall",
        )  # fmt: skip
        self.note_rows = rows.observe
        self._counted: dict[tuple[str, int], Counter] = {}
        self._timed: Histogram = self._seconds

    def note_request(self, route: str, status: int) -> None:
        """Count a request that was answered; `route` is one of the few that there are, "(none)" for others."""
        counted = self._counted.get((route, status))
        if counted is None:
            counted = self._counted[route, status] = self._requests.labels(route, status)
        counted.inc()
        if status >= 500:
            self._errors.inc()

    def note_prediction(self, status: int, seconds: float) -> None:
        """Count a request for a prediction."""
        self.note_request("/predictions", status)
        self._timed.observe(seconds)

    def note_held(self, version: int | None) -> None:
        """That this process holds another version now."""
        self._held.set(version or 0)

    def text(self) -> bytes:
        """What all processes of this server have counted, as Prometheus reads it."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        counted = self._own
        if self._folder is not None:
            counted = CollectorRegistry()
            MultiProcessCollector(counted, path=str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(counted)


def forget_process(folder: Path, process_id: int) -> None:
    """The worker is gone: what it counted stays, what it held does not."""
    for file in folder.glob(f"gauge_live*_{process_id}.db"):
        file.unlink(missing_ok=True)
