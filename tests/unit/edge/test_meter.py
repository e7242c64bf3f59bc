"""What the edge counts of itself."""

from prometheus_client import CollectorRegistry

from firstframe.edge.meter import Meter


def test_beacons_of_one_sync_are_counted_each_and_observed_once():
    """The first of them has waited longest; the next sync is another one."""
    registry = CollectorRegistry()
    meter = Meter(registry)
    for began, now in ((1.0, 1.02), (1.01, 1.0201), (1.019, 1.0209), (1.02, 1.03)):
        meter.accepted("mux", began, now)
    meter.flush(0)
    assert registry.get_sample_value("firstframe_edge_accepted_beacons_total", {"dialect": "mux"}) == 4
    assert registry.get_sample_value("firstframe_edge_append_seconds_count") == 2
    total = registry.get_sample_value("firstframe_edge_append_seconds_sum")
    assert total is not None
    assert round(total, 6) == 0.03
