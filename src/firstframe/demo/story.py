"""One viewer's story: (world, chance, time) → a script. No clock, no network: the same seed tells the same story."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from firstframe.demo.cast import Cast, cast_of
from firstframe.demo.script import Script, Stretch
from firstframe.demo.world import Fault, Incident, World
from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.record import State

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SHORT_ID = 22
"""Characters of a Livepeer id; all others are UUIDs."""
PATIENCE_MS = 4_000
"""Everybody waits this long for a first frame; after that they leave one by one."""
PATIENCE_MEAN_MS = 14_000
SEGMENT_MS = 24_000
"""One media request in so much playing is told of."""
SEGMENT_MEDIA_S = 6
BREAK_MS = 15_000
PAUSES_PER_HOUR = 3.0
SEEKS_PER_HOUR = 2.5
SWITCHES_PER_HOUR = 5.0
FAULTS_PER_HOUR = 0.05
VANISH_SHARE = 0.015
"""Views that end without a word."""
LIVE_MEAN_MS = 14 * 60_000
LONGEST_MS = 3 * 3_600_000
SHORTEST_MS = 2_500
MINUTE_MS = 60_000
CALM_MS = 1_200
"""Nothing else happens so soon: a stall right behind a seek would be the seek's."""


def tell(
    world: World,
    chance: Random,
    start_ms: int,
    *,
    dialects: Collection[str] = (),
    is_past: bool = False,
    with_address: bool = False,
) -> Script:
    """One view that begins at a time, in one of the dialects (none given: any)."""
    cast = cast_of(world, chance, start_ms, dialects)
    telling = _Telling(world, cast, chance, start_ms)
    telling.run()
    dialect = cast.speech.dialect
    return Script(
        dialect=dialect,
        view_id=_short_id(chance) if dialect == "livepeer" else _uuid(chance),
        session_id=_uuid(chance),
        viewer_id=f"viewer-{chance.randrange(40_000):05}",
        title=cast.title,
        place=cast.place,
        client=cast.client,
        network=cast.network,
        cdn=cast.cdn,
        player=cast.speech.player,
        experiment=chance.choice(world.experiments),
        plan=telling.plan,
        page=world.page,
        frames_lost_per_minute=chance.expovariate(1) * cast.client.slowness**2,
        autoplay=telling.autoplay,
        steps=telling.steps,
        stretches=telling.stretches,
        cut_ms=telling.cut_ms,
        is_past=is_past,
        address=f"{cast.place.address}.{chance.randrange(1, 255)}" if with_address else None,
    )


