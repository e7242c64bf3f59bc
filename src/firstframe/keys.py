"""`firstframe keys`: write keys for players, API keys for programs and pages."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from firstframe.accounts.account import TokenKind
from firstframe.accounts.store import Accounts
from firstframe.errors import ConfigError, NotFound
from firstframe.folder import Folder
from firstframe.settings import Settings


def accounts_of(settings: Settings) -> Accounts:
    """The accounts of an installation. Raises `ConfigError`."""
    return Accounts(settings.accounts or Folder(settings.data).make().accounts_url)


def create(
    settings: Settings, kind: str, project: str, *, label: str, origins: Sequence[str], key: str | None
) -> None:
    """Make a key and print it. Raises `BadRequest` for what cannot be one."""
    with closing(accounts_of(settings)) as accounts:
        _ensure_project(accounts, project)
        if kind == "write":
            print(accounts.create_write_key(project, key=key, label=label, allowed_origins=origins).key)  # noqa: T201
            return
        if key is not None:
            raise ConfigError("--key is only for write keys; API keys are made up here and shown once")
        kind_of: TokenKind = "cors" if kind == "cors" else "secret"
        token, text = accounts.create_token(kind_of, project, label=label, allowed_origins=origins)
        Console(stderr=True).print(
            f"API key {token.id} of project {project}; shown this once, only its hash is kept:"
        )
        print(text)  # noqa: T201 - so that a script can take it


def _ensure_project(accounts: Accounts, name: str) -> None:
    if all(project.name != name for project in accounts.projects()):
        accounts.create_project(name)


def show(settings: Settings) -> None:
    """Print every project and its keys; API keys by id, since their text is not kept."""
    with closing(accounts_of(settings)) as accounts:
        table = Table("project", "kind", "key or id", "label", "pages", "since", "state")
        for key in accounts.write_keys():
            table.add_row(
                key.project,
                "write",
                key.key,
                key.label,
                *_tail(key.allowed_origins, key.created_ms, key.revoked_ms),
            )
        for token in accounts.tokens():
            table.add_row(
                token.project,
                token.kind,
                token.id,
                token.label,
                *_tail(token.allowed_origins, token.created_ms, token.revoked_ms),
            )
        console = Console()
        console.print(table)
        if not accounts.has_write_keys():
            console.print("No write key yet: any key is accepted, into the project `default`.")


def _tail(origins: Sequence[str], created_ms: int, revoked_ms: int | None) -> tuple[str, str, str]:
    since = datetime.fromtimestamp(created_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    return ", ".join(origins) or "any", since, "revoked" if revoked_ms else "good"


def revoke(settings: Settings, key: str) -> None:
    """Revoke a write key or an API key. Raises `ConfigError` when there is none of that name."""
    with closing(accounts_of(settings)) as accounts:
        for attempt in (accounts.revoke_write_key, accounts.revoke_token):
            try:
                attempt(key)
            except NotFound:
                continue
            else:
                Console(stderr=True).print(f"revoked {key}")
                return
    raise ConfigError(f"no write key or API key id is {key!r}; `firstframe keys list` shows them")
