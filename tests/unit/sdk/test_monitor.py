"""The Python monitors deliver what they were told, in order and once, with a thread or in an event loop."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from firstframe.sdk import AsyncMonitor, Core, Monitor, Options, Outbox

OPTIONS = Options("http://127.0.0.1:9", "k", {"viewer_user_id": "me", "video_id": "v"})


class Collector:
    """Takes bodies; refuses the first few."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self._lock = threading.Lock()

    def __call__(self, address: str, body: bytes) -> float | None:
        with self._lock:
            self.raw.append(body)
            if self.failures:
                self.failures -= 1
                return 0.0
            found = json.loads(body)
            self.bodies += found if isinstance(found, list) else [found]
            return None

    def kinds(self) -> list[str]:
        return [event["type"] for body in self.bodies for event in body["events"]]


def test_a_thread_delivers_all_before_it_closes() -> None:
    """The view has its end, also when the first delivery failed."""
    collector = Collector(failures=1)
    with Monitor("box", OPTIONS, send=collector) as monitor:
        monitor.emit("play")
        monitor.emit("playing")
        monitor.flush()
    assert collector.kinds() == ["play", "playing", "end"]
    assert collector.bodies[0]["viewer_id"] == "me"


def test_a_task_delivers_all_before_it_closes() -> None:
    """The same in an event loop."""
    collector = Collector(failures=1)

    async def visit() -> None:
        async with AsyncMonitor("box", OPTIONS, send=collector) as monitor:
            monitor.emit("play")
            monitor.emit("ended")

    asyncio.run(visit())
    assert collector.kinds() == ["play", "ended", "end"]


def test_heartbeats_come_while_somebody_watches() -> None:
    """Every ten seconds from the play on, none in a pause."""
    sent: list[str] = []
    core = Core("box", OPTIONS, sent.append, 0)
    core.emit("play", {}, 1_000)
    for now_ms in range(1_000, 32_000, 500):
        core.tick(now_ms)
    core.emit("pause", {}, 32_000)
    for now_ms in range(32_000, 90_000, 500):
        core.tick(now_ms)
    kinds = [event["type"] for body in sent for event in json.loads(body)["events"]]
    assert kinds == ["play", "heartbeat", "heartbeat", "heartbeat", "pause"]
    assert core.due_ms is None


def test_without_consent_nobody_is_named() -> None:
    """Neither viewer nor session is in what is sent until the viewer agrees."""
    sent: list[str] = []
    core = Core("box", Options("http://x", data={"viewer_user_id": "me"}, consent=False), sent.append, 0)
    core.emit("play", {}, 1)
    core.flush()
    assert "me" not in json.loads(sent[0]).values()
    assert "session_id" not in sent[0]
    core.set_consent(True)
    core.flush()
    assert json.loads(sent[1])["viewer_id"] == "me"


def test_a_view_has_a_cap() -> None:
    """Requests give way first, the end is always told."""
    sent: list[str] = []
    core = Core("box", Options("http://x", max_events=50), sent.append, 0)
    core.emit("play", {}, 1)
    for at_ms in range(500):
        core.emit("requestcompleted", {"request_bytes_loaded": 1}, at_ms)
        core.emit("pause", {}, at_ms)
    core.end(1_000)
    (body,) = [json.loads(body) for body in sent]
    assert len(body["events"]) == 51
    assert body["events"][-1]["type"] == "end"


@pytest.mark.parametrize("wait", [0.0, 30.0])
def test_a_body_comes_again_byte_for_byte(wait: float) -> None:
    """It waits longer after each failure, and as long as it was told to."""
    outbox = Outbox("http://x", chance=lambda: 1.0)
    outbox.add('{"view_id":"1"}')
    first = outbox.take()
    assert outbox.wait_seconds(0) is None
    outbox.settle(wait, 100.0)
    assert outbox.wait_seconds(100.0) == max(1.0, wait)
    assert outbox.take() == first
    outbox.settle(wait, 200.0)
    assert outbox.wait_seconds(200.0) == max(2.0, wait)
    assert outbox.take() == first
    outbox.settle(None, 300.0)
    assert len(outbox) == 0


def test_the_queue_is_bounded() -> None:
    """When it is full the oldest give way."""
    outbox = Outbox("http://x")
    for number in range(300):
        outbox.add(json.dumps({"number": number, "padding": "x" * 10_000}))
    assert len(outbox) < 200
    assert json.loads(outbox.take())[-1]["number"] < 299
