"""The shelf of open views."""

from __future__ import annotations

from firstframe.beacon import Event
from firstframe.fold.open_view import OpenView
from firstframe.fold.shelf import Shelf


def view(key: str, events: int = 1) -> OpenView:
    made = OpenView(key, "default", "native", key)
    made.add(
        Event(native_view_id=key, key=f"{key}-{n}", at_ms=n, received_at_ms=n, name="play", payload={})
        for n in range(events)
    )
    return made


def test_the_least_recently_touched_written_view_is_put_away_first() -> None:
    """Over capacity, written views go in the order of their last touch; an unwritten one never goes."""
    shelf = Shelf(capacity_events=3)
    first, second, third = view("a", 2), view("b", 2), view("c", 2)
    for each in (first, second, third):
        shelf.put(each)
    shelf.touch(first, 1, 100)
    shelf.get("b")
    assert shelf.trim() == 2
    assert shelf.get("a") is first
    assert shelf.get("b") is None
    assert shelf.get("c") is None


def test_of_equal_deliveries_the_earliest_receipt_stays() -> None:
    """A repeat adds nothing, and an earlier receipt of the same event replaces a later one."""
    late = Event(native_view_id="a", key="k", at_ms=1, received_at_ms=50, name="play", payload={})
    early = Event(native_view_id="a", key="k", at_ms=1, received_at_ms=20, name="play", payload={})
    open_view = OpenView("a", "default", "native", "a")
    assert open_view.add([late, early, late]) == 1
    assert open_view.events["k"].received_at_ms == 20


def test_a_view_wakes_when_its_silence_is_up_even_if_it_was_put_away() -> None:
    """The due time outlives the view's stay in memory; what comes back empty is to be loaded."""
    shelf = Shelf(10)
    there = view("a")
    shelf.put(there)
    shelf.schedule(there, 1_000)
    assert shelf.pop_due(999, 10) == []
    shelf.drop("a")
    (woken,) = shelf.pop_due(1_000, 10)
    assert (woken.key, woken.events) == ("a", {})
    assert shelf.pop_due(5_000, 10) == []


def test_only_the_latest_due_time_counts() -> None:
    """Rescheduling forgets the earlier time, and None forgets it for good."""
    shelf = Shelf(10)
    there = view("a")
    shelf.put(there)
    shelf.schedule(there, 1_000)
    shelf.schedule(there, 3_000)
    assert shelf.pop_due(2_000, 10) == []
    shelf.schedule(there, None)
    assert shelf.pop_due(9_000, 10) == []
