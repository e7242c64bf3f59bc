"""Bitmovin's hls.js adapter: a licence, then one sample whenever a state is left, stale ones at page close."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from firstframe.demo.script import Script, Stretch, Tape
from firstframe.demo.speech import Post, in_time, post
from firstframe.view.event import Kind
from firstframe.view.record import State

NOTICE_MS = 200
"""The collector learns that frames move from a time update, so much later."""
BEAT_MS = 59_700
STALL_BEATS_MS = (3_000, 5_000, 10_000, 30_000)
SEEK_PAUSE_MS = 1
PARTS = {"playing": "played", "rebuffering": "buffered", "pause": "paused", "seeking": "seeked"}
XHR = "text/plain"


def speak(script: Script, key: str) -> list[Post]:
    """The view as posts."""
    collector = _Collector(script, key)
    for stretch, after in pairwise([*script.stretches, None]):
        if stretch is not None:
            collector.take(stretch, after)
    if not script.cut_ms:
        collector.close()
    return in_time(script, collector.posts)


class _Collector:
    """The SDK's state machine: what it has said, and what it says when a state is left."""

    def __init__(self, script: Script, key: str) -> None:
        self._script, self._key, self._tape = script, key, Tape(script)
        self._domain, _, self._path = script.page_url.partition("://")[2].partition("/")
        self._sequence = 0
        self._time = script.start_ms
        """Of the last sample that was built with a fresh clock."""
        self._since = script.start_ms
        """When the running interval began, as the collector sees it."""
        self._startup = 0
        self._started = False
        self._after_seek = False
        self.posts: list[Post] = []
        self._set_up()

    def take(self, stretch: Stretch, after: Stretch | None) -> None:
        """One stretch of the view, with what follows it."""
        if stretch.state is State.STARTUP:
            self._start(stretch, after)
        elif stretch.state is State.PLAYING:
            self._play(stretch, after)
        elif after is None or after.state is State.IDLE:
            return  # a pause, stall or seek that runs when the page is left is never told
        elif stretch.state is State.REBUFFER:
            for since, until in _cut(stretch.start_ms, stretch.end_ms, _stall_cuts(stretch)):
                self._since = since
                self._sample("rebuffering", until)
        elif stretch.state is State.SEEK:
            self._sample("pause", stretch.start_ms + SEEK_PAUSE_MS)
            self._sample("seeking", stretch.end_ms)
            self._after_seek = True
        elif stretch.state is State.RESUMING:
            self._sample("pause", stretch.end_ms)

    def close(self) -> None:
        """The page is left: a last sample, built with the clock of the one before."""
        end = self._script.at(Kind.END)
        if self._started and end is not None:
            self._sample("closed", end, stale=True, duration=0)

    def _set_up(self) -> None:
        at = self._script.at
        begun, ready = at(Kind.PLAYER_INIT) or 0, at(Kind.PLAYER_READY) or 0
        licence = {"analyticsVersion": self._version, "domain": self._domain, "key": self._key or "demo"}
        self.posts.append(post(self._script, self._key, begun, "/licensing", licence, XHR))
        self._startup = ready - begun
        self._since = begun
        loaded = begun - self._script.start_ms
        self._sample("setup", ready, playerStartupTime=self._startup, pageLoadTime=loaded)

    def _start(self, stretch: Stretch, after: Stretch | None) -> None:
        self._since = stretch.start_ms
        if after is None:
            return
        if after.state is State.FAILED:
            self._error(after.start_ms, **_given_up("PLAYER_ERROR"))
        elif after.state is State.PLAYING:
            shown = after.start_ms + min(NOTICE_MS, after.end_ms - after.start_ms - 1)
            wait = shown - stretch.start_ms
            self._started = True
            self._sample(
                "startup",
                shown,
                videoStartupTime=wait,
                startupTime=wait + self._startup,
                autoplay=self._script.autoplay,
                supportedVideoCodecs=["avc", "vp9", "av1"],
            )
        else:
            self._sample("startup", stretch.end_ms, **_given_up("PAGE_CLOSED"))

    def _play(self, stretch: Stretch, after: Stretch | None) -> None:
        end = stretch.end_ms
        self._notice(stretch)
        switches = [step.at_ms for step in self._script.steps if step.kind is Kind.RENDITION]
        cuts = sorted({*range(self._since + BEAT_MS, end, BEAT_MS), *switches})
        for _, until in _cut(self._since, end, cuts):
            if until < end:
                self._sample("playing", until)
                if until in switches:
                    self._sample("qualitychange", until, duration=0)
        if after is None:
            return
        leaves = after.state is State.IDLE and self._script.at(Kind.ENDED) is None
        self._sample("playing", end, stale=leaves)
        if after.state is State.FAILED:
            self._error(after.start_ms)

    def _notice(self, stretch: Stretch) -> None:
        """Behind a seek the first frames pass for a pause, until a time update comes."""
        if self._after_seek and stretch.end_ms - stretch.start_ms > 2 * NOTICE_MS:
            self._sample("pause", stretch.start_ms + NOTICE_MS)
        self._after_seek = False

    def _error(self, at_ms: int, **more: Any) -> None:
        told = self._script.first(Kind.ERROR)
        if told is not None:
            words: dict[str, Any] = {
                "errorCode": int(told.code or 0),
                "errorMessage": told.message,
                "errorSegments": [],
            }
            self._sample("error", at_ms, duration=0, errorSeverity="CRITICAL", **words, **more)

    def _sample(self, state: str, at_ms: int, *, stale: bool = False, **more: Any) -> None:
        script, duration = self._script, more.pop("duration", at_ms - self._since)
        body = {
            **self._always(),
            **self._known(at_ms),
            "state": state,
            "time": self._time if stale else at_ms,
            "duration": duration,
            "sequenceNumber": self._sequence,
            "videoTimeStart": self._tape.playhead(self._since if duration else at_ms),
            "videoTimeEnd": self._reached(at_ms) if duration else self._tape.playhead(at_ms),
            "downloadSpeedInfo": self._downloads(at_ms),
            **more,
        }
        if state in PARTS:
            body[PARTS[state]] = duration
        self.posts.append(post(script, self._key, at_ms, "/analytics", body, None if stale else XHR))
        self._sequence += 1
        self._since = at_ms
        self._time = self._time if stale else at_ms

    def _reached(self, at_ms: int) -> int:
        """Where an interval ended: at a seek's end that is not yet where it led to."""
        return self._tape.playhead(at_ms - 1) + (self._tape.state(at_ms - 1) is State.PLAYING)

    @property
    def _version(self) -> str:
        return f"v{self._script.player.sdk_version}"

    def _always(self) -> dict[str, Any]:
        """What every sample carries, whatever happens."""
        script = self._script
        width, height = script.client.player
        custom = {"customData1": script.plan, "customData2": script.place.region}
        zero = ("played", "buffered", "paused", "seeked", "droppedFrames", "audioBitrate", "ad")
        unset = ("playerStartupTime", "pageLoadTime", "videoStartupTime", "startupTime")
        return {
            **dict.fromkeys((*zero, *unset), 0),
            "key": self._key or "demo",
            "impressionId": script.view_id,
            "userId": script.viewer_id,
            "customUserId": script.viewer_id,
            "analyticsVersion": self._version,
            "domain": self._domain,
            "path": f"/{self._path}",
            "platform": "web",
            "player": script.player.name,
            "playerTech": "html5",
            "version": f"{script.player.software}-{script.player.software_version}",
            "pageLoadType": 1,
            "size": "WINDOW",
            "language": script.place.language,
            "userAgent": script.client.user_agent,
            "screenWidth": script.client.screen[0],
            "screenHeight": script.client.screen[1],
            "videoWindowWidth": width,
            "videoWindowHeight": height,
            "isLive": script.title.live,
            "isMuted": script.autoplay,
            "videoId": script.title.id,
            "videoTitle": script.title.name,
            "cdnProvider": script.cdn.name,
            "experimentName": script.experiment,
            "streamFormat": "hls",
            "m3u8Url": script.source,
            "subtitleEnabled": False,
            **custom,
        }

    def _known(self, at_ms: int) -> dict[str, Any]:
        """What the media says once it is there."""
        # What a switch ends still has the old rendition; the startup already plays the first one.
        shown = self._tape.rendition(at_ms - 1) or (
            self._tape.rendition(at_ms + 5) if self._started else None
        )
        length = self._script.title.duration_ms
        seen = sum(end - start for start, end in self._tape.ranges(at_ms))
        return {
            "videoBitrate": shown.bitrate_bps if shown else 0,
            "videoPlaybackWidth": shown.width if shown else 0,
            "videoPlaybackHeight": shown.height if shown else 0,
            "videoDuration": length if shown else 0,
            "completedTotal": seen / length if length else 0,
            **({"videoCodec": "avc1.640028", "audioCodec": "mp4a.40.2"} if shown else {}),
        }

    def _downloads(self, at_ms: int) -> dict[str, float]:
        """Segments since the sample before."""
        found = [
            step
            for step in self._script.steps
            if step.kind is Kind.REQUEST and self._since < step.at_ms <= at_ms
        ]
        size = sum(step.bytes or 0 for step in found)
        load = sum((step.request_ms or 0) - (step.ttfb_ms or 0) for step in found)
        speed = size * 8_000 / load if load else 0
        return {
            "segmentsDownloadCount": len(found),
            "segmentsDownloadSize": size,
            "segmentsDownloadTime": load,
            **dict.fromkeys(("avgDownloadSpeed", "minDownloadSpeed", "maxDownloadSpeed"), speed),
            "avgTimeToFirstByte": sum(step.ttfb_ms or 0 for step in found) / len(found) if found else 0,
        }


def _given_up(reason: str) -> dict[str, Any]:
    return {"videoStartFailed": True, "videoStartFailedReason": reason}


def _stall_cuts(stretch: Stretch) -> list[int]:
    """The collector's heartbeats in a stall."""
    cuts, at = [], stretch.start_ms
    for gap in (*STALL_BEATS_MS, *[BEAT_MS] * 10):
        at += gap
        cuts.append(at)
    return cuts


def _cut(start_ms: int, end_ms: int, cuts: Iterable[int]) -> Iterable[tuple[int, int]]:
    """An interval in pieces."""
    edges = [start_ms, *(cut for cut in cuts if start_ms < cut < end_ms), end_ms]
    return pairwise(edges)
