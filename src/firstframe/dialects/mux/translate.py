"""Mux's events in the words of the timeline.

One function for each event that means more than one word, and a table of them at the end; `Translation` keeps
what they need to know of the events before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from firstframe.beacon import Event
from firstframe.dialects.base import flag, number, text, whole
from firstframe.dialects.mux.body import SENT_AT
from firstframe.dialects.mux.dimension import autoplay_of, is_live
from firstframe.dialects.mux.field import FieldMap
from firstframe.dialects.mux.playhead import ENDS, Follower
from firstframe.dialects.mux.speed import is_normal
from firstframe.dialects.mux.start import Start
from firstframe.dialects.mux.vocabulary import CARRIES_NEXT
from firstframe.view.event import Kind, TimelineEvent

PLAIN: Mapping[str, Kind] = {
    "playerready": Kind.PLAYER_READY,
    "ended": Kind.ENDED,
    "viewend": Kind.END,
    "adrequest": Kind.AD_REQUEST,
    "adresponse": Kind.AD_RESPONSE,
}
"""Events that mean one event of the timeline, whatever came before."""

BACK_DATED = frozenset({"rebufferstart", "rebufferend"})
"""Told when found out, a second late or more, with the time at which it was."""

RESTS = frozenset({"adpause", "adended", "ended", "viewend", "devicesleep"})
"""Events after which nothing moves."""

CUTS = frozenset({"pause", "seeking", "error", "viewend"})
"""Events that end a stall which the SDK, after a second, would have found: it then tells of none."""

RENDITION = {
    "bitrate_bps": "video_source_bitrate",
    "width": "video_source_width",
    "height": "video_source_height",
}
SIZE = {"width": "player_width", "height": "player_height"}
_SHOWN = (*RENDITION.values(), *SIZE.values())

_BEAT_MS = 15_000
"""A view that plays says something every 10 s: what was just sent is alive for that long and no longer."""
_CLOCK_LIMIT_MS = 5_000
"""A client's clock that differs by less is believed."""

_LATE_MS = 100
"""A `playing` told later than this is put where the playhead says it was."""

_JUMP_MS = 250
"""The play may be told late too; a playhead further ahead than this has jumped."""

_SHORT_MS = 250
"""A stall that is shorter the SDK leaves out."""

_MAY_TELL_NEXT = CARRIES_NEXT | {"viewend"}
"""Events whose playhead may already be in the next source."""

Picture = dict[str, float | None]


