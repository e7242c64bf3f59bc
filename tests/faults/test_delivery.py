"""Everything delivered twice, in any order, merged and late, in every dialect, through the running product."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from firstframe.beacon import Event, view_id_of
from firstframe.demo.speech import Post
from firstframe.demo.voice import posts
from firstframe.engine.client import Engine
from firstframe.engine.rows import READ_COLUMNS, record_from
from firstframe.fold.rule import FoldRule
from firstframe.folder import Folder
from support_attack import HOW_HARD, seen
from support_ledger import PROJECT, Ledger, events_of
from support_product import Product
from support_proof import SPEAKERS, settle, told

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]

AGE_MS = 4 * 3_600_000
"""The views lie so far back: less than a day, which a wrong clock would be."""
TWICE_SHARE, MERGED_SHARE, LATE_SHARE = 0.3, 0.3, 0.1
RECEIPT = frozenset(("received_first_ms", "received_last_ms", "event_count"))


def mixed(sent: Sequence[Post], chance: Random) -> list[Post]:
    """The same events, merged where the dialect can, doubled, in any order; some only after all others."""
    out = [
        each
        for post in _merged(list(sent), chance)
        for each in (post,) * (1 + (chance.random() < TWICE_SHARE))
    ]
    chance.shuffle(out)
    late = [post for post in out if chance.random() < LATE_SHARE]
    kept = {id(post) for post in late}
    return [post for post in out if id(post) not in kept] + late


def _merged(sent: list[Post], chance: Random) -> list[Post]:
    """Bodies that differ in nothing but their events, some of them made one."""
    made: list[Post] = []
    for post in sent:
        before = made[-1] if made else None
        joined = _joined(before, post) if before and chance.random() < MERGED_SHARE else None
        if joined is not None:
            made[-1] = joined
        else:
            made.append(post)
    return made


def _joined(one: Post, two: Post) -> Post | None:
    if (
        one.path != two.path or one.headers != two.headers
    ):  # another viewer's request says other things of its events
        return None
    if one.dialect == "cmcd":  # a record a line
        return msgspec.structs.replace(one, body=one.body + b"\n" + two.body)
    first, second = (_object(each.body) for each in (one, two))
    if not isinstance(first.get("events"), list) or first.keys() != second.keys():
        return None
    if any(first[name] != second[name] for name in first if name not in ("events", "metadata")):
        return None
    body = first | {"events": [*first["events"], *second["events"]]}
    return msgspec.structs.replace(one, body=msgspec.json.encode(body))


def _object(body: bytes) -> dict[str, Any]:
    found = msgspec.json.decode(body)
    return found if isinstance(found, dict) else {}


def calm_rows(sent: Sequence[Post], now_ms: int) -> dict[str, dict[str, object]]:
    """What the views are when everything comes once, in order: told without what the receipt alone says."""
    views: dict[tuple[str, str], list[Event]] = {}
    for post in sent:
        for _, event in events_of(post.path, post.headers, post.body):
            fresh = msgspec.structs.replace(event, received_at_ms=now_ms)
            views.setdefault((post.dialect, event.native_view_id), []).append(fresh)
    return {
        view_id_of(PROJECT, dialect, native, row.ordinal): _calm(row)
        for (dialect, native), events in views.items()
        for row in FoldRule().fold(SPEAKERS[dialect], PROJECT, native, events, now_ms).rows
    }


def _calm(row: object) -> dict[str, object]:
    return {name: value for name, value in told(row).items() if name not in RECEIPT}


def test_delivery_changes_no_number(tmp_path: Path) -> None:
    """Doubled, shuffled, merged and late: every row is the one that everything once and in order makes."""
    product = Product(tmp_path / "data").start()
    chance, ledger = Random(12), Ledger()
    start_ms = int(time.time() * 1000) - AGE_MS
    sent = [
        post
        for post in posts(12, HOW_HARD.views, start_ms=start_ms)
        if post.at_ms < start_ms + AGE_MS - 60_000
    ]
    try:
        for post in mixed(sent, chance):
            content_type = post.headers.get("content-type", "text/plain")
            status = product.post(post.path, post.body, content_type, headers=post.headers)
            assert 200 <= status < 300
            ledger.note(post.path, post.headers, post.body, status)
        proof = settle(product, ledger, 300)
        engine = Engine.connect(Folder(product.data).engine_face().url)
        columns = ", ".join(f"`{column}`" for column in READ_COLUMNS)
        answer = engine.query(f"SELECT {columns} FROM views FINAL")
        found = {row.view_id: _calm(row) for row in (record_from(READ_COLUMNS, each) for each in answer.rows)}
        wanted = calm_rows(sent, int(time.time() * 1000))
        assert found.keys() == wanted.keys()
        differing = {
            view: {
                name: (found[view][name], value) for name, value in row.items() if found[view][name] != value
            }
            for view, row in wanted.items()
            if found[view] != row
        }
        assert not differing, list(differing.items())[:3]
    finally:
        product.stop()
    seen(
        "mixed delivery",
        deliveries=ledger.accepted,
        bodies=len(sent),
        views=proof.views,
        events=proof.events,
    )
