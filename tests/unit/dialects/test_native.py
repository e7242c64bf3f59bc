"""The native dialect: what it reads, what it refuses, what it makes of it."""

from __future__ import annotations

import json
import shutil
import subprocess

import jsonschema
import pytest

import support_cases as cases
from firstframe.dialects.base import Grant, Reason, Request
from firstframe.dialects.native import NATIVE
from firstframe.dialects.native.schema import schema
from firstframe.dialects.native.table import CONTEXT_KEYS, EVENT_KEYS, KINDS
from firstframe.errors import BadRequest
from firstframe.fold.finish import fold_view
from firstframe.view.event import TimelineEvent

T0 = cases.BASE_MS
VALIDATOR = jsonschema.Draft202012Validator(schema())


def request(body, **values):
    return Request(method="POST", route="/v1/beacons", params={}, query="", headers={}, body=body, **values)


def reading(*objects, received_ms=T0 + 20_000):
    body = json.dumps(list(objects) if len(objects) > 1 else objects[0]).encode()
    return NATIVE.parse(cases.beacon_of(body, received_ms))


def view(*events, **values):
    return {"view_id": "v", "events": list(events), **values}


def event(kind, at, **values):
    return {"type": kind, "at": T0 + at, **values}


PLAY = (event("play", 0), event("playing", 500), event("end", 10_500))


def row_of(*objects):
    found = reading(*objects)
    (row,) = fold_view(NATIVE, "default", "v", found.events, T0 + cases.DAY_MS).rows
    return row


def reasons(found):
    return [reject.reason for reject in found.rejects]


def test_envelope_names_views_events_and_key():
    """An array of objects: each view once, all events counted, the first key found."""
    body = json.dumps([view(*PLAY), view(PLAY[0], write_key="k"), {"view_id": "w"}]).encode()
    found = NATIVE.envelope(request(body))
    assert (list(found.native_view_ids), found.event_count, found.write_key) == (["v", "w"], 5, "k")


def test_whatever_stands_in_the_list_counts_as_an_event():
    """Each is looked at, so the limit on events holds for rubbish too."""
    assert NATIVE.envelope(request(b"[0, [], {}, null]")).event_count == 4


@pytest.mark.parametrize("body", [b"", b"{", b"3", b'"text"', b"null", b"\xff\xfe", b"[" * 100_000])
def test_envelope_refuses_what_is_no_object_or_array(body):
    """A body that cannot be read is refused with a message, and parse says why too."""
    with pytest.raises(BadRequest):
        NATIVE.envelope(request(body))
    assert reasons(NATIVE.parse(cases.beacon_of(body, T0))) == [Reason.UNREADABLE]


def test_one_bad_event_does_not_block_the_others():
    """Events without type or time, or with an impossible time, are rejected alone."""
    found = reading(view({"type": "play"}, {"at": T0}, 7, {"type": "play", "at": -5}, *PLAY))
    assert reasons(found) == [Reason.BAD_EVENT, Reason.BAD_EVENT, Reason.BAD_EVENT, Reason.BAD_CLOCK]
    assert [one.name for one in found.events] == ["play", "playing", "end"]


def test_an_object_without_view_id_is_rejected():
    """The other objects of the body are used."""
    found = reading({"events": list(PLAY)}, view(*PLAY), 5)
    assert reasons(found) == [Reason.NO_VIEW_ID, Reason.NO_VIEW_ID]
    assert len(found.events) == 3


def test_unknown_types_are_kept_and_change_nothing():
    """An event of a type of your own is stored, counted as unknown, and moves no number."""
    odd = event("scrolled", 15_000, depth=3)
    found = reading(view(*PLAY, odd))
    assert (reasons(found), found.events[-1].payload) == ([Reason.UNKNOWN_EVENT], odd)
    assert row_of(view(*PLAY, odd)) == row_of(view(*PLAY))


