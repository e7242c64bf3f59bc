"""Livepeer's viewership API in tests: two projects with views and assets, and requests to the real application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

import support_question as q
from firstframe.api.livepeer import LivepeerApi
from firstframe.engine.client import AsyncEngine, Engine
from firstframe.metrics.asset import Asset, put_assets
from firstframe.view.record import Outcome, State
from support_vendor import Accounts

T0 = q.NEW_YEAR_MS
NOW_MS = T0 + 40 * q.DAY_MS
CID = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKxRKG"


def played(name: str, start_ms: int, seconds: int, **fields: Any) -> Any:
    """A view that waited 1 s, played, and left."""
    spans = q.spans(start_ms, (State.STARTUP, 1000), (State.PLAYING, seconds * 1000))
    usual: dict[str, Any] = {
        "length_ms": (seconds + 1) * 1000,
        "spans": spans,
        "video_startup_time_ms": 1000,
        "startup_wait_ms": 1000,
        "content_playing_time_ms": seconds * 1000,
        "watch_time_ms": (seconds + 1) * 1000,
        "rebuffer_duration_ms": 0,
        "rebuffer_count": 0,
        "dialect": "livepeer",
    }
    return q.make_view(name, start_ms, **{**usual, **fields})


def fill(engine: Engine) -> None:
    """Six views of three videos on two days in one project, two in another; assets for two of the videos."""
    day = q.DAY_MS
    phone = {"device_type": "phone", "os": "iOS", "browser": "Safari", "country": "US", "continent": "NA"}
    desk = {"device_type": "desktop", "os": "Linux", "browser": "Chrome", "country": "DE", "continent": "EU"}
    failed = {
        "started": False,
        "outcome": Outcome.START_FAILED,
        "error_count": 1,
        "video_startup_time_ms": None,
        "content_playing_time_ms": 0,
        "watch_time_ms": 1000,
        "spans": q.spans(T0 + day, (State.STARTUP, 1000)),
    }
    left = {**failed, "outcome": Outcome.EXITED_BEFORE_START, "error_count": 0}
    views = [
        played("a", T0 + 1, 60, playback_id="v1", viewer_id="ann", **phone),
        played("b", T0 + 2, 120, playback_id="v1", viewer_id="bob", time_zone="Europe/Berlin", **desk),
        played(
            "c",
            T0 + day,
            30,
            playback_id="v2",
            rebuffer_duration_ms=10_000,
            rebuffer_count=1,
            watch_time_ms=41_000,
            **desk,
        ),
        played("d", T0 + day, 0, playback_id="v2", **failed, **desk),
        played("e", T0 + day, 0, playback_id="v2", **left, **phone),
        played("f", T0 + 30 * day, 60, playback_id="v3", dstorage_id=CID, video_startup_time_ms=3000, **desk),
        played("g", T0, 60, playback_id="v1", project="other", country="FR"),
        played("h", T0, 60, playback_id="v9", project="other", dstorage_id=CID),
        played("i", T0, 60, playback_id="v1", bot=True),
    ]
    q.store(engine, views)
    told = [
        Asset(playback_id="v1", asset_id="asset-1", creator_id="carl"),
        Asset(
            playback_id="v2",
            stream_id="stream-2",
            asset_id="asset-2",
            creator_id="dora",
            dstorage_url=f"ipfs://{CID}",
        ),
    ]
    q.wait(engine, lambda wrapped: put_assets(wrapped, "default", told, 1))
    other = [Asset(playback_id="v9", asset_id="asset-9")]
    q.wait(engine, lambda wrapped: put_assets(wrapped, "other", other, 1))


def request(
    engine: Engine,
    path: str,
    params: Any = None,
    *,
    key: str | None = "secret-default",
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    public_only: bool = False,
) -> httpx.Response:
    """One request to the application on this engine."""
    sent = dict(headers or {})
    if key is not None:
        sent["authorization"] = f"Bearer {key}"

    async def call(wrapped: AsyncEngine) -> httpx.Response:
        app = LivepeerApi(wrapped, Accounts(), public_only=public_only, now_ms=lambda: NOW_MS)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as client:
            return await client.request(method, path, params=params, headers=sent)

    return q.wait(engine, call)
