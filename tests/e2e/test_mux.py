"""The real mux-embed in a real browser, on a plain video and with hls.js: rows of the API against the observer."""

from __future__ import annotations

import json
import time

import pytest

from e2e import support_scenario as scenario
from e2e.support_bench import Target
from e2e.support_product import row_of
from e2e.support_scenario import Scenario
from e2e.support_truth import disagreements, near

pytestmark = pytest.mark.e2e

KEY = "e2eenvkey0123456789abcdef"


def on_hls(plain: Scenario, name: str, **changes: object) -> Scenario:
    """The same visit with hls.js."""
    steps = tuple(
        ("load", scenario.VOD) if step == ("load", scenario.SAMPLE) else step for step in plain.steps
    )
    return plain.but(name=name, steps=steps, **changes)


def lasting(visit: Scenario) -> Scenario:
    """The same, with time for what leaves at the very end to leave."""
    return visit.but(steps=(*visit.steps, ("wait", 1.5)))


SEGMENTS = r"\.(ts|m4s|mp4)$"
HLS_NORMAL = on_hls(scenario.NORMAL, "hls_normal")
HLS_PAUSE = on_hls(scenario.PAUSE, "hls_pause")
HLS_SEEK = on_hls(scenario.SEEK, "hls_seek")
HLS_EXIT = on_hls(scenario.EXIT_BEFORE_START, "hls_exit_before_start", fault={"match": SEGMENTS})
HLS_FAILURE = Scenario(
    "hls_startup_failure", (("load", "missing.m3u8"), ("play",), ("wait", 2.5), ("leave", "navigate"))
)
HLS_SEGMENT_ERROR = Scenario(
    "hls_segment_error",
    (
        ("load", scenario.VOD),
        *scenario.READY,
        ("fault", {"match": SEGMENTS, "status": 404}),
        ("play",),
        ("until", "playing"),
        ("until", "stalled", 20),
        ("wait", 3),
        ("leave", "navigate"),
    ),
    source={
        "hls": {
            "maxBufferLength": 4,
            "maxMaxBufferLength": 4,
            "fragLoadPolicy": {"default": {"maxTimeToFirstByteMs": 9000, "maxLoadTimeMs": 20000}},
        }
    },
)
"""A segment is gone: the error is fatal, and what was buffered plays on."""
PLAIN = (
    scenario.NORMAL,
    scenario.PAUSE,
    scenario.ENDED,
    scenario.STARTUP_FAILURE,
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
    scenario.TWO_VIDEOS,
    scenario.COLLECTOR_DOWN,
    scenario.CLOSED_TAB,
    scenario.HIDDEN,
)
WITH_HLS = (
    scenario.QUALITY_SWITCH,
    scenario.LIVE_PLAY,
    HLS_NORMAL,
    HLS_PAUSE,
    HLS_SEEK,
    HLS_EXIT,
    HLS_FAILURE,
    HLS_SEGMENT_ERROR,
)
CUSTOM = Scenario(
    "custom", (("load", "by-hand.mp4"), ("play",), ("until", "document.documentElement.dataset.over", 60))
)


def at_tenant(port: int, token: str) -> str:
    """Plain http, which the SDK only speaks to a text that ends in localhost."""
    return f"127.0.0.1:{port}/mux/{KEY}#localhost"


def at_root(port: int, token: str) -> str:
    """As documented: a bare host, over https."""
    return f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def runs(bench, product):
    return bench.run(
        "mux", [lasting(visit) for visit in (*PLAIN, *WITH_HLS)], Target(product.collector_port, at_tenant)
    )


@pytest.fixture(scope="module")
def custom(bench, product):
    return bench.run("mux-custom", [CUSTOM], Target(product.collector_port, at_tenant))


@pytest.fixture
def by_hand(custom):
    return custom["custom"]


PLAYED = (
    *(one.name for one in PLAIN if one.name not in {"two_videos", "startup_failure"}),
    *(one.name for one in WITH_HLS if one.name != "hls_startup_failure"),
)


@pytest.mark.parametrize("name", [name for name in PLAYED if name != "startup_failure_after_play"])
def test_the_numbers_are_what_the_observer_saw(runs, product, name):
    """Playing, waiting, stalls, seeks and pauses agree with the element's own clock."""
    run = runs[name]
    row = row_of(product, run)
    assert disagreements(row, run.view) == []


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("normal", "exited"),
        ("ended", "completed"),
        ("mid_error", "playback_failed"),
        ("exit_before_start", "exited_before_start"),
        ("hls_exit_before_start", "exited_before_start"),
        ("collector_down", "exited"),
        ("closed_tab", "exited"),
        ("hidden", "exited"),
        ("quality_switch", "exited"),
    ],
)
def test_outcomes(runs, product, name, outcome):
    """Each visit went as it went, and nothing was lost on the way."""
    row = row_of(product, runs[name])
    assert (row["outcome"], row["end_reason"], row["approx"]) == (outcome, "ended", [])


