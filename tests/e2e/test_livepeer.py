"""The real Livepeer SDKs in a real browser, against the running product: its numbers are what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from e2e import support_scenario as scenario
from e2e.support_bench import Bench, Runs, Target
from e2e.support_front import Front
from e2e.support_product import Product, row_of
from e2e.support_truth import disagreements

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

Certificate = tuple[Path, Path]
Scenarios = Sequence[scenario.Scenario]

WHO = {"playbackId": "abcdefgh12345678", "viewerId": "viewer-e2e"}
SHORT_MS = 1000
"""An interval between heartbeats so short that a destroyed session has shown it."""

PLAIN = tuple(
    each.but(source=WHO)
    for each in (
        scenario.NORMAL,
        scenario.PAUSE,
        scenario.ENDED,
        scenario.STARTUP_FAILURE_AFTER_PLAY,
        scenario.MID_ERROR,
        scenario.REBUFFER,
        scenario.PAUSE_IN_REBUFFER,
        scenario.EXIT_IN_REBUFFER,
        scenario.REPLAY,
        scenario.EXIT_BEFORE_START,
        scenario.SEEK,
        scenario.SEEK_PAUSED,
        scenario.AUTOPLAY_MUTED,
        scenario.TWO_VIDEOS.but(source={"interval": SHORT_MS}),
        scenario.COLLECTOR_DOWN,
        scenario.CLOSED_TAB,
    )
)


@pytest.fixture(scope="module")
def plain(bench: Bench, product: Product) -> Runs:
    """`addMediaMetrics` on a plain element; the reporting address set on its store."""
    target = Target(product.collector_port, lambda port, _: f"http://127.0.0.1:{port}/livepeer/analytics/log")
    return bench.run("livepeer", PLAIN, target)


ID = "abcdefgh12345678"
HOST = "http://vod-cdn.lp-playback.studio/media/{token}"
MP4 = f"{HOST}/hls/{ID}/sample.mp4"
HLS = f"{HOST}/hls/{ID}/index.m3u8"
SEEK_CALL = "store.getState().__controlsFunctions.requestSeek(20)"


def of_host(each: scenario.Scenario, media: str) -> scenario.Scenario:
    """The scenario with media of the vendor's host, where the SDK finds its collector by itself."""
    steps = tuple(("load", media) if step[0] == "load" else step for step in each.steps)
    return each.but(steps=steps, source={"viewerId": "viewer-e2e"})


def discovering(
    bench: Bench, product: Product, certificate: Certificate, page: str, scenarios: Scenarios
) -> Runs:
    """Run pages whose requests for the vendor's hosts come to us: DNS and TLS, as an operator would set it up."""
    front = Front(product.collector_port, certificate)
    media_port = bench.server.url.rpartition(":")[2]
    rules = f"MAP playback.livepeer.studio 127.0.0.1:{front.port}, MAP *.lp-playback.studio 127.0.0.1:{media_port}"
    try:
        runs = bench.run(page, scenarios, Target(product.collector_port, lambda *_: ""), resolver_rules=rules)
    finally:
        front.close()
    # Another try needs another front.
    runs.repeat = partial(discovering, bench, product, certificate, page)
    return runs


REACT = (
    *(
        each.but(source={**WHO, "kind": "video"})
        for each in (
            scenario.NORMAL,
            scenario.PAUSE,
            scenario.MID_ERROR,
            scenario.AUTOPLAY_MUTED,
            scenario.TWO_VIDEOS,
        )
    ),
    scenario.SEEK.but(
        source={**WHO, "kind": "video"},
        steps=tuple(("evaluate", SEEK_CALL) if step[0] == "seek" else step for step in scenario.SEEK.steps),
    ),
    scenario.REBUFFER.but(
        name="rebuffer_hls",
        steps=tuple(
            ("load", scenario.VOD) if step[0] == "load" else step for step in scenario.REBUFFER.steps
        ),
        source={**WHO, "kind": "hls"},
        fault={"match": r"00[3-9]\.ts", "hold_at": 20_000},
    ),
    scenario.LIVE_PLAY.but(source={**WHO, "kind": "hls"}),
)