class Translation:
    """The timeline of one view, and what was concluded on the way."""

    def __init__(self, *, missing: bool) -> None:
        self.map = FieldMap()
        self.played_on = False
        """Frames moved when the SDK had stopped counting: after an error, or a sleep."""
        self.outran_ranges = False
        """They did after an error, from which on it states no more of what was watched."""
        self.failed_early = False
        """An error or a warning, of an ad too, came before the first frame: the SDK's clock of the startup ends there."""
        self.credited = False
        """A sleep was none: the playhead went on."""
        self.stalls = self.echoes = 0
        """Stalls that the rebuffer events tell of, and how many of these were told a second time."""
        self.stalled = self.echoed = self.seeking = False
        self.stall_end_ms = 0
        self.first: Event | None = None
        self.playhead: float | None = None
        self.wanted = self.watching = self.started = False
        self.in_break = self.in_ad = self.ad_paused = False
        self.moving: Kind | None = None
        self.slept: Kind | None = None
        self.told: tuple[int, float | None] = (0, None)
        """When the event before was, and where the playhead stood then."""
        self.sleep: tuple[int, float | None] = (0, None)
        """When the last sleep began, and where the playhead must have stood then."""
        self.follower: Follower | None = None
        self.awaited: tuple[int, float | None] | None = None
        """Since when frames are awaited, and where the playhead stood then."""
        self.stood: tuple[int, float] | None = None
        """Since when the element waits for data amid playing, and where the playhead stood then."""
        self.speed_changed = False
        self.late_ms = 0
        """How late the first `playing` was told."""
        self._missing = missing
        self._steps: list[TimelineEvent] = []
        self._changed_at = self._latest = 0  # the last change of state; the latest event of any kind
        self._shown: list[Any] = []
        self._rendition: Picture = {}
        self._size: Picture = {}
        self._sent_ms = 0

    def steps(self) -> list[TimelineEvent]:
        """What was added to the timeline since this was last asked, in the order of time; at one time, as it came."""
        fresh, self._steps = self._steps, []
        return sorted(fresh, key=attrgetter("at_ms"))

    def change(self, kind: Kind, event: Event, *, late_ms: int = 0, **more: Any) -> None:
        """Something that may change the state, told so late: never before the change before it."""
        floor = self._changed_at if late_ms or event.name in BACK_DATED else self._latest
        at_ms = max(event.at_ms - late_ms, floor)
        self._changed_at = max(self._changed_at, at_ms)
        self._put(kind, at_ms, event, **more)

    def await_frames(self, event: Event) -> None:
        """From now on frames are wanted, unless they were already."""
        self.awaited = self.awaited or (event.at_ms, self.playhead)

    def lateness(self, event: Event) -> int:
        """How long frames have moved when a busy page tells of the first: as far as the playhead has gone."""
        since_ms, stood = self.awaited or (event.at_ms, None)
        self.awaited = None
        gone = 0 if stood is None or self.playhead is None else self.playhead - stood
        if self._missing or is_live(self.map.fields):
            return 0  # another `playing` may have come before; a live playhead starts with a jump
        waited = max(0, event.at_ms - since_ms)
        return round(min(gone, waited)) if _LATE_MS < gone <= waited + _JUMP_MS else 0

    def told_late(self, event: Event, stood: tuple[int, float] | None) -> int:
        """How long the element had waited, at this position, when the SDK told of a stall.

        Today's says when it began; older ones when they found it, a second later [mux-embed 4.1.1, driven].
        """
        if stood is None or self.playhead is None or abs(self.playhead - stood[1]) > _LATE_MS:
            return 0
        return max(0, event.at_ms - stood[0])

    def through_sleep(self, event: Event) -> int:
        """How long frames moved while only the page slept, as a silent hidden one does: as far as the playhead went.

        The norm's hole guard (2.1, rule 10). A live playhead jumps to the edge when the device wakes.
        """
        since_ms, stood = self.sleep
        if stood is None or self.playhead is None or is_live(self.map.fields) or not self.plays_normally():
            return 0
        gone, slept_ms = self.playhead - stood, max(0, event.at_ms - since_ms)
        return round(min(gone, slept_ms)) if gone > _JUMP_MS else 0

    def plays_normally(self) -> bool:
        """At normal speed, as far as the events so far tell."""
        return not self.speed_changed and is_normal(self.map.fields)

    def note(self, kind: Kind, event: Event, **more: Any) -> None:
        """Something that changes no state."""
        self._put(kind, max(event.at_ms, self._changed_at), event, **more)

    def rest(self) -> None:
        """Nothing moves, and nobody waits for it."""
        self.moving, self.awaited, self.stood, self.watching = None, None, None, False

    def _put(self, kind: Kind, at_ms: int, event: Event, **more: Any) -> None:
        self._latest = max(self._latest, at_ms)
        more.setdefault("playhead_ms", self.playhead)
        made = TimelineEvent(
            kind=kind, at_ms=at_ms, key=event.key, received_at_ms=event.received_at_ms, **more
        )
        self._steps.append(made)

    def take(self, event: Event) -> None:
        """Translate the next event."""
        self.first = self.first or event
        self._sent_ms = max(self._sent_ms, whole(event.payload.get(SENT_AT)) or 0)
        self.map.apply(event)
        self.playhead = self._position(event)
        if self.follower is not None:
            self._follow(event, self.follower)
        name = event.name
        if name in CUTS:
            self._cut(event)
        translate = _TRANSLATIONS.get(name)
        if name in CARRIES_NEXT and event is not self.first:
            self.change(Kind.END, event)
        elif translate is not None:
            translate(self, event)
        elif name in PLAIN:
            self.change(PLAIN[name], event)
        else:
            self.note(Kind.HEARTBEAT, event)
        if name in RESTS:
            self.rest()
        if self.started and name != "viewend":
            self._picture(event)
            self._latency(event)
        self.told = event.at_ms, self.playhead

    def _cut(self, event: Event) -> None:
        """What waited until now, at the same position, stalled, although the SDK had no time to find it."""
        since_ms, stood = self.stood or (event.at_ms, 0.0)
        self.stood = None
        still = self.playhead is not None and abs(self.playhead - stood) <= _LATE_MS
        if still and self.moving is Kind.PLAYING and event.at_ms - since_ms >= _SHORT_MS:
            self.change(Kind.STALL_START, event, late_ms=event.at_ms - since_ms)

    def _position(self, event: Event) -> float | None:
        """Where the playhead stands; at the end of a view it may already be in the next source."""
        found = number(event.payload.get("player_playhead_time"))
        over = event.name in _MAY_TELL_NEXT
        return self.playhead if found is None or (over and found < (self.playhead or 0)) else found

    def _follow(self, event: Event, follower: Follower) -> None:
        """After an error the playhead says whether playback went on."""
        changes = follower.step(
            event.at_ms,
            self.playhead,
            waiting=event.name == "waiting",
            normal_speed=self.plays_normally(),
        )
        for kind, at_ms in changes:
            self.wanted = self.watching = self.started = True
            self.moving = Kind.PLAYING
            self.awaited = None
            self._changed_at = max(self._changed_at, at_ms)
            self._put(kind, self._changed_at, event)
        self.outran_ranges = self.outran_ranges or follower.played_on
        self.played_on = self.played_on or follower.played_on
        if event.name in ENDS:
            self.follower = None

    def _picture(self, event: Event) -> None:
        """A change of rendition or player size, which any event may carry; none is seen before the start."""
        fields = self.map.fields
        shown = [*map(fields.get, _SHOWN)]
        if shown == self._shown:
            return
        self._shown = shown
        rendition = {name: number(fields.get(field)) or None for name, field in RENDITION.items()}
        if rendition != self._rendition and any(rendition.values()):
            self._rendition = rendition
            self.note(Kind.RENDITION, event, **rendition)
        size = {name: number(fields.get(field)) or None for name, field in SIZE.items()}
        if size != self._size and all(size.values()):
            self._size = size
            self.note(Kind.RESIZE, event, **size)

    def _latency(self, event: Event) -> None:
        """How far the picture is behind, by the server's clock where the client's is wrong."""
        payload = event.payload
        program = number(payload["player_program_time"]) if "player_program_time" in payload else None
        if not program:
            return
        sent = whole(payload.get(SENT_AT))
        skew = event.received_at_ms - sent if sent else 0
        now_ms = event.at_ms + (skew if abs(skew) > _CLOCK_LIMIT_MS else 0)
        self.note(Kind.LATENCY, event, latency_ms=now_ms - program)

    def recover(self, start: Start, last: Event) -> None:
        """Put the play and the first frame where they were."""
        if start.play_ms is not None:
            self._put(Kind.PLAY, start.play_ms, last, playhead_ms=None)
        if start.playing_ms is not None:
            self._put(Kind.PLAYING, min(start.playing_ms, self._latest), last, playhead_ms=None)

    def alive(self, last: Event) -> TimelineEvent | None:
        """What was sent without an end was alive when it left: until then nothing else happened."""
        alive_ms = min(self._sent_ms, self._latest + _BEAT_MS)
        if not self.watching or alive_ms <= self._latest:
            return None
        return TimelineEvent(
            kind=Kind.HEARTBEAT, at_ms=alive_ms, key=last.key, received_at_ms=last.received_at_ms
        )


