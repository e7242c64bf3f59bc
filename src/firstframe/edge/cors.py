"""What lets a page on another host send to the collector and read its answer.

The collector keeps no cookies, so every origin may be echoed with credentials allowed: `sendBeacon` sends cookies
whether or not one wants them. Which origins may *write* is the business of a project's allowed origins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

Headers = list[tuple[bytes, bytes]]

MAX_AGE = b"86400"
_ANYBODY: Headers = [(b"access-control-allow-origin", b"*")]
_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, \t-]{1,1024}")
ORIGIN_BYTES = 512
"""A longer origin is none."""
_ORIGIN = re.compile(rb"[\x21-\x7e]{1,%d}" % ORIGIN_BYTES)


def cors_headers(origin: bytes | None) -> Headers:
    """For every answer, refusals too, or a page could not read why."""
    if origin is None or not _ORIGIN.fullmatch(origin):
        return _ANYBODY
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


def preflight_headers(asked: Mapping[bytes, bytes], methods: Iterable[str]) -> Headers:
    """For the answer to an OPTIONS request."""
    headers = [
        *cors_headers(asked.get(b"origin")),
        (b"access-control-allow-methods", ", ".join(sorted({*methods, "OPTIONS"})).encode()),
        (b"access-control-max-age", MAX_AGE),
    ]
    names = asked.get(b"access-control-request-headers", b"content-type, content-encoding")
    if _NAMES.fullmatch(names):
        headers.append((b"access-control-allow-headers", names))
    if b"access-control-request-private-network" in asked:
        headers.append((b"access-control-allow-private-network", b"true"))
    return headers
