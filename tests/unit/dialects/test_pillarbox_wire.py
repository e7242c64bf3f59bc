"""From bytes to events: what is taken, what is refused, what is counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firstframe.beacon import Beacon
from firstframe.dialects.base import Reason, Request
from firstframe.dialects.pillarbox import PILLARBOX
from firstframe.errors import BadRequest
from support_cases import beacon_of

SESSION = "37b18444-76b6-4159-8539-d48ea5ecbc86"
AT_MS = 1_780_000_000_000
RECEIVED_MS = AT_MS + 40


def body(name: str = "HEARTBEAT", **changes: Any) -> dict[str, Any]:
    """One event as an SDK sends it."""
    event = {"event_name": name, "session_id": SESSION, "timestamp": AT_MS, "version": 1, "data": {}}
    return {key: value for key, value in (event | changes).items() if value is not ...}


def beacon(content: Any) -> Beacon:
    """A body, or the JSON of an event, as accepted."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return beacon_of(raw, RECEIVED_MS, dialect="pillarbox", route="/api/events")


def request(content: bytes, kind: str = "text/plain;charset=UTF-8") -> Request:
    """A POST to the collector."""
    return Request("POST", "/api/events", {}, "", {"content-type": kind}, content)


def test_the_answer_is_200_and_empty() -> None:
    """The route answers as the official dispatcher does."""
    (route,) = PILLARBOX.routes
    assert (route.path, route.reply.status, route.reply.body) == ("/api/events", 200, b"")


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "application/json", ""])
def test_one_object_is_one_event_of_its_session(kind: str) -> None:
    """The content type says nothing: beacons of browsers are text."""
    envelope = PILLARBOX.envelope(request(json.dumps(body()).encode(), kind))
    assert (list(envelope.native_view_ids), envelope.event_count, envelope.write_key) == ([SESSION], 1, None)


@pytest.mark.parametrize(
    "raw", [b"", b"nonsense", b"[1]", b'"text"', b"7", b"null", b"{", b"\xff\xfe", b"[" * 5000]
)
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    """A clear 400 at the edge, and a reject where it got past it."""
    with pytest.raises(BadRequest, match="one JSON object"):
        PILLARBOX.envelope(request(raw))
    reading = PILLARBOX.parse(beacon(raw))
    assert [reject.reason for reject in reading.rejects] == [Reason.UNREADABLE]
    assert not reading.events


def test_every_key_is_kept_but_the_relayed_address() -> None:
    """Unknown keys stay in the event at any depth; an address that a dispatcher added does not."""
    sent = body("START", novel={"deep": [1]}, user_ip="192.0.2.7", data={"media": {"id": "a", "brand": "x"}})
    (event,) = PILLARBOX.parse(beacon(sent)).events
    assert event.payload == {key: value for key, value in sent.items() if key != "user_ip"}
    assert (event.native_view_id, event.name, event.at_ms, event.received_at_ms) == (
        SESSION,
        "START",
        AT_MS,
        RECEIVED_MS,
    )


def test_equal_deliveries_have_one_key_and_others_do_not() -> None:
    """A middle box that repeats a request changes nothing; two events of one instant stay apart."""
    keys = [
        PILLARBOX.parse(beacon(each)).events[0].key
        for each in (body(), body(), body("STOP"), body(timestamp=AT_MS + 1), body(data={"position": 1}))
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"session_id": ...}, Reason.NO_VIEW_ID),
        ({"session_id": ""}, Reason.NO_VIEW_ID),
        ({"session_id": 7}, Reason.NO_VIEW_ID),
        ({"session_id": "x" * 257}, Reason.NO_VIEW_ID),
        ({"event_name": None}, Reason.BAD_EVENT),
        ({"event_name": {}}, Reason.BAD_EVENT),
    ],
)
def test_an_event_without_session_or_name_is_taken_and_rejected(
    changes: dict[str, Any], reason: Reason
) -> None:
    """The SDK gets its 2xx, the operator gets a reason."""
    assert PILLARBOX.envelope(request(json.dumps(body(**changes)).encode())).event_count == 1
    reading = PILLARBOX.parse(beacon(body(**changes)))
    assert [reject.reason for reject in reading.rejects] == [reason]
    assert not reading.events


@pytest.mark.parametrize("timestamp", [..., None, "soon", -1, 9e15, True])
def test_a_clock_that_cannot_be_is_replaced_by_the_receipt(timestamp: Any) -> None:
    """The event is used all the same, and counted."""
    reading = PILLARBOX.parse(beacon(body(timestamp=timestamp)))
    assert reading.events[0].at_ms == RECEIVED_MS
    assert [reject.reason for reject in reading.rejects] == [Reason.BAD_CLOCK]


def test_a_field_of_the_wrong_type_loses_the_field_only() -> None:
    """Each is counted with its path; the event counts."""
    data = {"playback_duration": "long", "stall": {"count": [], "duration": 5}, "position": None, "url": ""}
    reading = PILLARBOX.parse(beacon(body(data=data)))
    assert len(reading.events) == 1
    assert {reject.message.split(" ")[0] for reject in reading.rejects} == {
        "data.playback_duration",
        "data.stall.count",
    }
    assert {reject.reason for reject in reading.rejects} == {Reason.BAD_FIELD}


def test_data_that_is_no_object_is_counted() -> None:
    """An event without data still says that its session is alive."""
    reading = PILLARBOX.parse(beacon(body(data="x")))
    assert (len(reading.events), [reject.reason for reject in reading.rejects]) == (1, [Reason.BAD_FIELD])


def test_an_unknown_event_is_kept() -> None:
    """It is shown with the view and said to change nothing."""
    reading = PILLARBOX.parse(beacon(body("PING")))
    assert reading.events[0].name == "PING"
    assert [reject.reason for reject in reading.rejects] == [Reason.UNKNOWN_EVENT]


def test_numbers_beyond_64_bit_are_read() -> None:
    """Android's mark for an unset duration, and worse."""
    raw = json.dumps(body(data={"duration": -(2**63), "position": 10**40})).encode()
    assert len(PILLARBOX.parse(beacon(raw)).events) == 1


def test_a_title_cut_in_an_emoji_costs_that_character_only() -> None:
    """JSON that browsers write and strict readers refuse is no reason to lose a beacon."""
    raw = json.dumps(body("START", data={"media": {"title": "cut \ud83d"}})).encode()
    assert PILLARBOX.envelope(request(raw)).event_count == 1
    event = PILLARBOX.parse(beacon(raw)).events[0]
    assert event.payload["data"]["media"]["title"] == "cut \ufffd"


@pytest.mark.parametrize(("key", "path"), [("", "/pillarbox/api/events"), ("k1", "/pillarbox/k1/api/events")])
def test_the_snippet_names_the_whole_address(key: str, path: str) -> None:
    """The SDK appends nothing to the address it is given."""
    assert f'beaconUrl: "https://collect.example{path}"' in PILLARBOX.snippet("https://collect.example/", key)
