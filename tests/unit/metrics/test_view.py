"""Views as a list and one by one."""

import random

import msgspec
import pytest

from firstframe.beacon import Context, Event
from firstframe.engine.rows import EVENT_COLUMNS, event_row
from firstframe.errors import BadRequest, NotFound
from firstframe.metrics import view_list
from firstframe.metrics.view import one_view
from firstframe.metrics.view_list import list_views, read_view_query, skip_views
from firstframe.view.record import State
from support_question import NEW_YEAR_MS, NOW_MS, PROJECT, make_view, spans, store, wait


def pages(engine, project=PROJECT, **asked):
    """All pages of a list, each as the names of its views."""
    found, cursor = [], None
    while True:
        query = read_view_query(project, NOW_MS, cursor=cursor, **asked)
        page = wait(engine, lambda wrapped, query=query: list_views(wrapped, query))
        found.append([view["native_view_id"] for view in page.views])
        cursor = page.next
        if cursor is None:
            return found


@pytest.mark.engine
@pytest.mark.parametrize(
    ("order_by", "wanted"),
    [
        ("-view_start_ms", ["d", "c", "b", "a"]),
        ("view_start_ms", ["a", "b", "c", "d"]),
        ("video_startup_time_ms", ["b", "d", "a|c"]),
        ("-video_startup_time_ms", ["d", "b", "a|c"]),
        ("country", ["c", "a|b", "d"]),
        ("-live", ["b", "a|c|d"]),
    ],
)
def test_pages_are_the_whole_list_once(engine, order_by, wanted) -> None:
    """Page by page every view comes once, in order, with null last and equals by id."""
    store(
        engine,
        [
            make_view("a", NEW_YEAR_MS, country="DE"),
            make_view("b", NEW_YEAR_MS + 1, country="DE", video_startup_time_ms=0.1, live=True),
            make_view("c", NEW_YEAR_MS + 2, country="AT"),
            make_view("d", NEW_YEAR_MS + 3, video_startup_time_ms=0.30000000000000004),
            make_view("x", NEW_YEAR_MS, project="other"),
        ],
    )
    for limit in (1, 3, 10):
        names = [name for page in pages(engine, order_by=order_by, limit=limit) for name in page]
        at = 0
        for group in wanted:
            equals = group.split("|")
            assert sorted(names[at : at + len(equals)]) == equals
            at += len(equals)
        assert len(names) == 4


@pytest.mark.engine
def test_only_what_a_view_is_now_is_listed(engine, monkeypatch) -> None:
    """Nothing of earlier versions is seen, however many there are: not their place, not what they fulfilled."""
    chance = random.Random(11)
    engine.command("SYSTEM STOP MERGES views")
    for version in range(12):
        views = [
            make_view(
                name,
                NEW_YEAR_MS + chance.randrange(5),
                received_first_ms=NEW_YEAR_MS,
                watch_time_ms=float(chance.randrange(4)),
                country=chance.choice(["DE", "AT", None]),
                live=chance.random() < 0.5,
            )
            for name in chance.sample([f"v{number:02}" for number in range(30)], 20)
        ]
        store(engine, views, version)
    assert engine.query("SELECT count() FROM views").rows == [(240,)]
    views = [
        (name, start, watched, country, bool(live))
        for name, start, watched, country, live in engine.query(
            "SELECT native_view_id, toUnixTimestamp64Milli(view_start), watch_time_ms, country, live FROM views FINAL"
        ).rows
    ]
    assert len(views) == 30
    for order, place in {"-view_start_ms": 1, "watch_time_ms": 2, "-country": 3}.items():
        for filters in ([], ["live:eq:true"]):
            wanted = sorted(view for view in views if view[4] or not filters)
            known = [view for view in wanted if view[place] is not None]
            known.sort(key=lambda view: view[place], reverse=order.startswith("-"))
            names = [name for name, *_ in (*known, *(view for view in wanted if view[place] is None))]
            for limit, looked_at in ((12, 1), (12, 1_000), (100, 1_000)):
                monkeypatch.setattr("firstframe.metrics.view_list.LOOKED_AT", looked_at)
                found = pages(engine, limit=limit, order_by=order, filters=filters)
                assert [name for page in found for name in page] == names
                assert all(len(page) == limit for page in found[:-1])


@pytest.mark.engine
def test_a_list_goes_on_though_a_view_leaves_it(engine, monkeypatch) -> None:
    """A view that changes between two reads of a page may be missing there; all others come, and once."""
    monkeypatch.setattr("firstframe.metrics.view_list.LOOKED_AT", 1)
    views = [make_view(f"v{number:02}", NEW_YEAR_MS + number, closed=False) for number in range(30)]
    store(engine, views)
    store(engine, [make_view(view.native_view_id, view.view_start_ms) for view in views[5:25]], version=2)
    rows, left = view_list._rows, iter(views[28:])

    async def then_one_closes(asked, query, *, versions=False):
        found = await rows(asked, query, versions=versions)
        for view in left if not versions else ():
            store(engine, [make_view(view.native_view_id, view.view_start_ms)], version=2)
            break
        return found

    monkeypatch.setattr(view_list, "_rows", then_one_closes)
    found = [name for page in pages(engine, limit=4, filters=["closed:eq:false"]) for name in page]
    assert set(found) >= {f"v{number:02}" for number in (0, 1, 2, 3, 4, 25, 26, 27)}
    assert len(set(found)) == len(found)


