"""Reading a URL that somebody wrote."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def parts_of(url: str) -> SplitResult | None:
    """Its parts, of which the port is a number too; None of what cannot be a URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read when asked for, and refused only then
    except ValueError:
        return None
    return parts
