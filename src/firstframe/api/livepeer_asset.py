"""What the operator told us of videos, looked up by Livepeer's ids."""

from __future__ import annotations

from firstframe.engine.client import AsyncEngine
from firstframe.enrich.url import dstorage_id
from firstframe.errors import NotFound
from firstframe.metrics.asset import Asset, AssetKey, first_asset, list_assets

PAGE = 5_000
KEPT_MS = 2_000
"""How long a project's dStorage ids are believed."""


class AssetIndex:
    """Assets by asset, stream and dStorage id."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._stored: dict[str, tuple[int, dict[str, list[str]]]] = {}

    async def playback_id(self, project: str, kind: AssetKey, value: str) -> str:
        """The first playback id of an asset or stream. Raises `NotFound`."""
        found = await first_asset(self._engine, project, kind, value)
        if found is None:
            raise NotFound("stream not found" if kind == "stream_id" else "asset not found")
        return found.playback_id

    async def stored_as(self, project: str, stored: str, now_ms: int) -> list[str]:
        """The playback ids whose asset is kept under this dStorage id."""
        made_ms, ids = self._stored.get(project, (0, {}))
        if now_ms - made_ms >= KEPT_MS:
            ids = await self._ids(project)
            self._stored[project] = now_ms, ids
        return ids.get(stored, [])

    async def _ids(self, project: str) -> dict[str, list[str]]:
        ids: dict[str, list[str]] = {}
        page: list[Asset] = []
        while not page or len(page) == PAGE:
            after = page[-1].playback_id if page else ""
            page = await list_assets(self._engine, project, after=after, limit=PAGE)
            for asset in page:
                if found := dstorage_id(asset.dstorage_url):
                    ids.setdefault(found, []).append(asset.playback_id)
            if not page:
                break
        return ids
