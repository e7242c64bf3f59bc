"""Live figures: who is watching at an instant, and how the last minutes went."""

import pytest

from firstframe.dialects import DIALECTS
from firstframe.dialects.bitmovin.ending import SILENCE_MS as BITMOVIN_MS
from firstframe.dialects.cmcd.session import SILENCE_MS as CMCD_MS
from firstframe.dialects.livepeer.fold import SILENCE_MS as LIVEPEER_MS
from firstframe.dialects.pillarbox.fold import SILENCE_MS as PILLARBOX_MS
from firstframe.metrics.dimension import find_dimension
from firstframe.metrics.filter import EVERYTHING
from firstframe.metrics.live import SILENCE_MS, LiveQuery, live
from firstframe.view.record import Approx, Outcome, State
from firstframe.view.timeline import Rules
from support_question import MINUTE_MS, NOW_MS, PROJECT, make_view, spans, store, wait

pytestmark = pytest.mark.engine


def watching(name, *pieces, silent_ms=5_000, **fields):
    """A view that goes on, last heard of so long ago."""
    length = sum(piece[1] for piece in pieces)
    start = NOW_MS - silent_ms - length
    return make_view(
        name,
        start,
        length_ms=length,
        closed=False,
        outcome=Outcome.EXITED,
        rebuffer_duration_ms=0.0,
        spans=spans(start, *pieces),
        **fields,
    )


def figures(engine, **asked):
    """The rows of a live answer."""
    query = LiveQuery(project=PROJECT, filter=EVERYTHING, **asked)
    return wait(engine, lambda wrapped: live(wrapped, query, NOW_MS, None)).data


def test_who_is_watching(engine) -> None:
    """Playing, starting and stalled views are viewers; paused, silent, closed and long stalled ones are not."""
    store(
        engine,
        [
            watching("p", (State.STARTUP, 1_000), (State.PLAYING, 9_000)),
            watching("s", (State.STARTUP, 4_000), started=False),
            watching("r", (State.STARTUP, 1_000), (State.PLAYING, 1_000), (State.REBUFFER, 3_000)),
            watching("u", (State.PLAYING, 9_000), (State.PAUSE, 9_000)),
            watching("q", (State.PLAYING, 9_000), silent_ms=10 * MINUTE_MS),
            watching("l", (State.PLAYING, 1_000), (State.REBUFFER, 6 * MINUTE_MS)),
            watching("b", (State.PLAYING, 9_000), bot=True),
            watching("x", (State.PLAYING, 9_000), project="other"),
            make_view(
                "c", NOW_MS - 20_000, length_ms=10_000, spans=spans(NOW_MS - 20_000, (State.PLAYING, 10_000))
            ),
        ],
    )
    (row,) = figures(engine)
    assert (row["concurrent_viewers"], row["concurrent_plays"]) == (3, 2)
    assert (row["rebuffering_viewers"], row["starting_viewers"]) == (1, 1)


def test_a_dialect_is_silent_when_its_sdk_would_have_spoken(engine) -> None:
    """Every dialect has its own limit, just within which a view still counts, and just beyond which it does not."""
    assert set(SILENCE_MS) == {dialect.name for dialect in DIALECTS}
    for name, limit in SILENCE_MS.items():
        near = {"dialect": name, "video_id": name, "silent_ms": limit - 1_000}
        far = {"dialect": name, "video_id": name, "silent_ms": limit + 1_000}
        store(
            engine,
            [
                watching(f"{name}-near", (State.PLAYING, 9_000), **near),
                watching(f"{name}-far", (State.PLAYING, 9_000), **far),
            ],
        )
    rows = figures(engine, groups=(find_dimension("dialect", "", groupable=True),))
    assert {row["dialect"]: row["concurrent_viewers"] for row in rows} == dict.fromkeys(SILENCE_MS, 1)


def test_silence_is_what_the_dialects_say() -> None:
    """Where a dialect closes views after some silence, live figures wait as long; Mux leaves them out sooner."""
    assert dict(SILENCE_MS) == {
        "native": Rules().silence_watch_ms,
        "livepeer": LIVEPEER_MS,
        "bitmovin": BITMOVIN_MS,
        "mux": MINUTE_MS,
        "pillarbox": PILLARBOX_MS,
        "cmcd": CMCD_MS,
    }


def test_what_comes_late_is_not_now(engine) -> None:
    """A batch of hours ago that arrives just now, without an end, tells who watched then."""
    hours = 3 * 60 * MINUTE_MS
    late = {"silent_ms": hours, "received_first_ms": NOW_MS - 1_000, "received_last_ms": NOW_MS - 1_000}
    shifted = {"clock_shift_ms": hours, "approx": [Approx.CLOCK_SHIFTED]}
    store(
        engine,
        [
            watching("late", (State.PLAYING, MINUTE_MS), **late),
            watching("corrected", (State.PLAYING, MINUTE_MS), **shifted),
        ],
    )
    (row,) = figures(engine)
    assert row["concurrent_viewers"] == row["concurrent_plays"] == 1
    assert row["active_attempts"] == 1


