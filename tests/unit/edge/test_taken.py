"""Connections that only take: each state in which a client can leave one ends, and meanwhile others are served."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from firstframe.dialects.base import Reply, Route
from firstframe.edge import app, protocol, serve
from support_edge import Clerk, Tiny, serving, wait_for

GET = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
BEACON = b"POST /v1/beacons HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
HALF = b"POST /v1/beacons HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{"
BIG = 2_000_000


class Wordy(Tiny):
    """Says much."""

    routes = (
        *Tiny.routes,
        Route(
            "/big",
            kind="answer",
            methods=("GET",),
            answer=lambda request, grant: Reply(200, b"x" * BIG, "text/plain"),
        ),
    )


def join(port: int, receive_bytes: int | None = None) -> socket.socket:
    """A client; ``receive_bytes`` is all that its side takes without being read."""
    client = socket.socket()
    if receive_bytes is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.settimeout(10)
    client.connect(("127.0.0.1", port))
    return client


def pieces(client: socket.socket) -> Iterator[bytes]:
    """All that comes, until the other side is gone."""
    while True:
        try:
            piece = client.recv(65_536)
        except ConnectionResetError:
            return
        if not piece:
            return
        yield piece


def post(port: int) -> int:
    return httpx.post(f"http://127.0.0.1:{port}/v1/beacons", content=b'{"views": ["v"]}').status_code


def connections(server_port: int) -> int:
    """How many the server has, seen from outside: the other ends of those that are established."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{server_port:04X}") and row[3] == "01" for row in rows)


def test_half_sent_requests_take_nobodys_place(tmp_path, monkeypatch):
    """However many are begun: only what is here whole counts."""
    monkeypatch.setattr(app, "IN_FLIGHT", 4)
    clerk = Clerk(tmp_path)
    with serving(clerk) as port, ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(closing(join(port))).sendall(HALF)
        wait_for(lambda: len(clerk.app._patience._waiting) == 12)
        assert [post(port) for _ in range(3)] == [204] * 3
        assert clerk.app._in_flight == 0


def test_who_does_not_read_is_thrown_out(tmp_path, monkeypatch):
    """It takes nobody's place, whether it asks for more than it reads or ends its side; nothing of it stays."""
    monkeypatch.setattr(protocol, "READ_SECONDS", 0.3)
    monkeypatch.setattr(app, "IN_FLIGHT", 2)
    clerk = Clerk(tmp_path, dialects=(Wordy(),))
    ask = b"GET /tiny/big HTTP/1.1\r\nHost: x\r\n"
    with serving(clerk) as port, ExitStack() as stack:
        for asked in (3 * (ask + b"\r\n"), ask + b"Connection: close\r\n\r\n"):
            for _ in range(3):
                stack.enter_context(closing(join(port, 4_096))).sendall(asked)
        assert post(port) == 204
        wait_for(lambda: connections(port) == 0)
        assert clerk.app._in_flight == 0


def test_who_reads_slowly_gets_all(tmp_path, monkeypatch):
    """Each look finds less left than before, so it goes on."""
    monkeypatch.setattr(protocol, "READ_SECONDS", 0.2)
    with serving(Clerk(tmp_path, dialects=(Wordy(),))) as port, closing(join(port, 4_096)) as client:
        client.sendall(b"GET /tiny/big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        began, size = time.monotonic(), 0
        for piece in pieces(client):
            size += len(piece)
            time.sleep(max(0, began + size / BIG - time.monotonic()))  # a second for all of it
    assert size > BIG


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (GET, b"\r\n"),
        (GET, b""),
        (BEACON, b"\r\n"),
        (BEACON, b""),
        (b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n", b"x"),
        (b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=[
        "an empty line",
        "nothing",
        "a line behind a beacon",
        "nothing behind one",
        "the rest of a body",
        "chunks without end",
    ],
)
def test_what_belongs_to_no_request_keeps_no_connection(tmp_path, monkeypatch, first, then):
    """After an answer a connection ends in time, whatever else comes on it, once or again and again."""
    monkeypatch.setattr(serve, "KEEP_ALIVE_SECONDS", 0.6)
    with serving(Clerk(tmp_path)) as port, closing(join(port)) as once, closing(join(port)) as often:
        for client in (once, often):
            client.sendall(first)
            assert client.recv(65_536).startswith(b"HTTP/1.1 ")
        once.sendall(then)
        until = time.monotonic() + 8
        often.settimeout(0.1)
        while time.monotonic() < until:
            try:
                often.sendall(then)
                if often.recv(65_536) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
            if not then:
                break
        assert time.monotonic() < until
        assert list(pieces(once)) == []


def test_the_wait_for_the_next_beacon_begins_anew_with_each(tmp_path, monkeypatch):
    """A player that beats within the time keeps its connection; one that falls silent loses it."""
    monkeypatch.setattr(serve, "KEEP_ALIVE_SECONDS", 0.6)
    with serving(Clerk(tmp_path)) as port, closing(join(port)) as client:
        for _ in range(6):
            client.sendall(BEACON)
            assert client.recv(65_536).startswith(b"HTTP/1.1 204")
            time.sleep(0.3)
        assert list(pieces(client)) == []


def test_an_empty_line_is_no_harm(tmp_path):
    """Some clients send one behind a body (RFC 9112, 2.2); the next request is answered as ever."""
    with serving(Clerk(tmp_path)) as port, closing(join(port)) as client:
        for _ in range(3):
            client.sendall(BEACON)
            assert client.recv(65_536).startswith(b"HTTP/1.1 204")
            client.sendall(b"\r\n")
            time.sleep(0.02)


def test_a_full_house_makes_room(tmp_path, monkeypatch):
    """When there are too many connections, those go of which nobody waits for an answer."""
    monkeypatch.setattr(protocol, "most_connections", lambda: 10)
    with serving(Clerk(tmp_path)) as port, ExitStack() as stack:
        for said in (b"", GET, HALF, b"POST /v1", GET + b"\r\n") * 8:
            stack.enter_context(closing(join(port))).sendall(said)
        assert [post(port) for _ in range(5)] == [204] * 5
        wait_for(lambda: connections(port) <= 10)


def test_a_process_takes_the_files_it_may_have():
    """The soft limit becomes the hard one, within reason."""
    code = """
import resource
from firstframe.edge.files import allow_files, most_connections
resource.setrlimit(resource.RLIMIT_NOFILE, (300, 900))
assert most_connections() == 172
allow_files()
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (900, 900)
assert most_connections() == 772
"""
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 900
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
