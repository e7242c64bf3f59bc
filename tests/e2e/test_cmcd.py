"""Real players that report CMCD by themselves, in a real browser, against the running product."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from e2e import support_scenario as scenario
from e2e.support_bench import Bench, Run, Runs, Target
from e2e.support_collector import make_dash
from e2e.support_product import Product
from e2e.support_scenario import Scenario
from e2e.support_server import StaticServer
from e2e.support_truth import disagreements

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

HLS, DASH = "index.m3u8", "dash/sample.mpd"
SOURCES = {"hls": HLS, "shaka": HLS, "shaka-compiled": DASH, "dash": DASH}
QUIET_SECONDS = 6
STALL = Scenario(
    "stall",
    (
        ("load", HLS),
        *scenario.READY,
        ("play",),
        ("until", "stalled", 30),
        ("wait", 2),
        ("release",),
        ("until", "playing"),
        ("wait", 2),
        ("leave", "navigate"),
    ),
    fault={"match": r"(/00[2-9]|-0000[3-9])[.]", "hold_at": 0},
)
VISITS = {
    "hls": (
        scenario.NORMAL,
        scenario.PAUSE,
        scenario.SEEK,
        scenario.SEEK_PAUSED,
        STALL,
        scenario.LIVE_PLAY,
        scenario.TWO_VIDEOS,
        scenario.STARTUP_FAILURE,
    ),
    "shaka": (scenario.PAUSE, STALL),
    "shaka-compiled": (scenario.NORMAL,),
    "dash": (scenario.NORMAL, scenario.SEEK, STALL, scenario.STARTUP_FAILURE_AFTER_PLAY),
}
"""What each player is seen in."""


def visits() -> list[Scenario]:
    """Each scenario with the media of each player."""
    return [
        each.but(
            name=f"{player}-{each.name}", steps=_with_media(each.steps, media), options={"player": player}
        )
        for player, media in SOURCES.items()
        for each in VISITS[player]
    ]


def _with_media(steps: tuple[Any, ...], media: str) -> tuple[Any, ...]:
    missing = "missing" + media[media.rindex(".") :]
    own = {scenario.SAMPLE: media, scenario.SHORT: media, HLS: media, scenario.MISSING: missing}
    return tuple(("load", own.get(step[1], step[1])) if step[0] == "load" else step for step in steps)


@pytest.fixture(scope="module")
def runs(bench: Bench, static_server: StaticServer, product: Product) -> Runs:
    """All scenarios, once. The target's address names the viewer."""
    make_dash(static_server.media)
    address = "http://127.0.0.1:{port}/cmcd?viewer_id=viewer-7&video_title=Sample"
    return bench.run(
        "cmcd", visits(), Target(product.collector_port, lambda port, _: address.format(port=port))
    )


def rows_of(product: Product, run: Run) -> list[Mapping[str, Any]]:
    """The rows of the session of a visit, in order, once all that was sent is in them."""
    _settle(product, run)
    rows = product.views(native_view_id=run.token)
    assert len(rows) == len(run.sources)
    return rows


def _settle(product: Product, run: Run) -> None:
    """A young view is written every two seconds while its reports come in, and a last time after them."""
    quiet_ms = run.left_at_ms + QUIET_SECONDS * 1_000 - time.time() * 1_000
    time.sleep(max(0.0, quiet_ms / 1_000))


PLAYED = [each.name for each in visits() if "failure" not in each.name]


@pytest.mark.parametrize("name", PLAYED)
def test_the_row_is_what_the_observer_saw(runs: Runs, product: Product, name: str) -> None:
    """Every number is near the truth, null, or says that it is not exact; silence at the end is still to come."""
    run = runs[name]
    for row, view in zip(rows_of(product, run), run.truth["views"], strict=True):
        open_ended = set() if row["closed"] else {"content_playing_time_ms", "watch_time_ms"}
        assert disagreements(row, view, ignore=open_ended) == []
        assert (
            row["content_playing_time_ms"] <= view["playing_ms"] + 150
            or "play_time_estimated" in row["approx"]
        )
        assert (row["viewer_id"], row["video_title"], row["video_id"]) == ("viewer-7", "Sample", "e2e")


@pytest.mark.parametrize("player", ["hls", "shaka", "dash"])
def test_a_stall_is_counted_once_with_its_length(runs: Runs, product: Product, player: str) -> None:
    """The server held segments back: one stall, as long as the observer saw it."""
    run = runs[f"{player}-stall"]
    (row,) = rows_of(product, run)
    longest = max(stall["t1"] - stall["t0"] for stall in run.view["stalls"])
    assert row["rebuffer_count"] >= 1
    assert row["rebuffer_duration_ms"] == pytest.approx(longest, rel=0.05, abs=150)


def test_two_sources_are_two_views_of_one_session(runs: Runs, product: Product) -> None:
    """hls.js numbers its reports anew with each source."""
    first, second = rows_of(product, runs["hls-two_videos"])
    assert (first["closed"], first["outcome"]) == (True, "exited")
    assert first["session_id"] == second["session_id"]
    assert (first["ordinal"], second["ordinal"]) == (0, 1)


@pytest.mark.parametrize("name", ["hls-startup_failure", "dash-startup_failure_after_play"])
def test_a_source_that_is_not_there_fails_the_start(runs: Runs, product: Product, name: str) -> None:
    """With the player's own word for it."""
    run = runs[name]
    row = product.wait_for_view(native_view_id=run.token, outcome="start_failed")
    assert (row["started"], row["error_count"]) == (False, 1)
    assert row["fatal_error_code"] in ("manifestLoadError", "25")


def test_live_is_live(runs: Runs, product: Product) -> None:
    """`st` says so; the sliding window has no duration."""
    (row,) = rows_of(product, runs["hls-live"])
    assert (row["live"], row["completed"], row["stream_type"], row["protocol"]) == (True, None, "live", "hls")


def test_one_view_shows_its_records(runs: Runs, product: Product) -> None:
    """Every record with every key, and states that add up to the play time."""
    (row,) = rows_of(product, runs["hls-pause"])
    view = product.view(row["view_id"])
    names = [event["name"] for event in view["events"]]
    assert {"ps", "t", "rr"} <= set(names)
    assert [event["payload"]["sta"] for event in view["events"] if event["name"] == "ps"][:3] == [
        "d",
        "s",
        "p",
    ]
    playing_ms = sum(
        state["end_ms"] - state["start_ms"] for state in view["states"] if state["state"] == "playing"
    )
    assert playing_ms == pytest.approx(row["content_playing_time_ms"], abs=1)
