"""Accounts in a database: SQLite in the data folder, or any URL of SQLAlchemy when machines share them."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Table, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from firstframe.accounts.account import DEFAULT_PROJECT, Project, Share, Token, TokenKind, WriteKey
from firstframe.accounts.database import as_struct, open_database, unusable
from firstframe.accounts.origin import normal_origin
from firstframe.accounts.secret import digest, new_id, new_secret
from firstframe.accounts.table import METADATA, PROJECTS, SHARES, TOKENS, WRITE_KEYS
from firstframe.clock import epoch_ms
from firstframe.errors import BadRequest, NotFound

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_KEY = re.compile(r"[A-Za-z0-9._~-]{1,128}")


class Accounts:
    """Projects, write keys, tokens and share links. Thread-safe; every method asks the database.

    All methods raise `sqlalchemy.exc.SQLAlchemyError` when the database is away.
    """

    def __init__(self, url: str, *, now_ms: Callable[[], int] = epoch_ms) -> None:
        """Connect and make the tables. Raises `ConfigError` when the URL or the database is wrong."""
        self._now_ms = now_ms
        self._engine = open_database(url, METADATA)
        try:
            self._add(PROJECTS, {"name": DEFAULT_PROJECT, "title": "", "allowed_origins": []}, ignore=True)
        except SQLAlchemyError as error:
            raise unusable(error) from error

    def close(self) -> None:
        self._engine.dispose()

    # Projects

    def create_project(self, name: str, *, title: str = "", allowed_origins: Iterable[str] = ()) -> Project:
        """Raises `BadRequest` for a name that is taken or no name."""
        if not _NAME.fullmatch(name):
            raise BadRequest(
                f"{name!r} is no project name; lower-case letters, digits, - and _ are wanted, 64 at most",
                code="bad_project",
                got=name[:200],
            )
        row = {"name": name, "title": title[:256], "allowed_origins": _origins(allowed_origins)}
        if not self._add(PROJECTS, row, ignore=True):
            raise BadRequest(f"the project {name!r} exists already", code="project_exists", got=name)
        return self.project(name)

    def project(self, name: str) -> Project:
        """Raises `NotFound`."""
        for row in self._rows(PROJECTS, name=name):
            return as_struct(Project, row)
        raise NotFound(f"there is no project {name!r}", code="unknown_project", got=name[:200])

    def projects(self) -> list[Project]:
        return [as_struct(Project, row) for row in self._rows(PROJECTS)]

    # Write keys

    def create_write_key(
        self,
        project: str = DEFAULT_PROJECT,
        *,
        key: str | None = None,
        label: str = "",
        allowed_origins: Iterable[str] = (),
    ) -> WriteKey:
        """A new write key; ``key`` takes over one that players have already (a licence or environment key).

        Raises `BadRequest` for a key that is taken or cannot be in a path, `NotFound` for the project, but only then.
        """
        if key is not None and not _KEY.fullmatch(key):
            raise BadRequest(
                f"{key!r} is no write key; letters, digits and . _ ~ - are wanted, 128 at most",
                code="bad_key",
                got=key[:200],
            )
        text = key or new_secret("write")
        row = {
            "key": text,
            "project": project,
            "label": label[:256],
            "allowed_origins": _origins(allowed_origins),
        }
        is_taken = bool(self._rows(WRITE_KEYS, key=text))
        if not is_taken:
            self.project(project)
        if is_taken or not self._add(WRITE_KEYS, row, ignore=True):
            raise BadRequest(f"the write key {text!r} exists already", code="key_exists", got=text)
        return as_struct(WriteKey, self._rows(WRITE_KEYS, key=text)[0])

    def write_keys(self, project: str | None = None) -> list[WriteKey]:
        """All, revoked ones too."""
        wanted = {} if project is None else {"project": project}
        return [as_struct(WriteKey, row) for row in self._rows(WRITE_KEYS, **wanted)]

    def revoke_write_key(self, key: str) -> None:
        """Raises `NotFound`."""
        self._revoke(WRITE_KEYS, "key", key, "write key")

    def has_write_keys(self) -> bool:
        """Whether a write key was ever created."""
        with self._engine.connect() as connection:
            return bool(connection.execute(select(func.count()).select_from(WRITE_KEYS)).scalar())

    # API tokens

    def create_token(
        self,
        kind: TokenKind = "secret",
        project: str = DEFAULT_PROJECT,
        *,
        label: str = "",
        allowed_origins: Iterable[str] = (),
        token: str | None = None,
    ) -> tuple[Token, str]:
        """A new token, and its text, which nobody can see again. ``token`` gives the text.

        Raises `BadRequest` for a short or known text, ``cors`` without an origin, or ``secret`` with one, which would
        bind nobody; `NotFound` for the project of a token that could be made.
        """
        origins = _origins(allowed_origins)
        if kind == "cors" and not origins:
            raise BadRequest("a cors token needs at least one allowed origin", code="origins_wanted")
        if kind == "secret" and origins:
            raise BadRequest(
                "a secret token may be used from anywhere; only write and cors keys are bound to origins",
                code="origins_unwanted",
                got=origins,
            )
        if token is not None and (not token.strip() or token != token.strip()):
            raise BadRequest("an API token has characters, and no blanks around them", code="bad_token")
        self.project(project)
        text = token or new_secret(kind)
        row = {
            "id": new_id(),
            "digest": digest(text),
            "kind": kind,
            "project": project,
            "label": label[:256],
            "allowed_origins": origins,
        }
        if not self._add(TOKENS, row, ignore=True):
            raise BadRequest("this API token exists already", code="token_exists")
        return as_struct(Token, self._rows(TOKENS, id=row["id"])[0]), text

    def ensure_token(self, text: str) -> Token:
        """The secret token with this text, created unless it is there. Raises `BadRequest`."""
        return self.check_token(text) or self.create_token(token=text, label="from the settings")[0]

    def tokens(self, project: str | None = None) -> list[Token]:
        """All, revoked ones too."""
        wanted = {} if project is None else {"project": project}
        return [as_struct(Token, row) for row in self._rows(TOKENS, **wanted)]

    def revoke_token(self, token_id: str) -> None:
        """Raises `NotFound`."""
        self._revoke(TOKENS, "id", token_id, "API token")

    def check_token(self, token: str) -> Token | None:
        """The token this text is, unless it is unknown or revoked."""
        row = self._known(TOKENS, token)
        return as_struct(Token, row) if row is not None else None

    # Share links

    def create_share(
        self,
        project: str = DEFAULT_PROJECT,
        *,
        label: str = "",
        scope: Mapping[str, Any] | None = None,
        expires_ms: int | None = None,
    ) -> tuple[Share, str]:
        """A new link, and its text, which nobody can see again. Raises `NotFound` for the project."""
        self.project(project)
        text = new_secret("share")
        row = {
            "id": new_id(),
            "digest": digest(text),
            "project": project,
            "label": label[:256],
            "scope": dict(scope or {}),
            "expires_ms": expires_ms,
        }
        self._add(SHARES, row)
        return as_struct(Share, self._rows(SHARES, id=row["id"])[0]), text

    def shares(self, project: str | None = None) -> list[Share]:
        """All, expired and revoked ones too."""
        wanted = {} if project is None else {"project": project}
        return [as_struct(Share, row) for row in self._rows(SHARES, **wanted)]

    def revoke_share(self, share_id: str) -> None:
        """Raises `NotFound`."""
        self._revoke(SHARES, "id", share_id, "share link")

    def check_share(self, text: str) -> Share | None:
        """The link this text is, unless it is unknown, revoked or expired."""
        row = self._known(SHARES, text)
        if row is None or (row.expires_ms is not None and row.expires_ms <= self._now_ms()):
            return None
        return as_struct(Share, row)

    # What they share

    def _known(self, table: Table, text: str) -> Row[Any] | None:
        wanted = digest(text)
        for row in self._rows(table, digest=wanted):
            # Found by its digest, so a clock tells nothing about the text; compared again anyway.
            if hmac.compare_digest(row.digest, wanted) and row.revoked_ms is None:
                return row
        return None

    def _revoke(self, table: Table, column: str, value: str, what: str) -> None:
        change = update(table).where(table.c[column] == value, table.c.revoked_ms.is_(None))
        with self._engine.begin() as connection:
            changed = connection.execute(change.values(revoked_ms=self._now_ms())).rowcount
        if not changed:
            raise NotFound(f"there is no {what} {value!r} to revoke", code="unknown_key", got=value[:200])

    def _add(self, table: Table, row: dict[str, Any], *, ignore: bool = False) -> bool:
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(table).values(**row, created_ms=self._now_ms()))
        except IntegrityError:
            if not ignore:
                raise
            return False
        return True

    def _rows(self, table: Table, **wanted: Any) -> Sequence[Row[Any]]:
        statement = select(table).order_by(table.c.created_ms)
        for column, value in wanted.items():
            statement = statement.where(table.c[column] == value)
        with self._engine.connect() as connection:
            return connection.execute(statement).all()


def _origins(origins: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(normal_origin(each) for each in origins))
