"""How a session's wall time was spent: startup, playing, rebuffering, seeking, heartbeat by heartbeat.

The SDK's waits also run in startup and seeks, and go on through pauses and errors; its play timer also runs before
the first frame and, after a seek in pause, in pause. Each heartbeat is held against what the marks say of its time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from firstframe.dialects.livepeer.beat import DEFAULT_INTERVAL_MS, Beat
from firstframe.dialects.livepeer.history import History, Mark, Phase, PhaseKind, phases_of, stretches
from firstframe.dialects.livepeer.interval import Stretch, clipped, is_in, length
from firstframe.dialects.livepeer.seek import seeking_of

LOST_MS = 250
"""Less than this between what a heartbeat claims and its wall time is how timers are."""

INSTANT_MS = 20
"""A startup this short held no wait."""

UPDATE_MS = 300
"""Between two time updates of a playing element, with some room."""

HOLE_MS = 1_000
"""More than this unexplained is said with the row."""


class Startup(msgspec.Struct, frozen=True):
    """The wait for the first frame."""

    asked_ms: float | None
    """When play was first wanted."""
    shown_ms: float | None
    """When frames first moved, as well as it is known."""
    duration_ms: float | None
    """Watch time between the two."""
    late: bool = False
    """It ends with the first time update, up to a quarter of a second late."""
    restarted: bool = False
    """It ends with a play event of its own, at which the SDK's play timer began again."""
    lost: bool = False
    """Nothing that arrived tells of it, only of the playing after it."""
    set_back: bool = False
    """Plays that came later bear an earlier time: the clock was set back, and the SDK's timers stood still or lied."""


class Share(msgspec.Struct):
    """What one heartbeat's stretch of time held."""

    beat: Beat
    playing_ms: float = 0
    startup_ms: float = 0
    rebuffer_ms: float = 0
    rebuffers: int = 0
    seek_ms: float = 0
    restored: bool = False
    """Time that the SDK's timer lost was put back."""
    hole_ms: float = 0
    """Wall time that nothing explains."""
    refused_ms: float = 0
    """Playing that the SDK claims, where nothing can have played."""

    @property
    def spent_ms(self) -> float:
        """Watch time."""
        return self.playing_ms + self.startup_ms + self.rebuffer_ms + self.seek_ms


def startup_of(history: History) -> Startup:
    """When play was asked for and frames first moved.

    The SDK notices the first frame with a time update, up to a quarter of a second late. DOM `playing` is sent as
    a second `play` without pause before it: the last such one before the first frame is the better end of the
    startup, unless the time update came so late after it that frames cannot have moved at once.
    """
    told = history.of("play")
    shown = next((mark.at_ms for mark in history.of("first-frame")), None)
    waited = history.once("play_to_first_frame_ms")
    plays = _without_set_back(told, shown, waited)
    startup = _startup(history, plays, shown, waited)
    return msgspec.structs.replace(startup, set_back=len(plays) < len(told))


def _without_set_back(
    plays: Sequence[Mark], shown_ms: float | None, waited_ms: float | None
) -> Sequence[Mark]:
    """The plays from the first one on, which was when the SDK says, and not far earlier."""
    if shown_ms is None or waited_ms is None:
        return plays
    return [play for play in plays if play.at_ms >= shown_ms - waited_ms - LOST_MS] or plays


def _startup(history: History, plays: Sequence[Mark], shown: float | None, waited: float | None) -> Startup:
    asked = plays[0].at_ms if plays else None
    if history.joined:
        return Startup(None, shown, None, lost=True)
    if shown is None and asked is not None and waited is not None and not plays[0].guessed:
        shown = asked + waited
    if shown is None:
        return _lost_startup(history) or _unseen_startup(history, asked) or Startup(asked, None, None)
    if asked is None or asked > shown:
        return Startup(None, shown, waited, late=True)
    moving = _moving_ms(history, shown)
    if moving is not None and shown - moving > UPDATE_MS:
        end = shown - UPDATE_MS / 2
        return Startup(asked, end, _wanted_ms(history, asked, end), late=True)
    if history.is_socket and waited is not None:
        end = _socket_shown_ms(history, asked, shown)
        return Startup(asked, end, _wanted_ms(history, asked, end, waited), late=True)
    if moving is None:
        return Startup(asked, shown, _wanted_ms(history, asked, shown, waited), late=True)
    return Startup(asked, moving, _wanted_ms(history, asked, moving), restarted=True)


