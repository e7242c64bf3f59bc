"""What the tests make a viewer and a network do: scenarios as lists of steps, the same for every SDK.

A step is a word and its argument, see `support_bench.STEPS`. Durations are short: five to twelve seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Step = tuple[Any, ...]


@dataclass(frozen=True)
class Scenario:
    """One visit to a page, from opening it to leaving it."""

    name: str
    steps: tuple[Step, ...]
    source: dict[str, Any] = field(default_factory=dict)
    """What `load` hands to the page beside the address: autoplay, muted, the SDK's own metadata."""
    options: dict[str, str] = field(default_factory=dict)
    """Query parameters of the page."""
    fault: dict[str, Any] = field(default_factory=dict)
    """The knobs of `support_server.Fault` at the start."""

    def but(self, **changes: Any) -> Scenario:
        """The same with other media, options … for one SDK: dictionaries are merged, the rest is replaced."""
        values = {name: getattr(self, name) for name in ("name", "steps", "source", "options", "fault")}
        for name, value in changes.items():
            values[name] = {**values[name], **value} if isinstance(value, dict) else value
        return Scenario(**values)


SAMPLE = "sample.mp4"
SHORT = "short.mp4"
VOD = "index.m3u8"
LIVE = "live.m3u8"
CORRUPT = "corrupt.mp4"
MISSING = "missing.mp4"

READY = (("until", "ready"), ("wait", 0.3))
"""The data is there before the viewer presses play."""

PLAYING = (("load", SAMPLE), *READY, ("play",), ("until", "playing"))
STALLED = (("load", SAMPLE), *READY, ("play",), ("until", "stalled", 15))
STALLING = {"hold_at": 350_000}
"""With this fault the sample comes to a halt after some seconds, until it is released."""

NORMAL = Scenario("normal", (*PLAYING, ("wait", 5), ("leave", "navigate")))
PAUSE = Scenario(
    "pause",
    (
        *PLAYING,
        ("wait", 3),
        ("pause",),
        ("wait", 2),
        ("play",),
        ("wait", 3),
        ("leave", "navigate"),
    ),
)
ENDED = Scenario(
    "ended", (("load", SHORT), *READY, ("play",), ("until", "ended"), ("wait", 0.5), ("leave", "navigate"))
)
STARTUP_FAILURE = Scenario("startup_failure", (("load", MISSING), ("wait", 2), ("leave", "navigate")))
STARTUP_FAILURE_AFTER_PLAY = Scenario(
    "startup_failure_after_play", (("load", MISSING), ("play",), ("wait", 2), ("leave", "navigate"))
)
PLAY_AFTER_FAILURE = Scenario(
    "play_after_failure", (("load", MISSING), ("wait", 1), ("play",), ("wait", 2), ("leave", "navigate"))
)
MID_ERROR = Scenario(
    "mid_error",
    (("load", CORRUPT), *READY, ("play",), ("until", "error", 15), ("wait", 1), ("leave", "navigate")),
)
REBUFFER = Scenario(
    "rebuffer",
    (
        *STALLED,
        ("wait", 2),
        ("release",),
        ("until", "playing"),
        ("wait", 3),
        ("leave", "navigate"),
    ),
    fault=STALLING,
)
PAUSE_IN_REBUFFER = Scenario(
    "pause_in_rebuffer",
    (
        *STALLED,
        ("wait", 1.5),
        ("pause",),
        ("wait", 2),
        ("release",),
        ("wait", 0.5),
        ("play",),
        ("until", "playing"),
        ("wait", 3),
        ("leave", "navigate"),
    ),
    fault=STALLING,
)
EXIT_IN_REBUFFER = Scenario(
    "exit_in_rebuffer",
    (*STALLED, ("wait", 2.5), ("leave", "navigate")),
    fault=STALLING,
)
REPLAY = Scenario(
    "replay",
    (
        ("load", SHORT),
        *READY,
        ("play",),
        ("until", "ended", 15),
        ("wait", 1),
        ("play",),
        ("until", "playing"),
        ("wait", 2),
        ("leave", "navigate"),
    ),
)
EXIT_BEFORE_START = Scenario(
    "exit_before_start",
    (("load", SAMPLE), ("play",), ("wait", 2.5), ("leave", "navigate")),
    fault={"hold_at": 0},
)
SEEK = Scenario(
    "seek",
    (
        *PLAYING,
        ("wait", 3),
        ("seek", 20),
        ("until", "playing"),
        ("wait", 3),
        ("leave", "navigate"),
    ),
)
SEEK_PAUSED = Scenario(
    "seek_paused",
    (
        *PLAYING,
        ("wait", 2),
        ("pause",),
        ("wait", 1),
        ("seek", 20),
        ("wait", 1),
        ("play",),
        ("wait", 2),
        ("leave", "navigate"),
    ),
)
AUTOPLAY_MUTED = Scenario(
    "autoplay_muted",
    (("load", SAMPLE), ("until", "playing"), ("wait", 4), ("leave", "navigate")),
    source={"autoplay": True, "muted": True},
)
QUALITY_SWITCH = Scenario(
    "quality_switch",
    (
        ("load", VOD),
        *READY,
        ("play",),
        ("until", "playing"),
        ("wait", 3),
        ("quality", 0),
        ("wait", 4),
        ("quality", 2),
        ("wait", 4),
        ("leave", "navigate"),
    ),
)
TWO_VIDEOS = Scenario(
    "two_videos",
    (
        *PLAYING,
        ("wait", 3),
        ("load", SHORT),
        *READY,
        ("play",),
        ("until", "playing"),
        ("wait", 3),
        ("leave", "navigate"),
    ),
)
COLLECTOR_DOWN = Scenario(
    "collector_down",
    (
        ("collector", "down"),
        *PLAYING,
        ("wait", 3),
        ("collector", "up"),
        ("wait", 4),
        ("leave", "navigate"),
    ),
)
CLOSED_TAB = Scenario("closed_tab", (*PLAYING, ("wait", 4), ("leave", "close")))
CRASH = Scenario("crash", (*PLAYING, ("wait", 4), ("leave", "crash")))
_SAY = "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))"
HIDE = (
    "evaluate",
    f"Object.defineProperty(document, 'visibilityState', {{ configurable: true, get: () => 'hidden' }}); {_SAY}",
)
SHOW = ("evaluate", f"delete document.visibilityState; {_SAY}")
"""What an SDK sees when the viewer goes to another app, and comes back; a headless page is always in view."""
HIDDEN = Scenario(
    "hidden",
    (
        *PLAYING,
        ("wait", 2),
        HIDE,
        ("wait", 1.5),
        SHOW,
        ("wait", 1),
        HIDE,
        ("wait", 2),
        SHOW,
        ("wait", 1),
        ("leave", "navigate"),
    ),
)
LIVE_PLAY = Scenario(
    "live", (("load", LIVE), ("play",), ("until", "playing"), ("wait", 5), ("leave", "navigate"))
)

SCENARIOS = (
    NORMAL,
    PAUSE,
    ENDED,
    STARTUP_FAILURE,
    STARTUP_FAILURE_AFTER_PLAY,
    MID_ERROR,
    REBUFFER,
    PAUSE_IN_REBUFFER,
    EXIT_IN_REBUFFER,
    REPLAY,
    EXIT_BEFORE_START,
    SEEK,
    SEEK_PAUSED,
    AUTOPLAY_MUTED,
    QUALITY_SWITCH,
    TWO_VIDEOS,
    COLLECTOR_DOWN,
    CLOSED_TAB,
    CRASH,
    HIDDEN,
    LIVE_PLAY,
)
"""All of them; a test module names those it wants."""
