"""firstframe's own collector in a real browser, against the running product: its numbers are what was seen."""

from __future__ import annotations

import pytest

from e2e import support_scenario as scenario
from e2e.support_bench import Bench, Runs
from e2e.support_collector import build_collector, exact, make_dash, target
from e2e.support_product import Product, row_of
from e2e.support_scenario import Scenario
from e2e.support_truth import disagreements

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PLAIN = (
    scenario.NORMAL,
    scenario.PAUSE,
    scenario.REBUFFER,
    scenario.ENDED,
    scenario.MID_ERROR,
    scenario.STARTUP_FAILURE,
    scenario.STARTUP_FAILURE_AFTER_PLAY,
    scenario.PLAY_AFTER_FAILURE,
    scenario.EXIT_BEFORE_START,
    scenario.SEEK,
    scenario.SEEK_PAUSED,
    scenario.AUTOPLAY_MUTED,
    scenario.TWO_VIDEOS,
    scenario.CLOSED_TAB,
    scenario.COLLECTOR_DOWN,
)


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """The package as it is now, where the pages find it."""
    build_collector()


@pytest.fixture(scope="module")
def runs(bench: Bench, product: Product) -> Runs:
    """All scenarios on a plain element, once."""
    return bench.run("collector", PLAIN, target(product))


OUTCOMES = {
    "normal": "exited",
    "pause": "exited",
    "rebuffer": "exited",
    "ended": "completed",
    "mid_error": "playback_failed",
    "startup_failure": "start_failed",
    "startup_failure_after_play": "start_failed",
    "play_after_failure": "start_failed",
    "exit_before_start": "exited_before_start",
    "seek": "exited",
    "seek_paused": "exited",
    "autoplay_muted": "exited",
    "closed_tab": "exited",
    "collector_down": "exited",
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_the_row_is_what_the_observer_saw(runs: Runs, product: Product, name: str) -> None:
    """Times as on any machine, nothing estimated, and every view ends well."""
    run = runs[name]
    row = row_of(product, run)
    assert disagreements(row, run.view) == []
    assert (row["outcome"], row["end_reason"], row["approx"]) == (OUTCOMES[name], "ended", [])


@pytest.mark.quiet
@pytest.mark.parametrize("name", OUTCOMES)
def test_the_row_is_exact(runs: Runs, product: Product, name: str) -> None:
    """Startup within 50 ms, play and rebuffer time within 2 % or 100 ms of what the observer saw."""
    run = runs[name]
    assert exact(row_of(product, run), run.view) == []


def test_two_videos_are_two_views(runs: Runs, product: Product) -> None:
    """Another source in the same element ends one view and begins another, in one session."""
    run = runs["two_videos"]
    rows = [row_of(product, run, place) for place in range(2)]
    for row, seen in zip(rows, run.truth["views"], strict=True):
        assert disagreements(row, seen) == []
    assert rows[0]["session_id"] == rows[1]["session_id"] is not None
    assert rows[0]["native_view_id"] != rows[1]["native_view_id"]


@pytest.mark.quiet
@pytest.mark.parametrize("place", [0, 1])
def test_both_of_two_videos_are_exact(runs: Runs, product: Product, place: int) -> None:
    """The change of the source falls where it was, not where the element told of it."""
    run = runs["two_videos"]
    assert exact(row_of(product, run, place), run.truth["views"][place]) == []


def test_who_where_and_with_what(runs: Runs, product: Product) -> None:
    """The page, the player, the SDK, the time zone and the metadata are known; the page without its query."""
    row = row_of(product, runs["normal"])
    assert (row["dialect"], row["sdk_name"], row["viewer_id"]) == ("native", "firstframe", "someone")
    assert (row["player_software"], row["custom"], row["video_id"]) == ("HTML5", {"custom_1": "c"}, "e2e")
    assert (row["player_width_px"], row["player_height_px"], row["video_height_px"]) == (640, 360, 360)
    assert row["page_url"].endswith("/page/collector")
    assert row["time_zone"]
    assert row["duration_ms"] == pytest.approx(40_000, abs=200)


def test_who_asked_for_playback(runs: Runs, product: Product) -> None:
    """The attribute's play is the page's, the call of a click is the viewer's."""
    assert (
        row_of(product, runs["autoplay_muted"])["autoplay"],
        row_of(product, runs["normal"])["autoplay"],
    ) == (
        True,
        False,
    )
    assert row_of(product, runs["autoplay_muted"])["muted"] is True


# players

ON_HLS = ("hls", "shaka", "videojs")


@pytest.fixture(scope="module")
def on_players(bench: Bench, product: Product) -> Runs:
    """A switch of renditions with each player, dash.js with a manifest of its own; live with hls.js."""
    make_dash(bench.server.media)
    visits = [
        scenario.QUALITY_SWITCH.but(name=f"quality_{player}", options={"player": player}) for player in ON_HLS
    ]
    dash = tuple(("load", "dash/sample.mpd") if step[0] == "load" else step for step in scenario.NORMAL.steps)
    visits.append(Scenario("quality_dash", dash, options={"player": "dash"}))
    visits.append(scenario.LIVE_PLAY.but(options={"player": "hls"}))
    missing = (("load", "missing.m3u8"), ("play",), ("wait", 2.5), ("leave", "navigate"))
    visits.append(Scenario("missing_hls", missing, options={"player": "hls"}))
    return bench.run("collector", visits, target(product))


@pytest.mark.parametrize("player", [*ON_HLS, "dash"])
def test_players_tell_renditions_and_requests(on_players: Runs, product: Product, player: str) -> None:
    """Bitrate for all that played, and requests with their size."""
    run = on_players[f"quality_{player}"]
    row = row_of(product, run)
    assert disagreements(row, run.view) == []
    assert row["bitrate_ms"] == pytest.approx(row["content_playing_time_ms"], rel=0.1)
    assert row["request_count"] > 3
    assert row["request_bytes"] > 50_000
    assert (row["outcome"], row["player_software"] != "HTML5") == ("exited", True)
    if player != "dash":
        assert row["rendition_downshifts"] + row["rendition_upshifts"] >= 1


@pytest.mark.quiet
@pytest.mark.parametrize("player", [*ON_HLS, "dash"])
def test_players_are_as_exact_as_a_plain_element(on_players: Runs, product: Product, player: str) -> None:
    """The same bounds with a player between the page and the element."""
    run = on_players[f"quality_{player}"]
    assert exact(row_of(product, run), run.view) == []


def test_live_has_a_latency_and_no_length(on_players: Runs, product: Product) -> None:
    """The latency is that of the segments' own clock."""
    row = row_of(product, on_players["live"])
    assert (row["live"], row["duration_ms"], row["completed"]) == (True, None, None)
    assert 0 < row["latency_sum_ms"] / row["latency_count"] < 30_000


def test_a_manifest_that_is_not_there_fails_the_start(on_players: Runs, product: Product) -> None:
    """The player's fatal error, with its code."""
    row = row_of(product, on_players["missing_hls"])
    assert (row["outcome"], row["fatal_error_code"]) == ("start_failed", "networkError")
