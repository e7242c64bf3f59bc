"""What the collector does beside its requests goes on, whatever happens to a part of it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from firstframe.edge import app, chores
from firstframe.edge.large import QUICK_BYTES
from firstframe.journal import files, room
from support_edge import Clerk, serving, wait_for


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Rounds in quick succession; a collector takes its time from the module when it is made."""
    monkeypatch.setattr(app, "TICK_SECONDS", 0.02)


def test_a_failing_lookup_of_keys_ends_nothing(tmp_path, monkeypatch):
    """It is told once and tried again; slow bodies are ended and refusals written all the while."""
    clerk = Clerk(tmp_path, request_seconds=0.2)
    looked, told = [], []

    def refresh():
        looked.append(1)
        if len(looked) > 2:
            raise ValueError("a row that cannot be read")
        return True

    monkeypatch.setattr(clerk.keys, "refresh", refresh)
    monkeypatch.setattr(chores.log, "exception", lambda *_, **said: told.append(said))
    with serving(clerk) as port:
        wait_for(lambda: len(looked) > 6)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
            slow.sendall(b"POST /v1/beacons HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
            assert b"slow_body" in slow.recv(4_096)
        wait_for((tmp_path / "refusals-test.json").exists)
        assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    assert told == [{"chore": "write keys"}]


def test_a_failing_part_leaves_the_others(tmp_path, monkeypatch):
    """Refusals are written although nothing can be counted."""
    clerk = Clerk(tmp_path)
    monkeypatch.setattr(clerk.app._meter, "flush", lambda in_flight: 1 / 0)
    with serving(clerk) as port:
        httpx.post(f"http://127.0.0.1:{port}/v1/beacons", content=b"no json")
        wait_for((tmp_path / "refusals-test.json").exists)


def test_a_database_that_hangs_keeps_no_slow_body_alive(tmp_path, monkeypatch):
    """Nor does it make the collector unwell: the last keys that were read stay good."""
    clerk = Clerk(tmp_path, request_seconds=0.2)
    looked, over = [], threading.Event()

    def refresh():
        looked.append(1)
        return len(looked) == 1 or over.wait(20)

    monkeypatch.setattr(clerk.keys, "refresh", refresh)
    monkeypatch.setattr(app, "LATE_SECONDS", 0.3)
    try:
        with serving(clerk) as port:
            wait_for(lambda: len(looked) == 2)
            with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
                slow.sendall(b"POST /v1/beacons HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
                assert b"slow_body" in slow.recv(4_096)
            time.sleep(0.4)
            assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
            over.set()
    finally:
        over.set()


def test_health_says_that_the_chores_are_not_done(tmp_path, monkeypatch):
    """A collector whose rounds have ended is not well."""
    clerk = Clerk(tmp_path)
    monkeypatch.setattr(app, "LATE_SECONDS", 0.3)
    with serving(clerk) as port:
        assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
        clerk.app._chores._task.get_loop().call_soon_threadsafe(clerk.app._chores._task.cancel)
        wait_for(lambda: httpx.get(f"http://127.0.0.1:{port}/health").status_code == 503)
        assert "chores" in httpx.get(f"http://127.0.0.1:{port}/health").json()["message"]


def test_a_disk_that_hangs_keeps_no_slow_body_alive(tmp_path, monkeypatch):
    """What is written beside the requests has a round of its own; that it does not end is told."""
    clerk = Clerk(tmp_path, request_seconds=0.2)
    going, over = threading.Event(), threading.Event()

    def write(path, content):
        going.set()
        over.wait(20)

    monkeypatch.setattr(app, "_write", write)
    monkeypatch.setattr(app, "LATE_SECONDS", 0.3)
    with serving(clerk) as port:
        try:
            httpx.post(f"http://127.0.0.1:{port}/v1/beacons", content=b"no json")
            assert going.wait(10)
            with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
                slow.sendall(b"POST /v1/beacons HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
                assert b"slow_body" in slow.recv(4_096)
            wait_for(lambda: httpx.get(f"http://127.0.0.1:{port}/health").status_code == 503)
        finally:
            over.set()


def test_nothing_waits_for_the_threads_that_all_share(tmp_path):
    """Whoever fills them, as strangers did with made-up keys: keys are read, large bodies too, refusals written."""
    clerk = Clerk(tmp_path)
    over = threading.Event()
    large = b'{"views": ["v1"], "text": "' + b"x" * QUICK_BYTES + b'"}'

    async def ask() -> list[int]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        loop.run_in_executor(None, over.wait, 30)
        transport = httpx.ASGITransport(clerk.app)
        try:
            async with asyncio.timeout(10), httpx.AsyncClient(transport=transport) as http:
                await clerk.app.start()
                sent = [
                    await http.post("http://c.example/v1/beacons", content=each)
                    for each in (large, b"no json")
                ]
                while not (tmp_path / "refusals-test.json").exists():
                    await asyncio.sleep(0.01)
                await clerk.app.stop()
                return [each.status_code for each in sent]
        finally:
            over.set()

    assert asyncio.run(ask()) == [204, 400]


def test_health_comes_back_when_the_disk_has_room_again(tmp_path, monkeypatch):
    """Also where a balancer heeds it, so that no beacon comes to make anybody look at the disk."""
    free = [2**20]
    monkeypatch.setattr(room, "_disk", lambda _: (free[0], 2**28))
    monkeypatch.setattr(files, "MEASURE_SECONDS", 0.0)
    clerk = Clerk(tmp_path)
    with serving(clerk) as port:
        url = f"http://127.0.0.1:{port}"
        refused = httpx.post(f"{url}/v1/beacons", content=b'{"views": ["v1"]}')
        assert refused.json()["error"]["code"] == "journal_full"
        assert "reserve" in httpx.get(f"{url}/health").json()["message"]
        free[0] = 2**40
        wait_for(lambda: httpx.get(f"{url}/health").status_code == 200)
    assert clerk.kept() == []


def test_the_disk_is_not_looked_at_for_nothing(tmp_path, monkeypatch):
    """With room, and before the first beacon, each round does without; a journal that is closed is left alone."""
    clerk = Clerk(tmp_path)
    looks = []
    monkeypatch.setattr(files, "measure", lambda *_: looks.append(1))

    async def rounds() -> None:
        await clerk.app._writing.do()
        clerk.journal._room = room.Room(0, 2**30, 2**40, 2**28)
        await clerk.app._writing.do()
        await clerk.journal.close()
        await clerk.journal.look()

    asyncio.run(rounds())
    assert looks == []
