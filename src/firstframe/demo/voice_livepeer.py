"""Livepeer's React player: a report every five seconds of what came since the last, two when the page is left."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from firstframe.demo.script import Script, Tape
from firstframe.demo.speech import TEXT, Post, in_time, post
from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.record import State

BEAT_MS = 5_000
NOTICE_MS = 200
"""The first frame is seen with the first time update."""
TWIN_MS = 2
"""Between the report of the hidden page and that of the page left."""
WAITS = (State.STARTUP, State.REBUFFER, State.SEEK)

NAMES: Mapping[Kind, tuple[str, ...]] = {
    Kind.PLAYER_READY: ("can-play",),
    Kind.PLAY: ("play",),
    Kind.PLAYING: ("play",),
    Kind.STALL_END: ("play",),
    Kind.SEEKING: ("seek",),
    Kind.SEEKED: ("play",),
    Kind.PAUSE: ("pause",),
    Kind.ENDED: ("pause", "ended"),
    Kind.ERROR: ("error",),
}
"""The SDK's events for each of the timeline's: whatever makes frames move again is one more play."""


def speak(script: Script, key: str) -> list[Post]:
    """The view as posts."""
    session = _Session(script)
    mounted, end = script.at(Kind.PLAYER_INIT) or script.start_ms, script.at(Kind.END) or script.end_ms
    reports = []
    since = mounted
    for at_ms in [*range(mounted + BEAT_MS, end, BEAT_MS), end, end + TWIN_MS]:
        reports.append((at_ms, session.report(since, at_ms)))
        since = at_ms
    posts = [post(script, key, at_ms, "/analytics/log", body, TEXT) for at_ms, body in reports]
    return in_time(script, posts)


class _Session:
    """One mounted player: what it has said, so that nothing unchanged is said twice."""

    def __init__(self, script: Script) -> None:
        self._script, self._tape = script, Tape(script)
        self._ids = Random(script.view_id)  # noqa: S311 - ids in a play, not secrets
        self._told: dict[str, Any] = {}
        self._events = self._all_events()

    def report(self, since_ms: int, at_ms: int) -> dict[str, Any]:
        """What is posted at an instant."""
        script = self._script
        events = [found for found in self._events if since_ms <= found["timestamp"] < at_ms]
        domain, _, path = script.page_url.partition("://")[2].partition("/")
        return {
            "live": script.title.live and script.at(Kind.PLAYING) is not None,
            "session_id": script.view_id,
            "playback_id": script.title.id,
            "protocol": "application/vnd.apple.mpegurl",
            "domain": domain,
            "path": f"/{path}",
            "params": "",
            "hash": "",
            "source_url": f"{script.source}?tkn={script.view_id}",
            "player": script.player.name,
            "version": script.player.sdk_version,
            "user_agent": script.client.user_agent,
            "uid": script.viewer_id,
            "events": [*events, self._beat(since_ms, at_ms)],
        }

    def _all_events(self) -> list[dict[str, Any]]:
        found = [
            {"id": self._id(), "type": name, "timestamp": step.at_ms, **self._own(name, step)}
            for step in self._script.steps
            for name in NAMES.get(step.kind, ())
        ]
        shown = self._shown_ms()
        if shown is not None:
            found.append({"id": self._id(), "type": "first-frame", "timestamp": shown})
        return found

    def _own(self, name: str, step: TimelineEvent) -> dict[str, Any]:
        if name == "seek":
            return {"payload": self._tape.playhead(self._tape.stretch(step.at_ms).end_ms) / 1000}
        return {"category": step.code, "message": step.message} if name == "error" else {}

    def _shown_ms(self) -> int | None:
        frame = self._script.at(Kind.PLAYING)
        if frame is None:
            return None
        stretch = self._tape.stretch(frame)
        return min(frame + NOTICE_MS, stretch.end_ms - 1)

    def _beat(self, since_ms: int, at_ms: int) -> dict[str, Any]:
        spent = self._tape.spent
        failed = spent(State.FAILED, since_ms=since_ms, until_ms=at_ms)
        waiting = spent(*WAITS, since_ms=since_ms, until_ms=at_ms)
        if self._script.at(Kind.PLAYING) is None:
            waiting += failed  # a failure does not end the wait for the start
        begun = sum(self._tape.begun(state, since_ms - 1, at_ms - 1) for state in WAITS)
        counters = {
            "errors": self._tape.begun(State.FAILED, since_ms - 1, at_ms - 1),
            "warnings": 0,
            "stalled_count": 0,
            "waiting_count": begun,
            "time_errored_ms": failed,
            "time_warning_ms": 0,
            "time_stalled_ms": 0,
            "time_playing_ms": spent(State.PLAYING, since_ms=since_ms, until_ms=at_ms),
            "time_waiting_ms": waiting,
        }
        return {"id": self._id(), "type": "heartbeat", "timestamp": at_ms, **counters, **self._news(at_ms)}

    def _news(self, at_ms: int) -> dict[str, Any]:
        """What is only said when it has changed."""
        script = self._script
        played, shown = script.at(Kind.PLAY), self._shown_ms()
        rendition = self._tape.rendition(at_ms)
        width, height = script.client.player
        now: dict[str, Any] = {
            "autoplay_status": "autoplay" if script.autoplay else "none",
            "player_width_px": width,
            "player_height_px": height,
            "window_width_px": script.client.screen[0],
            "window_height_px": script.client.screen[1],
        }
        if played is not None and at_ms > played:
            now["mount_to_play_ms"] = played - script.start_ms
        if played is not None and shown is not None and at_ms > shown:
            now["mount_to_first_frame_ms"] = shown - script.start_ms
            now["play_to_first_frame_ms"] = shown - played
        if rendition is not None:
            first = script.first(Kind.RENDITION) or rendition  # measured only when the media is loaded
            now |= {"video_width_px": first.width, "video_height_px": first.height}
        now |= self._place_in_media(at_ms)
        news = {name: value for name, value in now.items() if self._told.get(name) != value}
        self._told |= news
        return news

    def _place_in_media(self, at_ms: int) -> dict[str, Any]:
        script = self._script
        if not script.title.live:
            ready = script.at(Kind.PLAYER_READY)
            return {"duration_ms": script.title.duration_ms if ready is not None and at_ms > ready else 0}
        measured = self._tape.latency(at_ms)
        return {"offset_ms": measured.latency_ms} if measured else {}

    def _id(self) -> str:
        return f"{self._ids.getrandbits(88):022x}"
