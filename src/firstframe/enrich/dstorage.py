"""Ids of decentralised storage: IPFS CIDs and Arweave transaction ids, wherever they stand in a URL."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

_BASE58 = "[1-9A-HJ-NP-Za-km-z]"

_CID = re.compile(
    rf"Qm{_BASE58}{{44}}"  # version 0: a SHA-256 in base 58
    r"|[bB][a-zA-Z2-7]{50,100}"  # version 1 in base 32
    rf"|z{_BASE58}{{45,100}}"  # … in base 58
    r"|k[0-9a-z]{45,100}"  # … in base 36
    r"|f[0-9a-f]{60,120}"  # … in base 16
)
_BARE_CID = re.compile(rf"Qm{_BASE58}{{44}}|ba[a-z2-7]{{57}}")
"""Without a URL around it only the two usual spellings count: other ids may look like the rare ones."""

_TRANSACTION = re.compile(r"[A-Za-z0-9_-]{43}")

ARWEAVE_HOSTS = (
    "arweave.net",
    "ar.io",
    "arweave.dev",
    "arweave.live",
    "g8way.io",
    "permagate.io",
    "ar-io.dev",
)
"""Gateways that serve a transaction as the first path segment. Elsewhere 43 characters may be any id."""


@lru_cache(4096)
def dstorage_id(text: str | None) -> str | None:
    """The CID or transaction id in a URL (``ipfs:``, ``ar:`` or a gateway's) or standing alone, else None."""
    if not text:
        return None
    text = text.strip()
    if _is_cid(text, _BARE_CID) or _TRANSACTION.fullmatch(text):
        return text
    try:
        url = urlsplit(text)
        host = (url.hostname or "").lower()
    except ValueError:
        return None
    if url.scheme in ("ipfs", "ipns"):
        return _first_cid([url.netloc, *_segments(url)])
    if url.scheme in ("ar", "arweave"):
        return _transaction([url.netloc, *_segments(url)])
    if url.scheme not in ("http", "https", "") or not host:
        return None
    return _of_gateway(host, _segments(url))


def dstorage_url(found: str) -> str:
    """An id as the URL that names its network: ``ipfs://CID`` or ``ar://ID``."""
    return f"ar://{found}" if _TRANSACTION.fullmatch(found) else f"ipfs://{found}"


def _of_gateway(host: str, segments: list[str]) -> str | None:
    labels = host.split(".")
    if len(labels) > 2 and labels[1] == "ipfs" and _is_cid(labels[0]):
        return labels[0]
    if "ipfs" in segments:
        return _first_cid(segments[segments.index("ipfs") + 1 :][:1])
    if any(host == known or host.endswith(f".{known}") for known in ARWEAVE_HOSTS):
        return _transaction([part for part in segments if part not in ("raw", "tx")])
    return None


def _segments(url: SplitResult) -> list[str]:
    return [unquote(part) for part in url.path.split("/") if part]


def _first_cid(parts: list[str]) -> str | None:
    return next((part for part in parts[:2] if _is_cid(part)), None)


def _transaction(parts: list[str]) -> str | None:
    first = next((part for part in parts if part), "")
    return first if _TRANSACTION.fullmatch(first) else None


def _is_cid(part: str, pattern: re.Pattern[str] = _CID) -> bool:
    return pattern.fullmatch(part) is not None
