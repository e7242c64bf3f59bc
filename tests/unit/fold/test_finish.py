"""What every row gets after its dialect has folded it."""

from __future__ import annotations

import pytest

from firstframe.beacon import Context, Place, view_id_of
from firstframe.dialects.base import Folded
from firstframe.fold.finish import CUSTOM_KEYS, capped, fold_view, unique
from firstframe.view.record import Approx, Outcome, Span, State, ViewRecord
from support_event import event

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.4 Mobile/15E148 Safari/604.1"
)


class Fixed:
    """A dialect whose fold gives rows made beforehand, and remembers what it was given."""

    name = "fixed"

    def __init__(self, *rows):
        self.rows = rows or (ViewRecord(),)
        self.given = None

    def fold(self, events, now_ms):
        self.given = (events, now_ms)
        return Folded(list(self.rows), 99)


def finished(*events, row=None, **options):
    (found,) = fold_view(Fixed(row or ViewRecord()), "p", "n", events or [event()], 5000, **options).rows
    return found


def test_rows_are_named():
    """Each row knows its project, dialect and native id, and has an id of its own by ordinal."""
    dialect = Fixed(ViewRecord(), ViewRecord(ordinal=1))
    folded = fold_view(dialect, "p", "n", [event()], 5000)
    assert [row.view_id for row in folded.rows] == [
        view_id_of("p", "fixed", "n", number) for number in (0, 1)
    ]
    assert {(row.project, row.dialect, row.native_view_id) for row in folded.rows} == {("p", "fixed", "n")}
    assert folded.due_ms == 99


def test_a_delivery_counts_once_as_it_first_came():
    """Of equal deliveries the earliest receipt stays, and order does not matter."""
    events = [event("b", 2000, 2050), event("a", 1000, 9000), event("a", 1000, 1010)]
    assert [(one.key, one.received_at_ms) for one in unique(events)] == [("a", 1010), ("b", 2050)]
    assert unique(events[::-1]) == unique(events)


def test_receipts_and_count_are_filled_in():
    """A dialect that does not count gets its events counted."""
    row = finished(event("a", 1000, 1010), event("b", 2000, 2050), event("b", 2000, 2060))
    assert (row.received_first_ms, row.received_last_ms, row.event_count) == (1010, 2050, 2)


def test_what_the_dialect_counted_stays():
    """Receipts and counts of a row that has them are its own."""
    row = finished(row=ViewRecord(received_first_ms=1, received_last_ms=2, event_count=3))
    assert (row.received_first_ms, row.received_last_ms, row.event_count) == (1, 2, 3)


def test_a_wrong_clock_is_shifted():
    """Three days ahead: the row is placed by the fastest event, and says so."""
    ahead = 3 * 86_400_000
    row = finished(
        event("a", ahead, 40),
        event("b", ahead + 500, 530),
        row=ViewRecord(
            view_start_ms=ahead, view_end_ms=ahead + 500, spans=[Span(State.IDLE, ahead, ahead + 500)]
        ),
    )
    assert (row.view_start_ms, row.view_end_ms, row.spans) == (30, 530, [Span(State.IDLE, 30, 530)])
    assert (row.clock_shift_ms, row.approx) == (30 - ahead, [Approx.CLOCK_SHIFTED])


def test_context_becomes_dimensions():
    """Place, device, page and language come from the request where the dialect said nothing."""
    context = Context(
        place=Place(country="CH", city="Bern", time_zone="Europe/Zurich", asn=559, address="192.0.2.0"),
        user_agent=CHROME,
        client_hints={"platform": '"Linux"'},
        referer="https://example.org/watch?v=1",
        language="de-CH,de;q=0.9",
    )
    row = finished(event(context=context))
    assert (row.country, row.city, row.time_zone, row.asn) == ("CH", "Bern", "Europe/Zurich", 559)
    assert (row.browser, row.os, row.device_type, row.user_agent) == ("Chrome", "Linux", "desktop", CHROME)
    assert (row.page_url, row.page_host, row.language) == (
        "https://example.org/watch",
        "example.org",
        "de-CH",
    )


def test_the_players_own_word_wins():
    """What the dialect filled in is not overwritten; its user agent wins, without the request's hints."""
    context = Context(
        user_agent=CHROME, client_hints={"platform": '"Linux"'}, place=Place(country="CH", city="Bern")
    )
    row = finished(event(context=context), row=ViewRecord(user_agent=IPHONE, browser="Own", country="FR"))
    assert (row.user_agent, row.browser, row.os, row.device_type) == (IPHONE, "Own", "iOS", "phone")
    assert (row.country, row.city) == ("FR", None)


def test_a_robot_is_flagged():
    """A user agent that calls itself a robot flags the view."""
    assert finished(event(context=Context(user_agent="Googlebot/2.1"))).bot is True
    assert finished(event(context=Context(user_agent=CHROME))).bot is False


def test_contexts_of_several_requests_are_merged():
    """Of each thing the first request that said it, by receipt."""
    late = event("z", 500, 2000, context=Context(user_agent=IPHONE, language="fr"))
    early = event("a", 900, 1000, context=Context(user_agent=CHROME))
    row = finished(late, early)
    assert (row.user_agent, row.language) == (CHROME, "fr")


@pytest.mark.parametrize(("keep", "url"), [(False, "https://a.org/p"), (True, "https://a.org/p?x=1#y")])
def test_page_query(keep, url):
    """A page's query is dropped unless the operator keeps it."""
    assert finished(row=ViewRecord(page_url="https://a.org/p?x=1#y"), keep_page_query=keep).page_url == url


def test_source_url_is_read_before_its_query_goes():
    """Host, protocol and the delivery's id come from the source; its query is never kept."""
    row = finished(row=ViewRecord(source_url="https://stream.mux.com/abc123.m3u8?token=secret"))
    assert (row.source_url, row.source_host) == ("https://stream.mux.com/abc123.m3u8", "stream.mux.com")
    assert (row.protocol, row.playback_id) == ("hls", "abc123")


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (ViewRecord(live=True), "live"),
        (ViewRecord(duration_ms=5.0), "on_demand"),
        (ViewRecord(), None),
        (ViewRecord(stream_type="dvr", live=True), "dvr"),
    ],
)
def test_stream_type(row, word):
    """Live or on demand, where it is known."""
    assert finished(row=row).stream_type == word


def test_metadata_is_bounded():
    """Only so many keys and characters are kept, the same ones whatever the order."""
    values = {f"key_{number:04}": "x" * 5000 for number in range(CUSTOM_KEYS + 50)}
    kept = capped(values)
    assert (len(kept), len(kept["key_0000"])) == (CUSTOM_KEYS, 1024)
    assert capped(dict(reversed(values.items()))) == kept


def test_flags_are_sorted_and_scores_filled():
    """Flags come once each in order; the scores follow from the numbers."""
    row = ViewRecord(attempted=True, outcome=Outcome.START_FAILED, approx=["b", "a", "b"])
    found = finished(row=row)
    assert (found.approx, found.playback_success_score) == (["a", "b"], 0)


def test_a_view_without_events_is_no_error():
    """Nothing in, nothing out."""
    assert fold_view(Fixed(), "p", "n", [], 5000).rows[0].event_count == 0