@pytest.mark.parametrize("name", ["startup_failure", "startup_failure_after_play", "hls_startup_failure"])
def test_startup_failures(runs, product, name):
    """A source that is not there fails the start, also when the SDK never says that somebody pressed play."""
    run = runs[name]
    row = product.wait_for_view(lambda row: row["outcome"] != "not_attempted", source_url=run.sources[0])
    assert (row["outcome"], row["started"], row["error_count"] > 0) == ("start_failed", False, True)
    assert row["fatal_error_code"] in ("4", "networkError")


def test_two_videos_are_two_views(runs, product):
    """`videochange` ends the first view and begins the second, in one session of one player."""
    run = runs["two_videos"]
    rows = [row_of(product, run, number) for number in range(2)]
    for row, seen in zip(rows, run.truth["views"], strict=True):
        assert disagreements(row, seen) == []
    assert rows[0]["view_id"] != rows[1]["view_id"]
    assert rows[0]["session_id"] == rows[1]["session_id"] is not None
    assert rows[0]["viewer_id"] == rows[1]["viewer_id"] is not None


def test_autoplay(runs, product):
    """The element's attribute says that the page wanted it."""
    assert row_of(product, runs["autoplay_muted"])["autoplay"] is True
    assert row_of(product, runs["normal"])["autoplay"] is False


def test_quality_and_requests(runs, product):
    """With hls.js the renditions that were on the screen, their bitrates and the requests are known."""
    row = row_of(product, runs["quality_switch"])
    assert row["rendition_downshifts"] >= 1
    assert row["rendition_upshifts"] >= 1
    assert row["bitrate_ms"] == pytest.approx(row["content_playing_time_ms"], rel=0.1)
    assert row["request_count"] > 5
    assert row["request_bytes"] > 100_000
    assert (row["protocol"], row["request_failed_count"]) == ("hls", 0)


def test_live(runs, product):
    """Live has a latency and no length."""
    row = row_of(product, runs["live"])
    assert (row["live"], row["duration_ms"], row["completed"]) == (True, None, None)
    assert row["latency_count"] > 0


def test_who_where_and_with_what(runs, product):
    """Page, player, SDK, browser and device are known, the page without its query."""
    row = row_of(product, runs["normal"])
    assert (row["dialect"], row["sdk_name"], row["sdk_version"]) == ("mux", "mux-embed", "5.19.0")
    assert (row["player_name"], row["player_software"]) == ("e2e", "HTML5 Video Element")
    assert "?" not in row["page_url"]
    assert (row["os"], row["player_width_px"], row["player_height_px"]) == ("Linux", 640, 360)
    assert row["duration_ms"] == pytest.approx(40_000, abs=200)
    assert row["page_load_time_ms"] >= 0
    assert row["player_startup_time_ms"] >= 0


def test_a_bare_domain_over_https(bench, product, certificate):
    """The documented way: a host and nothing else, TLS in front, the key in the events."""
    target = Target(product.collector_port, at_root, certificate=certificate)
    run = bench.run("mux", [scenario.NORMAL], target)["normal"]
    row = row_of(product, run)
    assert disagreements(row, run.view) == []


def test_a_fatal_error_that_plays_on(runs, product):
    """The SDK stops counting at the error; the row has what was seen after it."""
    row = row_of(product, runs["hls_segment_error"])
    assert (row["error_count"], row["recovered_errors"], row["rebuffer_count"]) == (1, 1, 1)
    assert row["error_code"] == "networkError"


def test_a_server_tells_what_happened(product):
    """The raw route: full names, no SDK, no sums; the same body twice is one view."""
    at = 1_700_000_000_000 + time.time_ns() // 10**6 % 10**9
    times = {"play": 0, "playing": 500, "rebufferstart": 4_500, "rebufferend": 6_000, "viewend": 10_000}
    body = {
        "data": {"view_id": f"server-{at}", "video_title": "Told", "custom_3": "three"},
        "events": [{"event": name, "viewer_time": at + after} for name, after in times.items()],
    }
    for _ in range(2):
        assert product.post(f"/mux/{KEY}/events", json.dumps(body).encode()) < 300
    row = product.closed_view(native_view_id=f"server-{at}")
    assert (row["content_playing_time_ms"], row["rebuffer_duration_ms"], row["rebuffer_count"]) == (
        8_000,
        1_500,
        1,
    )
    assert (row["video_startup_time_ms"], row["outcome"], row["event_count"]) == (500, "exited", 5)
    assert (row["video_title"], row["custom"], row["approx"]) == (
        "Told",
        {"custom_3": "three"},
        ["clock_shifted"],
    )


