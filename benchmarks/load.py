"""The load: the demo's posts of every dialect as raw requests, sent by wrk as fast as it goes or at a fixed rate."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

import msgspec
import uvloop

from firstframe.demo.speech import Post
from firstframe.demo.voice import posts
from firstframe.dialects import DIALECTS
from firstframe.edge.route import Router

SCRIPT = Path(__file__).parent / "post.lua"
HOST = b"localhost"
POSTS_PER_VIEWER = 50
"""About what a viewer of the demo sends; only used to tell enough viewers."""


class Pressure(msgspec.Struct, frozen=True):
    """What a closed loop found: each connection sends its next request when the last one is answered."""

    requests: int
    seconds: float
    failed: int
    p50_ms: float
    p99_ms: float
    p999_ms: float

    @property
    def rate(self) -> float:
        return (self.requests - self.failed) / self.seconds


class Answered(msgspec.Struct):
    """What an open loop found: latency counts from when a request was due, not from when it could leave."""

    sent: int = 0
    accepted: int = 0
    seconds: float = 0.0
    latencies_ms: list[float] = []

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies_ms) or [0.0]
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def stream(count: int, seed: int, start_ms: int | None = None) -> list[Post]:
    """So many posts of distinct views, in the order of the viewers' clocks: the views lie side by side."""
    begin = int(time.time() * 1000) - 3_600_000 if start_ms is None else start_ms
    viewers = count // POSTS_PER_VIEWER * 2 + 50
    found = list(islice(_kept(posts(seed, viewers, start_ms=begin)), count))
    return sorted(found, key=lambda post: post.at_ms)


def _kept(every: Iterable[Post]) -> Iterator[Post]:
    """Those that are journalled: some SDKs also ask for addresses or players, which is answered at once."""
    router = Router(DIALECTS)
    for post in every:
        match = router.find(post.path.partition("?")[0])
        if match and "POST" in match.methods and match.methods["POST"].route.kind == "collect":
            yield post


def request_of(post: Post) -> bytes:
    """The post on the wire."""
    lines = [b"POST %s HTTP/1.1" % post.path.encode(), b"Host: " + HOST]
    lines += [f"{name}: {value}".encode("latin-1") for name, value in post.headers.items()]
    lines += [b"content-length: %d" % len(post.body), b"", b""]
    return b"\r\n".join(lines) + post.body


def write(requests: Iterable[bytes], file: Path) -> int:
    """Requests as `post.lua` reads them: each after its length in eight digits. Returns how many."""
    count = 0
    with file.open("wb") as out:
        for each in requests:
            out.write(b"%08d" % len(each) + each)
            count += 1
    return count


def press(port: int, file: Path, seconds: float, connections: int = 64) -> Pressure:
    """Send a file of requests with wrk until it ends, or the time is over."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(SCRIPT)]
    command += [f"http://127.0.0.1:{port}", "--", str(file), str(connections)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        if running.stderr.readline():  # the file is at its end: wrk itself would sleep until the time is over
            running.send_signal(signal.SIGINT)
        said = running.stdout.read()
    found: dict[str, Any] = json.loads(said[said.index("\n{") :])
    return msgspec.convert(found, Pressure, strict=False)


def pace(port: int, requests: Sequence[bytes], rate: float, connections: int = 64) -> Answered:
    """Send requests at a fixed rate, whatever the answers do."""
    return uvloop.run(paced(port, requests, rate, connections))


async def paced(port: int, requests: Sequence[bytes], rate: float, connections: int = 64) -> Answered:
    """The same, on the running loop."""
    sender = _Sender(requests, rate)
    loop = asyncio.get_running_loop()
    lines = [
        (await loop.create_connection(lambda: _Line(sender), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    try:
        return await sender.run()
    finally:
        for line in lines:
            line.close()


class _Sender:
    """Hands requests that are due to connections that are free."""

    def __init__(self, requests: Sequence[bytes], rate: float) -> None:
        self._requests = requests
        self._rate = rate
        self._free: deque[_Line] = deque()
        self._next = 0
        self._began = 0.0
        self._done = asyncio.Event()
        self.found = Answered()

    async def run(self) -> Answered:
        self._began = time.perf_counter()
        while self._next < len(self._requests):
            self.push()
            await asyncio.sleep(0.001)
        await asyncio.wait_for(self._done.wait(), 60)
        self.found.seconds = time.perf_counter() - self._began
        return self.found

    def push(self) -> None:
        """Send what is due as long as somebody is free."""
        due = min(len(self._requests), int((time.perf_counter() - self._began) * self._rate))
        while self._next < due and self._free:
            self._free.popleft().send(self._requests[self._next], self._began + self._next / self._rate)
            self._next += 1

    def join(self, line: _Line) -> None:
        self._free.append(line)

    def answered(self, line: _Line, status: bytes, due: float) -> None:
        found = self.found
        found.sent += 1
        found.accepted += status.startswith(b"2")
        found.latencies_ms.append((time.perf_counter() - due) * 1000)
        self._free.append(line)
        if found.sent == len(self._requests):
            self._done.set()
        else:
            self.push()


class _Line(asyncio.Protocol):
    """One connection with one request on its way."""

    def __init__(self, sender: _Sender) -> None:
        self._sender = sender
        self._held = b""
        self._due = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is not derived from it
        self._sender.join(self)

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        assert self._transport is not None
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, found, body = self._held.partition(b"\r\n\r\n")
        if found and len(body) >= _length(head):
            self._held = b""
            self._sender.answered(self, head[9:12], self._due)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r", 1)[0]) if found else 0