def test_a_slow_clock_does_not_hide_a_viewer(engine) -> None:
    """Everything of the view comes ten minutes late by its clock, from the first event to the last: it goes on now."""
    slow_ms = 10 * MINUTE_MS
    start_ms = NOW_MS - slow_ms - 3 * MINUTE_MS
    heard = {"received_first_ms": start_ms + slow_ms + 4_000, "received_last_ms": NOW_MS - 1_000}
    store(engine, [watching("slow", (State.PLAYING, 3 * MINUTE_MS), silent_ms=slow_ms, **heard)])
    (row,) = figures(engine)
    assert row["concurrent_plays"] == 1


def test_load_to_ready_times_are_not_startup_times(engine) -> None:
    """The median is of true startup times; of times to ready only where there is no other."""
    ready = {"dialect": "pillarbox", "approx": [Approx.STARTUP_IS_READY_TIME]}
    store(
        engine,
        [
            watching("a", (State.PLAYING, 9_000), video_startup_time_ms=1_000.0, country="DE"),
            watching("b", (State.PLAYING, 9_000), video_startup_time_ms=3_000.0, country="DE"),
            watching("c", (State.PLAYING, 9_000), video_startup_time_ms=100.0, country="DE", **ready),
            watching("d", (State.PLAYING, 9_000), video_startup_time_ms=200.0, country="CH", **ready),
            watching("e", (State.PLAYING, 9_000), video_startup_time_ms=50.0, startup_in_background=True),
        ],
    )
    (total,) = figures(engine)
    assert total["video_startup_time_median"] == 2_000
    rows = figures(engine, groups=(find_dimension("country", "", groupable=True),))
    medians = {row["country"]: row["video_startup_time_median"] for row in rows}
    assert medians == {"DE": 2_000, "CH": 200, None: None}


def test_errors_are_of_attempts_that_were_going_on(engine) -> None:
    """Views with errors are counted among those alive in the last minutes, not among those begun in them."""
    long = (State.PLAYING, 20 * MINUTE_MS)
    store(engine, [watching(f"v{n}", long, error_count=int(n == 0)) for n in range(5)])
    (row,) = figures(engine)
    assert (row["attempts"], row["active_attempts"], row["views_with_errors"]) == (0, 5, 1)


def test_how_the_last_minutes_went(engine) -> None:
    """Starts count by their start, failures by their end, stalled time by when it passed; by any dimension."""
    long_ago = NOW_MS - 30 * MINUTE_MS
    store(
        engine,
        [
            watching(
                "p", (State.STARTUP, 1_000), (State.PLAYING, 7_000), (State.REBUFFER, 2_000), country="DE"
            ),
            make_view(
                "f",
                NOW_MS - 60_000,
                length_ms=1_000,
                started=False,
                outcome=Outcome.START_FAILED,
                error_count=1,
            ),
            make_view(
                "e", NOW_MS - 60_000, length_ms=1_000, started=False, outcome=Outcome.EXITED_BEFORE_START
            ),
            make_view("o", long_ago, length_ms=29 * MINUTE_MS, outcome=Outcome.PLAYBACK_FAILED, country="DE"),
            make_view("z", long_ago, length_ms=1_000, outcome=Outcome.START_FAILED, country="DE"),
        ],
    )
    rows = {
        row["country"]: row
        for row in figures(engine, groups=(find_dimension("country", "", groupable=True),))
    }
    assert rows["DE"]["attempts"] == rows["DE"]["plays"] == 1
    assert (rows["DE"]["start_failures"], rows["DE"]["playback_failures"]) == (0, 1)
    assert rows["DE"]["rebuffer_percentage"] == pytest.approx(0.2)
    assert (rows[None]["attempts"], rows[None]["start_failures"], rows[None]["exits_before_start"]) == (
        2,
        1,
        1,
    )
    assert rows[None]["views_with_errors"] == 1
    assert rows[None]["rebuffer_percentage"] is None


def test_nothing_is_zero(engine) -> None:
    """Without views there is one row of zeros, and no ratio."""
    (row,) = figures(engine)
    assert row["concurrent_viewers"] == 0
    assert row["rebuffer_percentage"] is None


def test_groups_that_were_left_out_are_told(engine) -> None:
    """With as many groups as asked for there are no more; with one fewer there are."""
    store(engine, [watching(name, (State.PLAYING, 9_000), country=name) for name in ("DE", "FR")])
    by_country = (find_dimension("country", "", groupable=True),)
    for limit, truncated in ((1, True), (2, False)):
        query = LiveQuery(project=PROJECT, filter=EVERYTHING, groups=by_country, limit=limit)
        found = wait(engine, lambda wrapped, query=query: live(wrapped, query, NOW_MS, None))
        assert (found.meta.row_count, found.meta.truncated) == (limit, truncated)
        assert len(found.data) == limit
