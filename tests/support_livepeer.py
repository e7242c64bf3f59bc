"""Livepeer sessions in tests: reports as the SDK posts them, and the rows they fold to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from firstframe.beacon import Beacon, Event, Place
from firstframe.dialects.livepeer import INFO, LIVEPEER, LOG
from firstframe.fold.finish import fold_view
from firstframe.view.record import ViewRecord

T0 = 1_780_000_000_000
DAY_MS = 86_400_000
SESSION = "SessionSessionSession1"
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)

BODY = {
    "live": False,
    "session_id": SESSION,
    "playback_id": "43iobuemjjbbrln9",
    "protocol": "video/mp4",
    "domain": "shop.example",
    "path": "/watch",
    "params": "?q=1",
    "hash": "",
    "source_url": f"https://cdn.example/hls/43iobuemjjbbrln9/static360p0.mp4?tkn={SESSION}",
    "player": "video",
    "version": "@livepeer/core@3.3.1",
    "user_agent": AGENT,
    "uid": "viewer-1",
}


def mark(kind: str, at_ms: float, **more: Any) -> dict[str, Any]:
    """An event other than a heartbeat, `at_ms` after the start."""
    return {"id": f"{kind}-{at_ms}", "type": kind, "timestamp": T0 + at_ms, **more}


def beat(at_ms: float, playing: float = 0, waiting: float = 0, waits: int = 0, **more: Any) -> dict[str, Any]:
    """A heartbeat, `at_ms` after the start."""
    return {
        "id": f"beat-{at_ms}",
        "type": "heartbeat",
        "timestamp": T0 + at_ms,
        "errors": 0,
        "warnings": 0,
        "stalled_count": 0,
        "waiting_count": waits,
        "time_errored_ms": 0,
        "time_warning_ms": 0,
        "time_stalled_ms": 0,
        "time_playing_ms": playing,
        "time_waiting_ms": waiting,
        **more,
    }


def started(wait_ms: float = 0) -> list[dict[str, Any]]:
    """Play at 0, DOM `playing` after the wait, noticed 200 ms later."""
    return [mark("play", 0), mark("play", wait_ms + 1), mark("first-frame", wait_ms + 201)]


def report(events: Sequence[Any], received_ms: float | None = None, **session: Any) -> Beacon:
    """One accepted POST. Received with its last event unless said otherwise."""
    body = {key: value for key, value in {**BODY, **session}.items() if value is not None} | {
        "events": list(events)
    }
    stamps = [event["timestamp"] for event in events if isinstance(event, dict) and "timestamp" in event]
    last = max(stamps, default=T0)
    return beacon(json.dumps(body).encode(), round(last if received_ms is None else T0 + received_ms))


def beacon(body: bytes, received_at_ms: int, *, route: str = LOG, path: str = LOG, query: str = "") -> Beacon:
    """A body as the journal keeps it."""
    return Beacon(
        received_at_ms=received_at_ms,
        dialect="livepeer",
        route=route,
        project="default",
        path=path,
        query=query,
        headers={"user-agent": AGENT, "origin": "https://shop.example:8443"},
        place=Place(),
        body=body,
    )


def message(at_ms: float, *, token: str = SESSION, **totals: Any) -> Beacon:
    """One message over the WebSocket."""
    path = INFO.replace("{playback_id}", "43iobuemjjbbrln9")
    return beacon(json.dumps(totals).encode(), round(T0 + at_ms), route=INFO, path=path, query=f"tkn={token}")


def events_of(beacons: Iterable[Beacon]) -> list[Event]:
    """All events of beacons, equal deliveries once, as the events table keeps them."""
    kept: dict[str, Event] = {}
    for one in sorted(beacons, key=lambda each: each.received_at_ms):
        for event in LIVEPEER.parse(one).events:
            kept.setdefault(event.key, event)
    return list(kept.values())


def fold(beacons: Iterable[Beacon], *, after_ms: int = DAY_MS) -> ViewRecord:
    """The row of one session, as it stands so long after the last receipt."""
    events = events_of(beacons)
    now = max(event.received_at_ms for event in events) + after_ms
    (row,) = fold_view(LIVEPEER, "default", events[0].native_view_id, events, now).rows
    return row
