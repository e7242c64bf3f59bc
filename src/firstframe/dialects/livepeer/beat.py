"""Heartbeats made sound: the last version of each, with its stretch of time, none claiming what cannot be.

The SDK counts since its last heartbeat. One that got no answer is merged into the next, which keeps the id;
two are sent at every leave; a destroyed session sends one more when its page is left at last.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise
from typing import Any

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import number
from firstframe.dialects.livepeer import wire
from firstframe.dialects.livepeer.parse import CUMULATIVE

DEFAULT_INTERVAL_MS = 5_000.0
"""Between two heartbeats, unless the site set another."""

TWIN_MS = 250
"""Leaving a page makes two heartbeats, this close together at most."""

LEAVE_MS = 50
"""They are made one after the other: other heartbeats hardly ever come this close together."""

LATE = 1.2
"""Times the interval: a timer of a page in view is hardly ever later."""

SPEECH_MS = 2_500
"""While something plays the WebSocket speaks every second; after so long it has fallen silent."""

THROTTLED_MS = 60_000
"""Browsers wake the timers of a page that was hidden for long once a minute."""

FROZEN_MS = 90_000
"""A longer gap than any throttled timer makes: the machine slept."""

_BEGINNING = float("-inf")

_COUNTERS = (
    "time_playing_ms",
    "time_waiting_ms",
    "waiting_count",
    "time_errored_ms",
    "time_warning_ms",
    "errors",
    "warnings",
)


class Ending(Enum):
    """What the last heartbeats say about how the session ended."""

    SILENT = "silent"
    """They came when they were due: if nothing follows, the session was cut off."""
    HIDDEN = "hidden"
    """The last one came out of turn, as a page sends it that is hidden or left."""
    LEFT = "left"
    """Two at once: the page was left."""


class Beat(msgspec.Struct):
    """One heartbeat: what was counted since the one before it."""

    start_ms: float
    at_ms: float
    received_ms: int
    playing_ms: float
    waiting_ms: float
    waits: int
    errored_ms: float
    warned_ms: float
    errors: int
    warnings: int
    payload: dict[str, Any]
    capped: bool = False
    """It came after a gap in which the session cannot have run, and was cut back."""
    missing_since_ms: float | None = None
    """Since when reports are missing before it, where some never arrived."""
    leaves: bool = False
    """It is the two of a page that is left, as one."""

    @property
    def claimed_ms(self) -> float:
        return self.playing_ms + self.waiting_ms

    @property
    def opens(self) -> bool:
        """It is the session's first: no other says how the player was told to start."""
        return "autoplay_status" in self.payload

    @property
    def failed_ms(self) -> float:
        return self.errored_ms + self.warned_ms


def beats_of(
    pulse: Sequence[tuple[Event, Beat]], told: Sequence[float], totals: Sequence[int]
) -> tuple[list[Beat], Ending]:
    """The heartbeats in order, and how they end. ``pulse`` has them as each was sent.

    ``told`` is when the session's other events happened, in order, ``totals`` when the WebSocket beside it spoke
    (server clock).
    """
    beats: list[Beat] = []
    total: dict[str, float] = {}
    for event, sent in sorted(pulse, key=_place):
        payload, total = _since_last(event.payload, total)
        is_as_sent = payload is event.payload
        beats.append(msgspec.structs.replace(sent) if is_as_sent else beat_of(event, payload))
    beats = _without_parts(beats)
    interval = _interval(beats, told[0] if told else float("inf"))
    ending = _ending(beats, interval)
    beats = _joined_twins(beats)
    for early, late in pairwise(beats):
        late.start_ms = max(late.start_ms, early.at_ms) if late.start_ms == _BEGINNING else late.start_ms
    beats = _capped(beats, interval, sorted(totals))
    if len(beats) == 1 and told and _outlives(beats[0], told[0], max(totals, default=None)):
        ending = Ending.HIDDEN
    _find_losses(beats, interval, told)
    return beats, ending


def _place(sent: tuple[Event, Beat]) -> tuple[int, str]:
    return sent[0].at_ms, sent[0].key


def version_of(event: Event) -> tuple[float, float, str]:
    """What a later version of a heartbeat has more of."""
    grown = sum(wire.positive(event.payload.get(key)) for key in wire.BEAT_SINCE_LAST)
    return event.at_ms, grown, event.key


def _since_last(payload: dict[str, Any], total: dict[str, float]) -> tuple[dict[str, Any], dict[str, float]]:
    """Totals (of the first draft) as what came since the last heartbeat; the others as they are."""
    if not payload.get(CUMULATIVE):
        return payload, total
    found = {key: max(wire.positive(payload.get(key)), total.get(key, 0)) for key in wire.BEAT_SINCE_LAST}
    return payload | {key: found[key] - total.get(key, 0) for key in found}, found


