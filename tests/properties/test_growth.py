"""The law of growth: a view folded in parts has, after each part, the rows of all its events folded at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import support_cases as cases
from firstframe.beacon import Context, Event
from firstframe.dialects import DIALECTS
from firstframe.dialects.base import Dialect
from firstframe.dialects.mux import MUX
from firstframe.dialects.native import NATIVE
from firstframe.fold.growth import Growth
from firstframe.fold.open_view import OpenView
from firstframe.fold.rule import FoldRule
from support_law import law
from support_mutation import mutants, seeds_of
from support_mux import Watching, chaos, short_body, visits
from support_native import EVENTS

RULE = FoldRule(least_grown_events=0)
NOW_MS = cases.BASE_MS + cases.DAY_MS
MUTANTS = 100


def check(dialect: Dialect, parts: Iterable[Sequence[Event]], step_ms: int = 60_000) -> OpenView:
    """Add part after part, and hold each version against a fold of all that came."""
    view = OpenView("key", cases.PROJECT, dialect.name, "v")
    now_ms = NOW_MS
    for part in parts:
        now_ms += step_ms
        view.add(part)
        if not view.events:
            continue
        whole = RULE.fold(dialect, cases.PROJECT, "v", list(view.events.values()), now_ms)
        for _ in range(2):  # a fold changes nothing of what is kept
            grown = RULE.fold_open(dialect, view, now_ms)
            assert msgspec.to_builtins(grown.rows) == msgspec.to_builtins(whole.rows)
            assert grown.due_ms == whole.due_ms
        for row in whole.rows:  # questions look for spans only between a view's start and its end
            marks = [mark for span in row.spans for mark in (span.start_ms, span.end_ms)]
            assert [row.view_start_ms, *marks, row.view_end_ms] == sorted(
                (row.view_start_ms, *marks, row.view_end_ms)
            )
    return view


def received(events: Sequence[Event], chance: Random, *, late_share: float) -> list[Event]:
    """The events as received one after the other, some far too early or by another browser."""
    found = []
    for number, event in enumerate(events):
        at_ms = NOW_MS + number * 10 - (50_000 if chance.random() < late_share else 0)
        context = Context(user_agent=chance.choice(("a", "b", None)), language=chance.choice((None, "de")))
        found.append(msgspec.structs.replace(event, received_at_ms=at_ms, context=context))
    return found


def retried(events: Sequence[Event], chance: Random) -> list[Event]:
    """The same, some of them delivered again; of those the later delivery is read first."""
    found = []
    for event in events:
        if chance.random() < 0.2:
            found.append(msgspec.structs.replace(event, received_at_ms=event.received_at_ms + 7))
        found.append(event)
    return found


def cut(events: Sequence[Event], chance: Random, most: int = 6) -> list[Sequence[Event]]:
    """Events in parts, some of which come again."""
    cuts = sorted(chance.randrange(len(events) + 1) for _ in range(chance.randrange(most)))
    parts = [events[start:end] for start, end in pairwise((0, *cuts, len(events)))]
    return [*parts, *chance.sample(parts, min(len(parts), 2))]


def events_of(dialect: Dialect, body: bytes, route: str) -> list[Event]:
    return list(dialect.parse(cases.beacon_of(body, NOW_MS, dialect=dialect.name, route=route)).events)


@law(200)
@given(st.lists(EVENTS, min_size=1, max_size=25), st.booleans(), st.randoms())
def test_native_views_grow(sent, in_order, chance):
    """Events of any kind at any time; in order they go on, else the view begins anew."""
    if in_order:
        sent = sorted(sent, key=lambda event: event["at"])
    body = msgspec.json.encode({"view_id": "v", "events": sent, "context": {"video_id": "v"}})
    events = received(events_of(NATIVE, body, "/v1/beacons"), chance, late_share=0 if in_order else 0.1)
    check(NATIVE, cut(events, chance))


@law(200)
@given(chaos(), st.randoms())
def test_mux_views_grow_out_of_chaos(sent, chance):
    """Events in no sensible order with any numbers."""
    events = events_of(MUX, short_body(sent), "")
    check(MUX, cut(received(events, chance, late_share=0.1), chance))


@law(200)
@given(visits(), st.randoms(), st.booleans(), st.sampled_from((0, 1, 3)))
def test_mux_visits_grow(sdk, chance, is_mixed, lost):
    """Whole visits, visits without some events, visits that come in disorder."""
    events = received(events_of(MUX, short_body(sdk.events), ""), chance, late_share=0)
    for _ in range(min(lost, len(events) - 1)):
        events.pop(chance.randrange(len(events)))
    if is_mixed:
        chance.shuffle(events)
    check(MUX, cut(events, chance, most=12))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_players_sent_grows(dialect):
    """Every view that was recorded or is told by the demo, beacon by beacon and in other parts."""
    chance, views = Random(4), 0
    by_view: dict[str, list[list[Event]]] = {}
    for seed in seeds_of(dialect):
        found: dict[str, list[Event]] = {}
        for event in dialect.parse(seed.beacon(seed.request.body)).events:
            found.setdefault(event.native_view_id, []).append(event)
        for native_view_id, events in found.items():
            by_view.setdefault(native_view_id, []).append(events)
    for parts in by_view.values():
        events = [event for part in parts for event in part]
        check(dialect, parts)
        apart = received(events, chance, late_share=0)
        check(dialect, cut(apart, chance))
        check(dialect, cut(retried(apart, chance), chance))
        views += len(parts) > 1
    assert views > (3 if dialect.name == "livepeer" else 5)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_went_wrong_grows(dialect):
    """Mutants with the rest of their views, in any order of receipt, some delivered again."""
    chance, views = Random(5), 0
    for seed, body in mutants(seeds_of(dialect), MUTANTS, chance):
        for event in list(dialect.parse(seed.beacon(body)).events)[:1]:
            company = [other for other in seed.others if other.native_view_id == event.native_view_id]
            events = [*company[:60], event]
            chance.shuffle(events)
            check(dialect, cut(retried(received(events, chance, late_share=0.1), chance), chance))
            views += 1
    assert views > MUTANTS / 10


def test_what_goes_on_is_not_folded_anew():
    """A view that grows in order keeps what it knows; one whose events came too late for that begins anew."""
    sdk = Watching()
    sdk.start(100)
    sdk.play(120_000)
    events = received(events_of(MUX, short_body(sdk.events), ""), Random(1), late_share=0)
    view = check(MUX, [events[:5]])
    kept = view.growth
    assert isinstance(kept, Growth)
    view.add(events[5:])
    RULE.fold_open(MUX, view, NOW_MS)
    assert view.growth is kept
    assert view.fresh == []
    view.add([msgspec.structs.replace(events[0], key="0" * 32, received_at_ms=1)])
    RULE.fold_open(MUX, view, NOW_MS)
    assert view.growth is not kept
