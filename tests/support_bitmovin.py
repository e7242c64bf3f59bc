"""Bitmovin samples as the collector writes them, and the row they fold to: for unit and property tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import support_cases
from firstframe.beacon import Beacon, Event
from firstframe.dialects.bitmovin import BITMOVIN
from firstframe.view.record import ViewRecord

BASE_MS = support_cases.BASE_MS
IMPRESSION = "5c1f7d6a-0000-4000-8000-000000000001"
ALWAYS: dict[str, Any] = {
    "impressionId": IMPRESSION,
    "key": "licence",
    "platform": "web",
    "player": "html5",
    "analyticsVersion": "v2.51.0",
    "played": 0,
    "buffered": 0,
    "paused": 0,
    "seeked": 0,
    "videoStartupTime": 0,
    "playerStartupTime": 0,
    "ad": 0,
    "videoDuration": 40_000,
    "isLive": False,
    "isMuted": False,
    "pageLoadType": 1,
}
PART_OF_STATE = {
    "playing": "played",
    "rebuffering": "buffered",
    "pause": "paused",
    "seeking": "seeked",
    "startup": "videoStartupTime",
    "setup": "playerStartupTime",
}


class Session:
    """One impression as the web collector tells it: each call is a sample, and moves its clock."""

    def __init__(self, **always: Any) -> None:
        self.always = {**ALWAYS, **always}
        self.now_ms = BASE_MS
        self.samples: list[dict[str, Any]] = []

    def add(self, state: str, ms: int = 0, **fields: Any) -> Session:
        """The sample of a state that lasted ``ms`` and is left now."""
        self.now_ms += ms
        part = {PART_OF_STATE[state]: ms} if state in PART_OF_STATE else {}
        numbers = {"state": state, "duration": ms, "time": self.now_ms, "sequenceNumber": len(self.samples)}
        self.samples.append({**self.always, **numbers, **part, **fields})
        return self

    def leave(self, played_ms: int = 0) -> Session:
        """The page is left while playing: two samples with the clock of the one before."""
        stale_ms = self.now_ms
        if played_ms:
            self.add("playing", played_ms, time=stale_ms)
        return self.add("closed", time=stale_ms)


def beacon(
    payload: Mapping[str, Any] | bytes, route: str = "/analytics", received_ms: int | None = None
) -> Beacon:
    """A body as the journal would keep it; received when it was made, if nothing else is said."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    at = BASE_MS if isinstance(payload, bytes) else payload.get("time", payload.get("timestamp"))
    received = received_ms or (at if isinstance(at, int) else BASE_MS)
    return support_cases.beacon_of(body, received, dialect="bitmovin", route=route)


def events_of(payloads: Iterable[Mapping[str, Any]], route: str = "/analytics") -> list[Event]:
    """The events of bodies of one route."""
    return [event for payload in payloads for event in BITMOVIN.parse(beacon(payload, route)).events]


def row_of(session: Session | Iterable[Event], now_ms: int | None = None) -> ViewRecord:
    """The row of one impression, by default long after its last sample."""
    events = events_of(session.samples) if isinstance(session, Session) else list(session)
    (row,) = support_cases.fold_all(events, BITMOVIN, now_ms=now_ms)
    return row
