"""Mux bodies: what is accepted, what is an event, and why something is not."""

from __future__ import annotations

import json

import pytest

import support_mux as mux
from firstframe.dialects.base import Reason, Request
from firstframe.dialects.mux import MUX
from firstframe.errors import BadRequest
from support_cases import BASE_MS, beacon_of


def request(body: bytes, route: str = "") -> Request:
    return Request("POST", route, {}, "", {"content-type": "text/plain"}, body)


def read(body: bytes, route: str = "", received_ms: int = BASE_MS):
    return MUX.parse(beacon_of(body, received_ms, dialect="mux", route=route))


def test_addresses():
    """The SDK posts to exactly the address it is given: the root, the mount, or a tenant's; servers to `/events`."""
    root, raw = MUX.routes
    assert (root.path, root.at_root, root.mounted, root.methods) == ("", True, True, ("POST",))
    assert (raw.path, raw.at_root, raw.mounted) == ("/events", False, True)


def test_the_envelope_names_views_and_key():
    """The write key is the env_key; each view is named once."""
    body = mux.short_body(
        [
            mux.event("play", 0, env_key="abc"),
            mux.event("playing", 5, env_key="abc"),
            {**mux.event("play", 9), "view_id": "w"},
        ]
    )
    envelope = MUX.envelope(request(body))
    assert list(envelope.native_view_ids) == ["v", "w"]
    assert (envelope.event_count, envelope.write_key) == (3, "abc")


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b"{}", b'{"events": {}}', b"[" * 100_000, b"\xff\xfe"])
def test_an_unreadable_body_is_refused_and_says_why(body):
    """What is no object with a list of events is a 400 that names the shape; a stored one is a reject."""
    with pytest.raises(BadRequest, match="events"):
        MUX.envelope(request(body))
    assert [reject.reason for reject in read(body).rejects] == [Reason.UNREADABLE]


@pytest.mark.parametrize("text", ['"\\ud83d"', '"a\\udc00b"', "NaN", "1e999"])
def test_half_characters_and_infinities_are_mended(text):
    """The SDK cuts long texts in the middle of a character: refused, it would send that body for ever."""
    body = mux.short_body([mux.event("play", 0)]).replace(
        b'"e": "play"', f'"e": "play", "vtt": {text}'.encode()
    )
    assert list(MUX.envelope(request(body)).native_view_ids) == ["v"]
    (event,) = read(body).events
    json.dumps(event.payload).encode()
    title = event.payload["video_title"]
    assert title is None or "\ufffd" in title


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("text", Reason.BAD_EVENT),
        ({"event": "play", "viewer_time": BASE_MS}, Reason.NO_VIEW_ID),
        ({"event": "play", "viewer_time": BASE_MS, "view_id": "x" * 257}, Reason.NO_VIEW_ID),
        ({"view_id": "v", "viewer_time": BASE_MS}, Reason.BAD_EVENT),
        ({"view_id": "v", "event": "play"}, Reason.BAD_EVENT),
        ({"view_id": "v", "event": "play", "viewer_time": "soon"}, Reason.BAD_EVENT),
        ({"view_id": "v", "event": "play", "viewer_time": -5}, Reason.BAD_CLOCK),
        ({"view_id": "v", "event": "play", "viewer_time": 9e15}, Reason.BAD_CLOCK),
    ],
)
def test_an_unusable_event_is_told_and_the_others_are_used(fields, reason):
    """One bad event neither refuses a body nor takes its neighbours along."""
    body = json.dumps({"events": [fields, mux.event("play", 0)]}).encode()
    MUX.envelope(request(body, "/events"))
    reading = read(body, "/events")
    assert [reject.reason for reject in reading.rejects] == [reason]
    assert [event.name for event in reading.events] == ["play"]


def test_an_unknown_event_is_kept_and_told():
    """Other SDKs know more events: they stay with the view and are counted."""
    reading = read(mux.short_body([mux.event("somethingnew", 3)]))
    assert [event.name for event in reading.events] == ["somethingnew"]
    assert [reject.reason for reject in reading.rejects] == [Reason.UNKNOWN_EVENT]


def test_one_event_in_two_bodies_is_one_delivery():
    """At unload the last batch goes out twice, and retries are merged with newer events: the key stays the same."""
    first, second = mux.numbered([mux.event("pause", 10), mux.event("viewend", 20)])
    alone = read(mux.short_body([second], transmission_timestamp=BASE_MS + 21)).events
    merged = read(mux.short_body([first, second], transmission_timestamp=BASE_MS + 99)).events
    assert alone[0].key == merged[1].key != merged[0].key
    assert alone[0].payload["transmission_timestamp"] == BASE_MS + 21


def test_a_raw_body_shares_what_its_events_have_in_common():
    """`data` holds for each event of a raw body, and an event's own word wins."""
    body = {
        "data": {"view_id": "v", "video_title": "A film", "custom_1": "all"},
        "events": [{"event": "play", "viewer_time": BASE_MS, "custom_1": "one"}],
    }
    (event,) = read(json.dumps(body).encode(), "/events").events
    assert event.native_view_id == "v"
    assert (event.payload["video_title"], event.payload["custom_1"]) == ("A film", "one")


def test_the_request_says_where_the_viewer_is():
    """The SDK sends no browser fields: they come from the request's headers."""
    beacon = beacon_of(mux.short_body([mux.event("play", 0)]), BASE_MS, dialect="mux", route="")
    (event,) = MUX.parse(beacon).events
    assert event.context.user_agent == beacon.headers.get("user-agent")


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://qoe.example.com", "qoe.example.com/mux/KEY"),
        ("http://localhost:8080", "localhost:8080/mux/KEY#localhost"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080/mux/KEY#localhost"),
    ],
)
def test_the_snippet_obeys_the_localhost_rule(url, domain):
    """The SDK speaks plain http only to a text that ends in localhost."""
    assert f"beaconCollectionDomain: '{domain}'" in MUX.snippet(url, "KEY")
