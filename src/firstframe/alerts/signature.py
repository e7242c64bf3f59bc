"""How a receiver knows that a webhook is ours: signed as Standard Webhooks (standardwebhooks.com) has it."""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha256

PREFIX = "whsec_"
_BYTES = 32


def new_signing_secret() -> str:
    """``whsec_`` and 32 random bytes in base64, which libraries of the standard take as it is."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signed_headers(secret: str, notice_id: str, at_seconds: int, body: bytes) -> dict[str, str]:
    """The three headers of the standard. A repeat has the same id, and the time at which it is sent."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.digest(key, f"{notice_id}.{at_seconds}.".encode() + body, sha256)
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": str(at_seconds),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
