"""What the edge counts of itself, for Prometheus."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

TOGETHER_SECONDS = 0.001
"""Waits for the journal that end within it ended with the same sync."""
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Meter:
    """The edge's numbers. Made once per process and passed in; each test brings a registry of its own."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._accepted = Counter(
            "firstframe_edge_accepted_beacons", "Beacons answered with 2xx", ["dialect"], registry=registry
        )
        self._refused = Counter(
            "firstframe_edge_refused_beacons",
            "Requests answered with 4xx or 503",
            ["dialect", "reason"],
            registry=registry,
        )
        self._append_seconds = Histogram(
            "firstframe_edge_append_seconds",
            "Wait for the journal, the longest of those that ended together",
            buckets=_BUCKETS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "firstframe_edge_in_flight",
            "Requests that are here whole and being answered",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._journal_bytes = Gauge(
            "firstframe_journal_bytes", "Size of the journal", registry=registry, multiprocess_mode="livemax"
        )
        self._journal_free_bytes = Gauge(
            "firstframe_journal_free_bytes",
            "Space left on the journal's disk",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self._counts: dict[str, int] = {}
        self._observed_until = 0.0

    def accepted(self, dialect: str, began: float, now: float) -> None:
        """One beacon is durable, on a clock that counts seconds.

        Counted in memory until `flush`, since the counter itself costs more than the request. Of those that share a
        sync the first has waited longest, and is observed for all.
        """
        self._counts[dialect] = self._counts.get(dialect, 0) + 1
        if now >= self._observed_until:
            self._observed_until = now + TOGETHER_SECONDS
            self._append_seconds.observe(now - began)

    def refused(self, dialect: str, reason: str) -> None:
        self._refused.labels(dialect, reason).inc()

    def flush(self, in_flight: int) -> None:
        """Pass on what was counted; called every second."""
        counts, self._counts = self._counts, {}
        for dialect, count in counts.items():
            self._accepted.labels(dialect).inc(count)
        self._in_flight.set(in_flight)

    def room(self, used_bytes: int, free_bytes: int) -> None:
        """What the journal takes and has left."""
        self._journal_bytes.set(used_bytes)
        self._journal_free_bytes.set(free_bytes)
