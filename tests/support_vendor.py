"""Accounts by which vendors' read APIs are asked in tests."""

from __future__ import annotations

from firstframe.accounts.account import Project, Token

ORIGIN = "https://shop.example"
KEYS = {
    "secret-default": Token("1", "secret", "default"),
    "cors-default": Token("2", "cors", "default", allowed_origins=[ORIGIN]),
    "secret-other": Token("3", "secret", "other"),
}


class Accounts:
    """Two projects and three keys."""

    def check_token(self, token: str) -> Token | None:
        return KEYS.get(token)

    def projects(self) -> list[Project]:
        return [Project("default"), Project("other")]