# every event of the public list, by hand


def told(run) -> list[dict]:
    """What the page emitted, in order."""
    marks = [line.partition("emitted ")[2] for line in run.console if "emitted {" in line]
    return [json.loads(mark) for mark in marks]


def between(events: list[dict], begins: set[str], ends: set[str]) -> float:
    """Time from each beginning to the next end."""
    total, since = 0.0, None
    for one in events:
        if since is not None and one["name"] in ends:
            total, since = total + one["at"] - since, None
        if since is None and one["name"] in begins:
            since = one["at"]
    return total


def first_view(run) -> list[dict]:
    events = told(run)
    return events[: next(index for index, one in enumerate(events) if one["name"] == "videochange")]


def test_every_event_of_the_list_arrives(by_hand, product):
    """A custom integration's events are all stored with the view, with their data."""
    row = row_of(product, by_hand, video_id="one")
    stored = product.view(row["view_id"])["events"]
    names = {event["name"] for event in stored}
    silent = {"timeupdate", "orientationchange"}  # the SDK keeps these to itself
    assert {one["name"] for one in first_view(by_hand)} - names <= silent
    assert {"viewstart", "viewend"} <= names


def test_a_custom_integration_is_measured(by_hand, product):
    """Playing, stall, seek and pauses are those between the emitted events."""
    events = first_view(by_hand)
    row = row_of(product, by_hand, video_id="one")
    playing = between(
        events, {"playing", "rebufferend", "seeked"}, {"pause", "rebufferstart", "seeking", "ended"}
    )
    assert near(row["content_playing_time_ms"], playing)
    assert near(row["rebuffer_duration_ms"], between(events, {"rebufferstart"}, {"rebufferend"}))
    assert near(row["seek_time_ms"], between(events, {"seeking"}, {"seeked"}))
    assert near(row["video_startup_time_ms"], between(events[:8], {"play"}, {"adplaying"}))
    assert (row["rebuffer_count"], row["seek_count"], row["outcome"]) == (1, 1, "completed")
    assert (row["rendition_upshifts"], row["rendition_downshifts"]) == (1, 0)


def test_its_ads_are_what_was_emitted(by_hand, product):
    """Breaks, attempts, impressions, errors and the time ads moved."""
    events = first_view(by_hand)
    row = row_of(product, by_hand, video_id="one")
    names = [one["name"] for one in events]
    assert row["ad_breaks"] == names.count("adbreakstart") == 2
    assert (row["ad_attempts"], row["ad_impressions"]) == (3, 3)
    assert (row["ad_errors"], row["ad_break_errors"]) == (names.count("aderror"), 1)
    assert near(row["ad_playing_time_ms"], between(events, {"adplaying"}, {"adended", "adpause", "aderror"}))
    assert (row["has_ad"], row["preroll_played"], row["error_count"]) == (True, True, 0)


def test_its_requests_are_what_was_emitted(by_hand, product):
    """Throughput, latency, failures and the CDN's name."""
    row = row_of(product, by_hand, video_id="one")
    assert (row["request_count"], row["request_failed_count"], row["request_canceled_count"]) == (5, 1, 1)
    assert row["request_bytes"] == 600_000
    assert row["request_load_ms"] == 360 + 320 + 280
    assert (row["ttfb_sum_ms"], row["max_request_latency_ms"], row["cdn"]) == (240, 120, "edge-one")


def test_its_next_views(by_hand, product):
    """A failed start and a normal view follow in the same player; sums that run on are not theirs."""
    failed = row_of(product, by_hand, video_id="two")
    assert (failed["outcome"], failed["fatal_error_code"], failed["request_count"]) == (
        "start_failed",
        "7",
        None,
    )
    third = row_of(product, by_hand, video_id="three")
    assert near(third["content_playing_time_ms"], 1000)
    assert (third["outcome"], third["ad_playing_time_ms"], third["request_count"]) == ("exited", 0, None)
    assert third["custom"] == {"custom_1": "c"}
