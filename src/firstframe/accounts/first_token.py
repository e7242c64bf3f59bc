"""The first secret token: given by the operator, or made once and shown once."""

from __future__ import annotations

import structlog

from firstframe.accounts.store import Accounts

log = structlog.get_logger()

WEAK_BELOW = 16


def first_token(accounts: Accounts, given: str) -> str | None:
    """Make sure that there is a secret token; returns its text only when it was made just now.

    A token given by the operator is added beside those there are; without one, a first start makes one up.
    """
    if given:
        if len(given) < WEAK_BELOW:
            log.warning("the API token is short: whoever guesses it reads everything", characters=len(given))
        accounts.ensure_token(given)
        return None
    if any(token.revoked_ms is None for token in accounts.tokens()):
        return None
    return accounts.create_token("secret", label="first")[1]
