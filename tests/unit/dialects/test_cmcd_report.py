"""Requests of both modes and both versions: which records they hold, whose they are, and what is not used."""

from __future__ import annotations

import pytest

from firstframe.dialects.base import Envelope, Reason, Request
from firstframe.dialects.cmcd import CMCD
from firstframe.errors import BadRequest
from support_cmcd import BASE_MS, DAY_MS, line, read


def envelope_of(body: str = "", query: str = "", headers: dict[str, str] | None = None) -> Envelope:
    return CMCD.envelope(Request("POST", "", {}, query, headers or {}, body.encode()))


def test_a_body_is_one_record_a_line() -> None:
    """Blanks at the ends, a last line feed, carriage returns and empty lines are nothing."""
    body = f" {line(e='t', sid='a', ts=1)} \r\n\n{line(e='ps', sta='p', sid='b', ts=2)}\n"
    assert envelope_of(body) == Envelope(["a", "b"], 2, None)
    events = read(body).events
    assert [(event.native_view_id, event.name, event.at_ms) for event in events] == [
        ("a", "t", 1),
        ("b", "ps", 2),
    ]


@pytest.mark.parametrize("query", ["k=abc", "key=abc", "x=1&key=abc&sid=s"])
def test_the_targets_address_may_name_the_key(query: str) -> None:
    """Players copy the address of a target as it is."""
    assert envelope_of(line(e="t", sid="a", ts=1), query).write_key == "abc"


@pytest.mark.parametrize(
    ("query", "sid", "key"),
    [
        ("%73id=s&x=1", "s", None),
        ("x=1&s%69d=s&%6B=abc", "s", "abc"),
        ("x=%26sid=y&k%65y=abc", None, "abc"),
        ("x=1&sid=&k=&key", None, None),
        ("asid=y&sidx=y&xk=y&skey=y", None, None),
        ("sid+=y&+k=y", None, None),
        ("x=sid=y&k=a&k=b", None, "b"),
    ],
)
def test_the_names_in_an_address_may_be_written_in_any_way(
    query: str, sid: str | None, key: str | None
) -> None:
    """The edge looks for a session and a key only, and finds those that the fold reads."""
    said = line(e="t", ts=1)
    assert envelope_of(said, query) == Envelope([sid] if sid else [], 1, key)
    assert [event.native_view_id for event in read(said, query=query).events] == ([sid] if sid else [])


def test_the_targets_address_may_name_the_session_and_the_view() -> None:
    """What is not on the wire is set for each page view; other parameters, the key above all, are not kept."""
    query = "k=abc&sid=page-1&video_title=Tide%3A%20trailer&viewer_id=me&custom_2=gold&os=&nonsense=1"
    (event,) = read(line(e="t", ts=1), query=query).events
    assert event.native_view_id == "page-1"
    assert event.payload["target"] == {"video_title": "Tide: trailer", "viewer_id": "me", "custom_2": "gold"}
    assert "abc" not in str(event.payload)


@pytest.mark.parametrize(
    ("body", "sid"),
    [
        ('e=t,sid="a",ts=1', "a"),
        ('url="http://a/,sid=",sid="b",ts=1', "b"),
        ('url="x\\",sid=\\"y",sid="b"', "b"),
        ('sid="a",sid="b"', "b"),
        ('sid=" a ",e=t', "a"),
        ('x-sid="a",e=t', "page"),
    ],
)
def test_a_session_is_the_same_at_a_glance_and_with_care(body: str, sid: str) -> None:
    """The edge puts a beacon where the fold looks for it."""
    query = "sid=page" if sid == "page" else ""
    assert list(envelope_of(body, query).native_view_ids) == [sid]
    assert {event.native_view_id for event in read(f"{body},e=t,ts=1", query=query).events} == {sid}


