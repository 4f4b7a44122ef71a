"""What a server counts of itself while it works, for Prometheus.

What always holds: a request is counted by the pattern of its path and not by the path, so that nothing that a client
says becomes a label; several worker processes count as one server.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram, Metric

_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Where the buckets of durations end: ingest takes milliseconds, a large chart a tenth of a second."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE: Final = "(none)"

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
"""The type of Prometheus' format."""


def method_of(method: str) -> str:
    """The method, or a word for one that nothing here answers."""
    return method if method in _METHODS else "(other)"


@dataclass(frozen=True)
class Reading:
    """Something that is measured when it is asked for: one value by "", or one for each value of a label."""

    name: str
    words: str
    values: Mapping[str, float]
    label: str = ""


class Vitals:
    """The counters of one process, which adds them up with others in `folder`, where there are several."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        # Here and not above: the library looks at that variable once, when it is loaded.
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._folder = folder
        self._own = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("tracker_requests", "Requests answered.", labels, registry=self._own)
        self._seconds = Histogram(
            "tracker_request_seconds",
            "From a request's arrival to the beginning of its answer.",
            labels[:2],
            buckets=_SECONDS,
            registry=self._own,
        )
        self._counted: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.batches: Counter = Counter("tracker_ingest_batches", "Parts of journals stored.", registry=self._own)
        self.points: Counter = Counter(
            "tracker_ingest_points", "Points in the parts of journals that were stored.", registry=self._own
        )
        self.waiting: Gauge = Gauge(
            "tracker_ingest_batches_waiting",
            "Parts of journals that wait to be stored, or are being stored.",
            registry=self._own,
            multiprocess_mode="livesum",
        )

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered; `method` is one of `method_of`, `route` the pattern of its path."""
        key = (method, route, status)
        counted = self._counted.get(key)
        if counted is None:
            counted = self._counted[key] = (self._requests.labels(*key), self._seconds.labels(*key[:2]))
        counted[0].inc()
        counted[1].observe(seconds)

    def text(self, readings: Iterable[Reading]) -> bytes:
        """What all processes of this server have counted, and these readings, as Prometheus reads it."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        counted = self._own
        if self._folder is not None:
            counted = CollectorRegistry()
            MultiProcessCollector(counted, path=str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(_Read(readings))


@dataclass(frozen=True)
class _Read:
    """Readings, as Prometheus' library asks for them."""

    readings: Iterable[Reading]

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        for reading in self.readings:
            family = GaugeMetricFamily(reading.name, reading.words, labels=[reading.label] if reading.label else [])
            for label, value in reading.values.items():
                family.add_metric([label] if reading.label else [], value)
            yield family


def forget_process(folder: Path, pid: int) -> None:
    """A worker has ended: what it counted stays, what it was at does not."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]
