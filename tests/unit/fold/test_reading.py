"""From a chunk of beacons to events and rejects."""

import json

from firstframe.beacon import Beacon, view_id_of
from firstframe.dialects.base import Reason
from firstframe.dialects.native.dialect import NATIVE
from firstframe.fold.reading import MOST_EVENT_BYTES, MOST_REJECTS, read
from firstframe.journal.base import partition_of
from support_cases import beacon_of

NOW_MS = 1_790_000_000_000
BY_NAME = {"native": NATIVE}


def beacon(views: int = 1, broken: int = 0) -> Beacon:
    """One body about some views, with some events that cannot be used."""
    bad = [{"type": "play"}] * broken
    body = [{"view_id": f"v{n}", "events": [{"type": "play", "at": NOW_MS}, *bad]} for n in range(views)]
    return beacon_of(json.dumps(body).encode(), NOW_MS)


def test_a_beacon_in_two_partitions_is_counted_and_refused_in_one() -> None:
    """Each worker takes its views; what belongs to no view is told by the one that holds the original."""
    original = read([beacon(8, broken=1)], BY_NAME, partition=0, partitions=2)
    copy = read([beacon(8, broken=1)], BY_NAME, copies={0}, partition=1, partitions=2)
    assert (original.beacon_count, len(original.refused)) == (1, 8)
    assert (copy.beacon_count, len(copy.refused)) == (0, 0)
    views = {name.native_view_id for batch in (original, copy) for name in batch.events}
    assert views == {f"v{n}" for n in range(8)}
    assert all(
        partition_of(view_id_of("default", "native", name.native_view_id), 2) == 1 for name in copy.events
    )


def test_a_body_of_nothing_but_rubbish_makes_few_rejects() -> None:
    """The first ones say what is wrong, the last how many more there were."""
    refused = read([beacon(broken=3_000)], BY_NAME).refused
    assert len(refused) == MOST_REJECTS
    assert {each.reject.reason for each in refused} == {Reason.BAD_EVENT}
    assert refused[-1].reject.message == f"and {3_000 - MOST_REJECTS + 1} more in the same body"


def test_a_giant_event_is_a_reject_and_its_neighbours_are_events() -> None:
    """One event may not be as large as a thousand; what is not too large is used, in however large a body."""
    large = "x" * (MOST_EVENT_BYTES - 1_000)
    events = [
        {"type": "play", "at": NOW_MS, "note": large},
        {"type": "playing", "at": NOW_MS + 1, "note": large + "x" * 1_000},
        {"type": "end", "at": NOW_MS + 2},
    ]
    batch = read([beacon_of(json.dumps({"view_id": "v", "events": events}).encode(), NOW_MS)], BY_NAME)
    assert [event.name for (kept,) in [batch.events.values()] for event in kept] == ["play", "end"]
    (refused,) = batch.refused
    assert refused.reject.reason is Reason.TOO_LARGE
    assert f"at most {MOST_EVENT_BYTES}" in refused.reject.message
    assert len(refused.reject.sample) < 100
