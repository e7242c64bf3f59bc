"""The first secret token: given by the operator, or made once and shown once."""

from __future__ import annotations

import structlog

from firstframe.accounts.store import Accounts
from firstframe.errors import BadRequest

log = structlog.get_logger()

WEAK_BELOW = 16


def take_given(accounts: Accounts, given: str) -> None:
    """Add the operator's token, where there is one, beside those there are; a short one is warned of. Raises `BadRequest`."""
    if not given:
        return
    if len(given) < WEAK_BELOW:
        log.warning("the API token is short: whoever guesses it reads everything", characters=len(given))
    add_given(accounts, given)


def first_token(accounts: Accounts) -> str | None:
    """Make sure that there is a secret token; returns its text only when it was made just now."""
    if any(token.kind == "secret" and token.revoked_ms is None for token in accounts.tokens()):
        return None
    return accounts.create_token("secret", label="first")[1]


def add_given(accounts: Accounts, given: str) -> None:
    """The token of the settings. One that was revoked stays so: it is told of, and the start goes on without it.

    Raises `BadRequest` for a text that cannot be a token.
    """
    try:
        accounts.ensure_token(given)
    except BadRequest as refusal:
        if refusal.code != "token_exists":
            raise
        log.warning("FIRSTFRAME_API_TOKEN was revoked and opens nothing; give another, or none")
