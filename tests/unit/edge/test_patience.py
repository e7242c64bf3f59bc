"""How long, and how much of it, the collector waits for a body."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from firstframe.edge.body import Patience, read_body
from firstframe.errors import BadRequest, Unavailable


class Sender:
    """A client that sends a piece when it is told to."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue()

    def send(self, piece: bytes, *, more: bool = True) -> None:
        self._pieces.put_nowait((piece, more))

    async def receive(self) -> dict[str, Any]:
        piece, more = await self._pieces.get()
        return {"type": "http.request", "body": piece, "more_body": more}

    def read(self, patience: Patience) -> asyncio.Task[bytes]:
        return asyncio.create_task(read_body(self.receive, None, 1_000, patience))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_oldest_gives_way() -> None:
    """What is half sent is bounded in all; whoever has waited longest is refused, and the newest are read."""

    async def run() -> None:
        patience = Patience(20, most_bytes=250)
        senders = [Sender() for _ in range(3)]
        reading = [each.read(patience) for each in senders]
        await settle()
        for each in reversed(senders):  # the oldest is the last to send
            each.send(b"x" * 100)
            await settle()
        senders[1].send(b"y", more=False)
        senders[2].send(b"y", more=False)
        found = await asyncio.gather(*reading, return_exceptions=True)
        assert isinstance(found[0], Unavailable)
        assert found[1:] == [b"x" * 100 + b"y"] * 2
        assert patience._held_bytes == 0

    asyncio.run(run())


def test_a_newer_one_ends_an_older_one() -> None:
    """Also where the oldest is asleep."""

    async def run() -> None:
        patience = Patience(20, most_bytes=150)
        old, new = Sender(), Sender()
        reading = [old.read(patience), new.read(patience)]
        old.send(b"x" * 100)
        await settle()
        new.send(b"x" * 100)
        await settle()
        new.send(b"", more=False)
        with pytest.raises(Unavailable):
            await reading[0]
        assert await reading[1] == b"x" * 100
        assert patience._held_bytes == 0

    asyncio.run(run())


def test_a_look_ends_what_is_too_slow() -> None:
    """And gives back what it held."""

    async def run() -> None:
        patience = Patience(0)
        sender = Sender()
        reading = sender.read(patience)
        sender.send(b"x")
        await settle()
        patience.look(asyncio.get_running_loop().time() + 1)
        with pytest.raises(BadRequest):
            await reading
        assert patience._held_bytes == 0

    asyncio.run(run())
