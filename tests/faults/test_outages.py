"""The engine frozen for a minute, and disks that fill up and are freed: the collector stays honest, nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support_load import Load
from support_product import Product
from support_proof import settle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

AWAY_SECONDS = 60
LARGE_MIB, SMALL_MIB = 600, 128
BALLAST_MIB = 64
PADDING_BYTES = 48 * 2**10


def posting(product: Product, threads: int = 2, pause: float = 0.02, padding_bytes: int = 0) -> Load:
    return Load(
        lambda path, body: product.post(path, body, timeout=10),
        threads=threads,
        pause=pause,
        padding_bytes=padding_bytes,
    ).start()


def test_the_collector_accepts_while_the_engine_is_away(tmp_path: Path) -> None:
    """With the engine frozen for a minute every beacon is still answered 2xx, and all of them are seen afterwards."""
    product = Product(tmp_path / "data").start()
    load = posting(product)
    try:
        time.sleep(2)
        engine = product.roles()["engine"]
        os.kill(engine, signal.SIGSTOP)
        before = load.sent
        time.sleep(AWAY_SECONDS)
        os.kill(engine, signal.SIGCONT)
        assert load.sent > before
        assert load.refused == 0
        settle(product, load)
    finally:
        load.stop()
        product.stop()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Makes one file system of its own, small enough to fill."""
    folder = tmp_path / "disk"

    def make(mib: int) -> Path:
        folder.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)],
            capture_output=True,
            check=False,
        )
        if made.returncode:
            pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")
        return folder

    yield make
    if folder.is_mount():
        subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def running(product: Product, load: Callable[[], Load]) -> Iterator[Load]:
    """The product under load, both ended afterwards."""
    try:
        product.start(wait_seconds=180)
        under = load()
        try:
            yield under
        finally:
            under.stop()
    finally:
        product.stop()


def refused_then_free(product: Product, load: Load, ballast: Path, wait_seconds: float) -> None:
    """Wait for refusals, free the disk, wait until beacons are taken again."""
    empty = b'{"view_id": "x", "events": []}'
    product.wait_until(lambda: product.post("/v1/beacons", empty) == 503, wait_seconds, "a refusal")
    refused = load.refused
    product.wait_until(lambda: load.refused > refused + 5, 30, "more refusals")
    time.sleep(5)
    taken = load.accepted
    ballast.unlink()
    product.wait_until(lambda: load.accepted > taken + 20, 60, "the collector to take beacons again")


def test_a_full_disk_is_said_and_nothing_acknowledged_is_lost(disk: Callable[[int], Path]) -> None:
    """On a disk that others fill the collector answers 503, takes beacons again with room, and lost none it took."""
    folder = disk(LARGE_MIB)
    product = Product(folder / "data")
    with running(product, lambda: posting(product)) as load:
        product.wait_until(lambda: len(load.acknowledged) > 25, 60, "some views to be taken")
        fill(folder / "ballast")
        refused_then_free(product, load, folder / "ballast", 30)
        settle(product, load)


@pytest.mark.parametrize("mib", [SMALL_MIB])
def test_a_disk_that_we_fill_ourselves_is_never_filled_to_the_brim(
    disk: Callable[[int], Path], mib: int
) -> None:
    """A small disk that the load itself fills: refused in time for the engine to store what was taken."""
    folder = disk(mib)
    reserve_file(folder / "ballast", mib * BALLAST_MIB // SMALL_MIB)
    product = Product(folder / "data")
    with running(product, lambda: posting(product, pause=0.01, padding_bytes=PADDING_BYTES)) as load:
        refused_then_free(product, load, folder / "ballast", 90)
        settle(product, load)


def fill(file: Path) -> None:
    """Write until there is no room left."""
    block = b"\0" * 2**20
    try:
        with file.open("wb", buffering=0) as out:
            while out.write(block):
                pass
    except OSError:
        return


def reserve_file(file: Path, mib: int) -> None:
    """A file that takes so much of the disk."""
    with file.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, mib * 2**20)
