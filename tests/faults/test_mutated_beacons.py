"""Requests gone wrong, by the hundred thousand: no dialect raises, none says more than its bounds, all say it twice alike."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from firstframe.beacon import Event, view_id_of
from firstframe.dialects import DIALECTS
from firstframe.dialects.base import Dialect, Folded
from firstframe.edge.body import check_depth
from firstframe.engine.rows import EVENT_COLUMNS, event_from, event_row, view_row
from firstframe.errors import Refusal
from firstframe.fold.open_view import OpenView
from firstframe.fold.rule import FoldRule
from firstframe.fold.store import _print_of
from firstframe.settings import Settings
from support_attack import HOW_HARD, seen
from support_ledger import Ledger, is_named
from support_mutation import Seed, mutants, seeds_of, with_body
from support_product import Product
from support_proof import settle, told

pytestmark = [pytest.mark.faults, pytest.mark.timeout(7_200)]

LATER_MS = 24 * 3_600_000
KEY = re.compile(r"[0-9a-f]{32}")
MOST_VIEWS = 5
"""Of one body that are folded."""
COMPANY_SHARE = 0.2
"""Mutants that are folded together with the rest of their view."""
LIMITS = Settings()
RULE, GROWING = FoldRule(), FoldRule(least_grown_events=0)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_no_mutant_breaks_a_dialect(dialect: Dialect) -> None:
    """Envelope refuses or reads; what it read is parsed, folded, stored and folded again alike, and never raises."""
    seeds, chance, counts = seeds_of(dialect), Random(8), Counter[str]()
    assert seeds
    for seed, body in mutants(seeds, HOW_HARD.mutants, chance):
        outcome = tried(seed, body, chance)
        counts["mutants"] += 1
        for name, count in outcome.items():
            counts[name] += count
    assert counts["refused"] > 0
    assert counts["events"] > 0
    seen(f"mutated beacons, {dialect.name}", **counts)


def tried(seed: Seed, body: bytes, chance: Random) -> dict[str, int]:
    """One mutant all the way, as the edge and the fold would take it."""
    dialect, request = seed.dialect, with_body(seed.request, body)
    try:
        check_depth(body, LIMITS.max_depth)
        envelope = dialect.envelope(request)
    except Refusal:
        return {"refused": 1}
    beacon = seed.beacon(body)
    reading = dialect.parse(beacon)
    assert dialect.parse(beacon) == reading
    assert {event.native_view_id for event in reading.events} <= set(envelope.native_view_ids), body
    assert len(reading.events) + len(reading.rejects) <= len(body) + 1
    views: dict[str, list[Event]] = {}
    for event in reading.events:
        assert KEY.fullmatch(event.key)
        assert len(event.native_view_id) <= 256
        views.setdefault(event.native_view_id, []).append(event)
    rows = 0
    for native_view_id, events in list(views.items())[:MOST_VIEWS]:
        others = seed.others if chance.random() < COMPANY_SHARE else ()
        company = [other for other in others if other.native_view_id == native_view_id]
        rows += folded(dialect, native_view_id, [*company, *events], chance)
    return {"accepted": 1, "events": len(reading.events), "rejects": len(reading.rejects), "rows": rows}


def folded(dialect: Dialect, native_view_id: str, events: list[Event], chance: Random) -> int:
    """Fold, fold in another order, store and fold again: all alike; the number of rows."""
    now_ms = max(event.received_at_ms for event in events) + chance.choice((0, LATER_MS))
    first = RULE.fold(dialect, "default", native_view_id, events, now_ms)
    stored = [
        event_from(dict(zip(EVENT_COLUMNS, event_row("default", dialect.name, event, 1), strict=True)))
        for event in events
    ]
    chance.shuffle(stored)
    again = RULE.fold(dialect, "default", stored[0].native_view_id, stored, now_ms)
    assert [told(row) for row in first.rows] == [told(row) for row in again.rows]
    assert first.due_ms == again.due_ms
    grown = grown_in_parts(dialect, native_view_id, events, now_ms, chance)
    assert [told(row) for row in first.rows] == [told(row) for row in grown.rows]
    assert first.due_ms == grown.due_ms
    assert len(first.rows) <= len(events)
    for row in first.rows:
        assert row.view_id == view_id_of("default", dialect.name, native_view_id, row.ordinal)
        marks = [mark for span in row.spans for mark in (span.start_ms, span.end_ms)]
        assert sorted((row.view_start_ms, *marks, row.view_end_ms)) == [
            row.view_start_ms,
            *marks,
            row.view_end_ms,
        ]
        view_row(row, 1, 0)
        _print_of(row)
    return len(first.rows)


def grown_in_parts(
    dialect: Dialect, native_view_id: str, events: list[Event], now_ms: int, chance: Random
) -> Folded:
    """The same events in up to three parts, with a version of the view between them."""
    view = OpenView("", "default", dialect.name, native_view_id)
    cuts = sorted(chance.randrange(len(events) + 1) for _ in range(2))
    for start, end in pairwise((0, *cuts, len(events))):
        view.add(events[start:end])
        if view.events:
            found = GROWING.fold_open(dialect, view, now_ms)
    return found


def test_no_mutant_breaks_the_product(tmp_path: Path) -> None:
    """Over HTTP no mutant is answered 5xx, what is accepted is stored once, and rows equal a recomputation."""
    product = Product(tmp_path / "data").start()
    try:
        ledger, chance = Ledger(), Random(9)
        for dialect in DIALECTS:
            mounted = [seed for seed in seeds_of(dialect) if seed.path.startswith(f"/{dialect.name}")]
            for seed, body in mutants(mounted, HOW_HARD.mutants_sent, chance):
                if not is_named(seed.path, {}, body):
                    continue
                content_type = seed.request.headers.get("content-type", "text/plain")
                status = product.post(seed.path, body, content_type=content_type)
                assert 200 <= status < 500, (dialect.name, status, body[:500])
                ledger.note(seed.path, {"content-type": content_type}, body, status)
        proof = settle(product, ledger, 240)
        assert set(product.roles()) == {"engine", "fold", "fold-1", "alert", "api", "edge"}
    finally:
        product.stop()
    seen(
        "mutated beacons over HTTP",
        sent=ledger.accepted + ledger.refused,
        accepted=ledger.accepted,
        refused=ledger.refused,
        answers_of_500_and_above=0,
        events_proved=proof.events,
        views_recomputed=proof.views,
    )
