"""The real Bitmovin collector against the running product: licence, beacons, rows through the API."""

from __future__ import annotations

import pytest

from e2e.support_bench import Run, Target
from e2e.support_scenario import ENDED, NORMAL, STARTUP_FAILURE
from firstframe.dialects.bitmovin import BITMOVIN

pytestmark = pytest.mark.e2e

NAMES = {"analytics": {"key": "any-key", "videoId": "v1", "title": "A title", "experimentName": "b"}}


@pytest.fixture(scope="module")
def runs(bench, product) -> dict[str, Run]:
    """Three visits to the HTML5 page that report to the product."""
    target = Target(product.collector_port, lambda port, _: f"http://127.0.0.1:{port}/bitmovin")
    return bench.run("bitmovin", [NORMAL.but(source=NAMES), ENDED, STARTUP_FAILURE], target)


def test_a_view_arrives(runs, product) -> None:
    """A visit becomes one row of the API, with the names the page gave it and a clean end."""
    row = product.closed_view(source_url=runs["normal"].sources[0])
    assert (row["dialect"], row["outcome"], row["end_reason"]) == (BITMOVIN.name, "exited", "ended")
    assert (row["video_id"], row["video_title"], row["experiment"]) == ("v1", "A title", "b")
    assert row["content_playing_time_ms"] > 0
    assert row["browser"]
    assert row["page_host"] == "127.0.0.1"


def test_ends_and_failures_arrive(runs, product) -> None:
    """A finished video is completed, a missing one a failed start with the player's message."""
    ended = product.closed_view(source_url=runs["ended"].sources[0])
    assert (ended["outcome"], ended["completed"]) == ("completed", True)
    failed = product.wait_for_view(
        lambda row: row["error_count"] > 0, source_url=runs["startup_failure"].sources[0]
    )
    assert (failed["outcome"], failed["fatal_error_code"]) == ("start_failed", "4")


def test_the_page_stays_quiet(runs) -> None:
    """The product's answers make the collector throw nothing in the page."""
    assert [line for run in runs.values() for line in run.console if line.startswith("uncaught")] == []