class _Telling:
    """A story while it is told: the clock and the playhead of one viewer."""

    def __init__(self, world: World, cast: Cast, chance: Random, start_ms: int) -> None:
        self._world, self._cast, self._chance = world, cast, chance
        self._now = start_ms
        self._playhead = 0
        self._next_segment = SEGMENT_MS
        self._rung = self._first_rung()
        self.plan = chance.choice(world.plans)
        self.autoplay = chance.random() < (0.55 if cast.title.live else 0.3)
        self.steps: list[TimelineEvent] = []
        self.stretches: list[Stretch] = []
        self.cut_ms: int | None = None

    def run(self) -> None:
        """Arrive, start, watch, leave."""
        self._arrive()
        if self._start():
            self._watch()

    @property
    def _incident(self) -> Incident | None:
        """What has struck this viewer's delivery, now."""
        return self._world.struck_by(self._cast.cdn, self._cast.place, self._now)

    @property
    def _slowness(self) -> float:
        """Of delivery, by this CDN, now."""
        return self._cast.cdn.slowness * (self._incident.slowness if self._incident else 1)

    # the two ways in which anything is told

    def _step(self, kind: Kind, **more: Any) -> None:
        event = TimelineEvent(kind=kind, at_ms=self._now, playhead_ms=self._playhead, **more)
        self.steps.append(event)

    def _spend(self, state: State, length_ms: float) -> None:
        """Time passes; never none, so that no two things happen at one instant."""
        end = self._now + max(1, round(length_ms))
        playhead = self._playhead
        last = self.stretches[-1] if self.stretches else None
        if last and last.state is state:
            self.stretches[-1] = msgspec.structs.replace(last, end_ms=end)
        else:
            self.stretches.append(Stretch(state, self._now, end, playhead))
        if state is State.PLAYING:
            self._playhead += end - self._now
        self._now = end

    def _about(self, usual_ms: float, spread: float = 0.5) -> float:
        """A time around the usual one: mostly near it, sometimes far above."""
        return usual_ms * self._chance.lognormvariate(0, spread)

    def _in_hours(self, per_hour: float) -> float:
        """Playing time until something that comes so often, ms."""
        return self._chance.expovariate(per_hour / 3_600_000) if per_hour else float("inf")

    # scenes

    def _arrive(self) -> None:
        title, slowness = self._cast.title, self._cast.client.slowness
        self._step(Kind.PAGE_REQUEST)
        self._spend(State.IDLE, self._about(700 * slowness))
        self._step(Kind.PLAYER_INIT)
        self._spend(State.IDLE, self._about(180 * slowness))
        self._step(Kind.PLAYER_READY, live=title.live, duration_ms=title.duration_ms or None)
        self._spend(State.IDLE, 8 if self.autoplay else self._about(3_000, 0.8))

    def _start(self) -> bool:
        """Until the first content frame; False where there never is one."""
        self._step(Kind.PLAY, autoplay=self.autoplay, muted=self.autoplay)
        fault = self._fault_at_start()
        if fault:
            self._spend(State.STARTUP, self._about(900 * self._slowness))
            self._fail(fault)
            return False
        wait = self._about(self._cast.network.startup_ms * self._slowness)
        wait += 60 * self._cast.client.slowness
        patience = PATIENCE_MS + self._chance.expovariate(1 / PATIENCE_MEAN_MS)
        if wait > patience or self._chance.random() < 0.012:
            self._spend(State.STARTUP, min(patience, self._about(wait / 2)))
            self._end()
            return False
        if self._cast.speech.ads and self._cast.title.has_ads and self.plan == "free":
            return self._preroll(wait)
        self._spend(State.STARTUP, wait)
        return self._first_frame()

    def _first_frame(self) -> bool:
        self._step(Kind.PLAYING)
        self._spend(State.PLAYING, 1)
        self._show()
        self._spend(State.PLAYING, 1)
        width, height = self._cast.client.player
        self._step(Kind.RESIZE, width=width, height=height)
        self._spend(State.PLAYING, 1)
        self._request()
        return True

    def _preroll(self, wait_ms: float) -> bool:
        self._spend(State.STARTUP, 2)
        self._step(Kind.AD_REQUEST)
        self._spend(State.STARTUP, self._about(220))
        self._step(Kind.AD_RESPONSE)
        self._spend(State.STARTUP, 4)
        self._step(Kind.AD_BREAK_START)
        self._spend(State.STARTUP, 2)
        self._step(Kind.AD_START)
        self._spend(State.STARTUP, wait_ms)
        self._step(Kind.AD_PLAYING)
        if self._chance.random() < 0.06:
            self._spend(State.AD_PLAYING, BREAK_MS * self._chance.random())
            self._end()
            return False
        self._spend(State.AD_PLAYING, BREAK_MS)
        self._step(Kind.AD_ENDED)
        self._spend(State.AD_WAIT, 5)
        self._step(Kind.AD_BREAK_END)
        self._spend(State.RESUMING, self._about(120))
        return self._first_frame()

    def _watch(self) -> None:
        """Play on, interrupted by whatever comes next, until the viewer has had enough."""
        wanted = self._wanted_ms()
        vanishes = self._chance.random() < VANISH_SHARE
        while True:
            left = min(wanted, self._to_end())
            kind, after = self._next_trouble()
            if min(after, left) > MINUTE_MS:  # nothing yet: by then the world may be another
                self._play(MINUTE_MS)
                wanted -= MINUTE_MS
                continue
            if after >= left:
                self._play(left)
                self._leave(vanishes=vanishes)
                return
            self._play(after)
            wanted -= after
            if not getattr(self, f"_{kind}")():
                return

    def _next_trouble(self) -> tuple[str, float]:
        cast = self._cast
        stalls = cast.network.stalls_per_hour * self._slowness**1.5
        rates = {
            "stall": stalls,
            "rest": PAUSES_PER_HOUR,
            "jump": 0 if cast.title.live else SEEKS_PER_HOUR,
            "switch": SWITCHES_PER_HOUR,
            "break_down": FAULTS_PER_HOUR * self._slowness**2,
        }
        after = {name: self._in_hours(rate) for name, rate in rates.items()}
        soonest = min(after, key=after.__getitem__)
        return soonest, max(CALM_MS, after[soonest])

    def _play(self, length_ms: float) -> None:
        """Content moves; now and then a segment arrives, and a live picture's delay is measured."""
        end = self._now + max(1, round(length_ms))
        while end - self._now > self._next_segment:
            self._spend(State.PLAYING, self._next_segment)
            self._next_segment = SEGMENT_MS
            self._request()
            if self._cast.title.live:
                self._spend(State.PLAYING, 1)
                self._step(Kind.LATENCY, latency_ms=round(self._about(9_000 * self._cast.cdn.slowness, 0.15)))
        self._next_segment -= end - self._now
        if end > self._now:
            self._spend(State.PLAYING, end - self._now)

    def _stall(self) -> bool:
        self._step(Kind.STALL_START)
        length = min(60_000, self._about(1_600 * self._slowness, 0.7))
        self._spend(State.REBUFFER, length)
        if length > 9_000 and self._chance.random() < 0.5:
            self._end()
            return False
        self._step(Kind.STALL_END)
        if self._rung and self._chance.random() < 0.5:
            self._spend(State.PLAYING, 200)
            self._rung -= 1
            self._show()
        return True

    def _rest(self) -> bool:
        self._step(Kind.PAUSE)
        self._spend(State.PAUSE, min(900_000, self._about(20_000, 1)))
        if self._chance.random() < 0.15:
            self._end()
            return False
        self._step(Kind.PLAY)
        self._spend(State.RESUMING, self._about(40))
        self._step(Kind.PLAYING)
        return True

    def _jump(self) -> bool:
        room = self._cast.title.duration_ms - 20_000
        if self._to_end() < 20_000:
            return True
        self._step(Kind.SEEKING)
        self._spend(State.SEEK, self._about(350 * self._slowness))
        target = self._playhead + self._chance.choice((-15_000, 10_000, 30_000, 90_000))
        self._playhead = max(0, min(room, target))
        self._step(Kind.SEEKED)
        return True

    def _switch(self) -> bool:
        best = self._first_rung()
        step = 1 if self._rung < best else -1
        self._rung = max(0, min(len(self._world.ladder) - 1, self._rung + step))
        self._show()
        return True

    def _break_down(self) -> bool:
        incident = self._incident
        name = incident.fault if incident else self._chance.choice(("network", "network", "decode"))
        self._fail(self._world.faults[name])
        return False

    def _leave(self, *, vanishes: bool) -> None:
        if vanishes:
            self.cut_ms = self._now
            return
        if not self._cast.title.live and self._to_end() <= 1:
            self._step(Kind.ENDED)
            self._spend(State.IDLE, self._about(2_500))
        self._end()

    # what scenes need

    def _end(self) -> None:
        self._step(Kind.END)
        if self.stretches[-1].state is not State.IDLE:
            self._spend(State.IDLE, 1)

    def _fail(self, fault: Fault) -> None:
        code, message = fault.words[self._cast.speech.dialect]
        self._step(Kind.ERROR, code=code, message=message, business=fault.business)
        self._spend(State.FAILED, self._about(4_000))
        self._end()

    def _fault_at_start(self) -> Fault | None:
        cast, faults = self._cast, self._world.faults
        if cast.title.barred_region == cast.place.region and cast.speech.business:
            return faults["rights"] if self._chance.random() < 0.7 else None
        incident = self._incident
        if incident and self._chance.random() < incident.failures:
            return faults[incident.fault]
        if self._chance.random() < cast.cdn.failures:
            return faults[self._chance.choice(("missing", "network", "decode"))]
        return None

    def _wanted_ms(self) -> float:
        """How much this viewer would watch if nothing came between."""
        title = self._cast.title
        if title.live:
            return min(LONGEST_MS, max(SHORTEST_MS, self._chance.expovariate(1 / LIVE_MEAN_MS)))
        if self._chance.random() < title.finish:
            return float("inf")
        return max(SHORTEST_MS, title.duration_ms * self._chance.betavariate(0.7, 2))

    def _to_end(self) -> float:
        duration = self._cast.title.duration_ms
        return duration - self._playhead if duration else float("inf")

    def _first_rung(self) -> int:
        """The best rendition that the network carries and the player can show."""
        ladder, cast, incident = self._world.ladder, self._cast, self._incident
        carried = cast.network.bps * 0.6 / (incident.slowness if incident else 1)
        fits = [number for number, rung in enumerate(ladder) if rung.bitrate_bps <= carried]
        shown = [number for number, rung in enumerate(ladder) if rung.height <= 2 * cast.client.player[1]]
        return min(max(fits, default=0), max(shown, default=0))

    def _show(self) -> None:
        rung = self._world.ladder[self._rung]
        self._step(Kind.RENDITION, bitrate_bps=rung.bitrate_bps, width=rung.width, height=rung.height)

    def _request(self) -> None:
        cast, rung = self._cast, self._world.ladder[self._rung]
        size = round(rung.bitrate_bps * SEGMENT_MEDIA_S / 8)
        wait = round(self._about(cast.network.latency_ms * self._slowness)) + 1
        load = round(size * 8_000 / cast.network.bps * self._slowness) + 1
        self._step(Kind.REQUEST, bytes=size, ttfb_ms=wait, request_ms=wait + load)


def _uuid(chance: Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


def _short_id(chance: Random) -> str:
    return "".join(chance.choices(BASE62, k=SHORT_ID))
