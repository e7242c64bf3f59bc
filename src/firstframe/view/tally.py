"""What a view's timeline weighs and counts beside its states: picture, media time, live latency, requests."""

from __future__ import annotations

import msgspec

from firstframe.view.event import TimelineEvent

LATENCY_LIMIT_MS = 300_000
"""A sample further behind the edge is time-shifted viewing, not latency."""


class Picture(msgspec.Struct):
    """What is on the screen now; unknown is None."""

    bitrate_bps: float | None = None
    video_width: float | None = None
    video_height: float | None = None
    player_width: float | None = None
    player_height: float | None = None
    rate: float = 1

    def fit(self) -> float | None:
        """Player over rendition, in the direction that fits tighter: above 1 is upscaled."""
        wide = high = None
        if self.player_width and self.video_width:
            wide = self.player_width / self.video_width
        if self.player_height and self.video_height:
            high = self.player_height / self.video_height
        return high if wide is None or (high is not None and high < wide) else wide


class Tally(msgspec.Struct):
    """Sums over one view."""

    picture: Picture = msgspec.field(default_factory=Picture)
    media_ms: float = 0
    bitrate_x_ms: float = 0
    bitrate_ms: float = 0
    upscale_x_ms: float = 0
    downscale_x_ms: float = 0
    scale_ms: float = 0
    max_upscale: float | None = None
    max_downscale: float | None = None
    upshifts: int | None = None
    downshifts: int | None = None
    latency_sum_ms: float = 0
    latency_count: int = 0
    request_count: int | None = None
    request_failed_count: int | None = None
    request_canceled_count: int | None = None
    request_bytes: float = 0
    request_load_ms: float = 0
    ttfb_sum_ms: float = 0
    ttfb_count: int = 0
    max_ttfb_ms: float | None = None

    def play(self, duration_ms: int) -> None:
        """Content played for so long with the present picture."""
        picture = self.picture
        self.media_ms += duration_ms * picture.rate
        if picture.bitrate_bps is not None:
            self.bitrate_x_ms += picture.bitrate_bps * duration_ms
            self.bitrate_ms += duration_ms
        fit = picture.fit()
        if fit is not None:
            self._scale(fit, duration_ms)

    def _scale(self, fit: float, duration_ms: int) -> None:
        up, down = (fit - 1, 0.0) if fit > 1 else (0.0, 1 - fit)
        self.scale_ms += duration_ms
        self.upscale_x_ms += up * duration_ms
        self.downscale_x_ms += down * duration_ms
        if up > (self.max_upscale or 0) or self.max_upscale is None:
            self.max_upscale = up
        if down > (self.max_downscale or 0) or self.max_downscale is None:
            self.max_downscale = down

    def rendition(self, event: TimelineEvent) -> None:
        """Another rendition plays; only a change between two known bitrates is a shift."""
        picture, before = self.picture, self.picture.bitrate_bps
        picture.video_width = event.width or picture.video_width
        picture.video_height = event.height or picture.video_height
        if event.bitrate_bps is None or event.bitrate_bps <= 0:
            return
        picture.bitrate_bps = event.bitrate_bps
        self.upshifts = (self.upshifts or 0) + (before is not None and event.bitrate_bps > before)
        self.downshifts = (self.downshifts or 0) + (before is not None and event.bitrate_bps < before)

    def resize(self, event: TimelineEvent) -> None:
        """The player has another size."""
        self.picture.player_width = event.width or self.picture.player_width
        self.picture.player_height = event.height or self.picture.player_height

    def speed(self, event: TimelineEvent) -> None:
        """Playback has another speed."""
        if event.rate is not None and event.rate > 0:
            self.picture.rate = event.rate

    def latency(self, event: TimelineEvent) -> None:
        """A sample of live latency."""
        if event.latency_ms is not None and 0 <= event.latency_ms <= LATENCY_LIMIT_MS:
            self.latency_sum_ms += event.latency_ms
            self.latency_count += 1

    def request(self, event: TimelineEvent) -> None:
        """One media request; waiting for the first byte is latency, not load time."""
        self.request_count = (self.request_count or 0) + 1
        self.request_failed_count = (self.request_failed_count or 0) + (event.status == "failed")
        self.request_canceled_count = (self.request_canceled_count or 0) + (event.status == "canceled")
        if event.ttfb_ms is not None and event.ttfb_ms >= 0:
            self.ttfb_sum_ms += event.ttfb_ms
            self.ttfb_count += 1
            self.max_ttfb_ms = max(event.ttfb_ms, self.max_ttfb_ms or 0)
        load_ms = (event.request_ms or 0) - max(0, event.ttfb_ms or 0)
        if event.status == "ok" and event.bytes is not None and event.bytes >= 0 and load_ms > 0:
            self.request_bytes += event.bytes
            self.request_load_ms += load_ms
