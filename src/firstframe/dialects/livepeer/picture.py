"""Sizes, rate, duration and live latency: what heartbeats carry beside their counters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from firstframe.dialects.base import number
from firstframe.dialects.livepeer.history import History
from firstframe.dialects.livepeer.share import Share
from firstframe.view.tally import LATENCY_LIMIT_MS, Tally

_SIZES = ("player_width_px", "player_height_px", "video_width_px", "video_height_px")
_LARGEST_PX = 100_000
_SAME_MS = 1_000
_SAME_SHARE = 0.02


def picture_of(history: History, shares: Sequence[Share], *, live: bool) -> dict[str, Any]:
    """Record fields by name. A size holds until another is sent; playing is weighed with those it ends with."""
    tally = Tally()
    picture = tally.picture
    sizes: dict[str, int] = {}
    rates = [(mark.at_ms, mark.value) for mark in history.of("rate") if mark.value and mark.value > 0]
    said_before: list[Any] = []
    for share in shares:
        said = [*map(share.beat.payload.get, _SIZES)]
        if said != said_before:
            said_before = said
            sizes |= _sizes(said)
            picture.player_width, picture.player_height = sizes.get(_SIZES[0]), sizes.get(_SIZES[1])
            picture.video_width, picture.video_height = sizes.get(_SIZES[2]), sizes.get(_SIZES[3])
        for picture.rate, playing_ms in _by_rate(share, rates):
            tally.play(playing_ms)
    offsets = [found for found in _numbers(history, "offset_ms") if found <= LATENCY_LIMIT_MS]
    durations = durations_of(history)
    return {
        **sizes,
        "media_time_ms": tally.media_ms,
        "upscale_x_ms": tally.upscale_x_ms,
        "downscale_x_ms": tally.downscale_x_ms,
        "scale_ms": tally.scale_ms,
        "max_upscale": tally.max_upscale,
        "max_downscale": tally.max_downscale,
        "latency_sum_ms": sum(offsets),
        "latency_count": len(offsets),
        "duration_ms": durations[-1] if durations and not live else None,
    }


def _by_rate(share: Share, rates: Sequence[tuple[float, float]]) -> list[tuple[float, int]]:
    """The playing of a heartbeat by the rates that held in its stretch, shared out by the time between their marks."""
    low, high, playing_ms = share.beat.start_ms, share.beat.at_ms, round(share.playing_ms)
    if not rates:
        return [(1, playing_ms)]
    held = next((rate for at, rate in reversed(rates) if at <= low), 1)
    inside = [(at, rate) for at, rate in rates if low < at < high]
    parts: list[tuple[float, int]] = []
    spent_ms = 0
    for rate, until in zip(
        [held, *(rate for _, rate in inside)], [*(at for at, _ in inside), high], strict=True
    ):
        upto_ms = round(playing_ms * (until - low) / (high - low)) if inside else playing_ms
        parts.append((rate, upto_ms - spent_ms))
        spent_ms = upto_ms
    return parts


def durations_of(history: History) -> list[float]:
    """The lengths of the video that were sent, unknown ones (0) apart."""
    return [found for found in _numbers(history, "duration_ms") if found > 0]


def changed_source(history: History) -> bool:
    """Whether the page put another video into the same session: all that shows of it is another length."""
    durations = durations_of(history)
    return bool(durations) and max(durations) - min(durations) > _SAME_MS + _SAME_SHARE * max(durations)


def _sizes(said: Sequence[Any]) -> dict[str, int]:
    found = {key: number(value) for key, value in zip(_SIZES, said, strict=True)}
    return {key: round(value) for key, value in found.items() if value and 0 < value <= _LARGEST_PX}


def _numbers(history: History, key: str) -> list[float]:
    values = (number(beat.payload[key]) for beat in history.beats if key in beat.payload)
    return [value for value in values if value is not None and value >= 0]
