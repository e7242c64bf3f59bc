"""What the collector does beside its requests goes on, whatever happens to a part of it."""

from __future__ import annotations

import socket
import threading
import time

import httpx
import pytest

from firstframe.edge import app, chores
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
