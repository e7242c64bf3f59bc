"""The real Pillarbox web player in a real browser, against the running product: its numbers are what was seen."""

from __future__ import annotations

import pytest

from e2e import support_scenario as scenario
from e2e.support_bench import Bench, Runs, Target
from e2e.support_product import Product, row_of
from e2e.support_truth import disagreements

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SCENARIOS = (
    scenario.NORMAL,
    scenario.PAUSE,
    scenario.REBUFFER,
    scenario.PAUSE_IN_REBUFFER,
    scenario.EXIT_IN_REBUFFER,
    scenario.ENDED,
    scenario.MID_ERROR,
    scenario.STARTUP_FAILURE,
    scenario.TWO_VIDEOS,
    scenario.CLOSED_TAB,
    scenario.SEEK,
    scenario.QUALITY_SWITCH,
    scenario.AUTOPLAY_MUTED,
    scenario.LIVE_PLAY,
    scenario.CRASH,
    scenario.COLLECTOR_DOWN,
)


@pytest.fixture(scope="module")
def runs(bench: Bench, product: Product) -> Runs:
    """All scenarios, once."""
    address = "http://127.0.0.1:{port}/pillarbox/api/events"
    target = Target(product.collector_port, lambda port, _: address.format(port=port))
    return bench.run("pillarbox", SCENARIOS, target)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("normal", "exited"),
        ("pause", "exited"),
        ("rebuffer", "exited"),
        ("pause_in_rebuffer", "exited"),
        ("exit_in_rebuffer", "exited"),
        ("ended", "exited"),
        ("mid_error", "playback_failed"),
        ("startup_failure", "start_failed"),
        ("closed_tab", "exited"),
        ("seek", "exited"),
        ("quality_switch", "exited"),
        ("autoplay_muted", "exited"),
        ("live", "exited"),
    ],
)
def test_the_row_is_what_the_observer_saw(runs: Runs, product: Product, name: str, outcome: str) -> None:
    """Every number is near the truth, null, or says that it is not exact."""
    run = runs[name]
    row = row_of(product, run)
    assert disagreements(row, run.view) == []
    assert (row["outcome"], row["end_reason"]) == (outcome, "ended")


@pytest.mark.parametrize(
    "name",
    [
        "normal",
        "pause",
        "rebuffer",
        "pause_in_rebuffer",
        "exit_in_rebuffer",
        "ended",
        "mid_error",
        "closed_tab",
        "seek",
    ],
)
def test_play_time_is_near_even_where_it_is_flagged(runs: Runs, product: Product, name: str) -> None:
    """The player's own counter is wrong by more than half after a stall or a seek; the row is not."""
    run = runs[name]
    true_ms = run.view["playing_ms"]
    assert row_of(product, run)["content_playing_time_ms"] == pytest.approx(true_ms, rel=0.06, abs=150)


def test_a_rebuffer_is_counted_once_with_its_length(runs: Runs, product: Product) -> None:
    """The server held data back: one stall, as long as the observer saw it."""
    run = runs["rebuffer"]
    row = row_of(product, run)
    longest = max(stall["t1"] - stall["t0"] for stall in run.view["stalls"])
    assert row["rebuffer_count"] >= 1
    assert row["rebuffer_duration_ms"] == pytest.approx(longest, rel=0.05, abs=300)


@pytest.mark.parametrize("name", ["pause_in_rebuffer", "exit_in_rebuffer"])
def test_a_stall_that_a_pause_or_the_end_cuts_short_is_as_long_as_seen(
    runs: Runs, product: Product, name: str
) -> None:
    """The player counts the pause with the one, and the other not at all."""
    run = runs[name]
    row = row_of(product, run)
    assert row["rebuffer_count"] == 1
    assert row["rebuffer_duration_ms"] == pytest.approx(run.view["stalled_ms"], rel=0.06, abs=250)


def test_errors_bear_the_players_code(runs: Runs, product: Product) -> None:
    """The code and the class of what went wrong."""
    startup, mid = row_of(product, runs["startup_failure"]), row_of(product, runs["mid_error"])
    assert startup["fatal_error_code"] == "MEDIA_ERR_SRC_NOT_SUPPORTED: 4"
    assert mid["fatal_error_code"] == f"MEDIA_ERR_DECODE: {runs['mid_error'].view['error']['code']}"
    assert {startup["error_class"], mid["error_class"]} == {"technical"}


def test_two_videos_are_two_views_of_one_viewer(runs: Runs, product: Product) -> None:
    """Each with its own numbers; the first is not taken for live by the STOP of an emptied element."""
    run = runs["two_videos"]
    rows = [row_of(product, run, place) for place in (0, 1)]
    for row, view in zip(rows, run.truth["views"], strict=True):
        assert disagreements(row, view) == []
        assert row["live"] is False
    assert rows[0]["viewer_id"] == rows[1]["viewer_id"] is not None
    assert rows[0]["native_view_id"] != rows[1]["native_view_id"]


def test_live_is_live(runs: Runs, product: Product) -> None:
    """The sliding window has no duration, and a latency from its dates."""
    row = row_of(product, runs["live"])
    assert (row["live"], row["duration_ms"], row["completed"], row["protocol"]) == (True, None, None, "hls")
    assert 0 < row["latency_sum_ms"] / row["latency_count"] < 60_000


def test_dimensions_come_from_the_page_and_the_request(runs: Runs, product: Product) -> None:
    """Player, page, host and browser, as a person would filter by them."""
    row = row_of(product, runs["normal"])
    assert (row["dialect"], row["player_name"], row["player_version"]) == ("pillarbox", "Pillarbox", "1.32.2")
    assert (row["page_host"], row["source_host"]) == ("127.0.0.1", "127.0.0.1")
    assert "?" not in row["page_url"]
    assert (row["os"], row["player_width_px"]) == ("Linux", 640)
    assert row["browser"] is not None


def test_a_crash_leaves_an_open_view(runs: Runs, product: Product) -> None:
    """Nothing is sent when a tab dies: the row waits for the silence to be long enough."""
    row = product.wait_for_view(source_url=runs["crash"].sources[0])
    assert (row["closed"], row["end_reason"]) == (False, None)


def test_what_a_dead_collector_missed_is_said(runs: Runs, product: Product) -> None:
    """START was lost and is never resent: the rest is a view of unknown context with the right play time."""
    run = runs["collector_down"]
    (row,) = [row for row in product.views(dialect="pillarbox") if "start_lost" in row["approx"]]
    assert row["content_playing_time_ms"] == pytest.approx(run.view["playing_ms"], rel=0.05, abs=150)


def test_one_view_shows_its_events_and_states(runs: Runs, product: Product) -> None:
    """Every event with every key, and states that add up to the play time."""
    row = row_of(product, runs["normal"])
    view = product.view(row["view_id"])
    assert [event["name"] for event in view["events"]] == ["START", "HEARTBEAT", "STOP"]
    playing_ms = sum(
        state["end_ms"] - state["start_ms"] for state in view["states"] if state["state"] == "playing"
    )
    assert playing_ms == pytest.approx(row["content_playing_time_ms"], abs=1)
