"""The journal is a Kafka topic, and roles are killed and its broker stands still: nothing acknowledged is lost or twice."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from support_attack import HOW_HARD, seen
from support_kafka import PARTITIONS, Broker, broker
from support_load import Load
from support_product import Product
from support_proof import settle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(2_400)]

TURNS = ("fold", "edge", "fold-3", "broker", "engine", "fold-1", "edge", "all")


def hold(kafka: Broker, seconds: float) -> None:
    """The broker answers nobody for a while."""
    os.kill(kafka.process.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(kafka.process.pid, signal.SIGCONT)


def test_nothing_acknowledged_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """Collectors die with beacons on their way, folds between what they noted and what they wrote."""
    killed = dict.fromkeys(TURNS, 0)
    chance = random.Random(12)
    rounds = 0
    with broker() as kafka:
        product = Product(
            tmp_path / "data",
            *("--journal", kafka.topic("beacons"), "--journal-partitions", str(PARTITIONS)),
        ).start()
        load = Load(lambda path, body: product.post(path, body, timeout=5)).start()
        try:
            while sum(killed.values()) < HOW_HARD.kills:
                time.sleep(chance.uniform(0.5, 2.0))
                target = TURNS[rounds % len(TURNS)]
                rounds += 1
                if target == "broker":
                    hold(kafka, chance.uniform(2, 8))
                    killed[target] += 1
                    continue
                killed[target] += product.kill(target)
                if target == "all":
                    product.restart()
            proof = settle(product, load, 240)
        finally:
            load.stop()
            product.stop()
    seen(
        "kill -9, journal in Kafka",
        kills=sum(killed.values()) - killed["broker"],
        times_that_the_broker_stood_still=killed["broker"],
        beacons_acknowledged=load.accepted,
        beacons_refused=load.refused,
        events_proved=proof.acknowledged,
        views_recomputed=proof.views,
    )