def test_request_mode_is_read_from_the_headers_or_the_query() -> None:
    """Headers win, and are one dictionary together; no version is version 1; the receipt is the time."""
    headers = {"cmcd-request": "bl=2000,su", "cmcd-session": 'sid="h",sf=h', "cmcd-object": "br=3000"}
    query = "CMCD=br%3D1%2Csid%3D%22q%22"
    (by_header,) = read(headers=headers, query=query).events
    (by_query,) = read(query=query).events
    assert (by_header.native_view_id, by_header.name) == ("h", "$request")
    assert by_header.payload == {
        "bl": [{"value": 2000}],
        "su": True,
        "sid": "h",
        "sf": "h",
        "br": [{"value": 3000}],
    }
    assert (by_query.native_view_id, by_query.at_ms) == ("q", BASE_MS + DAY_MS)
    assert envelope_of(query=query) == Envelope(["q"], 1, None)


def test_alike_requests_are_two_and_alike_events_one() -> None:
    """An event is known by its time and number, so that a post that is sent again is the same one."""
    query = "CMCD=sid%3D%22q%22"
    assert read(query=query).events[0].key != read(query=query, received_ms=BASE_MS).events[0].key
    body = line(e="t", sid="a", ts=1, sn=4)
    assert read(body).events[0].key == read(body, received_ms=BASE_MS).events[0].key


def test_a_response_is_told_when_it_is_over() -> None:
    """Its `ts` is when it was asked for; ends that are epochs are none."""
    ends = [
        read(line(e="rr", sid="a", ts=1_000, ttlb=ttlb)).events[0].at_ms for ttlb in (250, 1_795_190_611_332)
    ]
    assert ends == [1_250, 1_000]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (line(e="t", ts=1), Reason.NO_VIEW_ID),
        (line(sid="a", ts=1), Reason.BAD_EVENT),
        (line(e="t", sid="a"), Reason.BAD_EVENT),
        ('br=3000,sid="a"', Reason.BAD_EVENT),
        (line(e="t", sid="a", ts=1, v=3), Reason.BAD_EVENT),
        (line(e="t", sid="a", ts=-5), Reason.BAD_CLOCK),
        (line(e="t", sid="a", ts=10**14), Reason.BAD_CLOCK),
        ("x" * 20_000, Reason.TOO_LARGE),
        ('{"events": []}', Reason.BAD_FIELD),
    ],
)
def test_a_record_that_cannot_be_used_costs_no_other(body: str, reason: Reason) -> None:
    """It is told of with its reason; the rest of the body is used."""
    reading = read(f"{body}\n{line(e='t', sid='ok', ts=2)}")
    assert [event.native_view_id for event in reading.events] == ["ok"]
    assert reason in {reject.reason for reject in reading.rejects}


def test_a_value_of_the_wrong_type_costs_itself_only() -> None:
    """The record is used without it, and the reject names the key."""
    reading = read(line(e="t", sid="a", ts=1, br="fast", foo="bar") + ",bl=@")
    (event,) = reading.events
    assert event.payload == {"v": 2, "e": "t", "sid": "a", "ts": 1, "foo": "bar"}
    assert [reject.message for reject in reading.rejects] == [
        "br must be a list of numbers",
        "the value of bl cannot be read",
    ]


@pytest.mark.parametrize("body", ["", "\n\n", " \r\n"])
def test_a_request_with_nothing_to_read_is_refused(body: str) -> None:
    """The error says what is wanted."""
    with pytest.raises(BadRequest, match="no CMCD came"):
        envelope_of(body, "x=1")


def test_an_envelope_names_the_views_that_are_read() -> None:
    """Whatever is no text of UTF-8 is read as far as it goes."""
    body = b'sid="caf\xc3\xa9",e=t,ts=1\n\xff\xfe,sid="b",e=t,ts=2\nsid=3,e=t,ts=4'
    envelope = CMCD.envelope(Request("POST", "", {}, "", {}, body))
    assert list(envelope.native_view_ids) == ["café", "b"]
    assert envelope.event_count == 3
