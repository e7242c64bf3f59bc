"""`firstframe keys`: write keys for players, API keys for programs and pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial

from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from firstframe.accounts.account import Token, TokenKind, WriteKey
from firstframe.accounts.store import Accounts
from firstframe.errors import ConfigError, NotFound, Unavailable
from firstframe.folder import Folder
from firstframe.settings import Settings


def accounts_of(settings: Settings) -> Accounts:
    """The accounts of an installation that is there. Raises `ConfigError`."""
    return Accounts(settings.accounts or Folder(settings.data).existing().accounts_url)


def _new_accounts_of(settings: Settings) -> Accounts:
    """The same, and an installation is begun where none is: keys may be made before the first start."""
    folder = Folder(settings.data)
    if not settings.accounts and not folder.is_made:
        Console(stderr=True).print(
            f"no installation was at {folder.path}, so a new one was begun; "
            "for the keys of another, name its data folder with --data",
            soft_wrap=True,
        )
        folder.make()
    return accounts_of(settings)


@contextmanager
def _opened(accounts: Accounts) -> Iterator[Accounts]:
    """The accounts for as long as the block runs. Raises `Unavailable` where their database is away or has no room."""
    with closing(accounts):
        try:
            yield accounts
        except SQLAlchemyError as error:
            reason = str(error).partition("\n")[0]
            raise Unavailable(f"the accounts cannot be read or changed now: {reason}") from error


def create(
    settings: Settings, kind: str, project: str, *, label: str, origins: Sequence[str], key: str | None
) -> None:
    """Make a key and print it; its project too, where that is new. Raises `BadRequest`, `ConfigError` for what is none."""
    if key is not None and kind != "write":
        raise ConfigError("--key is only for write keys; API keys are made up here and shown once")
    with _opened(_new_accounts_of(settings)) as accounts:
        make = partial(_make, accounts, kind, project, label=label, origins=origins, key=key)
        try:
            text, token = make()
        except NotFound:
            # Only for a key that can be made: no command removes a project.
            accounts.create_project(project)
            text, token = make()
        if token is not None:
            Console(stderr=True).print(
                f"API key {token.id} of project {project}; shown this once, only its hash is kept:"
            )
        print(text)  # noqa: T201 - so that a script can take it


def _make(
    accounts: Accounts, kind: str, project: str, *, label: str, origins: Sequence[str], key: str | None
) -> tuple[str, Token | None]:
    """The key's text; of an API key also what is kept of it."""
    if kind == "write":
        return accounts.create_write_key(project, key=key, label=label, allowed_origins=origins).key, None
    kind_of: TokenKind = "cors" if kind == "cors" else "secret"
    token, text = accounts.create_token(kind_of, project, label=label, allowed_origins=origins)
    return text, token


def show(settings: Settings) -> None:
    """Print every project and its keys, a line each; API keys by id, since their text is not kept."""
    with _opened(accounts_of(settings)) as accounts:
        rows = [("project", "kind", "key or id", "since", "state", "pages", "label")]
        rows += [(key.project, "write", key.key, *_rest(key)) for key in accounts.write_keys()]
        rows += [(token.project, token.kind, token.id, *_rest(token)) for token in accounts.tokens()]
        # No table: what is to be copied, or read by a script, stays in one piece however narrow the terminal is.
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(map(str.ljust, row, widths)).rstrip())  # noqa: T201
        if not accounts.has_write_keys():
            print("No write key yet: any key is accepted, into the project `default`.")  # noqa: T201


def _rest(key: WriteKey | Token) -> tuple[str, str, str, str]:
    since = datetime.fromtimestamp(key.created_ms / 1000, UTC).date().isoformat()
    return since, "revoked" if key.revoked_ms else "good", ", ".join(key.allowed_origins) or "any", key.label


def revoke(settings: Settings, key: str) -> None:
    """Revoke a write key or an API key. Raises `ConfigError` when there is none of that name."""
    with _opened(accounts_of(settings)) as accounts:
        for attempt in (accounts.revoke_write_key, accounts.revoke_token):
            try:
                attempt(key)
            except NotFound:
                continue
            else:
                Console(stderr=True).print(f"revoked {key}")
                return
    raise ConfigError(f"no write key or API key id is {key!r}; `firstframe keys list` shows them")
