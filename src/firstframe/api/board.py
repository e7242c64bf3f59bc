"""What the dashboard shows where, and its words: the front end names no metric, dimension or field by itself.

Tables only. A test holds that every id in them is one of the catalogue, and that every flag, state and figure has words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import get

from firstframe.api.fault import answers
from firstframe.dialects import DIALECTS
from firstframe.metrics.live import USUAL_MINUTES
from firstframe.view.record import FIELDS, Approx, Outcome, State

HEADLINES = (
    *("attempts", "watch_time", "unique_viewers", "video_startup_time.median"),
    *("rebuffer_percentage", "playback_failure_percentage"),
    *("exit_before_video_start_percentage", "experience_score"),
)
"""The overview's figures, in order."""
BREAKDOWNS = ("video_title", "country", "device_type", "browser", "cdn", "player_name")
"""By what the overview tells the chosen figure apart."""
BREAKDOWN_METRIC = "rebuffer_percentage"
"""What the breakdown begins with."""
COUNTRY = "country"
"""The dimension whose values are places on the map."""
VOLUME = "attempts"
"""What stands beside a figure to say how much it is made of."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One live figure."""

    key: str
    title: str
    unit: str
    better: str
    now: bool
    """Of this instant; else of the last minutes."""
    description: str


class Words(msgspec.Struct, frozen=True):
    """A name for people, and what it means."""

    title: str
    meaning: str


