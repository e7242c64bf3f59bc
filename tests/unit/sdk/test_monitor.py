"""The Python monitors deliver what they were told, in order and once, with a thread or in an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from firstframe.sdk import AsyncMonitor, Core, Monitor, Options, Outbox, post

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


def broken() -> Any:
    """A callback of a player that is being torn down."""
    raise RuntimeError("gone")


def test_no_callback_of_the_player_can_break_it() -> None:
    """A state that cannot be read is left out; what happened is told all the same, and the thread lives on."""
    collector = Collector()
    options = Options("http://127.0.0.1:9", "k", playhead=broken, state=broken)
    with Monitor("box", options, send=collector) as monitor:
        monitor.emit("play")
        monitor.emit("playing")
    assert collector.kinds() == ["play", "playing", "end"]


def test_a_delivery_that_raises_is_tried_again() -> None:
    """Whatever it raises, the thread goes on."""
    collector = Collector()
    failures = [RuntimeError("proxy"), ValueError("answer")]

    def send(address: str, body: bytes) -> float | None:
        if failures:
            raise failures.pop()
        return collector(address, body)

    with Monitor("box", OPTIONS, send=send) as monitor:
        monitor.emit("play")
    assert collector.kinds() == ["play", "end"]


@pytest.mark.parametrize("address", ["qoe.example.com", "http://[", "ftp://x"])
def test_an_address_that_is_none_does_not_raise(address: str) -> None:
    """It is tried again, like one that does not answer."""
    assert post(address, b"{}") == 0.0


def test_an_answer_that_is_no_http_does_not_raise() -> None:
    """As of a proxy or another service on the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(b"nonsense\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        assert post(f"http://127.0.0.1:{server.getsockname()[1]}", b"{}") == 0.0
        thread.join(5)


def test_the_player_may_lock_what_its_state_reads() -> None:
    """The player's callbacks run outside the monitor's lock: else its lock and ours could wait for each other."""
    mine = threading.Lock()
    asked = threading.Event()

    def state() -> dict[str, Any]:
        asked.set()
        with mine:
            return {"player_width": 640, "player_height": 360}

    options = Options("http://127.0.0.1:9", "k", heartbeat_seconds=1, state=state)
    monitor = Monitor("box", options, send=Collector())
    monitor.emit("play")
    done = threading.Event()

    def tell() -> None:
        monitor.update({"custom_1": "x"})
        done.set()

    with mine:
        asked.clear()
        assert asked.wait(5)  # the thread looks at the player for a heartbeat
        threading.Thread(target=tell, daemon=True).start()
        assert done.wait(2)
    monitor.close()


def test_numbers_that_json_has_no_word_for_are_left_out() -> None:
    """The duration of a live stream, say: a body with such a number would be refused whole."""
    sent: list[str] = []
    endless = float("inf")
    options = Options(
        "http://x",
        data={"video_id": "v", "custom_1": endless},
        playhead=lambda: float("nan"),
        state=lambda: {"video_source_duration": endless},
    )
    core = Core("box", options, sent.append, 0)
    core.emit("play", {"player_playhead_time": endless, "custom_2": {1, 2}}, 1)
    core.emit("requestcompleted", {"request_start": 1, "request_response_end": endless}, 1)
    core.flush()
    body = json.loads(sent[0], parse_constant=pytest.fail)
    assert "duration_ms" not in body["context"]
    assert [event["type"] for event in body["events"]] == ["play", "request"]


def test_a_full_view_still_says_that_somebody_watches() -> None:
    """Else the server would close it as dropped."""
    sent: list[str] = []
    core = Core("box", Options("http://x", max_events=10), sent.append, 0)
    for at_ms in range(50):
        core.emit("play", {}, at_ms)
    core.tick(10_100)
    core.tick(20_200)
    core.end(20_300)
    kinds = [event["type"] for body in sent for event in json.loads(body)["events"]]
    assert kinds[10:] == ["heartbeat", "heartbeat", "end"]


def test_heartbeats_are_never_a_storm() -> None:
    """Whatever the options say."""
    core = Core("box", Options("http://x", heartbeat_seconds=0), lambda _: None, 0)
    core.emit("play", {}, 0)
    core.tick(0)
    assert core.due_ms == 1_000


def test_a_collector_cannot_send_the_player_away_for_ever() -> None:
    """An hour at most; no timer takes more than some centuries."""
    outbox = Outbox("http://x")
    outbox.add("{}")
    outbox.take()
    outbox.settle(float("1" * 30), 0.0)
    assert outbox.wait_seconds(0.0) == 3_600


def test_after_a_sleep_the_next_view_is_told_of_at_the_right_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The monotonic clock stands still meanwhile; the view that was open keeps its own time."""
    collector = Collector()
    with Monitor("box", OPTIONS, send=collector) as monitor:
        monitor.emit("play")
        slept = time.time() + 8 * 3600
        monkeypatch.setattr("firstframe.sdk.monitor.time.time", lambda: slept)
        monitor.emit("videochange", {"video_id": "w"})
        monitor.emit("play")
    views: dict[str, list[float]] = {}
    for body in collector.bodies:
        views.setdefault(body["view_id"], []).extend(event["at"] for event in body["events"])
    first, second = views.values()
    assert first[-1] - first[0] < 5_000
    assert abs(second[0] - slept * 1000) < 5_000


def test_a_closed_monitor_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread does not stay for ever where nobody answers."""
    monkeypatch.setattr("firstframe.sdk.monitor.PATIENCE_AFTER_CLOSE_SECONDS", 0.2)
    monitor = Monitor("lonely", OPTIONS, send=lambda address, body: 0.0)
    monitor.emit("play")
    monitor.close(3)
    assert not any(thread.name == "firstframe-lonely" for thread in threading.enumerate())


def test_a_loop_that_is_closed_does_not_raise() -> None:
    """A player may speak longer than its loop lives."""

    async def visit() -> AsyncMonitor:
        return AsyncMonitor("box", OPTIONS, send=Collector())

    asyncio.run(visit()).emit("play")


SCRIPT = """
import os, sys
from firstframe.sdk import Monitor, Options
def send(address, body):
    print(os.getpid() == first, body.decode(), flush=True)
first = os.getpid()
monitor = Monitor("box", Options("http://127.0.0.1:9", "k"), send=send)
monitor.emit("play")
if sys.argv[1] == "fork":
    monitor._lock.acquire()
    child = os.fork()
    if not child:
        monitor.emit("ended")
        monitor.flush()
        monitor.close()
        sys.exit()
    monitor._lock.release()
    os.waitpid(child, 0)
"""


@pytest.mark.parametrize("how", ["plain", "fork"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_program_that_just_ends_says_so_and_its_children_say_nothing(how: str) -> None:
    """The view has its end without `close`, once; a forked child neither waits for a lock nor speaks for it."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True, timeout=20
    )
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert {mine for mine, _ in lines} == {"True"}
    found = [json.loads(text) for _, text in lines]
    kinds = [
        event["type"]
        for body in found
        for each in ([body] if isinstance(body, dict) else body)
        for event in each["events"]
    ]
    assert kinds == ["play", "end"]
