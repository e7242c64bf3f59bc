"""Ads as real players show them, told by our own collector: breaks, impressions, and no seek or stall of the viewer's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from e2e.support_bench import Bench, Run, Target
from e2e.support_collector import build_collector, make_ads
from e2e.support_recorder import Recorder
from e2e.support_scenario import Scenario
from firstframe.dialects.base import Dialect
from firstframe.dialects.native import NATIVE
from firstframe.view.record import ViewRecord
from support_recorded import fold_recorded

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

Told = Callable[[str], tuple[Run, list[ViewRecord]]]

WATCHED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "hls_insert": ("hls", "ads-insert.m3u8", {}),
    "hls_preroll": ("hls", "ads-preroll.m3u8", {}),
    "hls_in_place": ("hls", "ads-in-place.m3u8", {}),
    "shaka_insert": ("shaka", "ads-insert.m3u8", {}),
    "shaka_preroll": ("shaka", "ads-preroll.m3u8", {}),
    "shaka_apart": ("shaka", "ads-insert.m3u8", {"apart": True}),
    "videojs_preroll": ("videojs", "sample.mp4", {"ad": "short.mp4"}),
}
"""Name → player, media, and how the page sets it up: in the element of the content, or in one of its own."""
LAST_SECOND = 9
"""Of the content: behind all breaks, and further than any ad is long."""


def ad_ms(name: str) -> int:
    """How long the ad is."""
    return 8_000 if name.startswith("videojs") else 4_000


@pytest.fixture(scope="module")
def told(bench: Bench, recorder_for: Callable[[Dialect | None], Recorder]) -> Told:
    """Each break watched once: gives a run, and what was folded from what its page sent."""
    build_collector()
    make_ads(bench.server.media)
    recorder = recorder_for(NATIVE)
    content = f"window.observer.view.max_position > {LAST_SECOND} && window.observer.state() === 'playing'"
    visits = [
        Scenario(
            name,
            (
                ("load", media),
                ("until", "ready", 30),
                ("play",),
                ("until", content, 40),
                ("leave", "navigate"),
            ),
            source=source,
            options={"player": player},
        )
        for name, (player, media, source) in WATCHED.items()
    ]
    runs = bench.run(
        "collector", visits, Target(recorder.port, lambda port, to: f"http://127.0.0.1:{port}/{to}")
    )

    def of(name: str) -> tuple[Run, list[ViewRecord]]:
        run = runs[name]
        return run, fold_recorded(NATIVE, recorder.below(f"/{run.token}"))

    return of


@pytest.mark.parametrize("name", WATCHED)
def test_an_ad_is_told_as_one(told: Told, name: str) -> None:
    """Each break has one ad, which was seen; the content is one view of one video, and nothing failed."""
    run, rows = told(name)
    (row,) = rows
    assert row.ad_breaks is not None
    assert row.ad_breaks >= 1
    assert row.ad_breaks == row.ad_attempts == row.ad_impressions
    assert (row.outcome, row.fatal_error_code) == ("exited", None)
    assert row.source_url == run.sources[0]


@pytest.mark.quiet
@pytest.mark.parametrize("name", WATCHED)
def test_an_ad_is_as_long_as_it_is(told: Told, name: str) -> None:
    """One break; the way to the ad and back to the content is no seek, pause or stall of the viewer's."""
    run, (row,) = told(name)
    assert (row.ad_breaks, row.seek_count) == (1, 0)
    assert row.pause_time_ms is not None
    assert row.pause_time_ms <= 300
    assert row.ad_playing_time_ms is not None
    assert ad_ms(name) - 300 <= row.ad_playing_time_ms <= ad_ms(name) + 300 + stood(run)


@pytest.mark.quiet
@pytest.mark.parametrize("name", [name for name in WATCHED if name.endswith("preroll")])
def test_a_preroll_is_the_first_frame(told: Told, name: str) -> None:
    """Startup ends with the first frame of the ad; the break does not begin before somebody wants to play."""
    run, (row,) = told(name)
    assert row.video_startup_time_ms == pytest.approx(run.view["startup_ms_from_play"], abs=150)


@pytest.mark.quiet
@pytest.mark.parametrize("name", [name for name in WATCHED if not name.endswith("apart")])
def test_content_and_ad_are_all_that_played(told: Told, name: str) -> None:
    """Together they are what the observer saw the one element play."""
    run, (row,) = told(name)
    assert row.ad_playing_time_ms is not None
    assert row.content_playing_time_ms is not None
    played = row.content_playing_time_ms + row.ad_playing_time_ms
    assert played == pytest.approx(run.view["playing_ms"], abs=300 + stood(run))


def stood(run: Run) -> float:
    """How long a starved processor let the clock stand, which may count as playing."""
    return run.view["hiccup_ms"] + run.view["stalled_ms"] / 2
