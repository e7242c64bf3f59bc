"""Connections that only take: idle, half open, dripping, never ending, never reading. Others are served meanwhile."""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path

import pytest

from support_attack import HOW_HARD, seen
from support_load import Load
from support_product import Product
from support_proof import settle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

SPARE_FILES = 25
SERVED_SECONDS = 15.0
"""Patience of the honest clients; no bound on speed."""
RECEIVE_BYTES = 4_096
"""What the kernel takes for a client that does not read: little, so that the answers wait in the server."""
SCRIPT = b"GET /collector.js HTTP/1.1\r\nHost: a.example\r\n\r\n"
HEAD = b"POST /v1/beacons HTTP/1.1\r\nHost: a.example\r\n"
KINDS: dict[str, tuple[bytes, bytes]] = {
    "idle": (b"", b""),
    "half a request line": (b"POST /v1/bea", b""),
    "headers that drip": (HEAD, b"X-Slow: 1\r\n"),
    "a body that drips": (HEAD + b"Content-Type: text/plain\r\nContent-Length: 900000\r\n\r\n{", b" "),
    "chunks without end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "never reads": (SCRIPT * 100, SCRIPT),
    "empty lines": (b"GET /health HTTP/1.1\r\nHost: a.example\r\n\r\n", b"\r\n"),
}
"""What such a client says first, and then each second."""


@contextmanager
def many_files() -> Iterator[int]:
    """As many open files as this machine allows; gives how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def crowd(address: tuple[str, int], count: int, closing: ExitStack) -> list[tuple[socket.socket, bytes]]:
    """So many bad clients, of all kinds in turn."""
    made = []
    for _, (first, drip) in zip(range(count), cycle(KINDS.values()), strict=False):
        client = closing.enter_context(socket.socket())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        client.settimeout(30)
        client.connect(address)
        client.sendall(first)
        made.append((client, drip))
    return made


def drip(clients: list[tuple[socket.socket, bytes]], stop: Callable[[float], bool]) -> None:
    """Keep every connection just alive; those that were thrown out stay out."""
    while not stop(1.0):
        for client, piece in clients:
            try:
                client.send(piece)
            except OSError:
                continue


def test_others_are_served_while_connections_are_taken(tmp_path: Path) -> None:
    """With thousands of connections that never finish, honest beacons are taken, and all is given back afterwards."""
    product = Product(tmp_path / "data").start()
    load = Load(lambda path, body: product.post(path, body, timeout=SERVED_SECONDS), threads=2, pause=0.02)
    host, port = product.collector.split(":")
    over = threading.Event()
    try:
        with many_files() as allowed, ExitStack() as closing:
            before = product.open_files()["edge"]
            count = min(HOW_HARD.connections, allowed - 200)
            clients = crowd((host, int(port)), count, closing)
            dripping = threading.Thread(target=drip, args=(clients, over.wait), daemon=True)
            dripping.start()
            load.start()
            time.sleep(HOW_HARD.crowded_seconds)
            load.stop()
            over.set()
            dripping.join(60)
        assert load.refused == 0
        assert load.accepted > 20
        product.wait_until(
            lambda: product.open_files()["edge"] <= before + SPARE_FILES,
            120,
            "the connections to be given back",
        )
        proof = settle(product, load)
    finally:
        over.set()
        load.stop()
        product.stop()
    seen(
        "connections taken",
        connections=count,
        seconds=HOW_HARD.crowded_seconds,
        honest_beacons_acknowledged=load.accepted,
        honest_beacons_refused=load.refused,
        events_proved=proof.acknowledged,
    )
