"""The core: it turns the events of one player into views and says what is to be sent, and when.

Time comes in, bodies go out; nothing here waits, sleeps or sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from firstframe.sdk.vocabulary import Data, WireEvent, described, finite, read, rounded

SOON_MS = 1_000
RECENT_MS = 2_000
"""A time update older than this says nothing of where the playhead is now."""
ROOM_FOR_ALL = 0.8
"""Part of a view's events that those may fill which change no state."""

OPENS = frozenset(("viewinit", "play", "playing", "adbreakstart", "adplaying"))
URGENT = frozenset(("play", "playing", "pause", "ended", "error", "end", "ad_playing", "autoplay_blocked"))
WATCHING = frozenset(("play", "playing", "ad_playing", "ad_break_start", "stall_start", "stall_end"))
RESTING = frozenset(("pause", "ended", "end", "error", "autoplay_blocked"))
OPTIONAL = frozenset(("request", "latency", "resize", "rendition", "rate"))
ALWAYS = frozenset(("viewend", "heartbeat"))
"""What a view that is full still says: that somebody watches, and that it is over."""
CHANGES = frozenset(("videochange", "programchange"))
SHORTEST_BEAT_MS = 1_000
ABOUT_VIDEO = re.compile(r"^(video_|source_|stream_|playback_id|cdn|duration)")
SIZES = (("resize", "player_"), ("rendition", "video_source_"))


@dataclass(frozen=True)
class Options:
    """What a page, box or program says once of its player."""

    url: str
    """Base address of the collector."""
    key: str | None = None
    """The project's write key."""
    data: Data = field(default_factory=dict)
    """Metadata: video_id, video_title, viewer_user_id, custom_1 …"""
    heartbeat_seconds: float = 10
    playhead: Callable[[], float | None] | None = None
    """The playhead in milliseconds, where no timeupdate is emitted."""
    state: Callable[[], Data] | None = None
    """State of the player: player_width, video_source_url, video_source_duration … Only changes are sent."""
    consent: bool = True
    """False: views are counted without viewer and session until `Core.set_consent`."""
    max_events: int = 5_000
    """Events that one view may send."""


@dataclass
class _View:
    id: str
    events: list[WireEvent] = field(default_factory=list)
    fresh: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0
    count: int = 0
    dropped: Any = 0


