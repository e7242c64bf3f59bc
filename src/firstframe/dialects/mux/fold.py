"""A view from its events: the timeline where it is whole, the SDK's sums where events are missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import Folded, flag, number, text
from firstframe.dialects.mux.dimension import autoplay_of, describe
from firstframe.dialects.mux.history import History, history_of
from firstframe.dialects.mux.played import Played
from firstframe.dialects.mux.request import Requests
from firstframe.dialects.mux.span import rebalance
from firstframe.dialects.mux.speed import into_stalls_ms, is_normal
from firstframe.dialects.mux.start import Start, lost_start
from firstframe.dialects.mux.total import CONTENT, PLAYING, Sums, Totals
from firstframe.dialects.mux.translate import Translation
from firstframe.dialects.silence import unheard
from firstframe.view.event import TimelineEvent
from firstframe.view.record import Approx, EndReason, Outcome, State, ViewRecord
from firstframe.view.timeline import Rules, Timeline

RULES = Rules(split=False, silence_watch_ms=300_000, silence_idle_ms=3_600_000)
"""The SDK names its views: none is ever split. Silent for 5 minutes while watched, for an hour otherwise: over."""

Number = TypeVar("Number", int, float)

_TIMES = ("view_watch_time", CONTENT, PLAYING)

_AGREES_MS = 1_500
_AGREES_SHARE = 0.02
"""Watch time of an unnumbered timeline may differ this much from the SDK's sum and still be whole."""


class Reading(msgspec.Struct, frozen=True):
    """Everything that is known of a view before it is weighed."""

    history: History
    translation: Translation
    start: Start
    totals: Totals
    requests: Requests
    played: Played
    seeks: int
    """That came as events."""


class MuxView:
    """One view as far as its events have come. While they come in their order, each is only looked at once."""

    def __init__(self) -> None:
        self._begin([])

    def add(self, events: Sequence[Event]) -> None:
        """Take more events; where they do not simply go on, all are put in order and read anew."""
        fresh = self._history.extend(events)
        if fresh is None:
            self._begin([*self._history.events, *events])
        else:
            self._read(fresh)

    def fold(self, now_ms: int) -> Folded:
        """The one row, as it stands."""
        if not self._history.events:
            return Folded([])
        start = lost_start(self._history)
        folded = self._timeline_with(start).finish(now_ms)
        reading = Reading(
            self._history,
            self._translation,
            start,
            self._sums.totals(),
            self._requests,
            self._played,
            self._seeks,
        )
        for row in folded.rows:
            _complete(row, reading)
        return Folded(folded.rows, folded.due_ms)

    def _begin(self, events: Sequence[Event]) -> None:
        self._history = history_of(events)
        self._translation = Translation(missing=self._history.missing)
        self._timeline = Timeline(RULES)
        self._sums, self._requests, self._played, self._seeks = Sums(), Requests(), Played(), 0
        self._read(self._history.events)

    def _read(self, events: Sequence[Event]) -> None:
        for event in events:
            self._translation.take(event)
            self._sums.take(event)
            self._requests.take(event)
            self._played.take(event)
            self._seeks += event.name == "seeking"

    def _timeline_with(self, start: Start) -> Timeline:
        """The timeline up to now: the one that is kept, or a copy that also says what no event did."""
        last = self._history.events[-1]
        if start.is_lost:
            translation = self._translated()
            translation.recover(start, last)
            timeline = _fed(Timeline(RULES), translation.steps())
        else:
            translation, timeline = self._translation, self._gone_on()
        alive = translation.alive(last)
        return timeline if alive is None else _fed(timeline.copy(), [alive])

    def _gone_on(self) -> Timeline:
        """The kept timeline with what came since; from its beginning where something belongs earlier."""
        steps = self._translation.steps()
        if steps and steps[0].at_ms < self._timeline.clock_ms:
            self._timeline, steps = Timeline(RULES), self._translated().steps()
        return _fed(self._timeline, steps)

    def _translated(self) -> Translation:
        """All events, translated once more: their steps are not kept."""
        translation = Translation(missing=self._history.missing)
        for event in self._history.events:
            translation.take(event)
        return translation


def _fed(timeline: Timeline, steps: Iterable[TimelineEvent]) -> Timeline:
    for step in steps:
        timeline.take(step)
    return timeline


