"""Writers and readers of the journal that are killed, and disks that are full."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from firstframe.errors import Unavailable
from firstframe.journal import FilesAppender, FilesConsumer
from firstframe.settings import Settings
from support_disk import mounted
from support_journal import beacon, drain, numbers, read

pytestmark = pytest.mark.faults

HERE = Path(__file__).parent.parent

WRITER = """
import asyncio, sys
from pathlib import Path
from firstframe.journal import FilesAppender
from support_journal import beacon

async def main():
    appender = FilesAppender(Path(sys.argv[1]), "edge", commit_ms=1, segment_bytes=20_000)
    async def lane(number):
        while True:
            await appender.append(beacon(number, b"x" * (number % 700)), ())
            print(number, flush=True)
            number += 20
    await asyncio.gather(*(lane(int(sys.argv[2]) + n) for n in range(20)))

asyncio.run(main())
"""

COLLECTOR = """
import sys
from firstframe.edge.serve import run
from firstframe.settings import Settings
from support_edge import Tiny
run(Settings(data=sys.argv[1], collector=sys.argv[2]), dialects=(Tiny(),), ready=lambda port: print(port, flush=True))
"""


def start(code: str, *arguments: str) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, env=environment, text=True
    )


def test_killed_writers_lose_nothing_acknowledged(tmp_path):
    """Writers killed at random moments under load: each beacon they acknowledged is read, once, by a tailing reader."""
    chance = random.Random(4)
    acknowledged: list[int] = []
    came: list[int] = []
    consumer = FilesConsumer(tmp_path, 0)
    for round_ in range(6):
        writer = start(WRITER, str(tmp_path), str(round_ * 1_000_000))
        assert writer.stdout is not None
        acknowledged.append(int(writer.stdout.readline()))
        until = time.monotonic() + chance.uniform(0.05, 0.4)
        while time.monotonic() < until:
            chunk = consumer.next(0.01)
            came.extend(numbers([chunk]) if chunk else [])
        writer.send_signal(signal.SIGKILL)
        acknowledged.extend(int(line) for line in writer.stdout if line.endswith("\n"))
        writer.wait()
    came.extend(numbers(drain(consumer)))
    consumer.close()
    assert len(came) == len(set(came))
    assert set(acknowledged) <= set(came)
    assert len(acknowledged) > 100


def test_collector_drains_on_sigterm(tmp_path):
    """After SIGTERM the collector answers what it has, keeps it, and ends with exit code 0."""
    collector = start(COLLECTOR, str(tmp_path), "127.0.0.1:0")
    try:
        assert collector.stdout is not None
        port = int(next(line for line in collector.stdout if line.strip().isdigit()))
        with socket.create_connection(("127.0.0.1", port), timeout=10) as half, httpx.Client() as http:
            half.sendall(b'POST /v1/beacons HTTP/1.1\r\nHost: x\r\nContent-Length: 16\r\n\r\n{"views"')
            assert (
                http.post(f"http://127.0.0.1:{port}/v1/beacons", content=b'{"views": ["a"]}').status_code
                == 204
            )
            collector.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            half.sendall(b': ["b"]}')
            assert half.recv(4_096).startswith(b"HTTP/1.1 204")
        assert collector.wait(20) == 0
    finally:
        if collector.poll() is None:
            collector.kill()
    partitions = Settings().journal_partitions
    assert sum(len(read(tmp_path / "journal", each, partitions)) for each in range(partitions)) == 2


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte."""
    with mounted(tmp_path / "disk", 1) as folder:
        yield folder


@pytest.mark.parametrize("reserve", [True, False])
def test_full_disk_loses_nothing_and_recovers(small_disk, monkeypatch, reserve):
    """A full disk refuses, keeps every acknowledged beacon, and takes beacons again once the reader has made room."""
    monkeypatch.setattr("firstframe.journal.files.MEASURE_SECONDS", 0)
    if not reserve:
        monkeypatch.setattr("firstframe.journal.room.RESERVE_BYTES", -1)
    appender = FilesAppender(small_disk, "edge", commit_ms=0, segment_bytes=50_000)
    kept: list[int] = []
    refused: list[int] = []

    async def fill(first: int) -> None:
        for number in range(first, first + 400):
            try:
                await appender.append(beacon(number, b"x" * 5_000), ())
                kept.append(number)
            except Unavailable:
                refused.append(number)

    asyncio.run(fill(0))
    assert kept
    assert refused
    if not reserve:
        # Nothing is left for the reader's notes: it waits for the operator, and then reads everything.
        subprocess.run(["mount", "-o", "remount,size=2m", str(small_disk)], check=True)
    came = read(small_disk)
    assert set(kept) <= set(came)
    assert len(came) == len(set(came))
    consumer = FilesConsumer(small_disk, 0, retention_hours=0, now_seconds=lambda: time.time() + 60)
    assert drain(consumer) == []
    consumer._sweep()
    before = len(kept)
    asyncio.run(fill(1_000))
    assert len(kept) > before
    consumer.close()
    asyncio.run(appender.close())
