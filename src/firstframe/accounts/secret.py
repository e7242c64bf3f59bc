"""Making secrets, and keeping only what is needed to know them again."""

from __future__ import annotations

import secrets
from hashlib import sha256

PREFIXES = {"write": "ffw_", "secret": "ffs_", "cors": "ffc_", "share": "ffl_"}
"""What a person sees first, so that one is not pasted in the other's place."""


def new_secret(kind: str) -> str:
    """A new unguessable key, token or link: 32 random bytes (a write key, which is public: 16)."""
    return PREFIXES[kind] + secrets.token_urlsafe(16 if kind == "write" else 32)


def digest(secret: str) -> str:
    """What is kept of a token. One round is enough: it has 256 random bits, there is nothing to guess."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_id() -> str:
    """A short public name of a token or link."""
    return secrets.token_hex(6)
