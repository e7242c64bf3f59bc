"""Livepeer's API over HTTP: the headers that pages need."""

from __future__ import annotations


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
