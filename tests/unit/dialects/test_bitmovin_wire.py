"""What the Bitmovin dialect accepts, answers, and cannot use."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from firstframe.dialects.base import Grant, Reason, Request
from firstframe.dialects.bitmovin import BITMOVIN
from firstframe.errors import BadRequest
from support_bitmovin import IMPRESSION, Session, beacon

LICENCE = {"analyticsVersion": "v2.51.0", "domain": "example.org", "key": "licence"}


def request(route: str, payload: Any, **headers: str) -> Request:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Request("POST", route, {}, "", headers, body)


def answered(grant: Grant) -> dict[str, Any]:
    (route,) = [route for route in BITMOVIN.routes if route.kind == "answer"]
    assert route.answer is not None
    reply = route.answer(request("/licensing", LICENCE), grant)
    assert (reply.status, reply.content_type) == (200, "application/json")
    found: dict[str, Any] = json.loads(reply.body)
    return found


def test_routes() -> None:
    """The collector's four addresses are there, and none of them at the root."""
    assert {route.path: route.kind for route in BITMOVIN.routes} == {
        "/licensing": "answer",
        "/analytics": "collect",
        "/analytics/a": "collect",
        "/analytics/error": "collect",
    }
    assert not any(route.at_root for route in BITMOVIN.routes)


def test_a_granted_licence_asks_for_error_details() -> None:
    """A known key opens the collector and turns error details on."""
    answer = answered(Grant(granted=True))
    assert answer["status"] == "granted"
    assert answer["features"]["errorDetails"] == {"enabled": True, "numberOfHttpRequests": 10}


def test_a_denied_licence_is_json_too() -> None:
    """An unknown key gets a readable no: without JSON the page would see an uncaught error."""
    assert answered(Grant(granted=False, message="unknown key")) == {
        "status": "denied",
        "message": "unknown key",
    }


def test_the_licence_names_its_key() -> None:
    """The key of a licence request is in its body, whatever else the body is."""
    (route,) = [route for route in BITMOVIN.routes if route.kind == "answer"]
    assert route.key_of is not None
    assert route.key_of(request("/licensing", LICENCE)) == "licence"
    assert route.key_of(request("/licensing", b"not json")) is None
    assert route.key_of(request("/licensing", ["licence"])) is None


def test_collecting_answers_are_empty() -> None:
    """The SDK parses any body of an answer, so there is none."""
    assert {
        (route.reply.status, route.reply.body) for route in BITMOVIN.routes if route.kind == "collect"
    } == {(204, b"")}


@pytest.mark.parametrize(
    ("route", "payload"),
    [
        ("/analytics", {"impressionId": IMPRESSION, "key": "licence"}),
        ("/analytics/a", {"videoImpressionId": IMPRESSION, "adImpressionId": "ad", "key": "licence"}),
        ("/analytics/error", {"impressionId": IMPRESSION, "errorId": 0, "licenseKey": "licence"}),
    ],
)
@pytest.mark.parametrize("headers", [{"content-type": "text/plain"}, {}])
def test_envelope(route: str, payload: dict[str, Any], headers: dict[str, str]) -> None:
    """View and key are found on every route, in bodies of type text/plain and of no type."""
    found = BITMOVIN.envelope(request(route, payload, **headers))
    assert (list(found.native_view_ids), found.event_count, found.write_key) == ([IMPRESSION], 1, "licence")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 5000])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """Anything but one JSON object is a 400, and parsing it later says why it could not be used."""
    with pytest.raises(BadRequest):
        BITMOVIN.envelope(request("/analytics", body))
    reading = BITMOVIN.parse(beacon(body))
    assert (list(reading.events), [reject.reason for reject in reading.rejects]) == ([], [Reason.UNREADABLE])


def test_a_text_cut_inside_an_emoji_costs_itself_only() -> None:
    """`title.slice(0, 60)` may leave half an emoji, which `JSON.stringify` sends as a lone surrogate in every sample."""
    sample = Session(videoTitle="x \ud83d", customData1="\udc00 y").add("playing", 1000).samples[0]
    body = json.dumps(sample).encode()
    assert b"\\ud83d" in body
    found = BITMOVIN.envelope(request("/analytics", body))
    assert (list(found.native_view_ids), found.write_key) == ([IMPRESSION], "licence")
    once, again = BITMOVIN.parse(beacon(body)), BITMOVIN.parse(beacon({**sample, "retryCount": 1}))
    assert (len(once.events), list(once.rejects)) == (1, [])
    payload = once.events[0].payload
    assert (payload["videoTitle"], payload["customData1"], payload["played"]) == (
        "x \ufffd",
        "\ufffd y",
        1000,
    )
    assert once.events[0].key == again.events[0].key
    assert msgspec.json.decode(msgspec.json.encode(payload)) == payload


def test_a_licence_with_half_an_emoji_names_its_key() -> None:
    """Else the collector would stay silent for the whole impression."""
    (route,) = [route for route in BITMOVIN.routes if route.kind == "answer"]
    assert route.key_of is not None
    assert route.key_of(request("/licensing", {**LICENCE, "domain": "\ud83d"})) == "licence"


@pytest.mark.parametrize("impression", [None, "", 7, "x" * 257, {}])
def test_a_sample_without_impression_is_accepted_and_rejected(impression: Any) -> None:
    """A readable sample without a usable impression gets its 2xx, and a reason in the rejects."""
    payload = {"impressionId": impression, "state": "playing"}
    assert list(BITMOVIN.envelope(request("/analytics", payload)).native_view_ids) == []
    assert [reject.reason for reject in BITMOVIN.parse(beacon(payload)).rejects] == [Reason.NO_VIEW_ID]


def test_a_resent_sample_is_the_same_event() -> None:
    """A repeat that only counts its tries has the key of the first delivery."""
    sample = Session().add("playing", 1000).samples[0]
    once, again = (BITMOVIN.parse(beacon(each)).events[0] for each in (sample, {**sample, "retryCount": 2}))
    assert once.key == again.key
    assert once.key != BITMOVIN.parse(beacon({**sample, "sequenceNumber": 1})).events[0].key


def test_a_wrong_field_is_told_and_the_sample_is_used() -> None:
    """A number that is none is left out with a reason; the rest of the sample counts."""
    reading = BITMOVIN.parse(beacon({**Session().add("playing", 1000).samples[0], "videoBitrate": "fast"}))
    assert len(reading.events) == 1
    assert [reject.reason for reject in reading.rejects] == [Reason.BAD_FIELD]
    assert "videoBitrate" in reading.rejects[0].message


@pytest.mark.parametrize("time", [-1, 0, 9e15, "yesterday", {}])
def test_an_impossible_clock_is_replaced_by_the_receipt(time: Any) -> None:
    """A time that no clock can have meant is rejected; the event stands where it was received."""
    sample = {**Session().add("playing", 1000).samples[0], "time": time}
    reading = BITMOVIN.parse(beacon(sample, received_ms=1_780_000_005_000))
    assert [reject.reason for reject in reading.rejects] == [Reason.BAD_CLOCK]
    assert reading.events[0].at_ms == 1_780_000_005_000


def test_the_snippet_is_ready_to_paste() -> None:
    """The snippet names the collector with the dialect's prefix and the key, safely quoted."""
    text = BITMOVIN.snippet("https://qoe.example.org/", "it's</script>")
    assert "backendUrl: 'https://qoe.example.org/bitmovin'" in text
    assert "key: 'it\\'s\\x3c/script>'" in text
