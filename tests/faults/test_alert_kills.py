"""The watch over alerts is killed again and again while it opens incidents and sends notices, to a receiver that fails."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support_attack import HOW_HARD, seen
from support_product import Product
from support_receiver import Posted, Receiver, receiving

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]

VIDEOS = 20
BUSY_SECONDS = (0.3, 8.0)
"""How long it runs between two kills, start included."""


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    running = Product(tmp_path / "data", "--alert-private-targets")
    running.start()
    yield running
    running.stop()


def test_killed_amid_its_work_it_tells_everything_and_nothing_twice(product: Product) -> None:
    """A repeat is known by its id; each beginning and each end of an incident is told, under one id."""
    chance = random.Random(8)
    watch(product)
    with receiving() as receiver:
        receiver.status, receiver.wait_seconds = 500, 0.2
        rule = {
            "name": "Views",
            "metric": "attempts",
            "above": 0,
            "window_minutes": 1_440,
            "group_by": ["video_id"],
            "notify": [{"kind": "webhook", "to": receiver.url()}],
        }
        alert = product.ask("POST", "/v1/alerts", rule)["data"]
        kills = HOW_HARD.alert_kills
        for number in range(kills):
            if number == kills // 2:
                receiver.until(VIDEOS, seconds=120)
                receiver.status = 200
                product.ask("PUT", f"/v1/alerts/{alert['id']}", {**rule, "is_paused": True})
            time.sleep(chance.uniform(*BUSY_SECONDS))
            product.kill("alert")
        product.wait_until(everything_told(product), 300, "every notice to be taken")
        check(product, receiver)
        repeats = len(receiver.posted) - 2 * VIDEOS
        assert repeats > 0
        seen(
            "the watch over alerts killed", kills=kills, incidents=VIDEOS, notices=2 * VIDEOS, repeats=repeats
        )


def watch(product: Product) -> None:
    """A view of each video."""
    now_ms = int(time.time() * 1_000)
    for number in range(VIDEOS):
        events = [{"type": "play", "at": now_ms - 3_000}, {"type": "playing", "at": now_ms - 2_000}]
        body = {"view_id": f"v{number}", "context": {"video_id": f"video-{number}"}, "events": events}
        assert product.post("/v1/beacons", json.dumps(body).encode()) < 300


def incidents(product: Product) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = product.get("/v1/incidents")["data"]
    return found


def everything_told(product: Product) -> Callable[[], bool]:
    def is_told() -> bool:
        found = [product.get(f"/v1/incidents/{one['id']}") for one in incidents(product)]
        notices = [notice for one in found for notice in one["notices"]]
        return len(notices) == 2 * VIDEOS and all(one["delivered_ms"] for one in notices)

    return is_told


def check(product: Product, receiver: Receiver) -> None:
    groups = [one["group"]["video_id"] for one in incidents(product)]
    assert sorted(groups) == sorted(f"video-{number}" for number in range(VIDEOS))
    ids = defaultdict(set)
    for posted in receiver.posted:
        ids[told(posted)].add(posted.headers["webhook-id"])
    assert set(ids) == {
        (one["id"], event) for one in incidents(product) for event in ("incident.opened", "incident.closed")
    }
    assert all(len(one) == 1 for one in ids.values())


def told(posted: Posted) -> tuple[str, str]:
    return posted.json["data"]["id"], posted.json["type"]