def _lost_startup(history: History) -> Startup | None:
    """The startup of a session of which no first frame was told, if it played all the same.

    It did, if it played before any play that was told, or for longer than it takes until the next report, which would
    have told of the first frame. Where all reports are here there was none: a position that was set before any play
    starts the SDK's play timer.
    """
    plays = history.of("play")
    if not plays and _is_all_here(history.beats):
        return None
    played = sum(beat.playing_ms for beat in history.beats)
    if not (plays and plays[0].guessed) and played <= DEFAULT_INTERVAL_MS:
        return None
    shown = next((beat.start_ms for beat in history.beats if beat.playing_ms > LOST_MS), None)
    return None if shown is None else Startup(None, shown, None, lost=True)


def _unseen_startup(history: History, asked_ms: float | None) -> Startup | None:
    """The startup of a session whose playing was over before a time update could tell of the first frame."""
    moving = None if history.is_socket else _unseen_ms(history)
    if asked_ms is None or moving is None:
        return None
    return Startup(asked_ms, moving, _wanted_ms(history, asked_ms, moving), restarted=True)


def _unseen_ms(history: History) -> float | None:
    """When DOM `playing` alone told of moving frames: a pause, an error or the end of the session came soon after."""
    wanted, found = False, None
    for mark in history.marks:
        if mark.kind == "play":
            found, wanted = (mark.at_ms if wanted else None), True
        elif mark.kind in ("pause", "ended") or mark.stops:
            if found is not None and _is_unseen(found, mark.at_ms):
                return found
            wanted, found = False, None
    return found if found is not None and _is_unseen(found, history.last_ms) else None


def _is_unseen(moving_ms: float, end_ms: float) -> bool:
    return INSTANT_MS < end_ms - moving_ms <= UPDATE_MS


def _is_all_here(beats: Sequence[Beat]) -> bool:
    """Whether no report was lost since the session began."""
    return bool(beats) and beats[0].opens and all(beat.missing_since_ms is None for beat in beats)


def _wanted_ms(history: History, asked_ms: float, end_ms: float, told_ms: float | None = None) -> float:
    """How long play was wanted until then; as the SDK says, unless a pause or an error lies between."""
    phases = phases_of(history.marks, end_ms)
    wanted = length(clipped(stretches(phases, PhaseKind.ON), asked_ms, end_ms))
    return told_ms if told_ms is not None and wanted == end_ms - asked_ms else wanted


def _socket_shown_ms(history: History, asked_ms: float, shown_ms: float) -> float:
    """When frames moved in a session of totals: at once, if nothing waited and the first time update told of it."""
    waited = sum(beat.waiting_ms for beat in history.beats if beat.start_ms < shown_ms)
    if shown_ms - asked_ms <= UPDATE_MS and waited == 0:
        return asked_ms
    return max(asked_ms + min(waited, shown_ms - asked_ms), shown_ms - UPDATE_MS / 2)


def _moving_ms(history: History, shown_ms: float) -> float | None:
    wanted = False
    found = None
    for mark in history.marks:
        if mark.at_ms > shown_ms or mark.kind == "first-frame":
            break
        if mark.kind == "play":
            found = mark.at_ms if wanted else None
            wanted = True
        elif mark.kind in ("pause", "ended") or mark.stops:
            wanted, found = False, None
    return found


def shares_of(history: History, startup: Startup, phases: Sequence[Phase], *, started: bool) -> list[Share]:
    """What each heartbeat's stretch held."""
    counter = _Counter(history, startup, phases, started=started)
    return [counter.share(beat) for beat in history.beats]


