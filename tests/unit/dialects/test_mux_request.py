"""What the media requests of a Mux view come to."""

from __future__ import annotations

import pytest

from firstframe.view.derived import derive
from support_mux import event, folded, numbered


def test_requests_run_on_between_views():
    """The player's second view starts with what the first one counted; lost events leave only the sums."""
    events = numbered(
        [
            event("loadstart", 0, mux_embed="mux-embed", view_request_count=40, view_request_failed_count=2),
            event("play", 10),
            event("playing", 20),
            event("hb", 9_000),
            event("viewend", 9_999, view_request_count=46, view_request_failed_count=3),
        ]
    )
    for number, one in enumerate(events, 70):
        one["player_sequence_number"] = number
    del events[3]
    row = folded(events)
    assert (row.request_count, row.request_failed_count, row.request_canceled_count) == (6, 1, 0)


def test_requests_are_measured_by_their_own_events():
    """A failed request repeats the bytes of the one before it, and they are not counted again."""
    done = {"request_start": 1000, "request_response_start": 1100, "request_response_end": 1600}
    row = folded(
        numbered(
            [
                event("requestcompleted", 1, **done, request_bytes_loaded=500_000, view_request_count=1),
                event("requestfailed", 2, **done, request_bytes_loaded=500_000, request_error_code=404),
                event("requestcanceled", 3, **done, request_bytes_loaded=500_000),
                event(
                    "requestcompleted",
                    4,
                    request_start=2000,
                    request_response_end=3000,
                    request_bytes_loaded=250_000,
                    request_response_headers={"X-CDN": "edge-one"},
                ),
            ]
        )
    )
    assert (row.request_count, row.request_failed_count, row.request_canceled_count) == (4, 1, 1)
    assert derive(row)["request_throughput_bps"] == pytest.approx(750_000 * 8000 / 1500)
    assert (derive(row)["request_latency_ms"], row.max_request_latency_ms) == (100, 100)
    assert row.cdn == "edge-one"


def test_averages_stand_where_no_request_came():
    """A view whose request events were all left out still has its throughput and latency."""
    row = folded(
        [
            event("play", 0),
            event("playing", 5),
            event(
                "viewend",
                100,
                view_request_count=12,
                view_average_request_throughput=4e6,
                view_average_request_latency=35,
                view_max_request_latency=90,
            ),
        ]
    )
    assert derive(row)["request_throughput_bps"] == pytest.approx(4e6)
    assert (derive(row)["request_latency_ms"], row.max_request_latency_ms) == (35, 90)
    assert (row.request_count, row.request_failed_count) == (12, 0)
