"""The canonical events of a view's timeline: the vocabulary that every event-speaking dialect is put into."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from firstframe.view.word import Word


class Kind(Word):
    """What happened. Anything a dialect has no word for here is a `HEARTBEAT`, or not put on the timeline."""

    PAGE_REQUEST = "page_request", "The page was requested."
    PLAYER_INIT = "player_init", "The player began to set itself up."
    PLAYER_READY = "player_ready", "The player can take a video."
    VISIBILITY = "visibility", "The page was hidden or shown."
    PLAY = "play", "Playback is wanted: a click, the page's own call, or autoplay."
    AUTOPLAY_BLOCKED = "autoplay_blocked", "The browser refused the last play."
    PLAYING = "playing", "Content frames move."
    PAUSE = "pause", "The viewer paused."
    STALL_START = "stall_start", "Playback stopped for lack of data."
    STALL_END = "stall_end", "Data is there again; `playing` says when frames move."
    SEEKING = "seeking", "A seek began."
    SEEKED = "seeked", "The seek reached its target; `playing` says when frames move."
    ENDED = "ended", "The video played to its end; a replay may follow."
    END = "end", "The view is over: teardown, page left, new video."
    ERROR = "error", "An error; `severity` says whether it is fatal."
    RENDITION = "rendition", "What plays now: bitrate and size of the picture."
    RESIZE = "resize", "The size of the player."
    RATE = "rate", "The speed of playback."
    LATENCY = "latency", "How far behind the live edge."
    REQUEST = "request", "One media request, finished."
    HEARTBEAT = "heartbeat", "Still there; also carries a playhead."
    AD_REQUEST = "ad_request", "An ad was asked for."
    AD_RESPONSE = "ad_response", "The ad server answered."
    AD_BREAK_START = "ad_break_start", "An ad break begins: content gives way."
    AD_START = "ad_start", "One ad is tried."
    AD_PLAYING = "ad_playing", "Ad frames move."
    AD_ENDED = "ad_ended", "One ad is over."
    AD_BREAK_END = "ad_break_end", "The ad break is over: content goes on."


Severity = Literal["fatal", "error", "warning"]
Status = Literal["ok", "failed", "canceled"]


class TimelineEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of the timeline; each field only means something for the kinds named with it."""

    kind: Kind
    at_ms: int
    """Client clock, epoch milliseconds."""
    key: str = ""
    """What breaks a tie that nothing else breaks: the delivery's key."""
    received_at_ms: int = 0
    id: str | None = None
    """The client's own name of the event: a second one is a repeat."""
    seq: int | None = None
    """The client's own order of events, if it has one."""
    # any kind
    playhead_ms: Annotated[float | None, "position in the content"] = None
    live: Annotated[bool | None, "a live stream"] = None
    duration_ms: Annotated[float | None, "length of the content"] = None
    dropped_frames: Annotated[int | None, "dropped so far in this view"] = None
    # play
    autoplay: Annotated[bool | None, "play: asked for by the page, not the viewer"] = None
    muted: Annotated[bool | None, "play: without sound"] = None
    # visibility
    hidden: Annotated[bool | None, "visibility: the page is hidden"] = None
    # rendition, resize
    bitrate_bps: Annotated[float | None, "rendition: bitrate of sound and picture"] = None
    width: Annotated[float | None, "rendition, resize: pixels"] = None
    height: Annotated[float | None, "rendition, resize: pixels"] = None
    # rate, latency
    rate: Annotated[float | None, "rate: speed of playback, 1 is normal"] = None
    latency_ms: Annotated[float | None, "latency: behind the live edge"] = None
    # request
    bytes: Annotated[float | None, "request: size of the answer"] = None
    request_ms: Annotated[float | None, "request: from sending to the last byte"] = None
    ttfb_ms: Annotated[float | None, "request: from sending to the first byte"] = None
    status: Annotated[Status, "request: how it went"] = "ok"
    # error
    severity: Annotated[Severity, "error: only a fatal one can fail a view"] = "fatal"
    business: Annotated[bool, "error: a rule forbids it (place, rights, age), nothing is broken"] = False
    ad: Annotated[bool, "error: of an ad, not of the content"] = False
    code: Annotated[str | None, "error: its code"] = None
    message: Annotated[str | None, "error: its text"] = None
