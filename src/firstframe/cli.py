"""The command line: one verb per role of the product, and the operator's tools."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from firstframe import __version__
from firstframe.errors import ConfigError, EngineError, FirstframeError, JournalError, Refusal
from firstframe.logs import configure, open_standard_streams
from firstframe.options import with_settings
from firstframe.settings import Settings


class KeyKind(StrEnum):
    """The kinds of keys."""

    WRITE = "write"
    SECRET = "secret"  # noqa: S105 - a kind, not a secret
    CORS = "cors"


app = typer.Typer(
    name="firstframe",
    help="Open, self-hosted video quality-of-experience analytics.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
keys = typer.Typer(help="Write keys for players, API keys for people and programs.", no_args_is_help=True)
app.add_typer(keys, name="keys", rich_help_panel="operate")
assets = typer.Typer(help="What the operator knows of the videos.", no_args_is_help=True)
app.add_typer(assets, name="assets", rich_help_panel="operate")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="say the version and stop")] = False,
) -> None:
    if version:
        typer.echo(f"firstframe {__version__}")
        raise typer.Exit


# -- the product and its roles


@app.command(rich_help_panel="run")
@with_settings()
def serve(settings: Settings) -> None:
    """Run the whole product on this machine: engine, fold, collector, alerts and API, supervised."""
    from firstframe.roles.serve import serve as run

    _log(settings)
    raise typer.Exit(run(settings))


@app.command(rich_help_panel="run")
@with_settings("general", "storage", "limits")
def engine(settings: Settings) -> None:
    """Run only the embedded engine, behind ClickHouse's HTTP interface on loopback."""
    from firstframe.roles.engine import engine as run

    _log(settings)
    run(settings)


@app.command(rich_help_panel="run")
@with_settings("general", "storage", "limits", "privacy")
def fold(
    settings: Settings, *, partition: Annotated[int, typer.Option(help="which part of the journal")] = 0
) -> None:
    """Run only a fold worker: journal → events → views."""
    from firstframe.roles.fold import fold as run

    _log(settings)
    run(settings, partition)


@app.command(rich_help_panel="run")
@with_settings("general", "listeners", "keys", "storage", "limits", "privacy", "enrichment")
def edge(
    settings: Settings,
    *,
    name: Annotated[str, typer.Option(help="unique among the collectors of a journal")] = "edge-0",
) -> None:
    """Run only a collector: accept beacons into the journal."""
    from firstframe.roles.edge import edge as run

    _log(settings)
    run(settings, name)


@app.command(rich_help_panel="run")
@with_settings("general", "listeners", "keys", "storage", "limits", "alerts")
def alert(settings: Settings) -> None:
    """Run only the watch over alerts: open and close incidents, send notices."""
    from firstframe.roles.alert import alert as run

    _log(settings)
    run(settings)


@app.command(rich_help_panel="run")
@with_settings("general", "listeners", "keys", "storage", "limits", "alerts")
def api(settings: Settings) -> None:
    """Run only the private API and dashboard."""
    from firstframe.roles.api import api as run

    _log(settings)
    run(settings)


@app.command(rich_help_panel="run")
def demo(
    *,
    viewers: Annotated[
        int, typer.Option(help="how many watch at once, in the past at the busiest hour")
    ] = 20,
    rate: Annotated[float, typer.Option(help="beacons a second at most")] = 500,
    hours: Annotated[
        float,
        typer.Option(
            help="first send the views of so many past hours; 23 at most: older clocks are not believed"
        ),
    ] = 0,
    backfill_only: Annotated[
        bool, typer.Option("--backfill-only", help="send the past hours and stop; no live viewers")
    ] = False,
    minutes: Annotated[float, typer.Option(help="stop the live viewers after so long, 0: until Ctrl-C")] = 0,
    collector: Annotated[str, typer.Option(help="the collector's address")] = "http://localhost:8080",
    key: Annotated[str, typer.Option(help="write key; not needed until one exists")] = "",
    dialects: Annotated[str, typer.Option(help="comma-separated, such as mux,native; empty: all")] = "",
    seed: Annotated[int, typer.Option(help="the same seed plays the same viewers")] = 1,
    addresses: Annotated[
        bool,
        typer.Option(
            "--addresses",
            help="send X-Forwarded-For from around the world, for trusted proxies and a geo file",
        ),
    ] = False,
) -> None:
    """Play synthetic viewers through the collector, in all dialects: past hours, then live."""
    from firstframe.demo.run import Wish, run

    wish = Wish(
        collector=collector,
        viewers=viewers,
        rate=rate,
        hours=hours,
        minutes=minutes,
        seed=seed,
        key=key,
        dialects=dialects,
        backfill_only=backfill_only,
        addresses=addresses,
    )
    raise typer.Exit(run(wish))


