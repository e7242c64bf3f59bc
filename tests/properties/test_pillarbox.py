"""Laws of the Pillarbox dialect: a row depends on the set of events alone, and nothing breaks it."""

from __future__ import annotations

import contextlib
import json
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from firstframe.beacon import Event
from firstframe.dialects.base import Request
from firstframe.dialects.pillarbox import PILLARBOX
from firstframe.errors import BadRequest
from firstframe.fold.finish import fold_view
from firstframe.view.record import ViewRecord
from support_cases import BASE_MS, beacon_of
from support_law import law

SESSION = "s"
LONG_AFTER_MS = BASE_MS + 10**9

numbers = st.one_of(
    st.integers(-1000, 200_000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([-(2**63), 1_795_195_260_226, 10**30]),
)
leaves = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=8))
junk = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ranges = st.lists(
    st.fixed_dictionaries({"start": st.integers(0, 100), "end": st.integers(0, 100)}), max_size=3
)
logs = st.one_of(junk, ranges.map(lambda found: json.dumps({"playedRanges": found})))
statuses = st.fixed_dictionaries(
    {},
    optional={
        "playback_duration": st.one_of(st.integers(0, 100_000), numbers, junk),
        "position": st.one_of(st.integers(0, 100_000), junk),
        "stall": st.one_of(
            st.fixed_dictionaries({"count": st.integers(0, 9), "duration": st.integers(0, 9000)}), junk
        ),
        "stream_type": st.sampled_from(["Live", "On-demand", 3]),
        "log": logs,
        "bitrate": numbers,
        "duration": numbers,
        "frame_drops": numbers,
        "severity": st.sampled_from(["Warning", "Fatal", None]),
        "name": st.one_of(st.sampled_from(["MEDIA_ERR_ABORTED: 1", "x"]), junk),
        "message": junk,
        "qoe_timings": st.one_of(st.fixed_dictionaries({"total": numbers, "asset": numbers}), junk),
        "media": junk,
        "capabilities": junk,
    },
)
bodies = st.fixed_dictionaries(
    {
        "event_name": st.sampled_from(["START", "HEARTBEAT", "HEARTBEAT", "STOP", "ERROR", "PING"]),
        "session_id": st.just(SESSION),
        "timestamp": st.integers(BASE_MS, BASE_MS + 200_000),
        "data": st.one_of(statuses, statuses, junk),
    }
)


def events_of(sent: list[dict[str, Any]], received_ms: int = BASE_MS) -> list[Event]:
    """Each body as a request of its own."""
    return [
        event
        for body in sent
        for event in PILLARBOX.parse(
            beacon_of(json.dumps(body).encode(), received_ms, dialect="pillarbox", route="/api/events")
        ).events
    ]


def rows_of(events: list[Event], now_ms: int = LONG_AFTER_MS) -> list[ViewRecord]:
    return list(fold_view(PILLARBOX, "default", SESSION, events, now_ms).rows)


@law(150)
@given(st.lists(bodies, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(sent: list[dict[str, Any]], random: Any) -> None:
    """Any order and any duplicates of the events give the same row."""
    events = events_of(sent)
    shuffled = [*events, *random.sample(events, random.randint(0, len(events)))]
    random.shuffle(shuffled)
    assert msgspec.to_builtins(rows_of(events)) == msgspec.to_builtins(rows_of(shuffled))


@law(150)
@given(st.lists(bodies, max_size=8), st.integers(BASE_MS, LONG_AFTER_MS))
def test_every_subset_gives_a_sane_row(sent: list[dict[str, Any]], now_ms: int) -> None:
    """One row at most, whose times are sums that fit, with states inside the view and in order."""
    for row in rows_of(events_of(sent), now_ms):
        assert row.content_playing_time_ms >= 0
        assert row.watch_time_ms >= row.content_playing_time_ms
        assert row.rebuffer_duration_ms is None or row.rebuffer_duration_ms >= 0
        assert row.started == (row.content_playing_time_ms > 0)
        assert row.attempted or row.outcome == "not_attempted"
        edges = [edge for span in row.spans for edge in (span.start_ms, span.end_ms)]
        assert edges == sorted(edges)
        assert all(span.start_ms < span.end_ms for span in row.spans)
        assert all(earlier.end_ms == later.start_ms for earlier, later in pairwise(row.spans))
        assert not edges or (edges[0], edges[-1]) == (row.view_start_ms, row.view_end_ms)


@law(200)
@given(st.one_of(st.binary(max_size=40), junk.map(lambda value: json.dumps(value).encode())))
def test_no_body_breaks_it(raw: bytes) -> None:
    """The edge refuses or takes it; what was taken is read without an exception."""
    with contextlib.suppress(BadRequest):
        PILLARBOX.envelope(Request("POST", "/api/events", {}, "", {}, raw))
    reading = PILLARBOX.parse(beacon_of(raw, BASE_MS, dialect="pillarbox", route="/api/events"))
    assert len(reading.events) <= 1
    assert reading.events or reading.rejects
