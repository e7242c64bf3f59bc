"""The engine as a role meets it: perhaps not there yet, perhaps with older tables."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import structlog
import typer

from firstframe.accounts.store import Accounts
from firstframe.clock import epoch_ms
from firstframe.engine.client import Engine
from firstframe.engine.migrate import Held, apply_retention, drop_expired, pending, say_held, script
from firstframe.engine.migrate import migrate as migrate_engine
from firstframe.errors import ConfigError, EngineError
from firstframe.folder import Folder
from firstframe.metrics.asset_import import import_assets as keep_assets
from firstframe.settings import Settings

log = structlog.get_logger()

USUAL_SECONDS = 10.0
"""An engine that starts along with whoever waits for it is there by then; before that there is nothing to say."""


class EngineWait:
    """Says why there is no engine yet: each reason once, and none while it may only be starting."""

    def __init__(self) -> None:
        self._said = ""
        self._held: set[Held] = set()
        self._silent_until = time.monotonic() + USUAL_SECONDS

    def tell(self, reason: Exception) -> None:
        if str(reason) != self._said and time.monotonic() > self._silent_until:
            self._said = str(reason)
            log.info("waiting for the engine", reason=self._said[:300])

    def tell_held(self, held: Held) -> None:
        """Of days that stay: once, however often they are met before there is an engine."""
        if held not in self._held:
            self._held.add(held)
            say_held(held)


def wait_for_engine(
    settings: Settings, folder: Folder, stop: threading.Event, *, migrates: bool = True
) -> Engine | None:
    """The engine with its tables as this version wants them; None when told to stop before it came.

    Who does not migrate waits for somebody who does.
    """
    waiting, where = EngineWait(), partial(folder.engine_url, settings.engine)
    while not stop.is_set():
        try:
            found = Engine.connect(where(), where)
            _prepare(found, settings, waiting, migrates=migrates)
        except (EngineError, ConfigError) as error:
            waiting.tell(error)
            stop.wait(0.2)
        else:
            return found
    return None


def _prepare(engine: Engine, settings: Settings, waiting: EngineWait, *, migrates: bool) -> None:
    if not migrates:
        if missing := pending(engine):
            raise EngineError(f"its tables are not there yet: {missing[0].name} is to come")
        return
    event_days, view_days = settings.event_retention_days, settings.view_retention_days
    for statement in drop_expired(engine, event_days=event_days, view_days=view_days, tell=waiting.tell_held):
        log.info("a day is beyond its retention", statement=statement)
    migrate_engine(engine)
    apply_retention(engine, event_days=event_days, view_days=view_days)


def migrate(settings: Settings, *, dry_run: bool) -> None:
    """Bring the tables to this version, or print what would be done."""
    found = Engine.connect(Folder(settings.data).engine_url(settings.engine))
    if dry_run:
        typer.echo(script(pending(found)))
        return
    for applied in migrate_engine(found):
        typer.echo(f"applied {applied.name}")


def import_assets(settings: Settings, file: Path, project: str) -> None:
    """Keep what a file says of videos.

    Raises `NotFound` for a project that is not there, `BadRequest` that names the line that is wrong.
    """
    folder = Folder(settings.data)
    with closing(Accounts(settings.accounts or folder.existing().accounts_url)) as accounts:
        accounts.project(project)
    found = Engine.connect(folder.engine_url(settings.engine))
    count = keep_assets(found, project, file, epoch_ms())
    typer.echo(f"{count} {'video is' if count == 1 else 'videos are'} known in project {project}")
