"""Laws of Livepeer's fold: repeated, merged, late and disordered deliveries change nothing; nothing makes it raise."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import support_livepeer as lp
from firstframe.dialects.livepeer import LIVEPEER
from firstframe.view.record import WATCH_STATES
from support_law import law

TICK_MS = 5000
NUMBERS = (
    "outcome",
    "started",
    "video_startup_time_ms",
    "watch_time_ms",
    "content_playing_time_ms",
    "rebuffer_count",
    "rebuffer_duration_ms",
    "pause_time_ms",
    "error_count",
    "view_start_ms",
    "view_end_ms",
)

segments = st.lists(
    st.tuples(st.sampled_from(["playing", "waiting", "paused"]), st.integers(300, 9000)),
    min_size=1,
    max_size=8,
)


def reports_of(startup_ms, parts):
    """What the SDK would send of a session: a startup wait, then stretches of playing, waiting and pause."""
    states = [*([("waiting", startup_ms)] if startup_ms else []), ("playing", 600), *parts]
    marks, stretches, at = [lp.mark("play", 0)], [], 0
    before = "playing"
    for number, (state, length) in enumerate(states):
        if number and state == "paused" and before != "paused":
            marks.append(lp.mark("pause", at))
        elif (number and state == "playing" and before != "playing") or (
            number and state == "waiting" and before == "paused"
        ):
            marks.append(lp.mark("play", at))
        # After a pause it goes on before it can wait.
        spent = "playing" if number and state == "waiting" and before == "paused" else state
        stretches.append((spent, at, at + length))
        before, at = spent, at + length
    marks.append(lp.mark("first-frame", startup_ms + 200))
    batches, low = [], 0
    while low < at:
        high = min(low + TICK_MS, at)
        sent = [
            each
            for each in marks
            if lp.T0 + low < each["timestamp"] <= lp.T0 + high or (low == 0 and each["timestamp"] == lp.T0)
        ]
        spent = {
            state: sum(max(0, min(e, high) - max(s, low)) for k, s, e in stretches if k == state)
            for state in ("playing", "waiting")
        }
        waits = sum(low <= start < high for state, start, _ in joined(stretches) if state == "waiting")
        extra = {"play_to_first_frame_ms": startup_ms + 200} if low <= startup_ms + 200 < high else {}
        batches.append([*sent, lp.beat(high, spent["playing"], spent["waiting"], waits, **extra)])
        low = high
    return [*batches, [lp.beat(at + 3)]]  # the second heartbeat of the leave


def joined(stretches):
    """Neighbours of one state as one."""
    found = []
    for state, start, end in stretches:
        if found and found[-1][0] == state:
            found[-1] = (state, found[-1][1], end)
        else:
            found.append((state, start, end))
    return found


def merged(early, late):
    """What the SDK makes of an unanswered batch and the next one: the heartbeats in one, with the older id."""
    one, other = early[-1], late[-1]
    oldest = one.get("oldest_buffer_timestamp", one["timestamp"])
    added = {
        key: one[key] + other[key]
        for key in one
        if key.startswith(("time_", "waiting_", "stalled_", "errors", "warnings"))
    }
    beat = {
        **other,
        **one,
        **added,
        "id": one["id"],
        "timestamp": other["timestamp"],
        "oldest_buffer_timestamp": oldest,
    }
    return [*early[:-1], *late[:-1], beat]


def numbers(row):
    return {name: getattr(row, name) for name in NUMBERS}


@given(st.integers(0, 12_000), segments)
@law(60)
def test_the_fold_finds_what_happened(startup_ms, parts):
    """Playing, waits and startup come out as they were, and the spans add up to the durations."""
    batches = reports_of(startup_ms, parts)
    row = lp.fold([lp.report(batch) for batch in batches])
    assert row.video_startup_time_ms == pytest.approx(startup_ms, abs=0 if startup_ms else 201)
    spent = sum(span.end_ms - span.start_ms for span in row.spans if span.state in WATCH_STATES)
    assert spent == pytest.approx(row.watch_time_ms, abs=3)
    claimed = sum(batch[-1]["time_playing_ms"] for batch in batches)
    assert row.content_playing_time_ms <= claimed + 1


@given(st.integers(0, 12_000), segments, st.randoms(use_true_random=False))
@law(60)
def test_twice_and_in_any_order(startup_ms, parts, random):
    """Every beacon twice, in any order, events shuffled within them: the same row."""
    batches = reports_of(startup_ms, parts)
    beacons = [lp.report(batch) for batch in batches]
    again = [
        lp.report(random.sample(batch, len(batch)), batch[-1]["timestamp"] - lp.T0 + 3) for batch in batches
    ]
    events = [
        event
        for beacon in random.sample([*beacons, *again], 2 * len(beacons))
        for event in LIVEPEER.parse(beacon).events
    ]
    plain = lp.fold(beacons)
    disturbed = LIVEPEER.fold(
        random.sample(lp.events_of([*again, *beacons]), len(lp.events_of(beacons))), 10**13
    ).rows[0]
    assert numbers(disturbed) == numbers(plain)
    assert disturbed.spans == plain.spans
    assert {event.key for event in events} == {event.key for event in lp.events_of(beacons)}


@given(st.integers(300, 12_000), segments, st.data())
@law(80)
def test_merged_and_late(startup_ms, parts, data):
    """A collector that answers late or not at all: batches merge, some parts stored before; the numbers are the same.

    But for the milliseconds by which a wait may lie before or behind the mark that stands in a merged batch, and for
    those that are too short to be told from a late timer where a heartbeat cuts a wait right behind its begin. A start
    with hardly a wait is left out: in a merged heartbeat nothing tells its wait from a later one.
    """
    batches = reports_of(startup_ms, parts)
    first = data.draw(st.integers(0, len(batches) - 2))
    last = data.draw(st.integers(first, len(batches) - 2))
    grown, stored = batches[first], []
    for batch in batches[first + 1 : last + 1]:
        if data.draw(st.booleans()):
            stored.append(grown)
        grown = merged(grown, batch)
    late_ms = data.draw(st.integers(0, 3_600_000))
    sent = [*batches[:first], *stored, grown, *batches[last + 1 :]]
    row = lp.fold([lp.report(batch, batch[-1]["timestamp"] - lp.T0 + late_ms) for batch in sent])
    plain = numbers(lp.fold([lp.report(batch) for batch in batches]))
    found = numbers(row)
    for name, value in plain.items():
        wanted = pytest.approx(value, abs=30) if name.endswith("_ms") else value
        assert found[name] == wanted, name


@given(st.integers(0, 12_000), segments, st.data())
@law(80)
def test_a_lost_report_adds_nothing(startup_ms, parts, data):
    """Whichever report never arrives: no more playing and no more rebuffering than with it.

    But for the few milliseconds by which a heartbeat's stretch may be longer than it is taken to be, and for the last
    report before the leave: the gap that it leaves may be too short to be seen.
    """
    batches = reports_of(startup_ms, parts)
    player = data.draw(st.sampled_from(["video", "hls"]))
    lost = data.draw(st.integers(0, max(0, len(batches) - 4)))
    beacons = [lp.report(batch, player=player) for batch in batches]
    whole, found = lp.fold(beacons), lp.fold(beacons[:lost] + beacons[lost + 1 :])
    assert found.content_playing_time_ms <= whole.content_playing_time_ms + 5
    assert found.rebuffer_count <= whole.rebuffer_count
    assert found.rebuffer_duration_ms <= whole.rebuffer_duration_ms + 5


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
KEYS = [
    "time_playing_ms",
    "time_waiting_ms",
    "waiting_count",
    "oldest_buffer_timestamp",
    "offset_ms",
    "play_to_first_frame_ms",
    "duration_ms",
    "payload",
    "message",
    "category",
    "id",
]
TYPES = [
    "heartbeat",
    "play",
    "pause",
    "first-frame",
    "ended",
    "error",
    "warning",
    "seek",
    "rate",
    "clip",
    "new",
]
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(TYPES) | JSON, "timestamp": st.integers(lp.T0, lp.T0 + 90_000) | JSON},
        optional={key: JSON | st.floats(0, 1e5) for key in KEYS},
    ),
    max_size=12,
)


@given(
    EVENTS,
    st.dictionaries(st.sampled_from([*lp.BODY, "page_url"]), JSON, max_size=4),
    st.randoms(use_true_random=False),
)
@law(150)
def test_any_json_makes_a_sane_row(sent, session, random):
    """Whatever comes, the fold does not raise, does not depend on the order, and gives times that can be."""
    body = {**lp.BODY, **session, "session_id": lp.SESSION, "events": sent}
    found = LIVEPEER.parse(lp.beacon(msgspec.json.encode(body), lp.T0 + 100_000)).events
    row = LIVEPEER.fold(found, lp.T0 + 10**9).rows[0]
    again = LIVEPEER.fold(random.sample(list(found), len(found)), lp.T0 + 10**9).rows[0]
    assert row == again
    assert row.content_playing_time_ms >= 0
    assert (row.rebuffer_duration_ms or 0) >= 0
    assert all(span.start_ms < span.end_ms for span in row.spans)
    msgspec.json.encode(row)


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
@law(100)
def test_any_bytes_are_read(body):
    """Parsing never raises, over HTTP or WebSocket."""
    LIVEPEER.parse(lp.beacon(body, lp.T0))
    LIVEPEER.parse(lp.beacon(body, lp.T0, route="/json_video+{playback_id}.js", query="tkn=x"))
