"""kill -9 of each role and of all of them at random moments under load: nothing acknowledged is lost or twice."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from support_attack import HOW_HARD, seen
from support_load import Load
from support_product import Product
from support_proof import settle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(2_400)]

TARGETS = ("engine", "fold", "fold-1", "edge", "api", "serve", "all")
TURNS = (*TARGETS[:5], *TARGETS[:5], *TARGETS)


def test_nothing_acknowledged_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """After all the kills each event answered 2xx is stored exactly once, and rows equal a recomputation."""
    product = Product(tmp_path / "data").start()
    load = Load(lambda path, body: product.post(path, body, timeout=5)).start()
    killed = dict.fromkeys(TARGETS, 0)
    chance = random.Random(11)
    rounds = 0
    try:
        while sum(killed.values()) < HOW_HARD.kills:
            time.sleep(chance.uniform(0.2, 1.4))
            target = TURNS[rounds % len(TURNS)]
            rounds += 1
            killed[target] += product.kill(target)
            if target in ("serve", "all"):
                product.restart()
        proof = settle(product, load, 240)
    finally:
        load.stop()
        product.stop()
    seen(
        "kill -9",
        kills=sum(killed.values()),
        **{f"kills_of_{target}": count for target, count in killed.items()},
        beacons_acknowledged=load.accepted,
        beacons_refused=load.refused,
        events_proved=proof.acknowledged,
        views_recomputed=proof.views,
    )
