"""Laws of the whole way from native beacons to finished rows."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

import support_cases as cases
from firstframe.dialects.base import Request
from firstframe.dialects.native import NATIVE
from firstframe.errors import BadRequest
from firstframe.fold.finish import fold_view
from support_law import law
from support_native import EVENTS, KEYS

NOW_MS = cases.BASE_MS + 10 * cases.DAY_MS

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)

CONTEXT = {"video_id": "v", "custom_1": "a", "page_url": "https://example.org/watch?v=1"}


def rows_of(batches, *, context=None):
    """The rows of batches of events of one view, all received at one time."""
    events = []
    for batch in batches:
        body = {"view_id": "v", "events": batch, "context": context or {}}
        events += NATIVE.parse(cases.beacon_of(json.dumps(body).encode(), NOW_MS - cases.DAY_MS)).events
    return fold_view(NATIVE, "default", "v", events, NOW_MS).rows


@law(100)
@given(st.lists(EVENTS, min_size=1, max_size=25), st.data())
def test_order_batching_and_repeats_change_nothing(events, data):
    """However a view's events are ordered, repeated and cut into beacons, its rows are the same."""
    whole = rows_of([events], context=CONTEXT)
    mixed = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=5))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(mixed)), max_size=4)))
    batches = [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]
    assert rows_of([batch for batch in batches if batch], context=CONTEXT) == whole


@law(100)
@given(st.lists(EVENTS, min_size=2, max_size=15))
def test_a_late_event_is_a_recomputation(events):
    """Events folded before a late one came leave no trace in what is folded after it."""
    first = [{**event} for event in events[:-1]]
    rows_of([first])
    assert rows_of([first, events[-1:]]) == rows_of([events[-1:], first])


@law(100)
@given(
    JSON
    | st.lists(JSON)
    | st.fixed_dictionaries({"view_id": st.text(), "events": st.lists(JSON), "context": JSON})
)
def test_no_body_breaks_anything(body):
    """Any JSON is read, or refused by the envelope; what is read folds."""
    raw = json.dumps(body).encode()
    try:
        views = NATIVE.envelope(Request("POST", "/v1/beacons", {}, "", {}, raw)).native_view_ids
    except BadRequest:
        views = ()
    found = NATIVE.parse(cases.beacon_of(raw, NOW_MS)).events
    assert {event.native_view_id for event in found} <= set(views)
    cases.fold_all(found, NATIVE)


@law(100)
@given(st.binary(max_size=200))
def test_no_bytes_break_anything(raw):
    """Bytes that are no JSON are rejected with a reason, never an error."""
    assert NATIVE.parse(cases.beacon_of(raw, NOW_MS)) is not None


@law(100)
@given(
    st.lists(st.dictionaries(KEYS, JSON, max_size=6), max_size=10),
    st.dictionaries(st.text(max_size=8), JSON),
    st.data(),
)
def test_wrong_types_lose_the_field_only(fields, context, data):
    """Whatever the optional keys hold, every event with a type and a time is used."""
    events = [
        {
            **more,
            "type": data.draw(st.sampled_from(["play", "playing", "request", "error", "rendition"])),
            "at": 1000 + number,
        }
        for number, more in enumerate(fields)
    ]
    body = json.dumps({"view_id": "v", "events": events, "context": context}).encode()
    found = NATIVE.parse(cases.beacon_of(body, 5000)).events
    assert len([event for event in found if event.name != "$context"]) == len(events)
    assert bool(fold_view(NATIVE, "default", "v", found, 6000).rows) == bool(events)