class Core:
    """One player. `send` is given each body; `tick` must be called when `due_ms` has come."""

    def __init__(
        self,
        player: str,
        options: Options,
        send: Callable[[str], None],
        now_ms: float,
        *,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self._options = options
        self._send = send
        self._new_id = new_id
        self._consent = options.consent
        self._metadata: dict[str, Any] = {"player_name": player, "session_id": new_id(), **options.data}
        self._view: _View | None = None
        self._playhead: Any = None
        self._playhead_at_ms = 0.0
        self._watching = self._ad_shown = self._ad_paused = False
        self._beat_due_ms: float | None = None
        self._flush_due_ms: float | None = None
        self._begin(now_ms)
        started_ms = self._metadata.get("player_init_time")
        if isinstance(started_ms, int | float):
            self.emit("playerinit", {}, started_ms)

    @property
    def view_id(self) -> str | None:
        """The present view; None when there is none."""
        return self._view.id if self._view else None

    @property
    def due_ms(self) -> float | None:
        """When `tick` is wanted."""
        return min((due for due in (self._beat_due_ms, self._flush_due_ms) if due is not None), default=None)

    def emit(self, name: str, data: Data | None, at_ms: float) -> None:
        """Tell what happened, and when."""
        data = data or {}
        if name == "timeupdate":
            self._playhead, self._playhead_at_ms = data.get("player_playhead_time"), at_ms
        elif name in CHANGES:
            self._change(data, at_ms)
        elif name in ("viewend", "destroy"):
            self.end(at_ms)
        elif self._view or name in OPENS:
            if not self._view:
                self._begin(at_ms)
            if name != "viewinit":
                self._put(name, data, at_ms)

    def update(self, data: Data) -> None:
        """Say more of the present view."""
        self._metadata.update(data)
        if self._view:
            self._describe(data)

    def set_consent(self, granted: bool) -> None:
        """The viewer has decided."""
        self._consent = granted

    def tick(self, now_ms: float) -> None:
        """Time has passed: a heartbeat or a delivery may be due."""
        if self._beat_due_ms is not None and now_ms >= self._beat_due_ms:
            self._beat_due_ms = now_ms + self._beat_ms
            self._put("heartbeat", {}, now_ms)
            self.flush()
        if self._flush_due_ms is not None and now_ms >= self._flush_due_ms:
            self.flush()

    def flush(self) -> None:
        """Send the news of the view, in the order of time."""
        view, self._flush_due_ms = self._view, None
        if view is None:
            return
        who = self._who()
        if not view.events and not view.fresh and not who:
            return
        view.events.sort(key=lambda event: event["at"])
        for event in view.events:
            view.sequence += 1
            event["seq"] = view.sequence
        said = {"view_id": view.id, "write_key": self._options.key, **who}
        said = {name: value for name, value in said.items() if value is not None}
        body = {**said, "context": view.fresh, "events": view.events}
        view.events, view.fresh = [], {}
        self._send(json.dumps(body, separators=(",", ":"), ensure_ascii=False, default=str))

    def end(self, at_ms: float) -> None:
        """End the view and send the rest of it; the next play begins another."""
        if self._view is None:
            return
        latest = max((event["at"] for event in self._view.events), default=0)
        self._put("viewend", {}, max(at_ms, latest))
        self.flush()
        self._view = None

    # the view

    def _put(self, name: str, data: Data, at_ms: float) -> None:
        view = self._view
        assert view is not None  # noqa: S101 - the callers have begun one
        resumed = name == "adplay" and self._ad_shown and self._ad_paused
        event, rest = read("adresume" if resumed else name, {**self._position(at_ms), **data}, at_ms)
        kind = event["type"]
        self._describe(rest)
        room = self._options.max_events * (ROOM_FOR_ALL if kind in OPTIONAL else 1)
        if view.count >= room and name not in ALWAYS:
            return
        self._look(event)
        self._add(event)
        if name.startswith("ad"):
            self._ad_paused = name == "adpause"
            self._ad_shown = self._ad_shown or name.startswith("adplay")
        if kind in WATCHING:
            self._watch(True, at_ms)
        elif kind in RESTING and "scope" not in event and event.get("severity", "fatal") == "fatal":
            self._watch(False, at_ms)
        self._plan(at_ms + (SOON_MS if kind in URGENT else self._beat_ms))
        if name == "aderror" and self._ad_shown:
            self._put("adended", {}, at_ms)
        if name in ("adended", "adbreakend"):
            self._ad_shown = False

    def _add(self, event: WireEvent) -> None:
        if self._view:
            self._view.events.append(event)
            self._view.count += 1

    def _position(self, at_ms: float) -> Data:
        asked = self._options.playhead() if self._options.playhead else None
        recent = self._playhead if at_ms - self._playhead_at_ms < RECENT_MS else None
        found = recent if asked is None else asked
        return {"player_playhead_time": max(0, rounded(found))} if finite(found) else {}

    def _describe(self, data: Data) -> None:
        view = self._view
        for name, value in described(data).items():
            if view and view.told.get(name) != value:
                view.told[name] = view.fresh[name] = value

    def _look(self, event: WireEvent) -> None:
        """What changed in the state that the player shows, as of an event."""
        view, ask = self._view, self._options.state
        if view is None or ask is None:
            return
        state = dict(ask())
        facts = {
            "duration_ms": state.pop("video_source_duration", None),
            "live": state.pop("video_source_is_live", None),
        }
        frames = state.get("view_dropped_frame_count")
        if frames is not None and frames != view.dropped:
            event["dropped_frames"] = view.dropped = frames
        self._describe({**facts, **state})
        for kind, prefix in SIZES:
            size = (state.get(f"{prefix}width"), state.get(f"{prefix}height"))
            if all(size) and view.told.get(f"${kind}") != size:
                view.told[f"${kind}"] = size
                self._add({"type": kind, "at": event["at"], "width": size[0], "height": size[1]})

    def _begin(self, now_ms: float) -> None:
        from firstframe import __version__

        self._view = _View(self._new_id())
        self._playhead_at_ms = 0
        self._ad_shown = self._ad_paused = False
        self._describe({"sdk_name": "firstframe-python", "sdk_version": __version__, **self._metadata})
        self._plan(now_ms + self._beat_ms)

    def _change(self, data: Data, at_ms: float) -> None:
        """Another video: its own view, without what spoke of the video before."""
        self.end(at_ms)
        kept = {name: value for name, value in self._metadata.items() if not ABOUT_VIDEO.match(name)}
        self._metadata = {**kept, **data}
        self._begin(at_ms)

    def _who(self) -> Mapping[str, Any]:
        """Who watches, as far as the viewer agreed, where it was not told yet."""
        viewer = self._metadata.get("viewer_user_id") or self._metadata.get("viewer_id")
        found = {"viewer_id": viewer, "session_id": self._metadata["session_id"]} if self._consent else {}
        if self._view is None or self._view.identity == found:
            return {}
        self._view.identity = found
        return found

    # time

    @property
    def _beat_ms(self) -> float:
        return max(SHORTEST_BEAT_MS, 1000 * self._options.heartbeat_seconds)

    def _watch(self, watching: bool, at_ms: float) -> None:
        if watching != self._watching:
            self._watching = watching
            self._beat_due_ms = at_ms + self._beat_ms if watching else None

    def _plan(self, due_ms: float) -> None:
        self._flush_due_ms = due_ms if self._flush_due_ms is None else min(due_ms, self._flush_due_ms)
