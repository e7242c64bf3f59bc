"""What the fold worker counts, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from firstframe.fold.reading import Batch
    from firstframe.fold.worker import Progress


class FoldMeter:
    """Counters and gauges of one worker, made on the registry it is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._beacons = Counter(
            "firstframe_fold_beacons", "Beacons taken from the journal", registry=registry
        )
        self._events = Counter("firstframe_fold_events", "Events stored", ["dialect"], registry=registry)
        self._rejects = Counter(
            "firstframe_fold_rejects", "Beacons and events not used", ["dialect", "reason"], registry=registry
        )
        self._folds = Counter("firstframe_fold_views", "Views folded", registry=registry)
        self._versions = Counter("firstframe_fold_versions", "Rows written", registry=registry)
        self._standing = Counter(
            "firstframe_fold_standing_views",
            "Folds of views whose first events are no longer stored: their rows stay as they were",
            registry=registry,
        )
        self._open = Gauge(
            "firstframe_fold_open_views", "Views in memory", registry=registry, multiprocess_mode="livesum"
        )
        self._lag = Gauge(
            "firstframe_journal_lag_beacons",
            "Accepted, not folded",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._lag_seconds = Gauge(
            "firstframe_freshness_seconds",
            "Age of the oldest accepted beacon that cannot be seen yet",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.engine_seconds = Histogram(
            "firstframe_engine_seconds", "Time for the engine to answer", ["what"], registry=registry
        )

    def took(self, batch: Batch) -> None:
        self._beacons.inc(batch.beacon_count)
        for name, events in batch.events.items():
            self._events.labels(name.dialect).inc(len(events))
        for refused in batch.refused:
            self._rejects.labels(refused.dialect, refused.reject.reason.value).inc()

    def wrote(self, folds: int, versions: int, *, standing: int) -> None:
        self._folds.inc(folds)
        self._standing.inc(standing)
        self._versions.inc(versions)

    def tell(self, progress: Progress) -> None:
        self._open.set(progress.open_views)
        self._lag.set(progress.lag_beacons)
        self._lag_seconds.set(progress.lag_seconds)