@pytest.fixture(scope="module")
def react(bench: Bench, product: Product) -> Runs:
    """The React player."""
    target = Target(product.collector_port, lambda port, _: f"http://127.0.0.1:{port}/livepeer/analytics/log")
    return bench.run("livepeer-react", REACT, target)


@pytest.fixture(scope="module")
def found(bench: Bench, product: Product, certificate: Certificate) -> Runs:
    """`addMediaMetrics` that finds the collector itself and reports over both channels."""
    scenarios = [of_host(each, MP4) for each in (scenario.NORMAL, scenario.REBUFFER, scenario.TWO_VIDEOS)]
    return discovering(bench, product, certificate, "livepeer", scenarios)


@pytest.fixture(scope="module")
def socket_only(bench: Bench, product: Product, certificate: Certificate) -> Runs:
    """The last package that reports over a WebSocket alone."""
    scenarios = [of_host(each, MP4) for each in (scenario.NORMAL, scenario.PAUSE, scenario.REBUFFER)]
    return discovering(bench, product, certificate, "livepeer4", scenarios)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("normal", "exited"),
        ("pause", "exited"),
        ("ended", "completed"),
        ("startup_failure_after_play", "start_failed"),
        ("mid_error", "playback_failed"),
        ("rebuffer", "exited"),
        ("pause_in_rebuffer", "exited"),
        ("exit_in_rebuffer", "exited"),
        ("replay", "exited"),
        ("exit_before_start", "exited_before_start"),
        ("seek", "exited"),
        ("seek_paused", "exited"),
        ("autoplay_muted", "exited"),
        ("collector_down", "exited"),
        ("closed_tab", "exited"),
    ],
)
def test_the_row_is_what_the_observer_saw(plain: Runs, product: Product, name: str, outcome: str) -> None:
    """Every number is near the truth, null, or says that it is not exact."""
    run = plain[name]
    row = row_of(product, run)
    # To the observer a seek in pause is a seek; to the SDK it does not exist.
    ignored = {"pause_time_ms"} if name == "seek_paused" else set()
    assert disagreements(row, run.view, ignore=ignored) == []
    assert (row["outcome"], row["end_reason"]) == (outcome, "ended")


@pytest.mark.parametrize(
    "name", ["normal", "pause", "mid_error", "autoplay_muted", "seek", "rebuffer_hls", "live"]
)
def test_react_rows_are_what_the_observer_saw(react: Runs, product: Product, name: str) -> None:
    """The player with its own controls."""
    run = react[name]
    assert disagreements(row_of(product, run), run.view) == []


@pytest.mark.parametrize("name", ["normal", "rebuffer"])
def test_discovered_rows_are_what_the_observer_saw(found: Runs, product: Product, name: str) -> None:
    """Nothing in the page names us."""
    run = found[name]
    row = row_of(product, run)
    assert disagreements(row, run.view) == []
    assert (row["extra"]["reported_over"], row["playback_id"]) == ("http", ID)


@pytest.mark.parametrize("name", ["normal", "pause", "rebuffer"])
def test_socket_rows_are_what_the_observer_saw(socket_only: Runs, product: Product, name: str) -> None:
    """Totals over a WebSocket, up to a second short."""
    run = socket_only[name]
    row = product.wait_for_view(lambda row: row["started"], source_url=run.sources[0])
    assert row["extra"]["reported_over"] == "websocket"
    assert row["content_playing_time_ms"] == pytest.approx(run.view["playing_ms"], abs=1_400)


@pytest.mark.parametrize(
    "name", ["normal", "pause", "ended", "mid_error", "rebuffer", "seek_paused", "closed_tab"]
)
def test_play_time_is_near_even_where_it_is_flagged(plain: Runs, product: Product, name: str) -> None:
    """Flags excuse nothing here: what the SDK claims too much or loses is put right."""
    run = plain[name]
    true_ms = run.view["playing_ms"]
    found = row_of(product, run)["content_playing_time_ms"]
    assert found == pytest.approx(true_ms, rel=0.06, abs=150 + run.view.get("hiccup_ms", 0))


