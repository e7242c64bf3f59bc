"""Laws of the timeline, for any soup of events at all."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from firstframe.view.derived import derive
from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.order import instants
from firstframe.view.record import WATCH_STATES, State
from firstframe.view.score import fill_scores
from firstframe.view.span import total
from firstframe.view.timeline import Rules, Timeline, fold_timeline
from support_law import law

BASE_MS = 1_780_000_000_000
HOUR_MS = 3_600_000


def gaps():
    """Times between events: mostly seconds, often none, now and then minutes and hours."""
    return st.one_of(st.just(0), st.integers(0, 3_000), st.integers(0, 400_000), st.integers(0, 3 * HOUR_MS))


@st.composite
def soups(draw, *, numbered=None):
    """Events of one view with unique keys, in no sensible order of kinds."""
    at_ms, events = BASE_MS, []
    numbered = draw(st.booleans()) if numbered is None else numbered
    for number, kind in enumerate(draw(st.lists(st.sampled_from(Kind), max_size=40))):
        at_ms += draw(gaps())
        events.append(
            TimelineEvent(
                kind=kind,
                at_ms=at_ms,
                key=f"{number:04}",
                seq=number if numbered else None,
                received_at_ms=at_ms + draw(st.integers(0, 100)),
                playhead_ms=draw(st.none() | st.floats(0, 1e7)),
                hidden=draw(st.booleans()),
                rate=draw(st.none() | st.floats(0, 4)),
                width=draw(st.none() | st.integers(0, 4000)),
                height=draw(st.none() | st.integers(0, 4000)),
                bitrate_bps=draw(st.none() | st.integers(0, 10**8)),
                severity=draw(st.sampled_from(("fatal", "error", "warning"))),
                business=draw(st.booleans()),
                ad=draw(st.booleans()),
            )
        )
    return events


RULES = st.sampled_from((Rules(), Rules(split=True)))
LATER = st.integers(0, 3 * HOUR_MS)


def fold(events, rules, wait_ms=0):
    last = max((event.received_at_ms for event in events), default=0)
    return fold_timeline(events, now_ms=last + wait_ms, rules=rules)


@law(150)
@given(soups(), RULES, LATER, st.randoms(use_true_random=False))
def test_order_and_repeats_change_nothing(events, rules, wait_ms, random):
    """Any order of the same events gives the same rows; a repeated number or id does too."""
    shuffled = list(events)
    random.shuffle(shuffled)
    if events and events[0].seq is not None:
        shuffled += random.choices(events, k=3)
    assert fold(shuffled, rules, wait_ms) == fold(events, rules, wait_ms)


@law(150)
@given(soups(), RULES, LATER)
def test_every_instant_has_one_state(events, rules, wait_ms):
    """Spans lie end to end from the view's start to its end, none is empty, and neighbours differ."""
    for row in fold(events, rules, wait_ms).rows:
        assert total(row.spans, State) == row.view_end_ms - row.view_start_ms
        assert all(span.end_ms > span.start_ms for span in row.spans)
        assert all(left.end_ms == right.start_ms for left, right in pairwise(row.spans))
        assert all(left.state != right.state for left, right in pairwise(row.spans))
        if row.spans:
            assert (row.spans[0].start_ms, row.spans[-1].end_ms) == (row.view_start_ms, row.view_end_ms)


@law(150)
@given(soups(), RULES, LATER)
def test_durations_are_the_states_times(events, rules, wait_ms):
    """Each duration of the record is what its state's spans add up to, and watch time is their sum."""
    for row in fold(events, rules, wait_ms).rows:
        assert row.watch_time_ms == total(row.spans, WATCH_STATES)
        assert row.content_playing_time_ms == total(row.spans, [State.PLAYING])
        assert row.ad_playing_time_ms == total(row.spans, [State.AD_PLAYING])
        assert row.pause_time_ms == total(row.spans, [State.PAUSE])
        assert row.startup_wait_ms == total(row.spans, [State.STARTUP])
        assert (row.rebuffer_duration_ms or 0) == total(row.spans, [State.REBUFFER])
        assert (row.seek_time_ms or 0) >= total(row.spans, [State.SEEK])
        assert row.bitrate_ms <= row.content_playing_time_ms
        assert row.scale_ms <= row.content_playing_time_ms


@law(150)
@given(soups(), RULES, LATER)
def test_numbers_stay_in_range(events, rules, wait_ms):
    """Shares lie between 0 and 1, scores between 0 and 100, and a startup never exceeds the watch time."""
    for row in fold(events, rules, wait_ms).rows:
        fill_scores(row)
        found = derive(row)
        for name in (
            "rebuffer_percentage",
            "rebuffering_ratio",
            "request_failed_percentage",
            "completion_ratio",
        ):
            assert found[name] is None or 0 <= found[name] <= 1, name
        for name in row.__struct_fields__:
            if name.endswith("_score"):
                assert getattr(row, name) is None or 0 <= getattr(row, name) <= 100, name
        assert 0 <= (row.video_startup_time_ms or 0) <= row.watch_time_ms
        assert 0 <= (row.content_startup_time_ms or 0) <= row.watch_time_ms
        assert row.video_startup_time_ms is None or row.started
        assert row.attempted or not row.started
        assert (row.rebuffer_count is None) == (not row.started)


@law(150)
@given(soups(), RULES, LATER)
def test_rows_do_not_overlap(events, rules, wait_ms):
    """The views of one native id follow each other; only the last may be open, and each event is in one."""
    rows = fold(events, rules, wait_ms).rows
    assert [row.ordinal for row in rows] == list(range(len(rows)))
    assert all(left.view_end_ms <= right.view_start_ms for left, right in pairwise(rows))
    assert all(row.closed for row in rows[:-1])
    assert sum(row.event_count for row in rows) == len(events)
    assert rules.split or len(rows) <= 1


@law(150)
@given(soups(), RULES)
def test_silence_only_acts_when_it_is_due(events, rules):
    """The rows stay as they are until ``due_ms``, then the last one closes, and nothing is due any more."""
    now = fold(events, rules)
    if now.due_ms is None:
        return
    wait_ms = now.due_ms - max(event.received_at_ms for event in events)
    assert fold(events, rules, wait_ms - 1) == now
    after = fold(events, rules, wait_ms)
    assert after.rows[-1].closed
    assert after.due_ms is None
    assert after.rows[-1].spans == now.rows[-1].spans


@law(150)
@given(soups(numbered=False), RULES, LATER)
def test_steps_equal_the_whole(events, rules, wait_ms):
    """Feeding a timeline instant by instant, asking in between, ends where one fold of all events does."""
    now_ms = max((event.received_at_ms for event in events), default=0) + wait_ms
    timeline = Timeline(rules)
    for instant in instants(events):
        timeline.feed(instant)
        before = msgspec.msgpack.encode(timeline.finish(now_ms))
        assert msgspec.msgpack.encode(timeline.finish(now_ms)) == before
    assert timeline.finish(now_ms) == fold_timeline(events, now_ms=now_ms, rules=rules)
