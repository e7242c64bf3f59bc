"""Each voice against the dialect that hears it: what a script did is what the product reads."""

from __future__ import annotations

import msgspec
import pytest

import support_demo as demo
from firstframe.demo.script import Script
from firstframe.demo.voice import VOICES, posts, speak
from firstframe.view.event import Kind
from firstframe.view.record import Approx, Outcome, ViewRecord

SEEDS = range(24)


class Limits(msgspec.Struct, frozen=True):
    """What a dialect cannot tell, and how exact the rest is."""

    exact_ms: float = 1
    """How far a time may be off."""
    startup_ms: float = 1
    counts: tuple[str, ...] = ("rebuffer_count", "seek_count")
    times: tuple[str, ...] = ("rebuffer_duration_ms", "seek_time_ms", "pause_time_ms")
    outcomes: dict[Outcome, Outcome | None] = {}
    """Outcomes it has another word for; None: it says nothing at all of such views."""


LIMITS = {
    "native": Limits(),
    "mux": Limits(),
    "bitmovin": Limits(exact_ms=260, startup_ms=205),
    "pillarbox": Limits(
        exact_ms=60,
        counts=("rebuffer_count",),
        times=("rebuffer_duration_ms",),
        outcomes={Outcome.COMPLETED: Outcome.EXITED, Outcome.EXITED_BEFORE_START: None},
    ),
    "cmcd": Limits(),
    "livepeer": Limits(exact_ms=250, times=("pause_time_ms",)),  # a report's stalls and seeks are one sum
}
LOWER = {
    "content_playing_time_ms": Approx.PLAY_TIME_LOWER_BOUND,
    "pause_time_ms": Approx.PAUSE_LOWER_BOUND,
    "rebuffer_duration_ms": Approx.STALLS_LOWER_BOUND,
}
"""The flag by which a row says that it may know too little."""

CASES = [(name, seed) for name in VOICES for seed in SEEDS]


def whole(name: str, seed: int) -> Script:
    """A story of this seed, or the next that did not end without a word."""
    script = demo.script_of(seed, name)
    return script if script.cut_ms is None else whole(name, seed + 1000)


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_a_dialect_hears_what_the_script_did(name: str, seed: int):
    """Startup, playing, stalls, seeks, pauses and outcome are the script's, as far as the dialect can say them."""
    check(whole(name, seed), LIMITS[name])


BAD = (Outcome.START_FAILED, Outcome.START_BLOCKED, Outcome.PLAYBACK_FAILED, Outcome.EXITED_BEFORE_START)
NO_RULES = {(name, Outcome.START_BLOCKED) for name in ("bitmovin", "cmcd")}
"""They have no word for a rule that forbids."""
BAD_CASES = [(name, outcome) for name in VOICES for outcome in BAD if (name, outcome) not in NO_RULES]


@pytest.mark.parametrize(("name", "outcome"), BAD_CASES)
def test_a_dialect_hears_what_went_wrong(name: str, outcome: Outcome):
    """Failures before and after the start, rules and lost patience arrive as what they were, with their code."""
    for script in demo.stories(name, outcome, 3):
        row = check(script, LIMITS[name])
        told = script.first(Kind.ERROR)
        if row is not None and told is not None:
            assert row.error_code == told.code
            assert row.error_class == ("business" if told.business else "technical")


def check(script: Script, limits: Limits) -> ViewRecord | None:
    """Put a script into words, read them, and compare."""
    truth = demo.truth_of(script)
    events, refused = demo.read(speak(script, "key"))
    row = demo.row_of(script.dialect, events)
    assert refused == []
    expected = limits.outcomes.get(truth.outcome, truth.outcome)
    if expected is None:
        assert row is None
        return None
    assert row is not None
    assert row.outcome is expected
    assert row.started is truth.started
    assert row.live is script.title.live or not truth.started
    check_numbers(row, truth, limits)
    return row


def check_numbers(row: ViewRecord, truth: ViewRecord, limits: Limits) -> None:
    """What both know agrees; a row may know less where it says so."""
    if not truth.started:
        return
    assert row.video_startup_time_ms == pytest.approx(truth.video_startup_time_ms, abs=limits.startup_ms)
    for name in limits.counts:
        assert getattr(row, name) == getattr(truth, name), name
    for name in ("content_playing_time_ms", *limits.times):
        found, wanted = getattr(row, name), getattr(truth, name)
        flag = LOWER.get(name)
        if flag in row.approx:
            assert found <= wanted + limits.exact_ms, name
        else:
            assert found == pytest.approx(wanted, abs=limits.exact_ms), name
    if row.seek_time_ms is not None and Approx.STALLS_LOWER_BOUND not in row.approx:
        waits = (row.rebuffer_duration_ms or 0) + row.seek_time_ms
        wanted = (truth.rebuffer_duration_ms or 0) + (truth.seek_time_ms or 0)
        assert waits == pytest.approx(wanted, abs=limits.exact_ms)


@pytest.mark.parametrize("name", VOICES)
def test_a_view_that_vanishes_is_dropped_and_counts_up_to_its_last_word(name: str):
    """A machine that falls silent in playback ends in `dropped`, with no more playing time than there was."""
    script = next(
        found
        for seed in range(600)
        if (found := demo.script_of(seed, name)).cut_ms and found.end_ms - found.start_ms > 180_000
    )
    events, _ = demo.read(speak(script, "key"))
    row, truth = demo.row_of(name, events), demo.truth_of(script)
    assert row is not None
    assert row.outcome is Outcome.DROPPED
    longest_silence_ms = 62_000
    assert row.content_playing_time_ms <= truth.content_playing_time_ms + 5_300
    assert row.content_playing_time_ms >= truth.content_playing_time_ms - longest_silence_ms


@pytest.mark.parametrize("name", VOICES)
def test_who_watched_what_is_said_in_every_dialect(name: str):
    """Video, viewer, browser and source arrive; title, CDN and custom data where the dialect has them."""
    script = next(found for seed in range(99) if demo.truth_of(found := whole(name, seed)).started)
    events, _ = demo.read(speak(script, "key"))
    row = demo.row_of(name, events)
    assert row is not None
    assert (row.video_id, row.viewer_id) == (script.title.id, script.viewer_id)
    assert row.source_host == script.cdn.host
    assert row.browser is not None
    assert row.page_host == "tv.example"
    assert not row.bot
    if name in ("native", "mux", "bitmovin"):
        assert (row.video_title, row.cdn) == (script.title.name, script.cdn.name)
        assert {script.plan, script.place.region} <= set(row.custom.values())


@pytest.mark.parametrize("name", VOICES)
def test_posts_leave_in_order_and_repeat_for_the_same_seed(name: str):
    """The same seed makes the same bytes, in the order of the client's clock."""
    first, second = (speak(demo.script_of(3, name), "key") for _ in range(2))
    assert first == second
    assert [post.at_ms for post in first] == sorted(post.at_ms for post in first)


def test_the_key_stands_in_the_path_and_is_left_out_where_there_is_none():
    """A post goes to the key's own mount of its dialect, or to the dialect's."""
    with_key, without = (speak(demo.script_of(1, "native"), key)[0].path for key in ("abc", ""))
    assert (with_key, without) == ("/native/abc/v1/beacons", "/native/v1/beacons")


def test_a_stream_of_posts_speaks_of_as_many_views_as_asked_for():
    """Beyond the told stories, views are repeated under ids of their own."""
    many = posts(7, 60, ("bitmovin",), start_ms=demo.START_MS)
    events, refused = demo.read(list(many))
    assert refused == []
    assert len({event.native_view_id for event in events}) == 60