@pytest.mark.engine
@pytest.mark.parametrize(("count", "wanted"), [(0, "cab"), (1, "ab"), (2, "b"), (3, ""), (9, None)])
def test_views_are_skipped(engine, count, wanted) -> None:
    """A list may begin behind its first views; behind more than there are, there is none."""
    store(
        engine, [make_view(name, NEW_YEAR_MS, country=code) for name, code in zip("abc", "DFA", strict=True)]
    )
    query = read_view_query(PROJECT, NOW_MS, order_by="country")

    async def names(wrapped):
        behind = await skip_views(wrapped, query, count)
        if behind is None:
            return None
        return "".join(view["native_view_id"] for view in (await list_views(wrapped, behind)).views)

    assert wait(engine, names) == wanted


@pytest.mark.engine
def test_a_range_may_be_of_ends(engine) -> None:
    """Views that ended in it, whenever they began."""
    store(engine, [make_view("long", NEW_YEAR_MS, length_ms=7_200_000), make_view("short", NEW_YEAR_MS)])
    times = {"start_ms": NEW_YEAR_MS + 3_600_000, "end_ms": NOW_MS}
    query = msgspec.structs.replace(read_view_query(PROJECT, NOW_MS), **times)
    for placed, wanted in (("view_start", []), ("view_end", ["long"])):
        by = msgspec.structs.replace(query, placed=placed)
        page = wait(engine, lambda wrapped, by=by: list_views(wrapped, by))
        assert [view["native_view_id"] for view in page.views] == wanted


@pytest.mark.engine
def test_the_largest_numbers_are_told_apart(engine) -> None:
    """Whole numbers are compared as such, beyond what a float can tell."""
    widths = {"a": 2**53 + 1, "b": 2**53, "c": 3, "d": None, "e": 2**63 - 1}
    store(engine, [make_view(name, player_width_px=width) for name, width in widths.items()])
    assert pages(engine, order_by="player_width_px", limit=1) == [["c"], ["b"], ["a"], ["e"], ["d"]]
    assert pages(engine, order_by="-player_width_px", limit=1) == [["e"], ["a"], ["b"], ["c"], ["d"]]


@pytest.mark.engine
def test_filters_on_any_field(engine) -> None:
    """Numbers that no question groups by can be filtered on, and the range is that of view start."""
    store(
        engine, [make_view("a", watch_time_ms=10.0), make_view("b", NEW_YEAR_MS + 1000, watch_time_ms=20.0)]
    )
    assert pages(engine, filters=["watch_time_ms:gt:15"]) == [["b"]]
    assert pages(engine, end=str(NEW_YEAR_MS + 1000)) == [["a"]]
    assert pages(engine, filters=["country:eq:DE"]) == [[]]


@pytest.mark.engine
def test_one_view_with_states_and_events(engine) -> None:
    """A view shows its record, what follows from it, its states, and its events in their order."""
    view = make_view(
        "v",
        watch_time_ms=2_000.0,
        content_playing_time_ms=1_500.0,
        rebuffer_duration_ms=500.0,
        spans=spans(NEW_YEAR_MS, (State.PLAYING, 1_500), (State.REBUFFER, 500)),
        custom={"custom_1": "x"},
    )
    store(engine, [view])
    events = [
        Event(
            native_view_id="v",
            key=f"k{at}",
            at_ms=NEW_YEAR_MS + at,
            received_at_ms=NEW_YEAR_MS + 10 - at,
            name="beat",
            payload={"n": [at, None]},
            context=Context(language="de"),
        )
        for at in (2, 1)
    ]
    engine.insert("events", EVENT_COLUMNS, [event_row(PROJECT, "native", event, 1) for event in events])
    found = wait(engine, lambda wrapped: one_view(wrapped, PROJECT, view.view_id))
    assert found["rebuffer_percentage"] == 0.25
    assert found["custom"] == {"custom_1": "x"}
    assert found["states"][1] == {
        "state": "rebuffer",
        "start_ms": NEW_YEAR_MS + 1_500,
        "end_ms": NEW_YEAR_MS + 2_000,
    }
    assert [event["payload"] for event in found["events"]] == [{"n": [1, None]}, {"n": [2, None]}]
    with pytest.raises(NotFound):
        wait(engine, lambda wrapped: one_view(wrapped, "other", view.view_id))


@pytest.mark.parametrize("cursor", ["abc", "é", "eyJ9", "WyItdmlld19zdGFydF9tcyIsZmFsc2UsInRleHQiLCJ4Il0"])
def test_a_foreign_cursor_is_refused(cursor) -> None:
    """A cursor that this list did not give out is the caller's mistake."""
    with pytest.raises(BadRequest) as refused:
        read_view_query(PROJECT, NOW_MS, cursor=cursor)
    assert refused.value.detail["parameter"] == "cursor"
