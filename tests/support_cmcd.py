"""CMCD records for tests: lines on the wire, beacons, and the rows they fold into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from firstframe.beacon import Beacon, Event, Place
from firstframe.dialects.base import Reading
from firstframe.dialects.cmcd import CMCD
from firstframe.fold.finish import fold_view
from firstframe.view.record import ViewRecord

BASE_MS = 1_780_000_000_000
DAY_MS = 86_400_000
TOKENS = ("e", "sta", "st", "sf", "ot")


def line(**said: Any) -> str:
    """One record of event mode; texts are quoted but for those that are tokens."""
    return ",".join(
        key if value is True else f"{key}={_spelled(key, value)}" for key, value in ({"v": 2} | said).items()
    )


def _spelled(key: str, value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) and key not in TOKENS and value[:1] != "(" else str(value)


def beacon(
    body: str = "",
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    received_ms: int = BASE_MS + DAY_MS,
    method: str = "POST",
) -> Beacon:
    """A request as the journal keeps it."""
    return Beacon(
        received_ms, "cmcd", "", "default", "/cmcd", query, dict(headers or {}), Place(), body.encode()
    )


def read(*bodies: str, **more: Any) -> Reading:
    """What bodies say."""
    readings = [CMCD.parse(beacon(body, **more)) for body in bodies or ("",)]
    return Reading(
        [event for one in readings for event in one.events],
        [reject for one in readings for reject in one.rejects],
    )


def events_of(steps: Sequence[Mapping[str, Any]], *, sid: str = "S", query: str = "") -> list[Event]:
    """Steps as the events of one session, each received as it was told; ``at`` is in ms since `BASE_MS`."""
    found: list[Event] = []
    for number, step in enumerate(steps):
        said = dict(step)
        at_ms = BASE_MS + said.pop("at")
        told = line(**{"sid": sid, "ts": at_ms, "sn": number, "e": "ps", **said})
        reading = CMCD.parse(beacon(told, query=query, received_ms=at_ms + int(said.get("ttlb", 0))))
        assert not reading.rejects, reading.rejects
        found += reading.events
    return found


def rows_of(
    steps: Sequence[Mapping[str, Any]], *, now_ms: int | None = None, query: str = ""
) -> list[ViewRecord]:
    """The rows of one session, by default as they stand long after."""
    events = events_of(steps, query=query)
    now = max(event.received_at_ms for event in events) + DAY_MS if now_ms is None else BASE_MS + now_ms
    return list(fold_view(CMCD, "default", "S", events, now).rows)


def row_of(*steps: Mapping[str, Any], **more: Any) -> ViewRecord:
    """The one row of a session."""
    (row,) = rows_of(steps, **more)
    return row


def sta(at: int, state: str, **said: Any) -> dict[str, Any]:
    """A change of state."""
    return {"at": at, "sta": state, **said}
