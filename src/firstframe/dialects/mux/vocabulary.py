"""The names of Mux's playback events."""

from __future__ import annotations

EVENTS: tuple[str, ...] = (
    "viewinit",
    "videochange",
    "programchange",
    "networkchange",
    "playerready",
    "loadstart",
    "playbackmodechange",
    "audiotrackchange",
    "texttrackchange",
    "viewstart",
    "cdnchange",
    "renditionchange",
    "orientationchange",
    "devicesleep",
    "devicewake",
    "rebufferstart",
    "rebufferend",
    "seeking",
    "pause",
    "adclicked",
    "adskipped",
    "adended",
    "aderror",
    "adbreakend",
    "play",
    "adbreakstart",
    "adrequest",
    "adresponse",
    "adplay",
    "waiting",
    "stalled",
    "seeked",
    "playing",
    "adplaying",
    "adpause",
    "adfirstquartile",
    "admidpoint",
    "adthirdquartile",
    "ratechange",
    "timeupdate",
    "requestcompleted",
    "requestfailed",
    "requestcanceled",
    "hb",
    "heartbeat",
    "eventrateexceeded",
    "error",
    "ended",
    "viewend",
)
"""Every event that is understood, in the order in which those of one millisecond happen.

An SDK's events are ordered by their sequence numbers; the order here decides for integrations that send none.
"""

RANK: dict[str, int] = {name: rank for rank, name in enumerate(EVENTS)}

QUIET = frozenset(EVENTS[: EVENTS.index("viewstart")]) | {"orientationchange", "renditionchange", "cdnchange"}
"""Events that come also before anybody wants to play."""

CARRIES_NEXT = frozenset({"videochange", "programchange"})
"""Events whose fields describe the video that comes next."""
