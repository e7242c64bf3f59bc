"""One sample as numbers: how long which state lasted, and what was true in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import flag, number, text, whole
from firstframe.dialects.bitmovin.dimension import Custom, custom_of

NUMBERS = (
    "sequenceNumber",
    "duration",
    "played",
    "buffered",
    "paused",
    "seeked",
    "playerStartupTime",
    "videoStartupTime",
    "startupTime",
    "pageLoadTime",
    "videoTimeStart",
    "videoTimeEnd",
    "videoDuration",
    "videoBitrate",
    "droppedFrames",
    "completedTotal",
)
"""Fields that must be numbers where they are given."""

PARTS = ("played", "buffered", "paused", "seeked")
"""The fields that share out an interval. Collectors set all four in every sample."""

PART_OF_STATE = {
    "playing": "played",
    "rebuffering": "buffered",
    "buffering": "buffered",
    "pause": "paused",
    "paused": "paused",
    "seeking": "seeked",
}
"""Only for senders that give none of the four: the public payload text has states and durations alone."""

STARTUP_STATE = "video startup"
"""Its duration is the video startup time where a sender gives no ``videoStartupTime``."""

LONGEST_MS = 7 * 86_400_000
"""No interval is longer; a greater number is no duration."""
LATEST_MS = 4_102_444_800_000
"""The year 2100."""


LOOKS = 2, 43
"""Its HTML5 adapters look whether the media moved, and count dropped frames; those of 2.24.1 do not."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A sample with its numbers read once. 0: a duration is not set; None: the field says nothing."""

    key: str
    received_at_ms: int
    payload: Mapping[str, Any]
    custom: Custom
    seq: int | None
    retry_count: int
    state: str
    time_ms: int | None
    """The client's clock when the sample was built: the end of its interval, save at page close."""
    duration_ms: int
    played_ms: int
    buffered_ms: int
    paused_ms: int
    seeked_ms: int
    video_startup_ms: int
    player_startup_ms: int
    ad: int
    """1 in a client-side ad, 2 in a server-side one."""
    media_start_ms: float | None
    media_end_ms: float | None
    start_failed: bool
    """The start was given up, for whatever `start_failed_reason`."""
    start_failed_reason: str
    error_code: str | None
    """Text also where an error has no code; None where there is no error."""
    critical: bool
    """The error ended playback, so far as the player could tell."""

    unloads: bool = False
    """Sent at page close with a clock that no other sample shows: its interval begins there."""

    @property
    def closes(self) -> bool:
        return self.state == "closed"

    @property
    def is_set_back(self) -> bool:
        """The client's clock was set back in it: the collector then says a negative length, which says nothing."""
        return (number(self.payload.get("duration")) or 0) < 0

    @property
    def advance_ms(self) -> float:
        """How far the media moved in the interval; 0 when unknown or backwards."""
        if self.media_start_ms is None or self.media_end_ms is None:
            return 0
        return max(0.0, self.media_end_ms - self.media_start_ms)

    @property
    def is_point(self) -> bool:
        """A sample without any time of its own: a quality change, an error, a changed text."""
        return not (self.duration_ms or self.video_startup_ms or any(self.parts))

    @property
    def seeks(self) -> bool:
        """A seek, also one of no length: while a viewer scrubs the collector cuts one at once."""
        return self.seeked_ms > 0 or self.state == "seeking"

    @property
    def parts(self) -> tuple[int, int, int, int]:
        return self.played_ms, self.buffered_ms, self.paused_ms, self.seeked_ms


def adapter_of(sample: Sample) -> str:
    """Which adapter of the web collector made a sample, empty for others; a site may call its player what it likes."""
    if sample.payload.get("platform") != "web":
        return ""
    return str(sample.payload.get("version") or sample.payload.get("player")).partition("-")[0]


def is_old(sample: Sample) -> bool:
    """Whether the web collector is older than the oldest that is known to do as it does now: 2.43."""
    told = re.match(r"v?(\d{1,4})\.(\d{1,4})\.", str(sample.payload.get("analyticsVersion")))
    return told is not None and (int(told[1]), int(told[2])) < LOOKS


def sample_of(event: Event) -> Sample:
    """An event of the sample route, read. Never raises; what cannot be read is as if it were not there."""
    payload = event.payload
    state = (text(payload.get("state"), 64) or "").lower()
    duration = _ms(payload, "duration")
    parts = {name: _ms(payload, name) for name in PARTS}
    if all(payload.get(name) is None for name in PARTS) and state in PART_OF_STATE:
        parts[PART_OF_STATE[state]] = duration
    startup = _ms(payload, "videoStartupTime")
    if state == STARTUP_STATE and payload.get("videoStartupTime") is None:
        startup = duration
    severity = (text(payload.get("errorSeverity")) or "CRITICAL").upper()
    error_code = _error_code(payload, state)
    return Sample(
        key=event.key,
        received_at_ms=event.received_at_ms,
        payload=payload,
        custom=custom_of(payload),
        seq=whole(payload.get("sequenceNumber")),
        retry_count=whole(payload.get("retryCount"), high=2**31) or 0,
        state=state,
        time_ms=time_of(payload),
        duration_ms=duration,
        played_ms=parts["played"],
        buffered_ms=parts["buffered"],
        paused_ms=parts["paused"],
        seeked_ms=parts["seeked"],
        video_startup_ms=startup,
        player_startup_ms=_ms(payload, "playerStartupTime"),
        ad=whole(payload.get("ad"), high=9) or 0,
        media_start_ms=_position(payload, "videoTimeStart"),
        media_end_ms=_position(payload, "videoTimeEnd"),
        start_failed=flag(payload.get("videoStartFailed")) is True,
        start_failed_reason=(text(payload.get("videoStartFailedReason")) or "").upper(),
        error_code=error_code,
        critical=error_code is not None and severity == "CRITICAL",
    )


def time_of(payload: Mapping[str, Any]) -> int | None:
    """When a sample was built: ``time`` as the collectors call it, ``timestamp`` as the public text does."""
    found = clock_of(payload.get("time"))
    return clock_of(payload.get("timestamp")) if found is None else found


def clock_of(value: Any) -> int | None:
    """Epoch milliseconds of a number or of an ISO 8601 text; None for what no clock can have meant."""
    if isinstance(value, str) and number(value) is None:
        value = _iso_ms(value)
    return whole(value, low=1, high=LATEST_MS)


def _iso_ms(value: str) -> float | None:
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000
    except (ValueError, OverflowError, OSError):
        return None


def _ms(payload: Mapping[str, Any], name: str) -> int:
    return whole(payload.get(name), high=LONGEST_MS) or 0


def _position(payload: Mapping[str, Any], name: str) -> float | None:
    found = number(payload.get(name))
    return float(found) if found is not None and 0 <= found <= LATEST_MS else None


def _error_code(payload: Mapping[str, Any], state: str) -> str | None:
    """Some senders fill every field, so a code of 0 alone is no error."""
    code = text(payload.get("errorCode"), 128)
    if code not in (None, "0"):
        return code
    return code or "unknown" if state == "error" or text(payload.get("errorMessage")) else None
