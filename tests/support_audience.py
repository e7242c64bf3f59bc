"""A small audience whose numbers stand in the docs: put into the journal of a running product, days back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from firstframe.beacon import Beacon, Place, view_id_of
from firstframe.journal import FilesAppender
from firstframe.settings import Settings

DAY_MS = 86_400_000
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
CONTINENTS = {"DE": "EU", "FR": "EU", "US": "NA"}
TITLES = {"trailer": "Trailer", "derby": "The derby"}
MISSING = ("404", "the manifest was not found")
BROKEN = ("3", "the picture could not be decoded")


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One view: who, when, what, and how it went."""

    name: str
    days_ago: int = 1
    at: str = ""
    """Time of day, UTC; empty: now."""
    viewer: str
    video: str
    country: str
    agent: str
    cdn: str | None = None
    wait_ms: int | None = None
    """From play to the first frame; None: it never came."""
    playing_ms: int = 0
    stall_ms: int = 0
    """One stall, in the middle."""
    leaves_ms: int = 0
    """How long was waited before leaving, where nothing came."""
    error: tuple[str, str] | None = None
    still_there: bool = False


VISITS = (
    Visit(
        name="trailer-1",
        at="09:00:00",
        viewer="ann",
        video="trailer",
        country="DE",
        agent=CHROME,
        cdn="fast",
        wait_ms=400,
        playing_ms=60_000,
    ),
    Visit(
        name="trailer-2",
        at="09:20:00",
        viewer="bob",
        video="trailer",
        country="DE",
        agent=SAFARI,
        cdn="wide",
        wait_ms=1_200,
        playing_ms=30_000,
        stall_ms=3_000,
    ),
    Visit(
        name="trailer-3",
        at="10:05:00",
        viewer="cem",
        video="trailer",
        country="US",
        agent=CHROME,
        cdn="wide",
        wait_ms=2_400,
        playing_ms=40_000,
        stall_ms=5_000,
    ),
    Visit(
        name="trailer-4",
        at="10:10:00",
        viewer="dee",
        video="trailer",
        country="US",
        agent=SAFARI,
        leaves_ms=4_000,
    ),
    Visit(
        name="trailer-5",
        at="10:20:00",
        viewer="eve",
        video="trailer",
        country="FR",
        agent=FIREFOX,
        leaves_ms=1_000,
        error=MISSING,
    ),
    Visit(
        name="trailer-6",
        at="11:00:00",
        viewer="robot",
        video="trailer",
        country="US",
        agent=ROBOT,
        wait_ms=100,
        playing_ms=1_000,
    ),
    Visit(
        name="derby-1",
        at="20:00:00",
        viewer="ann",
        video="derby",
        country="DE",
        agent=CHROME,
        cdn="fast",
        wait_ms=600,
        playing_ms=180_000,
    ),
    Visit(
        name="derby-2",
        at="20:01:00",
        viewer="bob",
        video="derby",
        country="DE",
        agent=SAFARI,
        cdn="wide",
        wait_ms=800,
        playing_ms=120_000,
        stall_ms=2_000,
    ),
    Visit(
        name="derby-3",
        at="20:01:30",
        viewer="cem",
        video="derby",
        country="US",
        agent=CHROME,
        cdn="fast",
        wait_ms=500,
        playing_ms=60_000,
        error=BROKEN,
    ),
    Visit(
        name="derby-4",
        at="20:02:00",
        viewer="eve",
        video="derby",
        country="FR",
        agent=FIREFOX,
        leaves_ms=6_000,
    ),
    Visit(
        name="earlier-1",
        days_ago=8,
        at="09:00:00",
        viewer="ann",
        video="trailer",
        country="DE",
        agent=CHROME,
        cdn="wide",
        wait_ms=900,
        playing_ms=50_000,
        stall_ms=6_000,
    ),
    Visit(
        name="earlier-2",
        days_ago=8,
        at="12:00:00",
        viewer="dee",
        video="trailer",
        country="US",
        agent=SAFARI,
        cdn="wide",
        wait_ms=3_000,
        playing_ms=20_000,
    ),
    Visit(
        name="earlier-3",
        days_ago=8,
        at="18:00:00",
        viewer="cem",
        video="trailer",
        country="US",
        agent=CHROME,
        leaves_ms=9_000,
    ),
    Visit(
        name="now-1",
        viewer="ann",
        video="derby",
        country="DE",
        agent=CHROME,
        cdn="fast",
        wait_ms=300,
        still_there=True,
    ),
    Visit(
        name="now-2",
        viewer="cem",
        video="derby",
        country="US",
        agent=CHROME,
        cdn="wide",
        wait_ms=700,
        still_there=True,
    ),
)


