"""What the operator told us of their videos, by playback id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from firstframe.engine.client import AsyncEngine
from firstframe.engine.rows import ASSET_COLUMNS
from firstframe.errors import NotFound
from firstframe.metrics.answer import run
from firstframe.metrics.bind import Binder
from firstframe.metrics.source import SETTINGS, Statement


class Asset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One video."""

    playback_id: str
    asset_id: str | None = None
    stream_id: str | None = None
    creator_id: str | None = None
    title: str | None = None
    dstorage_url: str | None = None
    duration_ms: Annotated[float, msgspec.Meta(ge=0)] | None = None
    tags: dict[str, str] = {}


AssetKey = Literal["asset_id", "stream_id"]
"""What several playback ids may have in common."""
_FIELDS = ASSET_COLUMNS[1:-1]


async def put_assets(engine: AsyncEngine, project: str, assets: Sequence[Asset], now_ms: int) -> None:
    """Keep these, each in the place of what was told of it before."""
    rows = [(project, *(getattr(asset, name) for name in _FIELDS), now_ms) for asset in assets]
    await engine.insert("assets", ASSET_COLUMNS, rows)


async def list_assets(
    engine: AsyncEngine, project: str, *, search: str = "", after: str = "", limit: int = 100
) -> list[Asset]:
    """Assets by playback id, from the one after ``after``; ``search`` looks into ids and titles, whatever the case."""
    binder = Binder()
    held = [
        f"project = {binder.bind(project, 'String')}",
        f"playback_id > {binder.bind(after, 'String')}",
    ]
    if search:
        others = ", ".join(f"ifNull({name}, '')" for name in ("asset_id", "stream_id", "creator_id", "title"))
        text = f"concatWithSeparator(' ', playback_id, {others})"
        held.append(f"positionCaseInsensitiveUTF8({text}, {binder.bind(search, 'String')}) > 0")
    return await _select(engine, binder, held, limit)


async def first_asset(engine: AsyncEngine, project: str, kind: AssetKey, value: str) -> Asset | None:
    """Of the assets with this id, or of this stream, the first by playback id."""
    binder = Binder()
    held = [f"project = {binder.bind(project, 'String')}", f"{kind} = {binder.bind(value, 'String')}"]
    found = await _select(engine, binder, held, 1)
    return found[0] if found else None


async def one_asset(engine: AsyncEngine, project: str, playback_id: str) -> Asset:
    """The asset of this playback id. Raises `NotFound`."""
    binder = Binder()
    held = [
        f"project = {binder.bind(project, 'String')}",
        f"playback_id = {binder.bind(playback_id, 'String')}",
    ]
    found = await _select(engine, binder, held, 1)
    if not found:
        raise NotFound(
            f"nothing was told of the playback id {playback_id[:100]!r}",
            parameter="playback_id",
            got=playback_id[:100],
        )
    return found[0]


async def _select(engine: AsyncEngine, binder: Binder, held: Sequence[str], limit: int) -> list[Asset]:
    sql = (
        f"SELECT {', '.join(_FIELDS)} FROM assets FINAL WHERE {' AND '.join(held)}"
        f" ORDER BY playback_id LIMIT {binder.bind(limit, 'Int64')} {SETTINGS}"
    )
    found = await run(engine, Statement(sql, binder.params))
    return [Asset(**dict(zip(_FIELDS, row, strict=True))) for row in found.rows]
