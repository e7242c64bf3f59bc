"""Live figures: who is watching at an instant, and how the last minutes went."""

import pytest

from firstframe.metrics.dimension import find_dimension
from firstframe.metrics.filter import EVERYTHING
from firstframe.metrics.live import LiveQuery, live
from firstframe.view.record import Outcome, State
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
