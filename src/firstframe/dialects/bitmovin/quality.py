"""The pairs of a view: bitrate and scale weighted by playing time, requests, frames, and media watched."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from firstframe.dialects.base import number, whole
from firstframe.dialects.bitmovin.parts import FASTEST, NOTICE_MS
from firstframe.dialects.bitmovin.sample import Sample, adapter_of, is_old
from firstframe.dialects.bitmovin.timeline import Piece, Timeline, is_unload
from firstframe.view.record import State, ViewRecord

SLOWEST = 0.2
"""Between this playback rate and `FASTEST` an advance of the media is believed."""
NEAR_SPEED = 0.1
"""Two samples of one playback rate differ by this share at most."""
HIGHEST_BPS = 10**12
HIGHEST_COUNT = 10**9
SILENT_ABOUT_FRAMES = ("hlsjs", "dashjs", "shaka", "videojs")
"""The adapters that always say 0 dropped frames, as all old ones do; that of Shaka where it comes before the element
[`super(undefined)` in DashjsInternalAdapter of bitmovin-analytics 2.51.0]."""


def fill_quality(row: ViewRecord, timeline: Timeline) -> None:
    """Bitrate, scale, switches, requests and frames."""
    for piece in timeline.pieces:
        if piece.state is State.PLAYING:
            _weigh_bitrate(row, piece.sample, piece.length_ms)
            _weigh_scale(row, piece.sample, piece.length_ms)
    row.rendition_upshifts, row.rendition_downshifts = _switches(timeline.samples)
    fresh = [
        sample
        for before, sample in zip([None, *timeline.samples], timeline.samples, strict=False)
        if not is_unload(before, sample)
    ]
    _add_requests(row, fresh)
    row.dropped_frames = _dropped_frames(fresh)


def fill_content(row: ViewRecord, timeline: Timeline) -> None:
    """What of the media was watched."""
    watched = [*_ranges(timeline.samples, timeline.whole.standing.ms), *_credited(timeline.credited)]
    ranges = _union(watched)
    row.max_playhead_ms = max([*(end for _, end in ranges), *_sought(timeline.samples)], default=None)
    row.media_time_ms = sum(end - start for start, end in watched) if ranges else None
    if row.live:
        return
    share = max((number(sample.payload.get("completedTotal")) or 0 for sample in timeline.samples), default=0)
    length = sum(end - start for start, end in ranges)
    if row.duration_ms:
        length = min(row.duration_ms, max(length, min(1.0, share) * row.duration_ms))
    row.played_ranges = ranges or None
    row.played_range_ms = length if ranges or share > 0 else None


def _sought(samples: Sequence[Sample]) -> Iterator[float]:
    """Where seeks led to, watched or not."""
    return (
        sample.media_end_ms for sample in samples if sample.seeks and sample.media_end_ms and not sample.ad
    )


def _weigh_bitrate(row: ViewRecord, sample: Sample, length_ms: int) -> None:
    bitrate = _bitrate(sample)
    if bitrate:
        row.bitrate_x_ms += bitrate * length_ms
        row.bitrate_ms += length_ms


def _bitrate(sample: Sample) -> int:
    return whole(sample.payload.get("videoBitrate"), high=HIGHEST_BPS) or 0


def _weigh_scale(row: ViewRecord, sample: Sample, length_ms: int) -> None:
    names = ("videoWindowWidth", "videoWindowHeight", "videoPlaybackWidth", "videoPlaybackHeight")
    sizes = [whole(sample.payload.get(name), high=100_000) or 0 for name in names]
    if not all(sizes):
        return
    fit = min(sizes[0] / sizes[2], sizes[1] / sizes[3])
    up, down = max(0.0, fit - 1), max(0.0, 1 - fit)
    row.upscale_x_ms += up * length_ms
    row.downscale_x_ms += down * length_ms
    row.scale_ms += length_ms
    row.max_upscale = max(row.max_upscale or 0.0, up)
    row.max_downscale = max(row.max_downscale or 0.0, down)


def _switches(samples: Sequence[Sample]) -> tuple[int | None, int | None]:
    """Changes of the content's bitrate from the start on, up and down; None where it is never known."""
    starts = [index for index, sample in enumerate(samples) if sample.video_startup_ms or sample.played_ms]
    shown = samples[starts[0] :] if starts else []
    known = [bitrate for sample in shown if not sample.ad and (bitrate := _bitrate(sample))]
    if not known:
        return None, None
    pairs = list(pairwise(known))
    return sum(after > before for before, after in pairs), sum(after < before for before, after in pairs)


