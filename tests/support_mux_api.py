"""Mux Data's read API in tests: two projects with views, and requests to the real application."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

import support_question as q
from firstframe.alerts.store import AlertStore
from firstframe.api.mux import MuxApi
from firstframe.api.turn import Turns
from firstframe.beacon import view_id_of
from firstframe.engine.client import AsyncEngine, Engine
from firstframe.metrics.asset import Asset, put_assets
from firstframe.view.record import Outcome, State, ViewRecord
from support_vendor import Accounts

NOW_MS = q.NEW_YEAR_MS + 40 * q.DAY_MS
START_MS = NOW_MS - 12 * q.HOUR_MS
"""When the first view began."""
STARTUP = "/metrics/video_startup_time"


def played(name: str, start_ms: int, **fields: Any) -> ViewRecord:
    """A view of the Mux SDK that waited 1 s and played for a minute, unless the fields say otherwise."""
    wait = fields.get("video_startup_time_ms", 1_000)
    stalled = fields.get("rebuffer_duration_ms") or 0
    playing = fields.pop("playing_ms", 60_000)
    usual: dict[str, Any] = {
        "dialect": "mux",
        "length_ms": wait + playing + stalled,
        "spans": q.spans(
            start_ms,
            *((State.STARTUP, wait), (State.PLAYING, playing)),
            *([(State.REBUFFER, stalled)] if stalled else []),
        ),
        "video_startup_time_ms": wait,
        "startup_wait_ms": wait,
        "content_playing_time_ms": playing,
        "watch_time_ms": wait + playing + stalled,
        "rebuffer_duration_ms": 0,
        "rebuffer_count": 0,
    }
    return q.make_view(name, start_ms, **{**usual, **fields})


def stopped(name: str, start_ms: int, outcome: Outcome, **fields: Any) -> ViewRecord:
    """A view that waited for 2 s and saw nothing."""
    usual: dict[str, Any] = {
        "dialect": "mux",
        "started": False,
        "outcome": outcome,
        "length_ms": 2_000,
        "spans": q.spans(start_ms, (State.STARTUP, 2_000)),
        "startup_wait_ms": 2_000,
        "watch_time_ms": 2_000,
    }
    return q.make_view(name, start_ms, **{**usual, **fields})


GERMAN = {"country": "DE", "continent": "EU", "os": "Linux", "browser": "Chrome", "device_type": "desktop"}
AMERICAN = {"country": "US", "continent": "NA", "os": "iOS", "browser": "Safari", "device_type": "phone"}


RICH: dict[str, Any] = {
    "page_load_time_ms": 800,
    "player_startup_time_ms": 200,
    "content_startup_time_ms": 1_000,
    "startup_score": 80.0,
    "smoothness_score": 100.0,
    "video_quality_score": 95.0,
    "upscale_x_ms": 6_000.0,
    "downscale_x_ms": 3_000.0,
    "scale_ms": 60_000.0,
    "max_upscale": 0.5,
    "max_downscale": 0.25,
    "rendition_upshifts": 3,
    "rendition_downshifts": 1,
    "seek_count": 2,
    "seek_time_ms": 500.0,
    "request_bytes": 1e6,
    "request_load_ms": 2_000,
    "ttfb_sum_ms": 900,
    "ttfb_count": 10,
    "max_request_latency_ms": 300,
    "has_ad": True,
    "ad_breaks": 2,
    "ad_break_errors": 1,
    "ad_attempts": 4,
    "ad_impressions": 3,
    "ad_errors": 1,
}
"""What is known of one view, so that nearly every metric has a value."""


def views() -> list[ViewRecord]:
    """Seven attempts: four plays, a start that failed, one that was blocked, one that was given up; and what is none."""
    minute = q.MINUTE_MS
    broken = {
        "error_count": 1,
        "error_code": "2103",
        "error_message": "segment 17 was not found",
        "fatal_error_code": "2103",
        "error_class": "technical",
    }
    return [
        played(
            "a",
            START_MS,
            viewer_id="ann",
            video_id="film-1",
            video_title="A film",
            playback_id="play-1",
            stream_type="on_demand",
            custom={"custom_1": "red"},
            extra={"viewer_plan": "gold", "mux_viewer_id": "cookie-a"},
            experience_score=90.0,
            playback_success_score=100.0,
            **RICH,
            **GERMAN,
        ),
        played(
            "b",
            START_MS + minute,
            video_startup_time_ms=3_000,
            rebuffer_duration_ms=10_000,
            rebuffer_count=2,
            viewer_id="cookie-b",
            extra={"mux_viewer_id": "cookie-b"},
            video_id="film-1",
            stream_type="on_demand",
            experience_score=40.0,
            playback_success_score=100.0,
            **AMERICAN,
        ),
        played(
            "c",
            START_MS + 2 * minute,
            video_startup_time_ms=2_000,
            viewer_id="cem",
            video_id="film-2",
            stream_type="live",
            live=True,
            bitrate_x_ms=60_000 * 3e6,
            bitrate_ms=60_000,
            **AMERICAN,
        ),
        played(
            "d",
            START_MS + 3 * minute,
            viewer_id="dora",
            video_id="film-2",
            outcome=Outcome.PLAYBACK_FAILED,
            experience_score=0.0,
            playback_success_score=0.0,
            **broken,
            **GERMAN,
        ),
        stopped(
            "e",
            START_MS + q.HOUR_MS,
            Outcome.START_FAILED,
            video_id="film-2",
            **{**broken, "error_message": "segment 4 was not found"},
            **GERMAN,
        ),
        stopped(
            "f",
            START_MS + 2 * q.HOUR_MS,
            Outcome.START_BLOCKED,
            error_count=1,
            error_code="geo",
            error_message="not in this country",
            error_class="business",
            **AMERICAN,
        ),
        stopped("g", START_MS + 3 * q.HOUR_MS, Outcome.EXITED_BEFORE_START, warning_count=1, **AMERICAN),
        q.make_view(
            "h", START_MS, attempted=False, started=False, outcome=Outcome.NOT_ATTEMPTED, country="FR"
        ),
        played("i", START_MS, bot=True, country="FR"),
        played("j", START_MS - 30 * q.DAY_MS, country="FR"),
        played("k", START_MS, project="other", viewer_id="olga", country="FR", video_title="Theirs"),
    ]


def fill(engine: Engine) -> None:
    """Those views, and what was told of one video."""
    q.store(engine, views())
    tell(engine)


def tell(engine: Engine) -> None:
    """What there is to know of one video."""
    told = [Asset(playback_id="play-1", asset_id="asset-1", stream_id="stream-1")]
    q.wait(engine, lambda wrapped: put_assets(wrapped, "default", told, 1))


def basic(key: str, user: str = "any") -> str:
    """The Authorization header of Mux's clients."""
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