def midnight_ms(now_ms: int) -> int:
    """When this day began, UTC."""
    return now_ms // DAY_MS * DAY_MS


def fill(journal: Path) -> datetime:
    """Append every visit as accepted beacons; gives the instant after which all of it can be seen."""
    now_ms = time.time_ns() // 1_000_000

    async def append() -> None:
        appender = FilesAppender(journal, "audience", partitions=Settings().journal_partitions)
        await asyncio.gather(
            *(
                appender.append(beacon, [view_key(visit)])
                for visit in VISITS
                for beacon in beacons(visit, now_ms)
            )
        )
        await appender.close()

    asyncio.run(append())
    return datetime.now(UTC)


def view_key(visit: Visit) -> str:
    """The id that the visit's view has."""
    return view_id_of("default", "native", visit.name)


def beacons(visit: Visit, now_ms: int) -> Iterator[Beacon]:
    """What the collector would have kept."""
    start_ms = _start_ms(visit, now_ms)
    told = list(_events(visit))
    body = {
        "view_id": visit.name,
        "viewer_id": visit.viewer,
        "session_id": f"{visit.viewer}-{visit.days_ago}",
        "context": _context(visit),
        "events": [{"at": start_ms + at_ms, **event} for at_ms, event in told],
    }
    yield Beacon(
        received_at_ms=start_ms + told[-1][0] + 50,
        dialect="native",
        route="/v1/beacons",
        project="default",
        path="/v1/beacons",
        query="",
        headers={"user-agent": visit.agent, "referer": "https://site.example/watch?q=1"},
        place=Place(country=visit.country, continent=CONTINENTS[visit.country]),
        body=json.dumps(body).encode(),
    )


def _start_ms(visit: Visit, now_ms: int) -> int:
    if not visit.at:
        return now_ms - 2_000
    hours, minutes, seconds = map(int, visit.at.split(":"))
    return midnight_ms(now_ms) - visit.days_ago * DAY_MS + (hours * 3600 + minutes * 60 + seconds) * 1000


def _context(visit: Visit) -> dict[str, Any]:
    said: dict[str, Any] = {"video_id": visit.video, "video_title": TITLES[visit.video]}
    said |= {"live": True} if visit.video == "derby" else {"duration_ms": 60_000}
    said |= {"player_name": "site player", "custom_1": "spring"}
    return said | ({"cdn": visit.cdn} if visit.cdn else {})


def _events(visit: Visit) -> Iterator[tuple[int, dict[str, Any]]]:
    """(milliseconds since the start, event)."""
    yield 0, {"type": "play"}
    if visit.wait_ms is None:
        at_ms = visit.leaves_ms
    else:
        at_ms = visit.wait_ms
        yield at_ms, {"type": "playing", "playhead_ms": 0}
        if visit.still_there:
            yield at_ms + 100, {"type": "heartbeat", "playhead_ms": 100}
            return
        yield from _played(visit)
        at_ms += visit.playing_ms + visit.stall_ms
    if visit.error:
        yield at_ms, {"type": "error", "code": visit.error[0], "message": visit.error[1]}
    yield at_ms, {"type": "end", "playhead_ms": visit.playing_ms}


def _played(visit: Visit) -> Iterator[tuple[int, dict[str, Any]]]:
    if visit.stall_ms:
        half_ms = (visit.wait_ms or 0) + visit.playing_ms // 2
        playhead = {"playhead_ms": visit.playing_ms // 2}
        yield half_ms, {"type": "stall_start", **playhead}
        yield half_ms + visit.stall_ms, {"type": "stall_end", **playhead}
