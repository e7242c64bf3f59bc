"""A connection that is kept and used again: just enough HTTP/1.1 to post a body and read the answer."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

import msgspec

from firstframe.demo.speech import Post
from firstframe.errors import ConfigError

TIMEOUT_S = 30
NO_BODY = (204, 304)


class Answer(msgspec.Struct, frozen=True):
    """What the collector said."""

    status: int
    retry_after_s: float | None = None


class Address(msgspec.Struct, frozen=True):
    """Where the collector is."""

    host: str
    port: int
    secure: bool
    prefix: str

    @property
    def name(self) -> str:
        """As it stands in the Host header."""
        return f"{self.host}:{self.port}"


def address_of(url: str) -> Address:
    """A collector's URL, read. Raises `ConfigError`."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
        raise ConfigError(f"--collector is {url!r}, but a URL is wanted, such as http://localhost:8080")
    secure = parts.scheme == "https"
    return Address(parts.hostname, port or (443 if secure else 80), secure, parts.path.rstrip("/"))


class Line:
    """One connection to the collector; opened when it is needed, and again when it was lost."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def reach(self) -> None:
        """Open the connection. Raises `ConfigError` where nobody listens."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._open()
        except (OSError, TimeoutError) as error:
            where = f"{'https' if self._address.secure else 'http'}://{self._address.name}"
            raise ConfigError(
                f"nobody answers at {where} ({error}); is `firstframe serve` running, and is --collector right?"
            ) from error

    async def send(self, post: Post) -> Answer:
        """Post it and wait for the answer; one more try where a kept connection turns out to be closed.

        Raises `OSError` when the collector cannot be reached or does not answer.
        """
        kept = self._writer is not None
        try:
            return await self._once(post)
        except OSError:
            self.close()
            if not kept:
                raise
            return await self._once(post)

    async def _once(self, post: Post) -> Answer:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._exchange(post)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, TimeoutError) as error:
            self.close()
            raise ConnectionError(f"no answer from the collector: {error}") from error
        except BaseException:
            self.close()
            raise

    async def _exchange(self, post: Post) -> Answer:
        reader, writer = await self._open()
        writer.write(_request(self._address, post))
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        said = {
            name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in head[1:])
        }
        if status not in NO_BODY:
            await _skip_body(reader, said)
        if said.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, _seconds(said.get("retry-after")))

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is None or self._writer is None:
            where = self._address
            context = ssl.create_default_context() if where.secure else None
            self._reader, self._writer = await asyncio.open_connection(where.host, where.port, ssl=context)
        return self._reader, self._writer

    def close(self) -> None:
        """Let go of the connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def _request(address: Address, post: Post) -> bytes:
    lines = [f"POST {address.prefix}{post.path} HTTP/1.1", f"host: {address.name}"]
    lines += [f"{name}: {value}" for name, value in post.headers.items()]
    lines += [f"content-length: {len(post.body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + post.body


async def _skip_body(reader: asyncio.StreamReader, said: dict[str, str]) -> None:
    if "chunked" in said.get("transfer-encoding", ""):
        while length := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(length + 2)
        await reader.readline()
        return
    await reader.readexactly(int(said.get("content-length", "0")))


def _seconds(text: str | None) -> float | None:
    """A Retry-After in seconds; a date says nothing here."""
    return float(text) if text is not None and text.isdigit() else None
