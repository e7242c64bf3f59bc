"""What the watch counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class AlertMeter:
    """Counters and gauges, made on the registry they are given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.looks = Counter("firstframe_alert_looks", "Alerts looked at", ["result"], registry=registry)
        self.incidents = Counter(
            "firstframe_alert_incidents", "Incidents opened and closed", ["event"], registry=registry
        )
        self.notices = Counter(
            "firstframe_alert_notices", "Notices sent", ["kind", "result"], registry=registry
        )
        self.seen = Gauge(
            "firstframe_alert_seen_timestamp_seconds",
            "Up to when all alerts were looked at; far behind now, they are blind",
            registry=registry,
            multiprocess_mode="livemax",
        )
