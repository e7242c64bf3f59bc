"""The browser collector as the server serves it: ``/collector.js``, and for ever under the path of its version."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from firstframe import __version__
from firstframe.edge.answer import Answer, send_answer
from firstframe.errors import MethodNotAllowed, NotFound

FOLDER = Path(__file__).parent.parent / "collector_js"
PREFIX = "/collector"
NAMES = ("collector.js", "collector.mjs")

HOUR = b"public, max-age=3600, stale-while-revalidate=86400"
FOR_EVER = b"public, max-age=31536000, immutable"

App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


class Script(msgspec.Struct, frozen=True):
    """One built file, as it is and zipped."""

    plain: bytes
    zipped: bytes
    tag: bytes


def _addresses() -> Mapping[str, tuple[str, bytes]]:
    """Path → file, and how long a browser may keep it."""
    found = {}
    for name in NAMES:
        suffix = name.partition(".")[2]
        found[f"/{name}"] = (name, HOUR)
        found[f"{PREFIX}/{__version__}.{suffix}"] = (name, FOR_EVER)
    return found


ADDRESSES = _addresses()


@cache
def _script(name: str) -> Script:
    try:
        plain = (FOLDER / name).read_bytes()
    except OSError as error:
        raise NotFound(
            f"{name} is not part of this installation; `make web` builds it", expected=str(FOLDER.name)
        ) from error
    tag = b'"' + blake2b(plain, digest_size=12).hexdigest().encode() + b'"'
    return Script(plain, gzip.compress(plain, 9, mtime=0), tag)


async def serve_script(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """An ASGI application. Raises `NotFound`, `MethodNotAllowed`."""
    path, method = scope["path"], scope["method"]
    if path not in ADDRESSES:
        raise NotFound(f"nothing is served at {path[:200]}", expected=sorted(ADDRESSES), got=path[:200])
    if method not in ("GET", "HEAD"):
        raise MethodNotAllowed(f"{method} is not for {path}; GET is", expected=["GET", "HEAD"], got=method)
    name, lasting = ADDRESSES[path]
    script, asked = _script(name), dict(scope["headers"])
    headers = [
        (b"content-type", b"text/javascript; charset=utf-8"),
        (b"cache-control", lasting),
        (b"etag", script.tag),
        (b"vary", b"Accept-Encoding"),
        (b"access-control-allow-origin", b"*"),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if script.tag in asked.get(b"if-none-match", b""):
        await send_answer(send, Answer.of(304, headers))
    elif b"gzip" in asked.get(b"accept-encoding", b""):
        await send_answer(send, Answer.of(200, [*headers, (b"content-encoding", b"gzip")], script.zipped))
    else:
        await send_answer(send, Answer.of(200, headers, script.plain))


MOUNTS: Mapping[str, App] = {PREFIX: serve_script}
"""What the collector's listener serves beside its dialects."""