def _play(view: Translation, event: Event) -> None:
    view.wanted = view.watching = True
    if view.awaited is not None:
        view.note(Kind.HEARTBEAT, event)  # wanted already: `viewstart` comes just before the first `play`
        return
    view.await_frames(event)
    view.change(Kind.PLAY, event, autoplay=autoplay_of(view.map.fields))


def _view_start(view: Translation, event: Event) -> None:
    if flag(view.map.fields.get("view_program_changed")) or event.name == "programchange":
        _playing(view, event)  # the content changed while it played: nobody waits for a start
    else:
        _play(view, event)


def _pause(view: Translation, event: Event) -> None:
    if view.in_break and not view.in_ad:
        view.moving = None  # the content gives way to an ad, which is still waited for
        view.note(Kind.HEARTBEAT, event)
    else:
        view.change(Kind.PAUSE, event)
        view.rest()


def _playing(view: Translation, event: Event) -> None:
    stood, view.stood = view.stood, None
    if view.moving is Kind.PLAYING and view.awaited is None and not (view.stalled or view.in_break):
        # It ends a stall that the SDK has yet to find, and will date back.
        view.note(Kind.PLAYING, event)
        if stood is not None and not view.plays_normally():
            _waited(view, event, stood[0])
        return
    view.in_break = view.in_ad = view.ad_paused = False
    late_ms = view.lateness(event)
    view.late_ms = view.late_ms if view.started else late_ms
    view.wanted = view.watching = view.started = True
    view.moving = Kind.PLAYING
    view.change(Kind.PLAYING, event, late_ms=late_ms)