def beat_of(event: Event, payload: dict[str, Any]) -> Beat:
    """A heartbeat by its counters alone."""
    playing, waiting, waits, errored, warned, errors, warnings = [
        wire.positive(payload[key]) if key in payload else 0.0 for key in _COUNTERS
    ]
    return Beat(
        start_ms=_BEGINNING,
        at_ms=float(event.at_ms),
        received_ms=event.received_at_ms,
        playing_ms=playing,
        waiting_ms=waiting,
        waits=round(min(waits, 1e6)),
        errored_ms=errored,
        warned_ms=warned,
        errors=round(min(errors, 1e6)),
        warnings=round(min(warnings, 1e6)),
        payload=payload,
    )


def _without_parts(beats: list[Beat]) -> list[Beat]:
    """Drop the parts of a merged heartbeat that also came on their own, where both cannot be true."""
    kept = list(beats)
    for merged in beats:
        oldest = number(merged.payload.get("oldest_buffer_timestamp"))
        if oldest is None or not any(beat is merged for beat in kept):
            continue
        start = max((beat.at_ms for beat in kept if beat.at_ms < oldest), default=_BEGINNING)
        parts = [beat for beat in kept if beat is not merged and oldest <= beat.at_ms <= merged.at_ms]
        if sum(beat.claimed_ms for beat in (merged, *parts)) > merged.at_ms - start + TWIN_MS:
            kept = [beat for beat in kept if not any(beat is part for part in parts)]
        elif parts and start != _BEGINNING:
            merged.start_ms = min(start + sum(beat.claimed_ms for beat in parts), merged.at_ms)
            for part in parts:  # a leave's, while the report before it had no answer yet
                part.start_ms = part.at_ms - part.claimed_ms
    return kept


def _ending(beats: Sequence[Beat], interval: float) -> Ending:
    if len(beats) < 2:
        return Ending.SILENT
    gap = beats[-1].at_ms - beats[-2].at_ms
    if gap <= TWIN_MS:
        return Ending.LEFT
    return Ending.HIDDEN if gap < 0.8 * interval else Ending.SILENT


def _joined_twins(beats: Sequence[Beat]) -> list[Beat]:
    """Heartbeats of one instant as one, so that the order in which they were made does not matter."""
    joined: list[Beat] = []
    for beat in beats:
        if joined and beat.at_ms - joined[-1].at_ms <= TWIN_MS:
            leaves = beat.at_ms - joined[-1].at_ms <= LEAVE_MS
            joined[-1] = _sum(joined[-1], beat, leaves=leaves)
        else:
            joined.append(beat)
    return joined


def _sum(one: Beat, other: Beat, *, leaves: bool) -> Beat:
    return Beat(
        start_ms=one.start_ms,
        at_ms=max(one.at_ms, other.at_ms),
        received_ms=max(one.received_ms, other.received_ms),
        playing_ms=one.playing_ms + other.playing_ms,
        waiting_ms=one.waiting_ms + other.waiting_ms,
        waits=one.waits + other.waits,
        errored_ms=one.errored_ms + other.errored_ms,
        warned_ms=one.warned_ms + other.warned_ms,
        errors=one.errors + other.errors,
        warnings=one.warnings + other.warnings,
        payload=one.payload | other.payload,
        leaves=leaves,
    )