class RecordField(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a view."""

    name: str
    group: str
    unit: str
    meaning: str


def _figure(key: str, title: str, unit: str, better: str, description: str, *, now: bool = False) -> Figure:
    return Figure(key=key, title=title, unit=unit, better=better, now=now, description=description)


FIGURES = (
    _figure(
        "concurrent_viewers",
        "Concurrent viewers",
        "count",
        "higher",
        "watching, or waiting to watch, at this instant",
        now=True,
    ),
    _figure(
        "concurrent_plays",
        "Concurrent plays",
        "count",
        "higher",
        "watching at this instant, after the first frame",
        now=True,
    ),
    _figure("rebuffering_viewers", "Rebuffering now", "count", "lower", "stalled at this instant", now=True),
    _figure(
        "starting_viewers",
        "Starting now",
        "count",
        "neutral",
        "waiting for the first frame at this instant",
        now=True,
    ),
    _figure("attempts", "Attempts", "count", "higher", "views begun in which play was wanted"),
    _figure("plays", "Plays", "count", "higher", "views begun that have shown a frame"),
    _figure(
        "active_attempts",
        "Active attempts",
        "count",
        "higher",
        "attempts that were going on at some time, whenever they were begun",
    ),
    _figure(
        "start_failures",
        "Start failures",
        "count",
        "lower",
        "attempts ended by an error before the first frame",
    ),
    _figure("playback_failures", "Failures while playing", "count", "lower", "plays ended by an error"),
    _figure(
        "exits_before_start",
        "Exits before start",
        "count",
        "lower",
        "attempts given up before the first frame",
    ),
    _figure(
        "views_with_errors",
        "Views with errors",
        "count",
        "lower",
        "active attempts with any error, fatal or recovered",
    ),
    _figure(
        "rebuffer_percentage",
        "Rebuffer percentage",
        "ratio",
        "lower",
        "share of the time of watching that was spent stalled",
    ),
    _figure(
        "video_startup_time_median",
        "Startup time, median",
        "ms",
        "lower",
        "from wanting to play to the first frame, of views begun",
    ),
)
LIVE = {
    "figures": FIGURES,
    "minutes": USUAL_MINUTES,
    "history": ("concurrent_viewers", "concurrent_plays"),
    "history_from": "-24h",
    "history_granularity": "minute",
    "breakdowns": (
        *("video_title", "video_id", "country", "cdn", "player_name"),
        *("device_type", "browser", "stream_type", "dialect"),
    ),
}

VIDEO = {
    "dimensions": ("video_id", "video_title", "playback_id", "asset_id", "dstorage_id"),
    "list": (
        *("attempts", "watch_time", "unique_viewers", "video_startup_time.median"),
        *("rebuffer_percentage", "playback_failure_percentage", "completion_ratio"),
    ),
    "headlines": (
        *("attempts", "plays", "unique_viewers", "playing_time", "average_playing_time", "completion_ratio"),
        *("video_startup_time.median", "rebuffer_percentage", "playback_failure_percentage"),
        *("exit_before_video_start_percentage", "average_bitrate", "experience_score"),
    ),
    "length": "duration_ms",
    "facts": ("video_title", "video_series", "stream_type", "protocol", "video_codec", "source_host"),
    "breakdowns": (
        *("device_type", "browser", "os", "country", "page_host", "cdn", "player_name", "viewer_id"),
    ),
}

VIEWS = {
    "columns": (
        *("view_start_ms", "video_title", "video_id", "outcome", "video_startup_time_ms", "watch_time_ms"),
        *("rebuffer_duration_ms", "error_code", "experience_score", "country", "device_type", "dialect"),
    ),
    "summary": (
        *("outcome", "watch_time_ms", "playing_time_ms", "video_startup_time_ms", "rebuffer_count"),
        *("rebuffer_duration_ms", "average_bitrate_bps", "error_count", "experience_score"),
    ),
    "title": ("video_title", "video_id", "playback_id", "source_url"),
    "errors": ("error_code", "error_message", "fatal_error_code"),
    "outcome": "outcome",
    "language": "dialect",
    "flag_lengths": {Approx.CLOCK_SHIFTED: "clock_shift_ms"},
    "unknown_groups": ("startup", "durations", "counts", "pairs", "content"),
}
"""``flag_lengths``: how much a flag is about; ``unknown_groups``: where null is what the SDK does not tell."""
DERIVED: Mapping[str, tuple[str, str]] = {
    "playing_time_ms": ("ms", "wall time in which content or ads moved"),
    "rebuffer_percentage": ("ratio", "rebuffer duration ÷ watch time"),
    "rebuffering_ratio": ("ratio", "rebuffer duration ÷ (playing time + rebuffer duration)"),
    "rebuffer_frequency_per_min": ("per_minute", "stalls for each minute of watching"),
    "seek_latency_ms": ("ms", "time from a seek to moving frames, on average"),
    "average_bitrate_bps": ("bps", "bitrate weighted by playing time"),
    "upscale_percentage": ("ratio", "how far the picture was stretched, on average"),
    "downscale_percentage": ("ratio", "how far the picture was shrunk, on average"),
    "rendition_changes": ("n", "switches to another bitrate"),
    "request_failed_percentage": ("ratio", "failed requests ÷ requests"),
    "request_throughput_bps": ("bps", "bytes × 8 ÷ load time"),
    "request_latency_ms": ("ms", "time to first byte, on average"),
    "live_latency_ms": ("ms", "distance from the live edge, on average"),
    "completion_ratio": ("ratio", "length reached ÷ length of the video"),
}
"""What `firstframe.view.derived` adds to a record."""

FLAGS: Mapping[Approx, str] = {
    Approx.STARTUP_IS_READY_TIME: "Startup is ready time",
    Approx.STARTUP_IS_FIRST_PROGRESS: "Startup up to 250 ms late",
    Approx.STARTUP_LOWER_BOUND: "Startup at least",
    Approx.PLAY_TIME_LOWER_BOUND: "Playing time at least",
    Approx.PLAY_TIME_ESTIMATED: "Playing time estimated",
    Approx.STALLS_UNKNOWN: "Stalls unknown",
    Approx.STALLS_LOWER_BOUND: "Stalls at least",
    Approx.STALLS_UPPER_BOUND: "Stalls at most",
    Approx.CLOCK_SHIFTED: "Clock corrected",
    Approx.EVENTS_LOST: "Events lost",
    Approx.START_LOST: "Beginning lost",
    Approx.EVENTS_CAPPED: "Events left out",
    Approx.SPANS_ESTIMATED: "Timeline reconstructed",
    Approx.HOLE_CREDITED: "Gap filled",
    Approx.PAUSE_LOWER_BOUND: "Pause at least",
    Approx.LATENCY_UPPER_BOUND: "Live latency at most",
    Approx.ATTEMPT_UNCERTAIN: "Attempt uncertain",
    Approx.SEVERAL_SOURCES: "Several videos",
}
STATES: Mapping[State, str] = {
    State.IDLE: "Idle",
    State.STARTUP: "Startup",
    State.PLAYING: "Playing",
    State.AD_PLAYING: "Ad",
    State.REBUFFER: "Rebuffering",
    State.SEEK: "Seeking",
    State.RESUMING: "Resuming",
    State.AD_WAIT: "Waiting for an ad",
    State.PAUSE: "Paused",
    State.FAILED: "Failed",
}
"""Names for people; what they mean is said where the words are defined."""


class Ending(msgspec.Struct, frozen=True):
    """An outcome's name for people, and whether it is good news."""

    title: str
    tone: str
    """good, warn, bad or plain."""


OUTCOMES: Mapping[str, Ending] = {
    Outcome.NOT_ATTEMPTED: Ending("Not attempted", "plain"),
    Outcome.EXITED_BEFORE_START: Ending("Exited before start", "warn"),
    Outcome.START_FAILED: Ending("Start failed", "bad"),
    Outcome.START_BLOCKED: Ending("Start blocked", "warn"),
    Outcome.PLAYBACK_FAILED: Ending("Playback failed", "bad"),
    Outcome.PLAYBACK_BLOCKED: Ending("Playback blocked", "warn"),
    Outcome.COMPLETED: Ending("Completed", "good"),
    Outcome.DROPPED: Ending("Dropped", "warn"),
    Outcome.EXITED: Ending("Exited", "plain"),
}


class BoardAnswer(msgspec.Struct, frozen=True):
    data: dict[str, Any]


@get("/v1/board", tags=["catalogue"], summary="What the dashboard shows", responses=answers())
async def get_board() -> BoardAnswer:
    """Which metrics and dimensions stand on which page, and the words for fields, states and flags."""
    return BoardAnswer(board())


def board() -> dict[str, Any]:
    """All tables as one object."""
    return {
        "headlines": HEADLINES,
        "breakdowns": BREAKDOWNS,
        "breakdown_metric": BREAKDOWN_METRIC,
        "country": COUNTRY,
        "volume": VOLUME,
        "live": LIVE,
        "video": VIDEO,
        "views": VIEWS,
        "fields": record_fields(),
        "flags": _worded(FLAGS),
        "states": _worded(STATES),
        "outcomes": OUTCOMES,
        "traces": {dialect.name: dialect.trace for dialect in DIALECTS},
    }


def _worded(titles: Mapping[Approx, str] | Mapping[State, str]) -> dict[str, Words]:
    return {word: Words(title, word.meaning) for word, title in titles.items()}


def record_fields() -> list[RecordField]:
    """Every field of a view as the API gives it, with its unit and meaning."""
    kept = [
        RecordField(name=one.name, group=one.field.group, unit=one.field.unit, meaning=one.field.meaning)
        for one in FIELDS
        if one.name != "spans"
    ]
    added = [
        RecordField(name=name, group="derived", unit=unit, meaning=meaning)
        for name, (unit, meaning) in DERIVED.items()
    ]
    return [*kept, *added]
