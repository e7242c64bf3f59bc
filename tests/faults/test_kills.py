"""kill -9 of each role and of all of them at random moments under load: nothing acknowledged is lost or twice."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from support_load import Load
from support_product import Product
from support_proof import settle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

KILLS = 50
ROLES = ("engine", "fold", "edge", "api", "serve")


def test_nothing_acknowledged_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """After at least 50 kills each event answered 2xx is stored exactly once, and rows equal a recomputation."""
    product = Product(tmp_path / "data").start()
    load = Load(lambda path, body: product.post(path, body, timeout=5)).start()
    killed = dict.fromkeys(ROLES, 0)
    chance = random.Random(11)
    try:
        while sum(killed.values()) < KILLS:
            time.sleep(chance.uniform(0.2, 1.4))
            role = ROLES[sum(killed.values()) % len(ROLES)]
            if product.kill(role):
                killed[role] += 1
            if role == "serve":
                assert product.process is not None
                product.process.wait(30)
                product.start(90)
        settle(product, load)
    finally:
        load.stop()
        product.stop()
    print(f"kills {killed}, beacons sent {load.sent}, refused {load.refused}, views {len(load.acknowledged)}")