def _interval(beats: Sequence[Beat], opened_ms: float) -> float:
    """The site's interval between heartbeats: the middle of the gaps that a running timer makes.

    Heartbeats of a page that is hidden again and again come out of turn: the middle of their gaps is no interval.
    Of few heartbeats, the first one comes an interval after the session opened; the SDK's own interval stands,
    unless a gap confirms a shorter one.
    """
    gaps = [gap for early, late in pairwise(beats) if (gap := late.at_ms - early.at_ms) > TWIN_MS]
    if len(gaps) > 2:
        middle = sorted(gaps)[len(gaps) // 2]
        in_turn = sum(abs(gap - middle) <= 0.25 * middle for gap in gaps)
        return middle if 2 * in_turn > len(gaps) else max(DEFAULT_INTERVAL_MS, middle)
    first = max([0.0] + [beat.at_ms - opened_ms for beat in beats[:1]])
    if gaps[:-1] and abs(gaps[0] - first) <= 0.25 * gaps[0]:
        return gaps[0]
    return max(DEFAULT_INTERVAL_MS, first)


def _capped(beats: list[Beat], interval: float, totals: Sequence[int]) -> list[Beat]:
    """Let no heartbeat claim time in which its session cannot have run.

    After a gap that nothing explains, the last heartbeat is a destroyed session's, whose play timer never
    stopped: it counts one interval, or less where the WebSocket beside it had fallen silent. A gap of a machine
    that slept counts no more than that either.
    """
    due_ms = LATE * interval + TWIN_MS
    regular = [late for early, late in pairwise(beats) if late.at_ms - early.at_ms <= due_ms]
    is_throttled = False
    for place, (early, late) in enumerate(pairwise(beats), start=1):
        gap = late.at_ms - early.at_ms
        is_end = place == len(beats) - 1 or not regular or late.at_ms > regular[-1].at_ms
        # The leave of a page whose timers were throttled comes at any time of the minute.
        is_sound = is_throttled and gap <= THROTTLED_MS
        is_throttled = abs(gap - THROTTLED_MS) <= DEFAULT_INTERVAL_MS
        allowed = None if is_sound else _allowed_ms(early, late, interval, totals, is_end=is_end)
        if allowed is None:
            continue
        late.playing_ms, late.waiting_ms = min(late.playing_ms, allowed), min(late.waiting_ms, allowed)
        late.capped = True
        if is_end:
            late.at_ms = early.at_ms + allowed
            return beats[: place + 1]
    return beats


def _outlives(beat: Beat, opened_ms: float, spoke_at_ms: int | None) -> bool:
    """Whether the only heartbeat is that of a session which was destroyed before the first; it is cut to its life.

    It comes when the page is left, and its play timer never stopped. The WebSocket beside it had fallen silent.
    """
    if spoke_at_ms is None or beat.payload.get("oldest_buffer_timestamp") is not None:
        return False
    spoke = max(0.0, spoke_at_ms - (beat.received_ms - beat.at_ms) - opened_ms)
    if spoke + SPEECH_MS >= beat.playing_ms:
        return False
    beat.playing_ms, beat.waiting_ms = spoke, min(beat.waiting_ms, spoke)
    beat.at_ms = opened_ms + spoke
    beat.capped = True
    return True


def _find_losses(beats: Sequence[Beat], interval: float, told: Sequence[float]) -> None:
    """Let no heartbeat's stretch reach over reports that never arrived.

    A late timer and a merged report count all the time since the last heartbeat. One that comes late and claims no
    more than an interval (later than any throttled timer: no more than such a one) comes after a loss. So may the
    first one: it cannot reach further back either.
    """
    due_ms = LATE * interval + TWIN_MS
    for beat in beats[:1]:
        beat.start_ms = _start_ms(beat, _BEGINNING, interval, told)
    for early, late in pairwise(beats):
        gap = late.at_ms - early.at_ms
        holds_ms = due_ms if gap <= THROTTLED_MS + due_ms else THROTTLED_MS + due_ms
        is_late = gap > due_ms and max(late.claimed_ms, late.failed_ms) <= holds_ms
        is_known = late.capped or late.start_ms > early.at_ms
        if is_late and not is_known and late.payload.get("oldest_buffer_timestamp") is None:
            late.missing_since_ms = early.at_ms
            late.start_ms = _start_ms(late, early.at_ms, interval, told)


def _start_ms(beat: Beat, after_ms: float, interval: float, told: Sequence[float]) -> float:
    """When the counting began: an interval before, unless it claims more, or its report tells of something earlier."""
    oldest = number(beat.payload.get("oldest_buffer_timestamp"))
    counted = max(interval, min(beat.claimed_ms, FROZEN_MS))
    start = min(beat.at_ms - counted, beat.at_ms if oldest is None else oldest - interval)
    place = bisect_right(told, after_ms)
    return max(after_ms, 0.0, min([start, *told[place : place + 1]]))


def _allowed_ms(
    early: Beat, late: Beat, interval: float, totals: Sequence[int], *, is_end: bool
) -> float | None:
    """The time that a heartbeat may claim at most; None where nothing is wrong with it."""
    gap = late.at_ms - early.at_ms
    if late.payload.get("oldest_buffer_timestamp") is not None:
        return None
    spoke = _spoke_ms(totals, early.received_ms, late.received_ms)
    if spoke is not None:
        fell_silent = spoke + SPEECH_MS < late.playing_ms
        return spoke if fell_silent and (is_end or gap > FROZEN_MS) else None
    due_ms = LATE * interval + TWIN_MS
    if abs(gap - THROTTLED_MS) <= interval + TWIN_MS:
        return None
    has_slept = gap > FROZEN_MS and late.claimed_ms > THROTTLED_MS + due_ms
    return interval if has_slept or (is_end and gap > due_ms) else None


def _spoke_ms(totals: Sequence[int], before: int, after: int) -> float | None:
    """How long after a receipt the WebSocket still spoke; None where it was not speaking then either.

    A machine that slept is silent for longer than any throttled timer.
    """
    if not totals or not any(abs(at - before) <= 1_500 for at in totals):
        return None
    spoke = before
    for at in totals[bisect_left(totals, before) : bisect_right(totals, after)]:
        if at - spoke > FROZEN_MS:
            break  # what it says on waking tells of no playing before
        spoke = at
    return float(spoke - before)
