"""Livepeer's API over HTTP: the key of a request, its path below any mount, the headers that pages need."""

from __future__ import annotations

import base64
import binascii
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote


def bearer(header: str) -> str | None:
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


def path_of(scope: MutableMapping[str, Any]) -> str:
    """The path below ``/api``, whatever of it a mount took away."""
    path = str(scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or scope["path"])
    at = path.find("/data/")
    return "/" + "/".join(unquote(part) for part in path[max(at, 0) :].strip("/").split("/"))


def cors_headers(headers: dict[str, str], *, is_preflight: bool) -> list[tuple[bytes, bytes]]:
    """Any page may try; what its key may is decided by the key."""
    origin = headers.get("origin", "")
    is_plain = origin.isascii() and origin.isprintable() and origin != ""
    found = [(b"access-control-allow-origin", origin.encode() if is_plain else b"*")]
    if is_plain:
        found.append((b"access-control-allow-credentials", b"true"))
    if is_preflight:
        found += [
            (b"access-control-allow-methods", b"GET, OPTIONS"),
            (b"access-control-allow-headers", b"authorization, content-type, accept, user-agent"),
            (b"access-control-max-age", b"600"),
        ]
    return found