def request(
    engine: Engine,
    path: str,
    params: Any = None,
    *,
    key: str | None = "secret-default",
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    turns: Turns | None = None,
) -> httpx.Response:
    """One request to the application on this engine; the path is that below ``/data/v1``."""
    return requests(engine, [(path, params)], key=key, headers=headers, method=method, turns=turns)[0]


def requests(
    engine: Engine,
    asked: Sequence[tuple[str, Any]],
    *,
    key: str | None = "secret-default",
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    turns: Turns | None = None,
    alerts: AlertStore | None = None,
) -> list[httpx.Response]:
    """Several, one after the other; without alerts unless some are given."""
    sent = dict(headers or {})
    if key is not None:
        sent["authorization"] = basic(key)

    async def call(wrapped: AsyncEngine) -> list[httpx.Response]:
        app = MuxApi(
            wrapped, Accounts(), alerts or AlertStore("sqlite://"), now_ms=lambda: NOW_MS, turns=turns
        )
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as client:
            return [
                await client.request(method, f"/data/v1{path}", params=params, headers=sent)
                for path, params in asked
            ]

    return q.wait(engine, call)


def answer(engine: Engine, path: str, params: Any = None, **more: Any) -> Any:
    """The whole of an answer that must be good."""
    found = request(engine, path, params, **more)
    assert found.status_code == 200, found.text
    return found.json()


def data(engine: Engine, path: str, params: Any = None, **more: Any) -> Any:
    """What it is about."""
    return answer(engine, path, params, **more)["data"]


def refused(engine: Engine, path: str, params: Any = None, **more: Any) -> tuple[int, str, str]:
    """Status, type and message of a refusal, in Mux's shape."""
    found = request(engine, path, params, **more)
    error = found.json()["error"]
    assert error.keys() == {"type", "messages"}
    (message,) = error["messages"]
    return found.status_code, error["type"], message


def ids(*names: str) -> list[str]:
    """Of views of the first project, by their names."""
    return [view_id_of("default", "mux", name) for name in names]