class _Counter:
    """Goes through the heartbeats in order; remembers what a wait that runs on was."""

    def __init__(self, history: History, startup: Startup, phases: Sequence[Phase], *, started: bool) -> None:
        self._on = stretches(phases, PhaseKind.ON)
        self._alive = stretches(phases, PhaseKind.ON, PhaseKind.FAILED)
        self._failed = stretches(phases, PhaseKind.FAILED)
        self._is_socket = history.is_socket
        self._startup = startup
        self._started = started
        # Nobody waits for a seek in a pause (metrics.md 2.1, rule 6).
        self._seeking = [seek for seek in seeking_of(history) if is_in(seek[0], self._on)]
        self._resumes = frozenset(resumes_of(history))
        self._plays = [mark.at_ms for mark in history.of("play")]
        self._loses_waits = any(str(session.get("player")).startswith("hls") for session in history.sessions)
        self._told = [mark.at_ms for mark in history.marks if mark.kind in ("play", "pause")]
        self._is_sure = not (startup.lost or any(mark.guessed for mark in history.marks[:1]))
        """Whether the marks tell all of what went on when the heartbeat's stretch began: not so after a loss."""
        self._startup_waits = 0
        self._in_seek = False
        self._waited = False
        """Whether the heartbeat before held a wait."""
        self._waits_on = False
        """Whether that wait went on at its end: no play was told in its stretch."""
        self._left_out = False
        """Whether the heartbeat before counted a wait for which it had no room: what runs on of it is told without a count."""

    def share(self, beat: Beat) -> Share:
        low, high = beat.start_ms, beat.at_ms
        share = Share(beat)
        wanted = clipped(self._on, low, high)
        wait, count, playing = self._without_startup(share, wanted)
        if not self._started:
            return share
        begin = max(low, self._startup.shown_ms if self._startup.shown_ms is not None else low)
        on = wanted if begin == low else clipped(self._on, begin, high)
        on_ms = length(on)
        alive_ms = length(clipped(self._alive, begin, high)) if self._failed else on_ms
        # A wait that runs on lies first; what the play timer claims beside it, it may have counted in a pause.
        waited = length(clipped(on, low, low + wait)) if wait and not count and begin == low else 0.0
        share.playing_ms = min(playing, alive_ms - waited)
        share.refused_ms = playing - share.playing_ms
        room = max(0.0, on_ms - share.playing_ms)
        is_elsewhere = on_ms < high - begin or wait > LOST_MS
        wait = min(wait, room)
        began = count
        if count and is_elsewhere and not self._is_socket:
            # Waits in pauses and under errors are none, retries are one; a socket's timers stop by themselves.
            most = len(on) if clipped(self._failed, begin, high) else count
            count = min(count, most) if room > INSTANT_MS else 0
            wait = wait if count else 0.0
        self._explain(share, room - wait, count, begin, high)
        self._divide(share, wait + share.rebuffer_ms, count, low, high)
        self._left_out = began > count
        return share

    def _without_startup(self, share: Share, wanted: list[Stretch]) -> tuple[float, int, float]:
        """The heartbeat's waits, their count and its play time, less what belongs to the startup."""
        beat, asked, shown = share.beat, self._startup.asked_ms, self._startup.shown_ms
        if not self._started:
            shown = float("inf")
        if asked is None and shown is not None and beat.at_ms <= shown:
            return 0, 0, 0
        if asked is None or shown is None or beat.start_ms >= shown:
            return beat.waiting_ms, beat.waits, beat.playing_ms
        if beat.at_ms <= shown:
            share.startup_ms = length(clipped(wanted, asked, shown))
            self._startup_waits += beat.waits
            return 0, 0, 0
        share.startup_ms = length(clipped(wanted, asked, shown))
        after_ms = length(clipped(wanted, shown, beat.at_ms))
        waited = min(beat.waiting_ms, share.startup_ms) if self._waited_in(share, after_ms) else 0.0
        count = beat.waits
        if waited > 0:
            count -= min(count, self._new_waits(clipped(wanted, asked, shown), beat.start_ms))
        kept = beat.waiting_ms - waited
        if self._startup.restarted and waited == 0:
            return kept, count, beat.playing_ms
        return kept, count, max(0.0, beat.playing_ms - (share.startup_ms - waited))

    def _waited_in(self, share: Share, after_ms: float) -> bool:
        """Whether the waits of a heartbeat began in the startup that it holds.

        One that is far longer did not, nor did one that fills the time after it together with the playing.
        """
        beat, startup = share.beat, share.startup_ms
        if startup > INSTANT_MS and self._startup.restarted and abs(beat.claimed_ms - after_ms) <= INSTANT_MS:
            return False
        if beat.waits > 1:
            return startup > INSTANT_MS
        return beat.waiting_ms <= 2 * startup + LOST_MS

    def _new_waits(self, startup: Sequence[Stretch], low: float) -> int:
        """How many waits a startup's last heartbeat may count: one a stretch, unless it began before."""
        runs_on = self._startup_waits > 0 and bool(startup) and startup[0][0] <= low
        return len(startup) - runs_on

    def _explain(self, share: Share, hole: float, count: int, begin: float, high: float) -> None:
        """Put back what a timer lost when it was started again while it ran, where the marks show it."""
        if share.beat.capped or begin >= high:
            return
        missing = self._missing_ms(share, begin)
        was_sure = self._is_sure and share.beat.missing_since_ms is None
        is_told = bisect_right(self._told, high) > bisect_right(self._told, begin)
        self._is_sure = was_sure or is_told or hole <= LOST_MS
        if not was_sure:
            share.hole_ms = hole + missing
            return
        if hole <= LOST_MS or self._is_socket:  # totals tell of no pause: it may be one
            share.hole_ms = hole
        elif not (self._loses_waits or self._waits_on) and self._played_until_resume(hole, begin, high):
            share.playing_ms, share.restored = share.playing_ms + hole, True
        elif count > 0:
            share.rebuffer_ms, share.restored = hole, True
        else:
            share.hole_ms = hole

    def _played_until_resume(self, hole: float, begin: float, high: float) -> bool:
        """Whether all since the heartbeat or play before a resume is missing: what a swapped source loses.

        A wait that a time update cut short, as the drag of a slider does, loses less: the time since that update.
        """
        plays = self._plays[bisect_right(self._plays, begin) : bisect_right(self._plays, high)]
        return any(
            abs(hole - (resume - before)) <= LOST_MS
            for before, resume in pairwise([begin, *plays])
            if resume in self._resumes
        )

    def _missing_ms(self, share: Share, begin: float) -> float:
        """The time after the startup of which the reports before a heartbeat would have told."""
        since = share.beat.missing_since_ms
        if since is None or self._startup.shown_ms is None:
            return 0.0
        could_play = self._alive if share.playing_ms > LOST_MS else self._on
        return length(clipped(could_play, max(since, self._startup.shown_ms), begin))

    def _divide(self, share: Share, wait: float, count: int, low: float, high: float) -> None:
        """Waits into those of seeks and rebuffering: a seek's lie between it and the play that ends it."""
        seeks = min(self._seeks_until(high) - self._seeks_until(low), count) if self._seeking else 0
        if seeks or self._in_seek:
            share.seek_ms = min(wait, length(clipped(self._seeking, low, high)))
        self._in_seek = (seeks > 0 or self._in_seek) and is_in(high, self._seeking)
        share.rebuffer_ms = wait - share.seek_ms
        # A seek ends a stall (metrics.md 2.1, rule 6), and sets off no wait of its own where one goes on.
        has_begun = count > 0 or self._left_out
        is_more = has_begun and share.rebuffer_ms - self._run_on_ms(low, high) > LOST_MS
        share.rebuffers = max(count - seeks, int(is_more))
        self._waited = wait > 0
        self._waits_on = self._waited and bisect_right(self._plays, low) == bisect_right(self._plays, high)

    def _seeks_until(self, at: float) -> int:
        return bisect_right(self._seeking, (at, float("inf")))

    def _run_on_ms(self, low: float, high: float) -> float:
        """How long a wait of the heartbeat before may have run on: until the first play."""
        if not self._waited:
            return 0.0
        place = bisect_right(self._plays, low)
        return min([*self._plays[place : place + 1], high]) - low


def resumes_of(history: History) -> list[float]:
    """Plays with no pause before them: DOM `playing` after a wait, a seek or a change of source."""
    wanted = False
    found = []
    for mark in history.marks:
        if mark.kind == "play":
            if wanted:
                found.append(mark.at_ms)
            wanted = True
        elif mark.kind in ("pause", "ended"):
            wanted = False
    return found
