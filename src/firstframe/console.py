"""What the command line shows to people: the welcome of a started product, and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from firstframe.accounts.store import Accounts
from firstframe.dialects import DIALECTS
from firstframe.folder import Folder
from firstframe.settings import SETTINGS, Settings, address

ANY_KEY = "default"
"""What snippets name while any write key is good."""


def collector_url(settings: Settings) -> str:
    """The collector's address as players reach it."""
    if settings.collector_url:
        return settings.collector_url.rstrip("/")
    return _url(settings.collector, "https" if settings.tls_cert else "http")


def dashboard_url(settings: Settings) -> str:
    """The dashboard's address as people reach it."""
    return settings.dashboard_url.rstrip("/") or _url(settings.api, "http")


def _url(listener: str, scheme: str) -> str:
    host, port = address(listener, "address")
    shown = "localhost" if host in ("0.0.0.0", "127.0.0.1", "::") else host  # noqa: S104 - compared, not bound
    return f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{port}"


def banner(settings: Settings, folder: Folder, token: str | None, accounts: Accounts) -> None:
    """Say where everything is, which keys there are, and what to paste into a page."""
    console = Console()
    keys = [key.key for key in accounts.write_keys() if key.revoked_ms is None]
    console.print(Rule("firstframe is running", style="green"))
    given = bool(settings.api_token) and accounts.check_token(settings.api_token) is not None
    for name, value, note in _facts(settings, folder, token, keys, given=given):
        # Values are to be copied, so they are printed whole, however narrow the terminal is.
        console.print(Text.assemble(f"{name:<12}", (value, "bold"), f"  {note}"), soft_wrap=True)
    console.print(Rule("point a player here", style="green"))
    for dialect in DIALECTS:
        console.print(Text(dialect.title, "bold"))
        snippet = dialect.snippet(collector_url(settings), keys[0] if keys else ANY_KEY).strip()
        console.print(snippet + "\n", markup=False, highlight=False, soft_wrap=True)


def _facts(
    settings: Settings, folder: Folder, token: str | None, keys: list[str], *, given: bool
) -> Iterator[tuple[str, str, str]]:
    """(what, value, note) of everything an operator needs next."""
    yield "collector", collector_url(settings), "players send here"
    yield "API", _url(settings.api, "http"), "people and programs ask here"
    yield "data", str(folder.path), ""
    if not settings.engine:
        yield "engine", f"127.0.0.1:{settings.engine_port}", "any ClickHouse client, as the user reader"
    if token is not None:
        yield "API token", token, "shown this once; only its hash is kept"
    elif given:
        yield "API token", "as given", "by FIRSTFRAME_API_TOKEN"
    else:
        yield "API token", "as before", "lost? `firstframe keys create --kind secret`"
    if keys:
        yield "write keys", ", ".join(keys[:3]) + (" …" if len(keys) > 3 else ""), ""
    else:
        yield "write keys", "any", "until you make one: `firstframe keys create --kind write`"


@contextmanager
def tally(first: str, second: str) -> Iterator[Callable[[int, int], None]]:
    """A line that counts two things while something long runs, and stays when it is done."""
    with Progress(
        TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)
    ) as progress:
        task = progress.add_task(f"0 {first}, 0 {second}", total=None)
        yield lambda one, two: progress.update(task, description=f"{one:,} {first}, {two:,} {second}")


def settings_table(settings: Settings) -> None:
    """Every setting with its value here."""
    table = Table("setting", "value", "variable", "meaning")
    for column in table.columns[:3]:
        column.overflow = "fold"  # to be copied: broken over lines rather than cut short
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        shown = "(set)" if setting.help.secret and value else str(value)
        changed = value != setting.default
        table.add_row(
            setting.name, Text(shown, "bold" if changed else ""), setting.variable, setting.help.text
        )
    Console().print(table)
