"""The quotients of one view: what its pairs of sums come to, under the metrics' own names."""

from __future__ import annotations

from firstframe.view.record import ViewRecord

Value = float | int | str | bool | None


def derive(record: ViewRecord) -> dict[str, Value]:
    """All derived numbers of a record; None where there is nothing to divide by or a part is unknown."""
    playing = record.content_playing_time_ms + record.ad_playing_time_ms
    stalled = record.rebuffer_duration_ms if record.started else None
    stalls = record.rebuffer_count if record.started else None
    return {
        "playing_time_ms": playing,
        "rebuffer_percentage": _over(stalled, record.watch_time_ms),
        "rebuffering_ratio": _over(stalled, playing + (stalled or 0)),
        "rebuffer_frequency_per_min": _over(stalls, record.watch_time_ms, 60_000),
        "seek_latency_ms": _over(record.seek_time_ms, record.seek_count),
        "average_bitrate_bps": _over(record.bitrate_x_ms, record.bitrate_ms),
        "upscale_percentage": _over(record.upscale_x_ms, record.scale_ms),
        "downscale_percentage": _over(record.downscale_x_ms, record.scale_ms),
        "rendition_changes": _plus(record.rendition_upshifts, record.rendition_downshifts),
        "request_failed_percentage": _over(record.request_failed_count, record.request_count),
        "request_throughput_bps": _over(record.request_bytes, record.request_load_ms, 8_000),
        "request_latency_ms": _over(record.ttfb_sum_ms, record.ttfb_count),
        "live_latency_ms": _over(record.latency_sum_ms, record.latency_count),
        "completion_ratio": completion(record),
    }


def completion(record: ViewRecord) -> float | None:
    """The share of the content seen: the ranges watched where they are known, else the furthest position."""
    if record.live or not record.started or not record.duration_ms:
        return None
    seen = record.max_playhead_ms if record.played_range_ms is None else record.played_range_ms
    return None if seen is None else min(1.0, max(0.0, seen / record.duration_ms))


def _over(numerator: float | None, denominator: float | None, factor: float = 1) -> float | None:
    return None if numerator is None or not denominator else numerator * factor / denominator


def _plus(left: int | None, right: int | None) -> int | None:
    return None if left is None and right is None else (left or 0) + (right or 0)
