"""Mux's events for tests: by hand in the public words, or as the SDK would send them while somebody watches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from firstframe.beacon import Event
from firstframe.dialects.mux import MUX
from firstframe.dialects.mux.key import encode
from firstframe.dialects.mux.vocabulary import EVENTS
from firstframe.fold.finish import fold_view
from firstframe.view.record import ViewRecord
from support_cases import BASE_MS, PROJECT, beacon_of

LONG_AFTER_MS = 86_400_000
Fields = dict[str, Any]


def event(name: str, at_ms: float, **fields: Any) -> Fields:
    """One event of the view ``v``, ``at_ms`` after the beginning, under full names."""
    return {"view_id": "v", "event": name, "viewer_time": BASE_MS + at_ms, **fields}


def numbered(events: Iterable[Fields]) -> list[Fields]:
    """The same events with the SDK's numbers."""
    return [
        {**one, "view_sequence_number": number, "player_sequence_number": number}
        for number, one in enumerate(events, 1)
    ]


def parsed(events: Sequence[Fields], *, received_ms: float | None = None, **metadata: Any) -> list[Event]:
    """The events of one raw body; received with the last of them unless told otherwise."""
    latest = max((one["viewer_time"] for one in events), default=BASE_MS)
    body = json.dumps({"metadata": metadata, "events": list(events)}).encode()
    received = round(latest if received_ms is None else BASE_MS + received_ms)
    return list(MUX.parse(beacon_of(body, received, dialect="mux", route="/events")).events)


def folded(events: Sequence[Fields] | Sequence[Event], *, now_ms: float | None = None) -> ViewRecord:
    """The finished row of one view: long after the last event, or at a time after the beginning."""
    found = [one for one in events if isinstance(one, Event)] or parsed(events)  # type: ignore[arg-type]
    last = max(one.received_at_ms for one in found)
    now = last + LONG_AFTER_MS if now_ms is None else round(BASE_MS + now_ms)
    rows = fold_view(MUX, PROJECT, found[0].native_view_id, found, now).rows
    assert len(rows) == 1
    return rows[0]


def short_body(events: Iterable[Fields], **metadata: Any) -> bytes:
    """A body as the SDK writes it, its keys abbreviated."""
    shortened = [{encode(name): value for name, value in one.items()} for one in events]
    return json.dumps({"metadata": metadata, "events": shortened}).encode()


@dataclass
class Watching:
    """A viewer and the SDK beside them: what happened, and the events that say so, sums and all.

    Like the real one it sends a key only when it changed, and everything at `viewstart` and `viewend`.
    """

    now: int = 0
    playing_ms: int = 0
    rebuffer_ms: int = 0
    rebuffers: int = 0
    seeks: int = 0
    watch_ms: int = 0
    startup_ms: int | None = None
    playhead: int = 0
    events: list[Fields] = field(default_factory=list)
    _sent: Fields = field(default_factory=dict)
    _totals: Fields = field(default_factory=dict)

    def say(self, name: str, *, full: bool = False, at: int | None = None, **fields: Any) -> None:
        self._totals |= fields
        state: Fields = {
            "mux_embed": "mux-embed",
            "video_title": "A film",
            "mux_sample_rate": 1,
            **self._totals,
        }
        said = state if full else {key: value for key, value in state.items() if self._sent.get(key) != value}
        self._sent = dict(state)
        number = len(self.events) + 1
        self.events.append(
            event(name, self.now if at is None else at)
            | {"view_sequence_number": number, "player_sequence_number": number}
            | {"player_playhead_time": self.playhead, "env_key": "key"}
            | {"view_playing_time_ms_cumulative": state.get("view_playing_time_ms_cumulative", 0)}
            | said
        )

    def start(self, wait_ms: int) -> None:
        self.say("playerready", full=True)
        self.now += 500
        self._totals["view_start"] = BASE_MS + self.now
        self.say("viewstart", full=True)
        self.say("play")
        self._watch(wait_ms)
        self.startup_ms = wait_ms
        self.say("playing", view_time_to_first_frame=wait_ms, **self._sums())

    def play(self, for_ms: int) -> None:
        while for_ms > 0:
            step = min(for_ms, 10_000)
            for_ms -= step
            self._watch(step)
            self.playing_ms += step
            self.playhead += step
            if step == 10_000:
                self.say("hb", **self._sums())

    def pause(self, for_ms: int) -> None:
        self.say("pause", **self._sums())
        self.now += for_ms
        self.say("play")
        self.say("playing")

    def stall(self, for_ms: int) -> None:
        begun = self.now
        self._watch(for_ms)
        self.rebuffers += 1
        self.rebuffer_ms += for_ms
        self.say("rebufferstart", at=begun, view_rebuffer_count=self.rebuffers)
        self.say("rebufferend", view_rebuffer_duration=self.rebuffer_ms, **self._sums())

    def seek(self, for_ms: int) -> None:
        self.say("seeking", **self._sums())
        self._watch(for_ms)
        self.playhead += 1000
        self.seeks += 1
        spent = self._totals.get("view_seek_duration", 0) + for_ms
        self.say("seeked", view_seek_count=self.seeks, view_seek_duration=spent, **self._sums())

    def leave(self) -> None:
        self.say("viewend", full=True, **self._sums())

    def _watch(self, for_ms: int) -> None:
        self.now += for_ms
        self.watch_ms += for_ms

    def _sums(self) -> Fields:
        # The SDK only knows of a stall a second after it began, and has counted it as playing until then.
        late = min(1000, self.rebuffer_ms) if self.rebuffers else 0
        return {
            "view_watch_time": self.watch_ms,
            "view_playing_time_ms_cumulative": self.playing_ms + late,
            "view_content_playback_time": self.playing_ms,
            "view_max_playhead_position": self.playhead,
        }


steps = st.lists(
    st.tuples(st.sampled_from(["play", "pause", "stall", "seek"]), st.integers(1_000, 40_000)),
    max_size=8,
)


@st.composite
def visits(draw: st.DrawFn) -> Watching:
    """Somebody watches; every step ends in playing, past the second in which a stall belongs to a seek."""
    sdk = Watching()
    sdk.start(draw(st.integers(0, 5_000)))
    sdk.play(2_000)
    for step, length in draw(steps):
        getattr(sdk, step)(length)
        sdk.play(1_500)
    sdk.leave()
    return sdk


@st.composite
def chaos(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Events in no sensible order with any numbers."""
    count = draw(st.integers(1, 25))
    sums = st.dictionaries(
        st.sampled_from(
            [
                *("view_watch_time", "view_content_playback_time", "view_rebuffer_count"),
                *("view_rebuffer_duration", "view_time_to_first_frame", "player_playhead_time"),
                *("view_request_count", "video_source_bitrate", "player_width", "player_is_paused"),
            ]
        ),
        st.one_of(st.integers(0, 100_000), st.none(), st.text(max_size=3)),
        max_size=4,
    )
    number = st.one_of(st.none(), st.integers(1, 40))
    return [
        {
            "view_id": "v",
            "event": draw(st.sampled_from([*EVENTS, "unheard_of"])),
            "viewer_time": BASE_MS + draw(st.integers(0, 10_000_000)),
            "view_sequence_number": draw(number),
            **draw(sums),
        }
        for _ in range(count)
    ]
