"""Laws of the Mux dialect, for the machine to break."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from firstframe.beacon import Event
from firstframe.dialects.mux import MUX
from firstframe.dialects.mux.key import decode, encode
from firstframe.fold.finish import fold_view
from firstframe.view.record import WATCH_STATES, Approx, Outcome, State, ViewRecord
from support_cases import BASE_MS, PROJECT, beacon_of
from support_law import law
from support_mux import LONG_AFTER_MS, chaos, short_body, visits

words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)


def deliver(events: list[dict[str, Any]], cuts: list[int], order: list[int], *, now: int) -> list[Event]:
    """Events in bodies cut at the given places, the bodies delivered in the given order, one perhaps twice."""
    edges = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    bodies = [short_body(events[start:end]) for start, end in pairwise(edges)]
    found: list[Event] = []
    for place in [*order, *range(len(bodies))]:
        body = bodies[place % len(bodies)]
        found += MUX.parse(beacon_of(body, now, dialect="mux", route="")).events
    return found


def row_of(events: list[Event], now: int) -> ViewRecord:
    (row,) = fold_view(MUX, PROJECT, "v", events, now).rows
    return row


def played(row: ViewRecord) -> float:
    return row.content_playing_time_ms + row.ad_playing_time_ms


@given(visits(), st.lists(st.integers(0, 50), max_size=5), st.lists(st.integers(0, 9), max_size=6))
@law()
def test_a_whole_visit_is_measured_exactly(sdk, cuts, order):
    """However the events are batched, repeated and ordered, the numbers are what happened."""
    now = BASE_MS + sdk.now
    row = row_of(deliver(sdk.events, cuts, order, now=now), now)
    assert row.content_playing_time_ms == sdk.playing_ms
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (sdk.rebuffers, sdk.rebuffer_ms)
    assert (row.seek_count, row.watch_time_ms) == (sdk.seeks, sdk.watch_ms)
    assert (row.video_startup_time_ms, row.outcome) == (sdk.startup_ms, Outcome.EXITED)
    assert row.approx == []
    watched = sum(span.end_ms - span.start_ms for span in row.spans if span.state in WATCH_STATES)
    assert watched == sdk.watch_ms


@given(visits(), st.data())
@law(150)
def test_what_is_lost_is_flagged_or_absorbed(sdk, data):
    """Any part of a visit may be lost: with its end the sums stand in, and what cannot be known is said."""
    kept = data.draw(st.sets(st.integers(0, len(sdk.events) - 1), min_size=1))
    found = [sdk.events[place] for place in sorted(kept)]
    now = BASE_MS + sdk.now
    row = row_of(deliver(found, [], [], now=now), now + LONG_AFTER_MS)
    whole = len(found) == len(sdk.events)
    tail_only = found == sdk.events[: len(found)]
    assert (Approx.EVENTS_LOST in row.approx) == (not tail_only)
    assert (Approx.START_LOST in row.approx) == (0 not in kept)
    if len(sdk.events) - 1 in kept and not whole:
        assert played(row) == sdk.playing_ms
        assert (row.rebuffer_count, row.rebuffer_duration_ms) == (sdk.rebuffers, sdk.rebuffer_ms)
        assert (row.watch_time_ms, row.video_startup_time_ms) == (sdk.watch_ms, sdk.startup_ms)
        assert row.outcome == Outcome.EXITED
    if len(sdk.events) - 1 not in kept:
        assert row.outcome in (Outcome.DROPPED, Outcome.EXITED_BEFORE_START, Outcome.NOT_ATTEMPTED)
        assert played(row) <= sdk.playing_ms + 15_000


@given(
    chaos(),
    st.lists(st.integers(0, 50), max_size=5),
    st.lists(st.integers(0, 9), max_size=6),
    st.integers(0, 2 * LONG_AFTER_MS),
)
@law(200)
def test_any_events_make_a_row_that_does_not_depend_on_their_order(events, cuts, order, later):
    """Nonsense never raises; its row is the same for every delivery, and its sums are possible."""
    now = BASE_MS + 10_000_000
    row = row_of(deliver(events, [], [], now=now), now + later)
    again = row_of(deliver(events, cuts, order, now=now), now + later)
    assert again == row
    assert min(row.watch_time_ms, row.content_playing_time_ms, row.ad_playing_time_ms) >= 0
    assert row.watch_time_ms + 1 >= played(row) + (row.rebuffer_duration_ms or 0)
    for before, after in pairwise(row.spans):
        assert before.end_ms <= after.start_ms
        assert before.start_ms < before.end_ms
    json.dumps(row.extra)


@given(visits(), st.integers(0, 50))
@law()
def test_a_view_is_due_when_silence_would_close_it(sdk, cut):
    """The row stays as it is until `due_ms`, and at `due_ms` it is closed."""
    now = BASE_MS + sdk.now
    events = deliver(sdk.events[: 1 + cut % len(sdk.events)], [], [], now=now)
    folded = fold_view(MUX, PROJECT, "v", events, now)
    if folded.due_ms is None:
        assert folded.rows[0].closed
        return
    assert folded.rows == fold_view(MUX, PROJECT, "v", events, folded.due_ms - 1).rows
    assert not folded.rows[0].closed
    assert fold_view(MUX, PROJECT, "v", events, folded.due_ms).rows[0].closed


@given(st.lists(words, min_size=1, max_size=5))
@law()
def test_any_field_name_round_trips(parts):
    """A field of any words comes back as it was, known or not."""
    name = "_".join(parts)
    assert decode(encode(name)) == name


@given(visits())
@law()
def test_spans_fill_the_view(sdk):
    """The states follow each other without a hole from the first event to the last."""
    now = BASE_MS + sdk.now
    row = row_of(deliver(sdk.events, [], [], now=now), now)
    assert (row.spans[0].start_ms, row.spans[-1].end_ms) == (row.view_start_ms, row.view_end_ms)
    assert all(before.end_ms == after.start_ms for before, after in pairwise(row.spans))
    assert row.spans[0].state is State.IDLE