def test_only_unknown_events_are_no_view():
    """Where nothing known happened there is no row."""
    found = reading(view(event("scrolled", 0)))
    assert fold_view(NATIVE, "default", "v", found.events, T0).rows == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("playing", {"playhead_ms": "far"}),
        ("play", {"autoplay": "perhaps"}),
        ("rendition", {"bitrate_bps": -1}),
        ("rendition", {"width": [1]}),
        ("request", {"status": "lost"}),
        ("error", {"severity": 5, "message": {}}),
        ("heartbeat", {"seq": -3}),
    ],
)
def test_a_wrong_type_loses_the_field(kind, values):
    """The event is used as if the key were not there, and the key is reported."""
    found = reading(view(event(kind, 200, **values)))
    assert set(reasons(found)) == {Reason.BAD_FIELD}
    assert len(found.rejects) == len(values)
    expected = row_of(view(*PLAY, event(kind, 200)))
    assert row_of(view(*PLAY, event(kind, 200, **values))) == expected


def test_context_fills_the_records_fields():
    """Known keys become fields, custom ones and unknown ones are kept as text."""
    context = {
        "video_id": "film-7",
        "video_title": "Film",
        "player_version": 3,
        "page_url": "https://example.org/watch?v=7",
        "source_url": "https://cdn.example.org/film.m3u8",
        "duration_ms": 60_000,
        "autoplay": True,
        "muted": False,
        "sample_rate": 0.5,
        "custom_1": "a",
        "custom_20": 5,
        "theme": {"dark": True},
        "experiment": None,
    }
    row = row_of(view(*PLAY, viewer_id="me", session_id="s", context=context))
    assert (row.video_id, row.video_title, row.player_version) == ("film-7", "Film", "3")
    assert (row.viewer_id, row.session_id, row.duration_ms, row.sample_rate) == ("me", "s", 60_000, 0.5)
    assert (row.autoplay, row.muted, row.experiment) == (True, False, None)
    assert (row.page_url, row.page_host, row.protocol) == ("https://example.org/watch", "example.org", "hls")
    assert (row.custom, row.extra) == ({"custom_1": "a", "custom_20": "5"}, {"theme": '{"dark":true}'})


def test_a_live_context_makes_a_live_view():
    """Live in the context is as good as live on an event: no length, no completion."""
    row = row_of(view(*PLAY, context={"live": True, "duration_ms": 5}))
    assert (row.live, row.duration_ms, row.completed, row.stream_type) == (True, None, None, "live")


def test_events_know_better_than_the_context():
    """What the first play says of autoplay wins over the context."""
    events = (event("play", 0, autoplay=False, duration_ms=9_000), *PLAY[1:])
    row = row_of(view(*events, context={"autoplay": True, "duration_ms": 60_000}))
    assert (row.autoplay, row.duration_ms) == (False, 9_000)


def test_the_latest_context_wins():
    """Of two values for a view the one said later on the client's clock stays, in any order of arrival."""
    early = view(PLAY[0], context={"video_title": "Old", "cdn": "one"}, viewer_id="a")
    late = view(*PLAY[1:], context={"video_title": "New"}, viewer_id="b")
    for row in (row_of(early, late), row_of(late, early)):
        assert (row.video_title, row.cdn, row.viewer_id) == ("New", "one", "b")


def test_a_split_view_has_the_context_of_its_time():
    """After an hour of silence the first row keeps what was said of it."""
    early = view(PLAY[0], PLAY[1], event("pause", 900), context={"video_title": "First"})
    late = view(event("play", 4_000_000), context={"video_title": "Second"})
    found = reading(early, late, received_ms=T0 + 4_100_000)
    rows = fold_view(NATIVE, "default", "v", found.events, T0 + cases.DAY_MS).rows
    assert [(row.ordinal, row.video_title) for row in rows] == [(0, "First"), (1, "Second")]


def test_wrong_context_is_reported_and_left_out():
    """A context that is no object, or whose keys have the wrong type, does not stop the events."""
    found = reading(
        view(*PLAY, context=5), view(context={"video_title": [1], "live": "x"}), {"view_id": "v", "events": 3}
    )
    assert reasons(found) == [Reason.BAD_FIELD] * 4
    assert row_of(view(*PLAY, context={"video_title": [1]})).video_title is None


