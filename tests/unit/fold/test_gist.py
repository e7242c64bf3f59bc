"""What a view's events come to beside what its dialect makes of them."""

from __future__ import annotations

import pytest

from firstframe.beacon import Context, Place
from firstframe.fold.gist import Gist
from firstframe.view.placement import WINDOW_MS
from support_event import event


def told(at_ms, received_at_ms, key="a", **context):
    """An event by a request that says so."""
    return event(key, at_ms, received_at_ms, context=Context(**context))


def gist_of(*parts):
    gist = Gist()
    for part in parts:
        assert gist.extend(part)
    return gist


@pytest.mark.parametrize(
    ("times", "shift_ms"),
    [
        ([], 0),
        ([(1000, 1040), (2000, 2900)], 0),
        ([(6000, 1000), (7000, 2100)], 0),
        ([(6001, 1000), (9000, 8000)], -5001),
        ([(0, WINDOW_MS + 1), (10, WINDOW_MS + 500)], WINDOW_MS + 1),
        ([(0, WINDOW_MS + 5000), (WINDOW_MS, WINDOW_MS + 5000)], 0),
    ],
)
def test_the_fastest_event_tells_the_clock(times, shift_ms):
    """One late batch of several is a slow network; events come in one part or each on its own."""
    events = [told(*each, key=f"{number}") for number, each in enumerate(times)]
    events.sort(key=lambda each: each.received_at_ms)
    assert gist_of(events).shift_ms == gist_of(*([each] for each in events)).shift_ms == shift_ms


def test_counts_and_receipts_grow():
    """Receipts are the first and the last, the count is all of them."""
    gist = gist_of([told(900, 1000), told(1900, 2000)], [], [told(100, 3000)])
    assert (gist.event_count, gist.received_first_ms, gist.received_last_ms) == (3, 1000, 3000)


def test_the_first_request_that_says_something_is_heard():
    """Field by field, by receipt; nothing said is an empty context."""
    gist = gist_of(
        [told(1, 1000, place=Place(country="DE"))],
        [told(1, 1500, user_agent="a"), told(1, 1200, user_agent="b")],
        [told(1, 2000, place=Place(country="FR"), language="fr")],
    )
    assert gist.context == Context(place=Place(country="DE"), user_agent="b", language="fr")
    assert Gist().context == Context()


def test_what_was_received_earlier_is_not_added():
    """Of equal receipts the key decides, as in one part."""
    gist = gist_of([told(1, 1000, key="b", user_agent="b")])
    for early in (told(1, 999, user_agent="a"), told(1, 1000, key="a", user_agent="a")):
        assert not gist.extend([told(1, 1001, key="z"), early])
    assert (gist.event_count, gist.context.user_agent) == (1, "b")
