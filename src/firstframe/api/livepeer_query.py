"""Livepeer's query parameters, read into questions of our catalogue.

Each of Livepeer's fields is the catalogue's metric of the same meaning, each breakdown one of its dimensions; what
we have no dimension for is left out of the rows, as Livepeer leaves out what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from firstframe.enrich.url import dstorage_id
from firstframe.errors import BadRequest
from firstframe.metrics.dimension import Dimension, find_dimension, split_names
from firstframe.metrics.query import Question

MOST_ROWS = 10_000
MOST_LIVE_ROWS = 1_000
DAY_MS = 86_400_000
MOST_BUCKETS = 19_000
"""As many as fit into one question, with room at the edges."""

_AHEAD_MS = 60_000
"""Clocks of viewers may be this far ahead of ours."""

_TEXT_LIMIT = 512


class Field(msgspec.Struct, frozen=True):
    """One number of a row: its name, the catalogue's metric, and how often it goes into Livepeer's unit."""

    name: str
    metric: str
    per: float = 1


COUNTS: tuple[Field, ...] = (Field("viewCount", "attempts"), Field("playtimeMins", "playing_time", 60_000))
"""What every row has, 0 when nothing is known."""

QUALITY: tuple[Field, ...] = (
    Field("ttffMs", "video_startup_time.mean"),
    Field("rebufferRatio", "rebuffering_ratio"),
    Field("errorRate", "error_percentage"),
    Field("exitsBeforeStart", "exit_before_video_start_percentage"),
)
"""What rows for the application have besides, left out when nothing is known."""


class Breakdown(msgspec.Struct, frozen=True):
    """One value of ``breakdownBy[]``."""

    name: str
    dimension: str | None
    """None: nobody tells us, so rows never have it."""
    for_creators: bool = True
    live: bool = False


BREAKDOWNS: Mapping[str, Breakdown] = {
    one.name: one
    for one in (
        Breakdown("playbackId", "playback_id", for_creators=False, live=True),
        Breakdown("dStorageUrl", "dstorage_id"),
        Breakdown("creatorId", "creator_id", for_creators=False),
        Breakdown("viewerId", "viewer_id"),
        Breakdown("deviceType", "device_type"),
        Breakdown("device", "device_model", live=True),
        Breakdown("cpu", None),
        Breakdown("os", "os"),
        Breakdown("browser", "browser", live=True),
        Breakdown("browserEngine", "browser_engine"),
        Breakdown("continent", "continent"),
        Breakdown("country", "country", live=True),
        Breakdown("subdivision", "subdivision"),
        Breakdown("timezone", "time_zone"),
        Breakdown("geohash", None, for_creators=False),
    )
}
_ALIASES = {"dStorage": "dStorageUrl", "creator": "creatorId", "viewer": "viewerId"}

TIME_STEPS = ("hour", "day", "week", "month", "year")
_REPEATED = re.compile(r"breakdownBy(\[\d*\])?")


class Params(msgspec.Struct, frozen=True):
    """The parameters of one request, checked one by one."""

    values: Mapping[str, str]
    breakdowns: Sequence[str]

    def text(self, name: str) -> str | None:
        return self.values.get(name, "").strip()[:_TEXT_LIMIT] or None

    def instant(self, name: str) -> int | None:
        """Epoch milliseconds. Raises `BadRequest`."""
        value = self.text(name)
        if value is None:
            return None
        if value.isascii() and value.isdigit() and len(value) <= 14:
            return int(value)
        try:
            # The plus of an offset arrives as a blank.
            moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", value))
        except ValueError as error:
            raise BadRequest(
                f'bad time "{value[:60]}". must be in RFC3339 or Unix Timestamp (millisecond) formats'
            ) from error
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)

    def time_step(self) -> str | None:
        """Raises `BadRequest`."""
        value = self.text("timeStep")
        if value is not None and value not in TIME_STEPS:
            raise BadRequest(f"invalid time step: {value[:60]}; wanted is one of {', '.join(TIME_STEPS)}")
        return value

    def breakdown(self, *, creators: bool = False, live: bool = False) -> list[Breakdown]:
        """Raises `BadRequest`."""
        known = {
            name: one
            for name, one in BREAKDOWNS.items()
            if (one.for_creators or not creators) and (one.live or not live)
        }
        names = dict.fromkeys(_ALIASES.get(name, name) for name in self.breakdowns)
        for name in names:
            if name not in known:
                raise BadRequest(f"invalid breakdown field: {name[:60]}; wanted is one of {', '.join(known)}")
        return [known[name] for name in names]


def read_params(query: str) -> Params:
    """The parameters of a query string; ``breakdownBy[]`` may be repeated or hold commas."""
    values: dict[str, str] = {}
    breakdowns: list[str] = []
    for name, value in parse_qsl(query, max_num_fields=200):
        if _REPEATED.fullmatch(name):
            breakdowns += split_names([value])
        else:
            values[name] = value
    return Params(values, breakdowns)


class Range(msgspec.Struct, frozen=True):
    """From when to when, in which steps."""

    start_ms: int
    end_ms: int
    step: str | None = None


def range_of(params: Params, now_ms: int) -> Range:
    """The range asked for; by default all that there is. Raises `BadRequest`."""
    step = params.time_step()
    start, end = params.instant("from"), params.instant("to")
    last = now_ms + _AHEAD_MS if end is None else end
    first = max(0, last - MOST_BUCKETS * DAY_MS) if start is None else start
    if first >= last:
        raise BadRequest("from must be before to")
    return Range(first, last, step)


def question_of(when: Range, fields: Sequence[Field], filters: Sequence[Any]) -> Question:
    """What is asked of the catalogue."""
    return Question(
        metrics=[field.metric for field in fields],
        filters=list(filters),
        from_=when.start_ms,
        to=when.end_ms,
        granularity=when.step or "all",
        limit=MOST_ROWS,
        fill=False,
    )


def groups_of(breakdowns: Sequence[Breakdown]) -> tuple[Dimension, ...]:
    """The dimensions of those breakdowns that we have one for."""
    names = [one.dimension for one in breakdowns if one.dimension is not None]
    return tuple(find_dimension(name, "breakdownBy", groupable=True) for name in names)


def equals(dimension: str, value: str) -> dict[str, Any]:
    """One condition."""
    return {"dimension": dimension, "op": "eq", "value": value}


def video_filter(playback_id: str) -> dict[str, Any]:
    """The views of a playback id, or of what may be a dStorage id."""
    found = dstorage_id(playback_id)
    if found is None:
        return equals("playback_id", playback_id)
    return {"or": [equals("dstorage_id", found), equals("playback_id", playback_id)]}


def filters_of(params: Params, *, playback: bool = True) -> list[dict[str, Any]]:
    """The filters that rows of every kind may have. An asset goes before a stream, both before a playback id."""
    filters = []
    if asset := params.text("assetId"):
        filters.append(equals("asset_id", asset))
    elif stream := params.text("streamId"):
        filters.append(equals("stream_id", stream))
    elif playback and (video := params.text("playbackId")):
        filters.append(video_filter(video))
    if creator := params.text("creatorId"):
        filters.append(equals("creator_id", creator))
    return filters


def video_breakdown(params: Params) -> Breakdown | None:
    """Rows about one video say which one."""
    if params.text("assetId") or params.text("streamId"):
        return BREAKDOWNS["playbackId"]
    video = params.text("playbackId")
    if video is None:
        return None
    return BREAKDOWNS["playbackId" if dstorage_id(video) is None else "dStorageUrl"]
