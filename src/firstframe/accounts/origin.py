"""Whether a page's origin is one of those an operator listed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from firstframe.errors import BadRequest

_HOST = r"(\*\.)?([a-z0-9._-]+|\[[0-9a-f:.]+\])"
_ENTRY = re.compile(rf"{_HOST}|[a-z][a-z0-9+.-]*://{_HOST}(:\d{{1,5}})?")
DEFAULT_PORTS = {"http": 80, "https": 443}


def normal_origin(text: str) -> str:
    """An entry of a list of origins as it is kept: ``https://host[:port]``, ``host``, ``*.host`` or ``*``.

    Raises `BadRequest` when it can match no origin.
    """
    entry = text.strip().rstrip("/").lower()
    if entry in ("*", "null"):
        return entry
    if not _ENTRY.fullmatch(entry):
        raise BadRequest(
            f"{text!r} is no origin; https://example.com, example.com, *.example.com or * is wanted",
            code="bad_origin",
            expected=["https://example.com", "example.com", "*.example.com", "*"],
            got=text[:200],
        )
    return _without_default_port(entry)


def is_allowed(origin: str | None, allowed: Sequence[str]) -> bool:
    """Whether a page of this origin may. An empty list allows all; a request without an origin is no page's.

    A bare host allows any scheme and port of it; ``*.example.com`` allows its subdomains (not itself).
    """
    if not allowed or origin is None:
        return True
    origin = origin.strip().lower()
    host = _host(origin)
    return any(_matches(entry, origin, host) for entry in allowed)


def _matches(entry: str, origin: str, host: str) -> bool:
    if entry == "*":
        return True
    scheme, separator, pattern = entry.rpartition("://")
    if not separator:
        return _host_matches(pattern, host)
    if pattern.startswith("*."):
        return origin.startswith(scheme + "://") and _host_matches(pattern, host)
    return _without_default_port(origin) == entry


def _host_matches(pattern: str, host: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).hostname or origin
    except ValueError:
        return origin


def _without_default_port(origin: str) -> str:
    try:
        parts = urlsplit(origin)
        is_default = parts.port is not None and parts.port == DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return origin
    return origin.rpartition(":")[0] if is_default else origin