def test_repeats_are_one_event():
    """The same delivery twice, or an id twice, is one event."""
    once = [{**one, "id": str(number)} for number, one in enumerate(PLAY)]
    row = row_of(view(*once), view(*once), view({**once[1], "at": T0 + 900}))
    assert (row.event_count, row.video_startup_time_ms) == (3, 500)


def test_a_request_has_a_length_of_its_own():
    """On a request `duration_ms` is how long it took, not how long the video is."""
    row = row_of(view(*PLAY, event("request", 100, bytes=1000, duration_ms=800, ttfb_ms=300)))
    assert (row.duration_ms, row.request_load_ms, row.ttfb_sum_ms) == (None, 500, 300)


def test_every_event_key_has_a_place_on_the_timeline():
    """No key of the table is read and then forgotten."""
    assert set(EVENT_KEYS) - {"scope"} <= set(TimelineEvent.__struct_fields__)


def test_schema_is_served():
    """The JSON Schema is answered without anything being kept, and is a valid schema."""
    (route,) = [route for route in NATIVE.routes if route.kind == "answer"]
    reply = route.answer(Request("GET", route.path, {}, "", {}, b""), Grant(granted=True))
    assert (reply.status, json.loads(reply.body)) == (200, schema())
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("case", cases.load_cases("generic"), ids=lambda case: case["name"])
def test_schema_accepts_every_golden_case(case):
    """What the golden cases send is well-formed by the schema."""
    for _, body in cases.native_bodies(case):
        VALIDATOR.validate(json.loads(body))


@pytest.mark.parametrize(
    "body",
    [
        5,
        {},
        {"view_id": ""},
        view({"type": "play"}),
        view({"at": 5}),
        view(event("rendition", 0, bitrate_bps="fast")),
        view(event("error", 0, severity="bad")),
        view(context=[]),
        [view(), 7],
    ],
)
def test_schema_refuses_what_would_be_rejected(body):
    """Whatever costs an object, an event or a key breaks the schema."""
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(body)


def test_schema_describes_every_key():
    """Each key of events and contexts stands in the schema with its meaning."""
    parts = schema()["$defs"]
    for keys, part in ((EVENT_KEYS, "event"), (CONTEXT_KEYS, "context")):
        assert all(parts[part]["properties"][name]["description"] for name in keys)
    assert parts["event"]["properties"]["type"]["examples"] == list(KINDS)


@pytest.mark.skipif(shutil.which("bash") is None, reason="the snippet is written for bash")
def test_the_snippet_sends_a_good_beacon(tmp_path):
    """Run with a `curl` that prints what it would send, the snippet's body is a complete view at the right address."""
    fake = tmp_path / "curl"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    script = NATIVE.snippet("https://collect.example.org/", "key1")
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "https://collect.example.org/native/key1/v1/beacons" in done.stdout.splitlines()
    body = json.loads(done.stdout[done.stdout.index("{") :])
    VALIDATOR.validate(body)
    found = NATIVE.parse(cases.beacon_of(json.dumps(body).encode(), body["events"][-1]["at"]))
    (row,) = fold_view(NATIVE, "default", body["view_id"], found.events, body["events"][-1]["at"]).rows
    assert (found.rejects, row.video_startup_time_ms, row.video_id) == ([], 500, "my-video")


HIDDEN = (event("play", 0), event("playing", 25), event("visibility", 4_200, hidden=True))
CUT_OFF = ["pause_lower_bound", "play_time_lower_bound", "stalls_lower_bound"]


@pytest.mark.parametrize(
    ("more", "reason", "flags"),
    [
        ((), "dropped", CUT_OFF),
        ((event("stall_start", 4_100),), "dropped", CUT_OFF),
        ((event("pause", 4_300),), "idle_timeout", ["pause_lower_bound"]),
        ((event("ended", 4_300),), "idle_timeout", []),
        ((event("end", 4_300),), "ended", []),
    ],
    ids=["playing", "stalled", "paused", "ended", "left"],
)
def test_a_page_that_dies_while_it_is_hidden_tells_less_than_was_watched(more, reason, flags):
    """As our SDK sends it: its last word is what it said when it was hidden, or soon after."""
    row = row_of(view(*HIDDEN, *more))
    assert (row.end_reason, row.approx) == (reason, flags)
