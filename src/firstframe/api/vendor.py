"""What the read APIs of other vendors have in common: whose request it is, below which path, and what went wrong.

Each is an ASGI application of its own, because its keys, its paths and the shape of its errors are the vendor's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Protocol
from urllib.parse import unquote

import msgspec
import structlog

from firstframe.accounts.account import Project, Token
from firstframe.errors import EngineError, Refusal, TooMany, Unavailable

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

LOOKUP_THREADS = 2
MOST_LOOKUPS = 64
"""Keys that are looked up or wait for it. Of their own: who makes keys up must not take threads that others need."""


RETRY_SECONDS = 2
"""When who was told to come back may do so."""


class Keys(Protocol):
    """As much of the accounts as is needed here."""

    def check_token(self, token: str) -> Token | None: ...

    def projects(self) -> list[Project]: ...


class Failure(msgspec.Struct, frozen=True):
    """What is told of a request that was not answered."""

    status: int
    message: str


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers of a request, names in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def query_of(scope: Scope) -> str:
    """The query string as it came."""
    return str(scope.get("query_string", b"").decode("latin-1"))


def key_of(header: str) -> str | None:
    """The key in an Authorization header: ``Bearer key``, or ``Basic`` with the key as password."""
    scheme, _, text = header.strip().partition(" ")
    text = text.strip()
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(text, validate=True).decode().rpartition(":")[2]
        except (binascii.Error, ValueError):
            return None
    elif scheme.lower() != "bearer":
        return None
    return text or None


def path_from(scope: Scope, beginning: str) -> str:
    """The path from where the vendor's own begins, whatever a mount or a proxy put before it or took away."""
    path = str(scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or scope["path"])
    at = path.find(beginning)
    return "/" + "/".join(unquote(part) for part in path[max(at, 0) :].strip("/").split("/"))


def failure_of(error: Exception, vendor: str, path: str) -> Failure:
    """What is told of an error: of a refusal everything, of a fault of ours nothing but that it is one."""
    if isinstance(error, Refusal):
        return Failure(error.status, error.message)
    if isinstance(error, EngineError):
        log.warning("the engine failed on a vendor's query", vendor=vendor, reason=str(error)[:500])
        if error.is_passing:
            return Failure(Unavailable.status, "the engine does not answer; try again")
    else:
        log.error("a vendor's query failed", vendor=vendor, path=path[:200], exc_info=error)
    return Failure(500, "internal error")


async def send_json(send: Send, status: int, body: Any, headers: Headers = ()) -> None:
    """An answer; None has no body."""
    content = b"" if body is None else msgspec.json.encode(body)
    found = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(content)).encode()),
        (b"vary", b"Authorization, Origin"),
        *headers,
    ]
    if status in (TooMany.status, Unavailable.status):
        found.append((b"retry-after", str(RETRY_SECONDS).encode()))
    await send({"type": "http.response.start", "status": status, "headers": found})
    await send({"type": "http.response.body", "body": content})