def _complete(row: ViewRecord, reading: Reading) -> None:
    history, totals, fields = reading.history, reading.totals, reading.translation.map.lasting()
    describe(row, fields)
    if row.attempted and row.autoplay is None:
        row.autoplay = autoplay_of(fields)
    row.completed = None if row.live else history.has("ended") and row.started
    row.event_count = len(history.events)
    _startup(row, reading)
    if not _is_whole(row, reading):
        _durations(row, reading)
    _seeks(row, reading)
    _content(row, reading)
    _scale(row, totals)
    _ads(row, reading)
    reading.requests.measure(row, history, totals)
    row.dropped_frames = totals.count("view_dropped_frame_count")
    if row.end_reason is EndReason.DROPPED and _ends_unsaid(reading):
        row.end_reason = EndReason.IDLE_TIMEOUT
        row.outcome = Outcome.EXITED if row.outcome is Outcome.DROPPED else row.outcome
    row.approx = sorted({*row.approx, *_losses(history), *_credits(reading), *_bounds(row, history)})


def _ends_unsaid(reading: Reading) -> bool:
    """Nobody pressed play: a player that goes on playing makes no `viewstart`, and the SDK then sends no `viewend`.

    So it is where a source is replaced amid playing, or the SDK comes to a player that plays already
    [`destroy` of mux-embed 5.19.0, driven].
    """
    history = reading.history
    of_sdk = text(reading.translation.map.fields.get("mux_embed")) is not None
    return of_sdk and history.unbroken and history.opened and not history.has("viewstart")


def _is_whole(row: ViewRecord, reading: Reading) -> bool:
    """The timeline says it all: nothing is missing, and its events tell of as many stalls as the SDK counted."""
    history, totals = reading.history, reading.totals
    counted = totals.count("view_rebuffer_count")
    told, echoes = reading.translation.stalls, reading.translation.echoes
    if counted is not None and not told <= counted <= told + echoes:  # the SDK may count an echo
        return False
    if history.numbered:
        return history.unbroken or all(totals.get(name) is None for name in _TIMES)
    watched = totals.get("view_watch_time")
    if watched is None or reading.translation.played_on:
        return True
    return abs(watched - row.watch_time_ms) <= max(_AGREES_MS, _AGREES_SHARE * watched)


def _startup(row: ViewRecord, reading: Reading) -> None:
    totals, one_shot = reading.totals, reading.translation.map.one_shot
    row.page_load_time_ms = number(one_shot.get("page_load_time"))
    row.player_startup_time_ms = number(one_shot.get("player_startup_time")) or row.player_startup_time_ms
    waited = totals.get("view_time_to_first_frame")
    if waited is not None and row.started and not _knows_startup(row, reading):
        waited = max(0, waited - reading.translation.late_ms)
        if row.content_startup_time_ms == row.video_startup_time_ms or not row.ad_impressions:
            row.content_startup_time_ms = waited
        row.video_startup_time_ms = waited
    if reading.start.is_guess or reading.history.joined:
        row.video_startup_time_ms = row.content_startup_time_ms = None


def _knows_startup(row: ViewRecord, reading: Reading) -> bool:
    """Whether the timeline is right where the SDK is not: it stops its clock at an error, and needs no play for it."""
    if not reading.history.unbroken:
        return False
    return reading.translation.failed_early or row.video_startup_time_ms is None


def _durations(row: ViewRecord, reading: Reading) -> None:
    """Times and stalls by the SDK's sums: they include what the lost events would have said."""
    totals, played_on = reading.totals, reading.translation.played_on
    row.rebuffer_count = _known(totals.count("view_rebuffer_count"), row.rebuffer_count)
    row.rebuffer_duration_ms = _known(totals.get("view_rebuffer_duration"), row.rebuffer_duration_ms)
    _playing(row, reading)
    if row.video_startup_time_ms is not None:
        row.startup_wait_ms = row.video_startup_time_ms
    spent: dict[State, float] = {
        State.PLAYING: row.content_playing_time_ms,
        State.AD_PLAYING: row.ad_playing_time_ms,
        State.REBUFFER: row.rebuffer_duration_ms or 0,
    }
    least = sum(spent.values()) + row.startup_wait_ms
    watched = _known(totals.get("view_watch_time"), row.watch_time_ms) or 0
    row.watch_time_ms = max(watched, least, row.watch_time_ms if played_on else 0)
    rest = row.watch_time_ms - least
    spent[State.SEEK] = min(_known(totals.get("view_seek_duration"), row.seek_time_ms) or 0, rest)
    spent[State.RESUMING] = rest - spent[State.SEEK]
    row.spans = rebalance(row.spans, spent)
    row.pause_time_ms = sum(span.end_ms - span.start_ms for span in row.spans if span.state is State.PAUSE)
    row.approx += [Approx.PLAY_TIME_ESTIMATED, Approx.SPANS_ESTIMATED]