def _waited(view: Translation, event: Event, since_ms: int) -> None:
    """A stall of less than a second at another speed: the player's `waiting` and `playing` say how long it was.

    The SDK finds such a stall by how much less than the clock the playhead went. At twice the speed, and where the playhead
    jumps behind the stall, that is shorter or nothing [mux-embed 5.19.0, driven].
    """
    if event.at_ms - since_ms >= _SHORT_MS:
        view.change(Kind.STALL_START, event, late_ms=event.at_ms - since_ms)
        view.change(Kind.STALL_END, event)
        view.stall_end_ms = event.at_ms


def _ad_break(view: Translation, event: Event) -> None:
    if not view.wanted:
        _play(view, event)
    view.in_break = view.watching = True
    view.awaited = view.stood = None
    view.change(Kind.AD_BREAK_START, event)


def _ad_play(view: Translation, event: Event) -> None:
    if not view.in_break:
        _ad_break(view, event)
    view.watching = True
    if view.in_ad and view.ad_paused:
        view.note(Kind.HEARTBEAT, event)  # the same ad, resumed
    else:
        view.in_ad = True
        view.change(Kind.AD_START, event)


def _ad_playing(view: Translation, event: Event) -> None:
    if not view.in_ad:
        _ad_play(view, event)
    view.ad_paused = False
    view.watching = view.started = True
    view.moving = Kind.AD_PLAYING
    view.change(Kind.AD_PLAYING, event)


def _ad_pause(view: Translation, event: Event) -> None:
    view.ad_paused = True
    view.change(Kind.PAUSE, event)


def _ad_end(view: Translation, event: Event) -> None:
    view.in_ad = view.ad_paused = False
    view.change(Kind.AD_ENDED, event)


def _break_end(view: Translation, event: Event) -> None:
    view.in_break = view.in_ad = view.ad_paused = False
    view.change(Kind.AD_BREAK_END, event)


def _ad_error(view: Translation, event: Event) -> None:
    if view.moving is Kind.PLAYING and not view.in_break:
        view.follower = Follower(event.at_ms, view.playhead, proven=True)
    _failure(view, event, ad=True)
    if view.in_ad:
        _ad_end(view, event)


def _error(view: Translation, event: Event) -> None:
    warning = text(event.payload.get("player_error_severity")) == "warning"
    if view.moving is Kind.PLAYING:
        view.follower = Follower(event.at_ms, view.playhead, proven=warning)
    _failure(view, event, severity="warning" if warning else "fatal")
    if not warning:
        view.moving, view.awaited, view.watching = None, None, False


def _failure(view: Translation, event: Event, **more: Any) -> None:
    said = event.payload
    view.failed_early = view.failed_early or not view.started
    view.change(
        Kind.ERROR,
        event,
        business=flag(said.get("player_error_business_exception")) is True,
        code=text(said.get("player_error_code"), 256),
        message=text(said.get("player_error_message"), 256),
        **more,
    )


def _stall(view: Translation, event: Event) -> None:
    """A stall; told by the player and then found by the SDK too, also after its end, it is the same one."""
    stood, view.stood = view.stood, None
    froze = _froze(view)
    if froze:
        view.change(Kind.PAUSE, event)
        view.rest()
    view.echoed = froze or (not view.stalled and event.at_ms < view.stall_end_ms)
    if view.stalled or view.echoed:
        view.echoes += 1
        view.note(Kind.HEARTBEAT, event)
    else:
        view.stalls += 1
        view.stalled = True
        view.awaited = None  # frames moved until now, also where no `playing` followed a seek
        view.change(Kind.STALL_START, event, late_ms=view.told_late(event, stood))


