"""What is known of one view while its events are taken, and how the time between them is booked.

Time between two events belongs to the state before the second one: `Machine.advance` books it, then
`firstframe.view.transition.apply` lets the event change the state.
"""

from __future__ import annotations

from copy import copy

import msgspec

from firstframe.view.event import TimelineEvent
from firstframe.view.record import WATCH_STATES, EndReason, State
from firstframe.view.span import Track
from firstframe.view.tally import Tally

STALL_LIMIT_MS = 300_000
"""A longer stall closes the view."""
HOLE_MS = 120_000
"""A longer silence while playing is believed only as far as the playhead moved."""
SPLIT_MS = 3_600_000
"""After a longer silence nothing is known to have gone on."""


class Seek(msgspec.Struct):
    """The open seek."""

    since_ms: int
    resume: State
    """What goes on when it ends without a wait for data."""
    seeked: bool = False
    stalled: bool = False


class Ads(msgspec.Struct):
    """Ads of the view, and where in them it is."""

    seen: bool = False
    in_break: bool = False
    break_failed: bool = False
    open: bool = False
    shown: bool = False
    requests: int = 0
    """Asked for and not yet answered."""
    breaks: int = 0
    attempts: int = 0
    impressions: int = 0
    errors: int = 0
    break_errors: int = 0
    preroll: bool = False


class Machine(msgspec.Struct):
    """All that is known of one view after the events so far."""

    first_ms: int
    at_ms: int
    events: int = 0
    received_first_ms: int = 0
    received_last_ms: int = 0
    state: State = State.IDLE
    track: Track = msgspec.field(default_factory=Track)
    tally: Tally = msgspec.field(default_factory=Tally)
    ads: Ads = msgspec.field(default_factory=Ads)
    seek: Seek | None = None
    # the end
    end_reason: EndReason | None = None
    # attempt and start
    attempts: int = 0
    attempted: bool = False
    attempt_ms: int | None = None
    """When the play was asked for that has not shown a frame yet."""
    wait_at_attempt_ms: int = 0
    started: bool = False
    content_started: bool = False
    startup_ms: int | None = None
    content_startup_ms: int | None = None
    content_wait_ms: int = 0
    """Watch time before the first content frame, without ad requests and breaks."""
    hidden: bool = False
    background: bool = False
    page_request_ms: int | None = None
    player_init_ms: int | None = None
    player_ready_ms: int | None = None
    # stalls and seeks
    stall_ms: int = 0
    """When the open stall began."""
    stalls: int = 0
    seeks: int = 0
    seek_time_ms: int = 0
    seeked_ms: int | None = None
    """When the last seek was done; None once content played after it."""
    # content
    ended: bool = False
    over: bool = False
    """`ended` was seen and nothing played since."""
    live: bool | None = None
    autoplay: bool | None = None
    muted: bool | None = None
    duration_ms: float | None = None
    playhead_ms: float | None = None
    """Of the event before, if it carried one."""
    max_playhead_ms: float | None = None
    dropped_frames: int | None = None
    hole: bool = False
    # errors
    errors: int = 0
    warnings: int = 0
    open_fatals: int = 0
    recovered: int = 0
    fatal: TimelineEvent | None = None
    last_error: TimelineEvent | None = None

    def count(self, event: TimelineEvent) -> None:
        """The event belongs to this view, whether or not it changes anything."""
        self.events += 1
        received = event.received_at_ms
        if received < self.received_first_ms or self.events == 1:
            self.received_first_ms = received
        self.received_last_ms = max(self.received_last_ms, received)

    def advance(self, event: TimelineEvent) -> None:
        """Book the time since the event before. May close the view."""
        if self.end_reason is not None:
            return
        if self.state is State.REBUFFER and event.at_ms - self.stall_ms > STALL_LIMIT_MS:
            self.spend(self.stall_ms + STALL_LIMIT_MS)
            self.close(EndReason.REBUFFER_TIMEOUT)
            return
        believed = self.believed(event)
        self.spend(believed)
        if believed < event.at_ms:
            self.skip(event.at_ms)

    def believed(self, event: TimelineEvent) -> int:
        """Up to when the present state is known to have lasted."""
        gap = event.at_ms - self.at_ms
        if (
            self.state is State.PLAYING
            and gap > HOLE_MS
            and None not in (self.playhead_ms, event.playhead_ms)
        ):
            moved = ((event.playhead_ms or 0) - (self.playhead_ms or 0)) / self.tally.picture.rate
            return self.at_ms + round(min(gap, max(0, moved)))
        if self.state in WATCH_STATES and gap > SPLIT_MS:
            return self.at_ms
        return event.at_ms

    def spend(self, until_ms: int) -> None:
        """The present state lasted until then."""
        spent = until_ms - self.at_ms
        if spent <= 0:
            return
        self.track.add(self.state, self.at_ms, until_ms)
        self.at_ms = until_ms
        if self.state is State.PLAYING:
            self.tally.play(spent)
        if self.state is State.STARTUP and self.hidden:
            self.background = True
        if self.state in WATCH_STATES and not (
            self.content_started or self.ads.in_break or self.ads.requests
        ):
            self.content_wait_ms += spent

    def skip(self, until_ms: int) -> None:
        """Nobody knows what happened until then: nothing is booked as watched."""
        if self.seek:
            self.close_seek()
        self.hole = True
        self.track.add(State.IDLE, self.at_ms, until_ms)
        self.at_ms = until_ms

    def note(self, event: TimelineEvent) -> None:
        """Keep what any event may carry."""
        self.playhead_ms = event.playhead_ms
        if event.playhead_ms is not None:
            self.max_playhead_ms = max(event.playhead_ms, self.max_playhead_ms or 0)
        if event.live is not None:
            self.live = event.live
        if event.duration_ms is not None and event.duration_ms > 0:
            self.duration_ms = event.duration_ms
        if event.dropped_frames is not None:
            self.dropped_frames = max(event.dropped_frames, self.dropped_frames or 0)

    def close(self, reason: EndReason) -> None:
        """The view is over, now."""
        if self.seek:
            self.close_seek()
        self.end_reason = reason

    def reopen(self, at_ms: int) -> None:
        """It was not over after all: the time since is idle."""
        self.track.add(State.IDLE, self.at_ms, at_ms)
        self.at_ms = max(self.at_ms, at_ms)
        self.end_reason = None
        self.state = State.IDLE
        self.ads.in_break = self.ads.open = False

    def copy(self) -> Machine:
        """The same, to go on without changing this one."""
        other = copy(self)
        other.track, other.ads, other.seek = Track([*self.track.spans]), copy(self.ads), copy(self.seek)
        other.tally = copy(self.tally)
        other.tally.picture = copy(self.tally.picture)
        return other

    def successor(self, at_ms: int) -> Machine:
        """The next view of the same player: its picture and content are what they were."""
        picture = copy(self.tally.picture)
        return Machine(
            first_ms=at_ms,
            at_ms=at_ms,
            tally=Tally(picture=picture),
            hidden=self.hidden,
            live=self.live,
            duration_ms=self.duration_ms,
        )

    def close_seek(self) -> None:
        """The open seek is over, now."""
        if self.seek:
            self.seek_time_ms += self.at_ms - self.seek.since_ms
            self.seek = None

    def frame(self) -> None:
        """A frame of ad or content moves."""
        self.attempted = True
        if not self.started:
            self.started = True
            self.background = self.background or self.hidden
            self.startup_ms = self.track.watched() if self.attempts else None

    def leave_break(self) -> None:
        self.ads.in_break = self.ads.open = self.ads.shown = False
