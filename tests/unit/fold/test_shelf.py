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


def test_a_due_time_that_moves_with_each_version_is_one_entry() -> None:
    """A view of an hour has one entry in the heap, wakes at its last due time, and only once."""
    shelf = Shelf(10)
    there = view("a")
    shelf.put(there)
    for second in range(360):
        shelf.schedule(there, 1_000 + second)
    assert len(shelf._dues) == 1
    assert shelf.pop_due(1_358, 10) == []
    assert shelf.pop_due(1_359, 10) == [there]
    assert shelf.pop_due(9_000, 10) == []


def test_a_due_time_that_comes_nearer_counts_at_once() -> None:
    """The entry of the later time, which is left in the heap, wakes nobody."""
    shelf = Shelf(10)
    there = view("a")
    shelf.put(there)
    shelf.schedule(there, 3_000)
    shelf.schedule(there, 1_000)
    assert shelf.pop_due(1_000, 10) == [there]
    shelf.schedule(there, 5_000)
    assert shelf.pop_due(4_000, 10) == []
    assert shelf.pop_due(5_000, 10) == [there]


def test_few_heavy_views_are_put_away_as_many_light_ones_are() -> None:
    """Events weigh what their payloads do: a hundred of 60 KB are not a hundred of a line."""
    shelf = Shelf(capacity_events=100, capacity_bytes=1_000)
    light, heavy, last = view("light"), view("heavy"), view("last")
    for each in (light, heavy, last):
        shelf.put(each)
    assert shelf.trim() == 0
    shelf.add(heavy, view("more", 5).events.values(), 5_000)
    assert shelf.is_heavy
    shelf.get("light")
    assert shelf.trim() == 1
    assert (shelf.get("heavy"), shelf.is_heavy) == (None, False)
    assert shelf.get("light") is light


def test_a_repeat_weighs_nothing() -> None:
    """Only what a view grew by is counted, and what goes with it is as much as came."""
    shelf = Shelf(capacity_events=100, capacity_bytes=1_000)
    there = view("a", 2)
    shelf.put(there)
    shelf.add(there, there.events.values(), 5_000)
    assert not shelf.is_heavy
    shelf.add(there, view("b", 2).events.values(), 900)
    shelf.drop("a")
    assert (shelf.event_count, shelf._bytes) == (0, 0)


def test_a_view_that_is_put_twice_is_counted_once() -> None:
    """The later one takes the place of the earlier."""
    shelf = Shelf(10)
    shelf.put(view("a", 2))
    shelf.put(view("a", 3))
    assert shelf.event_count == 3
