"""The collector's core in Python against the running product: with a thread and in an event loop."""

from __future__ import annotations

import asyncio
import time
import uuid

import pytest

from e2e.support_front import Front
from e2e.support_product import Product, Row
from firstframe.sdk import AsyncMonitor, Monitor, Options

pytestmark = pytest.mark.e2e

WATCHED = (
    ("play", 0, {"player_autoplay_on": False}),
    ("playing", 400, {"player_playhead_time": 0}),
    ("renditionchange", 400, {"video_source_bitrate": 2_000_000, "video_source_width": 1280}),
    (
        "requestcompleted",
        900,
        {"request_bytes_loaded": 500_000, "request_start": 0, "request_response_end": 100},
    ),
    ("rebufferstart", 2_400, {"player_playhead_time": 2_000}),
    ("rebufferend", 3_400, {"player_playhead_time": 2_000}),
    ("pause", 5_400, {"player_playhead_time": 4_000}),
)
"""What an integration tells: event, milliseconds since the play, data."""
AGO_MS = 6_000
"""When it began: before the first heartbeat is due."""


def options(address: str, video_id: str) -> Options:
    return Options(
        address, "k", {"video_id": video_id, "viewer_user_id": "me", "player_software_name": "Kiosk"}
    )


def as_told(row: Row) -> None:
    """The row is what `WATCHED` says."""
    assert (row["outcome"], row["end_reason"], row["approx"]) == ("exited", "ended", [])
    assert (row["video_startup_time_ms"], row["content_playing_time_ms"]) == (400, 4_000)
    assert (row["rebuffer_count"], row["rebuffer_duration_ms"]) == (1, 1_000)
    assert (row["request_bytes"], row["viewer_id"], row["player_software"]) == (500_000, "me", "Kiosk")
    assert (row["dialect"], row["autoplay"]) == ("native", False)


def test_a_thread_delivers_to_the_product(product: Product) -> None:
    """A view told by the monitor with a thread is a row, exact to the millisecond."""
    video_id, zero = f"thread-{uuid.uuid4().hex}", time.time() * 1000 - AGO_MS
    with Monitor("kiosk", options(product.collector_url, video_id)) as monitor:
        for event, at_ms, data in WATCHED:
            monitor.emit(event, data, round(zero) + at_ms)
    as_told(product.closed_view(video_id=video_id))


def test_a_task_delivers_to_the_product(product: Product) -> None:
    """The same of the monitor in an event loop, which goes on while it sends."""
    video_id, zero = f"task-{uuid.uuid4().hex}", time.time() * 1000 - AGO_MS

    async def visit() -> int:
        turns = 0
        async with AsyncMonitor("kiosk", options(product.collector_url, video_id)) as monitor:
            for event, at_ms, data in WATCHED:
                monitor.emit(event, data, round(zero) + at_ms)
                monitor.flush()
                await asyncio.sleep(0)
                turns += 1
        return turns

    assert asyncio.run(visit()) == len(WATCHED)
    as_told(product.closed_view(video_id=video_id))


def test_what_a_collector_that_was_down_missed_comes_again(product: Product) -> None:
    """Connections are cut at first; the view is whole all the same."""
    front = Front(product.collector_port)
    front.down()
    video_id, zero = f"down-{uuid.uuid4().hex}", time.time() * 1000 - AGO_MS
    try:
        with Monitor("kiosk", options(f"http://127.0.0.1:{front.port}", video_id)) as monitor:
            for event, at_ms, data in WATCHED:
                monitor.emit(event, data, round(zero) + at_ms)
            monitor.flush()
            time.sleep(0.5)
            assert product.views(video_id=video_id) == []
            front.up()
        as_told(product.closed_view(video_id=video_id))
    finally:
        front.close()