def _playing(row: ViewRecord, reading: Reading) -> None:
    """Playing time by the SDK's sums, ads apart."""
    totals, seen = reading.totals, row.content_playing_time_ms + row.ad_playing_time_ms
    known = _played_ms(reading)
    playing = seen if known is None else known
    if reading.translation.played_on:  # both stopped at the error
        playing = max(playing, seen)
    ads = _known(totals.get("ad_playing_time_ms_cumulative"), row.ad_playing_time_ms) or 0
    row.ad_playing_time_ms = min(ads, playing)
    row.content_playing_time_ms = playing - row.ad_playing_time_ms


def _played_ms(reading: Reading) -> float | None:
    """The content sum, which is exact, while it is wall time; else the playing sum without what is none."""
    totals = reading.totals
    moved, played = totals.moved_ms, totals.get(PLAYING)
    if moved is None:
        return played
    if played is None or _is_normal_speed(reading):
        return moved
    return max(0, played - into_stalls_ms(totals.values))


def _is_normal_speed(reading: Reading) -> bool:
    """Nobody changed the speed, before the SDK came either."""
    totals = reading.totals
    return not reading.history.has("ratechange") and is_normal({**totals.values, CONTENT: totals.moved_ms})


def _seeks(row: ViewRecord, reading: Reading) -> None:
    """The timeline's where each seek the SDK counted came as an event; it leaves out those before the start."""
    counted = reading.totals.count("view_seek_count")
    if row.started and counted is not None and counted != reading.seeks:
        row.seek_count = counted
        row.seek_time_ms = _known(reading.totals.get("view_seek_duration"), row.seek_time_ms)


def _content(row: ViewRecord, reading: Reading) -> None:
    totals = reading.totals
    furthest = (totals.get("view_max_playhead_position"), row.max_playhead_ms)
    row.max_playhead_ms = max((found for found in furthest if found is not None), default=None)
    row.played_ranges = _ranges(row, reading)
    if row.played_ranges is not None:
        row.played_range_ms = sum(end - start for start, end in row.played_ranges)
    moved = totals.get(CONTENT)
    if moved is not None and (_lacks_media_time(row, reading) or not _is_normal_speed(reading)):
        row.media_time_ms = max(0, moved - row.ad_playing_time_ms)


def _ranges(row: ViewRecord, reading: Reading) -> list[tuple[float, float]] | None:
    """What was watched, where the SDK says all of it: not after an error, nor of a short view that another follows."""
    if not row.started or reading.translation.outran_ranges:
        return None
    stated = reading.played.ranges()
    return stated or (None if row.content_playing_time_ms else stated)


def _lacks_media_time(row: ViewRecord, reading: Reading) -> bool:
    """The timeline does not have it; where the SDK stopped counting, its sum has even less."""
    return Approx.PLAY_TIME_ESTIMATED in row.approx and not reading.translation.played_on


def _scale(row: ViewRecord, totals: Totals) -> None:
    weight = totals.get("view_total_content_playback_time")
    if weight:
        row.scale_ms = weight
        row.upscale_x_ms = totals.get("view_total_upscaling") or 0
        row.downscale_x_ms = totals.get("view_total_downscaling") or 0
    row.max_upscale = _known(totals.get("view_max_upscale_percentage"), row.max_upscale)
    row.max_downscale = _known(totals.get("view_max_downscale_percentage"), row.max_downscale)


def _ads(row: ViewRecord, reading: Reading) -> None:
    fields, totals = reading.translation.map.fields, reading.totals
    shown = totals.count("view_ad_played_count") or 0
    if reading.history.missing:
        row.ad_impressions = max(row.ad_impressions or 0, shown)
        row.ad_attempts = max(row.ad_attempts or 0, row.ad_impressions)
    row.has_ad = row.has_ad or shown > 0 or flag(fields.get("view_has_ad")) is True
    row.preroll_played = row.preroll_played or flag(fields.get("view_preroll_played")) is True


def _losses(history: History) -> list[Approx]:
    found = [Approx.EVENTS_LOST] if history.missing else []
    return found if history.opened else [*found, Approx.START_LOST]


def _credits(reading: Reading) -> list[Approx]:
    return [Approx.HOLE_CREDITED] if reading.translation.credited else []


def _bounds(row: ViewRecord, history: History) -> list[Approx]:
    """What played before the SDK came is not told, nor what came behind the last batch of a view that broke off."""
    return [*([Approx.PLAY_TIME_LOWER_BOUND] if history.joined else []), *unheard(row)]


def _known(value: Number | None, other: Number | None) -> Number | None:
    return other if value is None else value
