"""The write keys as the edge knows them: a picture in memory, so that no request waits for a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from firstframe.accounts.account import DEFAULT_PROJECT
from firstframe.accounts.origin import is_allowed
from firstframe.accounts.store import Accounts
from firstframe.disk import write_atomically
from firstframe.errors import ConfigError

log = structlog.get_logger()


class KeyGrant(msgspec.Struct, frozen=True):
    """What a request may do: write to a project, from pages of these origins."""

    project: str
    allowed_origins: Sequence[str] = ()
    """Empty: from everywhere."""
    rate_key: str = ""
    """What its rate is counted under: the write key, or the project while any key is good."""

    def allows(self, origin: str | None) -> bool:
        return is_allowed(origin, self.allowed_origins)


class Picture(msgspec.Struct, frozen=True):
    """All that the edge needs of accounts."""

    keys: Mapping[str, KeyGrant]
    is_open: bool
    """No write key was ever created: every key, and none, writes to ``default``."""
    default: KeyGrant


def picture_of(accounts: Accounts) -> Picture:
    """What the database says now. Raises `sqlalchemy.exc.SQLAlchemyError`."""
    origins = {project.name: project.allowed_origins for project in accounts.projects()}
    keys = accounts.write_keys()
    grants = {
        each.key: KeyGrant(each.project, each.allowed_origins or origins.get(each.project, ()), each.key)
        for each in keys
        if each.revoked_ms is None
    }
    default = KeyGrant(DEFAULT_PROJECT, origins.get(DEFAULT_PROJECT, ()), f"project {DEFAULT_PROJECT}")
    return Picture(grants, not keys, default)


class KeyBook:
    """Answers from the last picture; a copy of it on disk helps a start without a database."""

    def __init__(self, url: str, copy: Path | None = None) -> None:
        """``copy`` is where the last picture is kept; without it a start needs the database."""
        self._url = url
        self._copy = copy
        self._accounts: Accounts | None = None
        self._is_away = False
        self._picture = _read(copy) if copy else None

    @classmethod
    def of(cls, picture: Picture) -> KeyBook:
        """A book that never changes."""
        book = cls("")
        book._picture = picture
        return book

    @property
    def is_ready(self) -> bool:
        """Whether there is any picture to answer from."""
        return self._picture is not None

    def find(self, write_key: str | None) -> KeyGrant | None:
        """What a request with this key may do; None when it is unknown. Needs `is_ready`."""
        picture = self._picture
        if picture is None:
            return None
        if write_key is not None:
            grant = picture.keys.get(write_key)
            if grant is not None:
                return grant
        return picture.default if picture.is_open else None

    def refresh(self) -> bool:
        """Look at the database; False when it is away and the last picture stays. It blocks."""
        if not self._url:
            return True
        try:
            self._accounts = self._accounts or Accounts(self._url)
            picture = picture_of(self._accounts)
        except (SQLAlchemyError, ConfigError) as error:
            if not self._is_away:
                log.warning(
                    "accounts are away, the last known keys stay", error=str(error).partition("\n")[0]
                )
            self._is_away = True
            return False
        self._is_away = False
        if picture != self._picture:
            self._picture = picture
            self._save(picture)
        return True

    def close(self) -> None:
        if self._accounts is not None:
            self._accounts.close()

    def _save(self, picture: Picture) -> None:
        if self._copy is None:
            return
        try:
            write_atomically(self._copy, msgspec.json.encode(picture), 0o600)
        except OSError as error:
            log.warning("the copy of the keys cannot be written", error=str(error))


def _read(copy: Path) -> Picture | None:
    try:
        return msgspec.json.decode(copy.read_bytes(), type=Picture)
    except (OSError, msgspec.DecodeError):
        return None