def test_waits_of_a_rebuffer_are_as_long_as_seen(plain: Runs, product: Product) -> None:
    """The server held data back: a wait that long, once."""
    run = plain["rebuffer"]
    row = row_of(product, run)
    longest = max(stall["t1"] - stall["t0"] for stall in run.view["stalls"])
    assert row["rebuffer_count"] >= 1
    assert row["rebuffer_duration_ms"] == pytest.approx(longest, rel=0.05, abs=300)


def test_the_seek_of_a_replay_is_no_rebuffer(plain: Runs, product: Product) -> None:
    """The SDK counts a wait when the browser goes back to the beginning."""
    row = row_of(product, plain["replay"])
    assert (row["rebuffer_count"], row["completed"]) == (0, True)


def test_two_videos_are_two_sessions_of_one_viewer(plain: Runs, product: Product) -> None:
    """The first session is destroyed while it plays and claims time to the end of the page: one interval counts."""
    run = plain["two_videos"]
    first, second = (row_of(product, run, place) for place in (0, 1))
    true_first, true_second = (view["playing_ms"] for view in run.truth["views"])
    assert first["content_playing_time_ms"] <= true_first + SHORT_MS + 500
    assert second["content_playing_time_ms"] == pytest.approx(true_second, rel=0.06, abs=400)
    assert first["viewer_id"] == second["viewer_id"] == WHO["viewerId"]
    assert first["native_view_id"] != second["native_view_id"]


def test_a_destroyed_session_with_a_socket_ends_in_time(found: Runs, product: Product) -> None:
    """The WebSocket beside it fell silent when the session was destroyed: no second more counts."""
    run = found["two_videos"]
    true_ms = run.truth["views"][0]["playing_ms"]
    rows = product.views(source_url=run.sources[0])
    first = min(rows, key=lambda row: row["view_start_ms"])
    assert first["content_playing_time_ms"] <= true_ms + 1_300


def test_errors_bear_the_sdks_category(plain: Runs, product: Product) -> None:
    """A 404 is `offline`, which the SDK calls a warning; a decoding error is `unknown`."""
    startup = row_of(product, plain["startup_failure_after_play"])
    mid = row_of(product, plain["mid_error"])
    assert (startup["fatal_error_code"], startup["error_class"]) == ("offline", "technical")
    assert (mid["fatal_error_code"], mid["error_class"]) == ("unknown", "technical")


def test_autoplay_and_dimensions(plain: Runs, product: Product) -> None:
    """What a person would filter by."""
    row = row_of(product, plain["autoplay_muted"])
    assert row["autoplay"] is True
    row = row_of(product, plain["normal"])
    assert (row["dialect"], row["player_name"], row["sdk_version"]) == ("livepeer", "video", "3.3.1")
    assert (row["playback_id"], row["viewer_id"]) == (WHO["playbackId"], WHO["viewerId"])
    assert (row["autoplay"], row["live"], row["protocol"]) == (False, False, "progressive")
    assert (row["page_host"], row["player_width_px"], row["video_height_px"]) == ("127.0.0.1", 640, 360)


def test_live_is_live(react: Runs, product: Product) -> None:
    """The sliding window has no duration."""
    row = row_of(product, react["live"])
    assert (row["live"], row["duration_ms"], row["completed"], row["protocol"]) == (True, None, None, "hls")


def test_seeks_of_the_react_player_are_known(react: Runs, product: Product) -> None:
    """Its own controls report them."""
    assert row_of(product, react["seek"])["seek_count"] == 1


def test_the_livepeer_api_counts_what_was_played(plain: Runs, product: Product) -> None:
    """The vendor's public total of the playback id, keyless, from what the browser played."""
    row_of(product, plain["closed_tab"])
    total = product.api_get(f"/api/data/views/query/total/{WHO['playbackId']}")
    rows = product.views(playback_id=WHO["playbackId"], attempted=True)
    assert total["viewCount"] == len(rows)
    played = sum(row["content_playing_time_ms"] for row in rows)
    assert total["playtimeMins"] == pytest.approx(played / 60_000, rel=0.02)