def _add_requests(row: ViewRecord, samples: Iterable[Sample]) -> None:
    """Segments are told in sums and means since the sample before; failed ones are never told."""
    for sample in samples:
        information = sample.payload.get("downloadSpeedInfo")
        count = _of(information, "segmentsDownloadCount", HIGHEST_COUNT)
        if not count:
            continue
        row.request_count = (row.request_count or 0) + round(count)
        load_ms = _of(information, "segmentsDownloadTime", 86_400_000)
        if load_ms > 0:
            row.request_bytes += _of(information, "segmentsDownloadSize", 10**15)
            row.request_load_ms += load_ms
        latency = _of(information, "avgTimeToFirstByte", 86_400_000)
        if latency > 0:
            row.ttfb_sum_ms += latency * count
            row.ttfb_count += count


def _of(information: Any, name: str, high: float) -> float:
    found = number(information.get(name)) if isinstance(information, Mapping) else None
    return found if found is not None and 0 <= found <= high else 0


def _dropped_frames(samples: Sequence[Sample]) -> int | None:
    counts = [whole(sample.payload.get("droppedFrames"), high=HIGHEST_COUNT) for sample in samples]
    known = [count for count in counts if count is not None]
    if not known:
        return None
    return sum(known) or (None if any(map(_is_silent_about_frames, samples)) else 0)


def _is_silent_about_frames(sample: Sample) -> bool:
    return adapter_of(sample) in SILENT_ABOUT_FRAMES or is_old(sample)


def _ranges(samples: Sequence[Sample], stood: Mapping[int, int]) -> Iterator[tuple[float, float]]:
    """The media that moved in each sample of content.

    A heartbeat of the hls.js adapter says 0 for its end and the next start: both follow from the time played.
    """
    carried: float | None = None
    speeds = _speeds(samples)
    for index, sample in enumerate(samples):
        start, end = sample.media_start_ms, sample.media_end_ms
        played = sample.played_ms - stood.get(index, 0)
        if sample.ad or start is None or end is None:
            continue
        if start == 0 and carried is not None:
            start = carried
        carried = None
        if not played:
            moved = end - start
            told = sample.video_startup_ms or sample.buffered_ms or sample.paused_ms
            if 0 < moved <= min(told, 1000):
                yield start, end
            continue
        moved = end - start
        if not _is_speed(moved, played) or (
            _leads_to_seek(samples, index) and not _is_among(moved / played, speeds)
        ):
            moved = float(played)
        if end == 0:
            carried = start + moved
        yield start, start + moved


def _credited(pieces: Iterable[Piece]) -> Iterator[tuple[float, float]]:
    """The media that moved in holes: each goes on where the sample before it ended."""
    for piece in pieces:
        start = piece.sample.media_end_ms
        if piece.state is State.PLAYING and start is not None:
            yield start, start + piece.length_ms


def _speeds(samples: Sequence[Sample]) -> list[float]:
    """How fast the media ran, by the samples whose positions no seek can have changed; the slowest first."""
    return sorted(
        sample.advance_ms / sample.played_ms
        for index, sample in enumerate(samples)
        if sample.played_ms >= NOTICE_MS
        and _is_speed(sample.advance_ms, sample.played_ms)
        and not (sample.ad or _leads_to_seek(samples, index))
    )


def _is_among(speed: float, speeds: Sequence[float]) -> bool:
    """Whether some of the speeds, which are sorted, is about the same."""
    slowest = bisect_left(speeds, speed * (1 - NEAR_SPEED))
    return slowest < len(speeds) and speeds[slowest] <= speed * (1 + NEAR_SPEED)


def _is_speed(moved_ms: float, played_ms: float) -> bool:
    return SLOWEST * played_ms <= moved_ms <= FASTEST * played_ms


def _leads_to_seek(samples: Sequence[Sample], index: int) -> bool:
    return any(sample.seeked_ms for sample in samples[index + 1 : index + 3])


def _union(ranges: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end > start:
            found.append((start, end))
    return found
