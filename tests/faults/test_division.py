"""The journal divided anew, again and again, under load and without a clean end: nothing is lost, no view has two workers."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from firstframe.journal.division import others, readable
from support_attack import seen
from support_load import Load
from support_product import Product
from support_proof import settle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

DIVISIONS = (2, 1, 3, 2)


def test_another_number_of_partitions_loses_nothing(tmp_path: Path) -> None:
    """Views that are half in the old division and half in the new one are stored once and folded whole."""
    product = Product(tmp_path / "data", environment={"FIRSTFRAME_JOURNAL_PARTITIONS": "1"}).start()
    load = Load(lambda path, body: product.post(path, body, timeout=5), pause=0.01).start()
    try:
        for partitions in DIVISIONS:
            time.sleep(2)
            for pid in (product.process.pid, *product.roles().values()):
                os.kill(pid, signal.SIGKILL)
            product.process.wait(60)
            product.environment["FIRSTFRAME_JOURNAL_PARTITIONS"] = str(partitions)
            product.start()
            workers = {name for name in product.roles() if name.startswith("fold")}
            assert len(workers) == partitions
        proof = settle(product, load, 240)
    finally:
        load.stop()
        product.stop()
    journal = product.data / "journal"
    assert readable(journal) == DIVISIONS[-1]
    assert others(journal, DIVISIONS[-1]), "what is folded is kept for its time, whatever the division"

    seen(
        "journal divided anew",
        times=len(DIVISIONS),
        beacons_acknowledged=load.accepted,
        events_proved=proof.acknowledged,
        views_recomputed=proof.views,
    )
