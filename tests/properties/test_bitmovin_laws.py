"""Laws of the Bitmovin fold: order, repeats and batching change nothing, loss is flagged, nothing raises."""

from __future__ import annotations

import contextlib
import json
import random
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import support_cases
from firstframe.beacon import Event
from firstframe.dialects.base import Request
from firstframe.dialects.bitmovin import BITMOVIN
from firstframe.errors import BadRequest
from firstframe.view.record import WATCH_STATES, Approx, Outcome, State, ViewRecord
from support_bitmovin import IMPRESSION, Session, beacon, events_of, row_of
from support_law import law

STEPS = st.tuples(
    st.sampled_from(
        ["playing", "rebuffering", "pause", "seeking", "qualitychange", "customdatachange", "error"]
    ),
    st.integers(0, 60_000),
    st.integers(0, 40_000),
    st.integers(-500, 40_000),
    st.sampled_from([0, 314_000, 1_564_000]),
)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """A collector's session of any length, with positions that need not make sense."""
    session = Session(player=draw(st.sampled_from(["html5", "hlsjs", "bitmovin"])))
    if draw(st.booleans()):
        session.add("setup", draw(st.integers(0, 500)))
    session.add(
        "startup", draw(st.integers(1, 5000)), videoTimeStart=0, videoTimeEnd=draw(st.integers(0, 300))
    )
    for state, ms, start, moved, bitrate in draw(st.lists(STEPS, max_size=12)):
        point = state in ("qualitychange", "customdatachange", "error")
        fields: dict[str, Any] = {
            "videoTimeStart": start,
            "videoTimeEnd": start + moved,
            "videoBitrate": bitrate,
        }
        if state == "error":
            fields |= {"errorCode": 2, "errorSeverity": draw(st.sampled_from(["CRITICAL", "INFO"]))}
        session.add(state, 0 if point else ms, **fields)
    if draw(st.booleans()):
        session.leave(draw(st.integers(0, 9000)))
    return session


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [
        *(
            "state",
            "time",
            "timestamp",
            "duration",
            "sequenceNumber",
            "retryCount",
            "played",
            "buffered",
            "paused",
        ),
        *(
            "seeked",
            "ad",
            "videoStartupTime",
            "playerStartupTime",
            "pageLoadTime",
            "videoTimeStart",
            "videoTimeEnd",
        ),
        *(
            "videoDuration",
            "videoBitrate",
            "droppedFrames",
            "completedTotal",
            "errorCode",
            "errorSeverity",
            "isLive",
        ),
        *(
            "errorMessage",
            "videoStartFailed",
            "videoStartFailedReason",
            "downloadSpeedInfo",
            "deviceInformation",
        ),
        *(
            "autoplay",
            "isMuted",
            "isProgramChange",
            "platform",
            "player",
            "version",
            "domain",
            "path",
            "customData1",
        ),
        *(
            "progUrl",
            "m3u8Url",
            "streamFormat",
            "userAgent",
            "adImpressionId",
            "adPosition",
            "started",
            "timePlayed",
        ),
        *("adStartupTime", "code", "severity", "message", "errorId", "subtitleEnabled", "drmLoadTime", "key"),
    ]
)
ROUTES = {
    "/analytics": "impressionId",
    "/analytics/a": "videoImpressionId",
    "/analytics/error": "impressionId",
}


def row_from(events: list[Event]) -> ViewRecord:
    return row_of(events)


@law()
@given(session=sessions(), seed=st.integers(0, 2**32))
def test_order_and_repeats_change_nothing(session: Session, seed: int) -> None:
    """Any order of the same events, and any of them again, fold to the same row."""
    events = events_of(session.samples)
    shuffled = [*events, *random.Random(seed).choices(events, k=len(events))]
    random.Random(seed).shuffle(shuffled)
    assert row_from(shuffled) == row_from(events)


@law()
@given(session=sessions())
def test_time_adds_up(session: Session) -> None:
    """Spans are in order, do not overlap, and hold exactly the durations of the row."""
    row = row_of(session)
    for before, after in zip(row.spans, row.spans[1:], strict=False):
        assert before.start_ms < before.end_ms <= after.start_ms < after.end_ms
    total = dict.fromkeys(State, 0)
    for span in row.spans:
        total[span.state] += span.end_ms - span.start_ms
    assert row.watch_time_ms == sum(total[state] for state in WATCH_STATES)
    assert row.content_playing_time_ms == total[State.PLAYING]
    assert row.rebuffer_duration_ms == total[State.REBUFFER]
    assert row.pause_time_ms == total[State.PAUSE]
    assert total[State.SEEK] <= (row.seek_time_ms or 0) <= total[State.SEEK] + total[State.PAUSE]
    assert row.bitrate_ms <= row.content_playing_time_ms