# -- operate


@app.command("settings", rich_help_panel="operate")
@with_settings()
def show_settings(settings: Settings) -> None:
    """Show every setting: its value here, its variable and what it means."""
    from firstframe.console import settings_table

    settings_table(settings)


@app.command(rich_help_panel="operate")
@with_settings()
def doctor(settings: Settings) -> None:
    """Check a set-up and say what is wrong with it, and what to do."""
    from firstframe.doctor import examine

    raise typer.Exit(examine(settings))


@app.command(rich_help_panel="operate")
@with_settings("general", "storage")
def migrate(
    settings: Settings,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only print the statements")] = False,
) -> None:
    """Bring the engine's tables to this version (serve does so by itself)."""
    from firstframe.roles.store import migrate as run

    run(settings, dry_run=dry_run)


@app.command(rich_help_panel="operate")
@with_settings("general", "storage", "limits", "privacy")
def refold(
    settings: Settings,
    *,
    since: Annotated[
        str, typer.Option(help="views with events received since then, such as -7d or 2026-01-31")
    ] = "",
    dialect: Annotated[str, typer.Option(help="only views of this dialect")] = "",
) -> None:
    """Recompute views from their stored events, with the rules of this version."""
    from firstframe.roles.history import refold as run

    run(settings, since=since, dialect=dialect)


@app.command(rich_help_panel="operate")
@with_settings("general", "storage", "limits", "privacy")
def replay(
    settings: Settings,
    *,
    since: Annotated[
        str, typer.Option(help="beacons received since then, such as -12h or 2026-01-31T08:00")
    ] = "",
    until: Annotated[str, typer.Option(help="and before then")] = "",
) -> None:
    """Read the retained journal again: parse its beacons with this version's dialects and refold their views."""
    from firstframe.roles.history import replay as run

    run(settings, since=since, until=until)


# -- keys


@keys.command("create")
@with_settings("general", "keys")
def create_key(
    settings: Settings,
    *,
    kind: Annotated[
        KeyKind, typer.Option(help="write: for players; secret: for your programs; cors: for pages")
    ],
    project: Annotated[str, typer.Option(help="the project it belongs to; made when it is new")] = "default",
    label: Annotated[str, typer.Option(help="what it is for")] = "",
    origin: Annotated[
        list[str] | None,
        typer.Option(help="write, cors: a page that may use it, such as https://example.com; repeatable"),
    ] = None,
    key: Annotated[str | None, typer.Option(help="take over a write key that players have already")] = None,
) -> None:
    """Make a key. A write key closes the door that is open until the first one exists."""
    from firstframe.keys import create

    create(settings, kind.value, project, label=label, origins=origin or [], key=key)


@keys.command("list")
@with_settings("general", "keys")
def list_keys(settings: Settings) -> None:
    """List projects, write keys and API keys."""
    from firstframe.keys import show

    show(settings)


@keys.command("revoke")
@with_settings("general", "keys")
def revoke_key(
    settings: Settings, *, key: Annotated[str, typer.Argument(help="a write key, or the id of an API key")]
) -> None:
    """Revoke a key; collectors know within two seconds."""
    from firstframe.keys import revoke

    revoke(settings, key)


# -- assets


@assets.command("import")
@with_settings("general", "keys", "storage")
def import_assets(
    settings: Settings,
    *,
    file: Annotated[
        Path, typer.Argument(help="a .csv or .jsonl file with playback_id, asset_id, creator_id, title …")
    ],
    project: Annotated[str, typer.Option(help="the project the videos belong to")] = "default",
) -> None:
    """Tell the server about videos: ids, titles, creators, durations, tags. All of a file, or nothing of it."""
    from firstframe.roles.store import import_assets as run

    run(settings, file, project)


def _log(settings: Settings) -> None:
    configure(settings.log_level, as_json=settings.log_json)


def main() -> None:
    """Run the command line; a mistake of the operator is one clear line and exit code 2, never a traceback."""
    open_standard_streams()
    os.umask(0o077)  # what is kept of viewers, and the secrets, are for who runs this and nobody else
    try:
        app()
    except (ConfigError, EngineError, JournalError, Refusal) as error:
        typer.secho(f"firstframe: {error}", fg=typer.colors.RED, err=True)
        sys.exit(2)
    except FirstframeError as error:
        typer.secho(f"firstframe: {error}", err=True)
        sys.exit(1)
