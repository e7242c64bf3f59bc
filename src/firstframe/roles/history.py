"""History anew: views refolded from stored events, or from the retained journal."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from firstframe.clock import epoch_ms
from firstframe.console import tally
from firstframe.dialects import DIALECTS
from firstframe.engine.client import Engine
from firstframe.errors import BadRequest, ConfigError
from firstframe.fold.refold import Refolder
from firstframe.fold.replay import replay as replay_beacons
from firstframe.fold.rule import FoldRule
from firstframe.folder import Folder
from firstframe.journal import retained_beacons
from firstframe.metrics.instant import read_instant
from firstframe.settings import Settings

BY_NAME = {dialect.name: dialect for dialect in DIALECTS}


def refold(settings: Settings, *, since: str, dialect: str) -> None:
    """Recompute rows from stored events, showing how far it is. Raises `ConfigError`, `EngineError`."""
    if dialect and dialect not in BY_NAME:
        raise ConfigError(f"--dialect is {dialect!r}, but one of {', '.join(BY_NAME)} is wanted")
    now = epoch_ms()
    start = _instant(since or f"-{settings.event_retention_days}d", "--since", now)
    found = Engine.connect(Folder(settings.data).engine_url(settings.engine))
    with tally("views", "rows written") as told:
        Refolder(found, FoldRule(settings.max_view_events, settings.keep_page_query), BY_NAME).run(
            start, now, dialect=dialect, told=told
        )


def replay(settings: Settings, *, since: str, until: str) -> None:
    """Parse and fold the retained journal again. Raises `ConfigError`, `EngineError`."""
    now = epoch_ms()
    start = _instant(since or f"-{settings.journal_retention_hours:.0f}h", "--since", now)
    end = _instant(until or "now", "--until", now)
    if start >= end:
        raise ConfigError(f"--since {since!r} is not before --until {until or 'now'!r}, but it must be")
    folder = Folder(settings.data)
    found = Engine.connect(folder.engine_url(settings.engine))
    beacons = retained_beacons(settings, start, end)
    refolder = Refolder(found, FoldRule(settings.max_view_events, settings.keep_page_query), BY_NAME)
    with tally("beacons", "rows written") as told:
        for count, rows in replay_beacons(beacons, found, refolder, BY_NAME, now):
            told(count, rows)


def _instant(text: str, flag: str, now_ms: int) -> int:
    try:
        return read_instant(text, flag, now_ms, ZoneInfo("UTC"))
    except BadRequest as error:
        raise ConfigError(f"{error.message}; {error.detail.get('allowed', '')}") from error