@law()
@given(session=sessions())
def test_a_stall_is_never_split(session: Session) -> None:
    """Samples of stall behind one another are one stall at most, whatever the playhead does in it."""
    timed = [sample["state"] == "rebuffering" for sample in session.samples if sample["duration"]]
    runs = sum(now and not before for before, now in pairwise([False, *timed]))
    assert row_of(session).rebuffer_count <= runs


@law()
@given(session=sessions(), hole_ms=st.integers(60_000, 10_000_000), moved_ms=st.integers(-5000, 20_000_000))
def test_a_hole_credits_its_length_or_the_advance(session: Session, hole_ms: int, moved_ms: int) -> None:
    """Nothing but the hole is filled, with no more than it holds and than the playhead shows."""
    session.samples = [each for each in session.samples if each["state"] != "closed"]
    reached_ms = 50_000 + moved_ms
    session.add("playing", 1000, videoTimeStart=0, videoTimeEnd=50_000)
    session.add("playing", 1000, videoTimeStart=reached_ms, videoTimeEnd=reached_ms + 1000)
    without = row_of(session)
    session.samples[-1]["time"] += hole_ms
    found = row_of(session)
    credited_ms = found.content_playing_time_ms - without.content_playing_time_ms
    assert credited_ms == max(0, min(hole_ms, moved_ms))
    assert found.watch_time_ms - without.watch_time_ms == credited_ms
    assert (Approx.HOLE_CREDITED in found.approx) == (credited_ms > 0)


@law()
@given(session=sessions())
def test_no_time_is_invented(session: Session) -> None:
    """Corrections move time between states; the sum of all states is the sum of the samples' numbers."""
    row = row_of(session)
    told = sum(
        sum(sample[name] for name in ("played", "buffered", "paused", "seeked", "videoStartupTime"))
        for sample in session.samples
    )
    assert sum(span.end_ms - span.start_ms for span in row.spans) == told


@law()
@given(session=sessions(), data=st.data())
def test_loss_is_flagged(session: Session, data: st.DataObject) -> None:
    """A sample that is missing before the last one that came is counted and flagged, never silently wrong."""
    keep = data.draw(st.lists(st.booleans(), min_size=len(session.samples), max_size=len(session.samples)))
    kept = [sample for sample, stays in zip(session.samples, keep, strict=True) if stays]
    if not kept:
        return
    row = row_of(events_of(kept))
    missing = kept[-1]["sequenceNumber"] + 1 - len(kept)
    assert (Approx.EVENTS_LOST in row.approx) == (missing > 0)
    assert row.extra.get("lost_samples") == (str(missing) if missing else None)
    if missing:
        assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


@law()
@given(session=sessions())
def test_outcomes_are_consistent(session: Session) -> None:
    """An outcome agrees with the flags beside it."""
    row = row_of(session)
    assert row.attempted == (row.outcome is not Outcome.NOT_ATTEMPTED)
    if row.outcome in (Outcome.EXITED_BEFORE_START, Outcome.START_FAILED):
        assert not row.started
    if row.outcome in (Outcome.COMPLETED, Outcome.DROPPED, Outcome.EXITED, Outcome.PLAYBACK_FAILED):
        assert row.started
    assert (row.video_startup_time_ms is None) or row.started


@law()
@given(
    bodies=st.lists(
        st.tuples(st.sampled_from(sorted(ROUTES)), st.dictionaries(FIELDS, JSON, max_size=14)),
        min_size=1,
        max_size=6,
    ),
    now=st.integers(0, 4_000_000_000_000),
)
def test_nothing_raises(bodies: list[tuple[str, dict[str, Any]]], now: int) -> None:
    """Whatever stands in the fields, a readable body is accepted, read and folded to one row."""
    events = []
    for route, fields in bodies:
        payload = {**fields, ROUTES[route]: IMPRESSION}
        BITMOVIN.envelope(Request("POST", route, {}, "", {}, json.dumps(payload).encode()))
        events += BITMOVIN.parse(beacon(json.dumps(payload).encode(), route)).events
    assert len(events) == len(bodies)
    rows = support_cases.fold_all(events, BITMOVIN, now_ms=now)
    assert len(rows) == 1
    assert all(span.start_ms < span.end_ms for span in rows[0].spans)


@law()
@given(body=st.binary(max_size=60), route=st.sampled_from(sorted(ROUTES)))
def test_any_bytes_are_read_or_refused(body: bytes, route: str) -> None:
    """Bytes that are no JSON object are refused by name and never break the reader."""
    reading = BITMOVIN.parse(beacon(body, route))
    assert len(reading.events) + len(reading.rejects) >= 1
    with contextlib.suppress(BadRequest):
        BITMOVIN.envelope(Request("POST", route, {}, "", {}, body))
