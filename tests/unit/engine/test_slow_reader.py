"""Clients that ask for much and read nothing: they cost others no turn, and are let go in time."""

import asyncio
import socket
from base64 import b64encode

import pytest

import support_engine
from firstframe.engine import reply as module
from firstframe.engine.body import Gone
from firstframe.engine.compression import encoder
from firstframe.engine.reply import HOLD_BYTES, Reply
from firstframe.engine.server import LANES

MUCH = b"SELECT number, number, number FROM numbers(3000000) FORMAT TSV"


def test_readers_that_do_not_read_leave_a_turn_for_others(http, reader, shared) -> None:
    """More of them than there are threads; the writer is answered nevertheless."""
    secret = b64encode(f"reader:{support_engine.READ_PASSWORD}".encode()).decode()
    head = (
        f"POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {secret}\r\nContent-Length: {len(MUCH)}\r\n\r\n"
    )
    sockets = []
    try:
        for _ in range(LANES + 2):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(("127.0.0.1", shared.target.port))
            one.sendall(head.encode() + MUCH)
            sockets.append(one)
        for each in sockets[:2]:  # they are being answered
            assert each.recv(1, socket.MSG_PEEK)
        assert http.post("/", content="SELECT 1", timeout=20).text == "1\n"
    finally:
        for each in sockets:
            each.close()


def test_who_reads_slowly_gets_all(monkeypatch) -> None:
    """Each piece has a time of its own, however long the whole takes."""
    monkeypatch.setattr(module, "SEND_SECONDS", 0.2)
    got = []

    async def slow(message: object) -> None:
        await asyncio.sleep(0.05)
        got.append(len(message.get("body", b"")))

    async def ask() -> None:
        answer = Reply(slow, encoder(None, blocks=False), {}, hold=True)
        await answer.write(b"x" * HOLD_BYTES * 8, "{}")
        await answer.finish("{}")

    asyncio.run(ask())
    assert sum(got) == HOLD_BYTES * 8
    assert max(got) <= HOLD_BYTES


@pytest.mark.parametrize("stuck", ["http.response.start", "http.response.body"])
def test_who_does_not_read_is_let_go(monkeypatch, stuck) -> None:
    """After a while, so that the statement's thread is free again."""
    monkeypatch.setattr(module, "SEND_SECONDS", 0.01)

    async def never(message: object) -> None:
        if message["type"] == stuck:
            await asyncio.Event().wait()

    answer = Reply(never, encoder(None, blocks=False), {}, hold=False)
    with pytest.raises(Gone):
        asyncio.run(answer.write(b"x" * HOLD_BYTES, "{}"))