def _stall_end(view: Translation, event: Event) -> None:
    if view.echoed:
        view.echoed = False
        view.note(Kind.HEARTBEAT, event)
    else:
        view.stalled = False
        view.stall_end_ms = event.at_ms
        view.change(Kind.STALL_END, event)


def _seeking(view: Translation, event: Event) -> None:
    view.seeking = True
    view.awaited = None
    view.change(Kind.SEEKING, event)


def _seeked(view: Translation, event: Event) -> None:
    view.seeking = False
    if view.watching:  # a seek before the play, in a pause or after the end makes nobody wait
        view.await_frames(event)
    view.change(Kind.SEEKED, event)


def _waiting(view: Translation, event: Event) -> None:
    """The element waits for data: within a seek it says that the seek lasts until frames move.

    Else it says nothing, unless what waits is cut short.
    """
    if view.seeking:
        view.change(Kind.STALL_START, event)
        return
    is_sure = view.awaited is None and view.follower is None and not (view.stalled or view.in_break)
    if view.moving is Kind.PLAYING and is_sure and view.playhead is not None:
        view.stood = view.stood or (event.at_ms, view.playhead)
    view.note(Kind.HEARTBEAT, event)


def _is_paused(view: Translation) -> bool:
    return flag(view.map.fields.get("player_is_paused")) is True


def _froze(view: Translation) -> bool:
    """Whether a stall is none: the page was in the browser's cache of pages, which pauses the element.

    The `pause` comes when the page is back. Before it does, the SDK finds a playhead that stands, and dates a stall back
    to where it stopped [mux-embed 5.19.0, driven].
    """
    return view.moving is Kind.PLAYING and not (view.stalled or view.in_break) and _is_paused(view)


def _load(view: Translation, event: Event) -> None:
    """Another source amid the view: the element lets go of the one that played, and fires no `pause`.

    The SDK then finds a playhead that stands, and dates a stall back to it [mux-embed 5.19.0, driven].
    """
    stops = view.moving is Kind.PLAYING and not view.in_break
    if stops and _is_paused(view):
        view.change(Kind.PAUSE, event)
        view.rest()
        view.stall_end_ms = max(view.stall_end_ms, event.at_ms)
    else:
        view.note(Kind.HEARTBEAT, event)


def _rate_change(view: Translation, event: Event) -> None:
    view.speed_changed = True  # to which speed, no field says
    view.note(Kind.HEARTBEAT, event)


def _sleep(view: Translation, event: Event) -> None:
    """The page stood still, dated back to when it began to; its playhead is that of now."""
    told_ms, stood = view.told
    view.slept = view.moving
    view.sleep = event.at_ms, None if stood is None else stood + event.at_ms - told_ms
    view.change(Kind.PAUSE, event)


def _wake(view: Translation, event: Event) -> None:
    if view.slept is None:
        _play(view, event)
        return
    late_ms = view.through_sleep(event)
    view.credited = view.credited or late_ms > 0
    view.watching = view.played_on = True  # the SDK's sum stands until the next `playing`
    view.moving = view.slept
    view.change(view.slept, event, late_ms=late_ms)


_TRANSLATIONS: Mapping[str, Callable[[Translation, Event], None]] = {
    "viewstart": _view_start,
    "programchange": _view_start,
    "play": _play,
    "pause": _pause,
    "playing": _playing,
    "adbreakstart": _ad_break,
    "adplay": _ad_play,
    "adplaying": _ad_playing,
    "adpause": _ad_pause,
    "adended": _ad_end,
    "adbreakend": _break_end,
    "aderror": _ad_error,
    "error": _error,
    "rebufferstart": _stall,
    "rebufferend": _stall_end,
    "seeking": _seeking,
    "seeked": _seeked,
    "waiting": _waiting,
    "loadstart": _load,
    "ratechange": _rate_change,
    "devicesleep": _sleep,
    "devicewake": _wake,
}
"""Events whose meaning depends on what came before."""
