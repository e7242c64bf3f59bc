"""An answer on its way out: held back while it is small, so that a fault can still change its status."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from firstframe.engine.body import Gone
from firstframe.engine.compression import Encoder
from firstframe.engine.fault import Fault

Send = Callable[[dict[str, Any]], Awaitable[None]]

SEND_SECONDS = 30.0
"""How long a client may take to read a piece of an answer: its statement's thread waits for it."""
HOLD_BYTES = 256 << 10
"""Answers up to this size are sent whole, with their length and their summary; larger ones in pieces of it."""

_TYPES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"(?:TabSeparated|TSV).*", "text/tab-separated-values; charset=UTF-8"),
        (r"CSVWithNames.*", "text/csv; charset=UTF-8; header=present"),
        (r"CSV", "text/csv; charset=UTF-8; header=absent"),
        (r"JSON\w*EachRow.*", "application/x-ndjson; charset=UTF-8"),
        (r"JSON.*", "application/json; charset=UTF-8"),
        (r"XML", "application/xml; charset=UTF-8"),
        (r"Arrow.*|Avro|Native|ORC|Parquet|RowBinary.*|MsgPack|Npy", "application/octet-stream"),
    )
)


class Summary:
    """The numbers of ``X-ClickHouse-Summary``."""

    def __init__(self) -> None:
        self.read_rows = self.read_bytes = self.result_rows = self.result_bytes = 0
        self.written_rows = self.written_bytes = 0

    def json(self, elapsed_ns: int) -> str:
        """As the server writes it: every number a string."""
        numbers = vars(self) | {"total_rows_to_read": self.read_rows, "elapsed_ns": elapsed_ns}
        return json.dumps({name: str(number) for name, number in numbers.items()}, separators=(",", ":"))


class Reply:
    """One answer."""

    def __init__(self, send: Send, encoder: Encoder, headers: Mapping[str, str], *, hold: bool) -> None:
        self._send = send
        self._encoder = encoder
        self._headers = dict(headers)
        self._hold = hold
        self._held = bytearray()
        self.begun = False

    def name_format(self, name: str) -> None:
        """What the body is, once it is known."""
        self._headers["x-clickhouse-format"] = name
        self._headers["content-type"] = media_type(name)

    async def write(self, data: bytes, summary: str) -> None:
        """A part of the body; what is small waits for the rest."""
        self._held += self._encoder.feed(data)
        if len(self._held) >= HOLD_BYTES and not self._hold:
            if not self.begun:
                await self._begin(200, {"x-clickhouse-summary": summary})
            await self._flush(more=True)

    async def finish(self, summary: str) -> None:
        """The end of a body."""
        self._held += self._encoder.finish()
        if not self.begun:
            length = str(len(self._held))
            await self._begin(200, {"x-clickhouse-summary": summary, "content-length": length})
        await self._flush(more=False)

    async def fail(self, fault: Fault, version: str, tag: str) -> None:
        """A fault: as an answer of its own, or, when a part is out already, marked and cut off."""
        text = fault.text(version).encode("utf-8", "replace")
        if self.begun:
            self._held += self._encoder.feed(marked(text, tag)) + self._encoder.finish()
            await self._flush(more=True)
            return  # never ended: the connection is cut, so that nobody takes the part for the whole
        self._headers.pop("content-encoding", None)
        self._headers["content-type"] = "text/plain; charset=UTF-8"
        self._held = bytearray(text)
        extra = {"x-clickhouse-exception-code": str(fault.code), "content-length": str(len(text))}
        await self._begin(fault.status, extra)
        await self._flush(more=False)

    async def _begin(self, status: int, extra: Mapping[str, str]) -> None:
        self.begun = True
        headers = [
            (name.encode(), value.encode("latin-1", "replace")) for name, value in self._headers.items()
        ]
        headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in extra.items()]
        await self._say({"type": "http.response.start", "status": status, "headers": headers})

    async def _flush(self, *, more: bool) -> None:
        """In pieces, each with a time of its own: an answer may be as large, and its client as slow, as it likes."""
        data, self._held = memoryview(bytes(self._held)), bytearray()
        while len(data) > HOLD_BYTES:
            await self._say(
                {"type": "http.response.body", "body": bytes(data[:HOLD_BYTES]), "more_body": True}
            )
            data = data[HOLD_BYTES:]
        await self._say({"type": "http.response.body", "body": bytes(data), "more_body": more})

    async def _say(self, message: dict[str, Any]) -> None:
        """Raises `Gone` when the client does not read."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._send(message)
        except TimeoutError:
            raise Gone from None


def marked(text: bytes, tag: str) -> bytes:
    """A fault amid a body, between marks that no data can hold by chance."""
    mark = tag.encode()
    size = str(len(text)).encode()
    return b"\r\n__exception__\r\n" + mark + b"\r\n" + text + size + b" " + mark + b"\r\n__exception__\r\n"


def media_type(name: str) -> str:
    """The content type of a format."""
    return next((kind for pattern, kind in _TYPES if pattern.fullmatch(name)), "text/plain; charset=UTF-8")
