"""Mux: events with short keys that carry what changed, sent every ten seconds, the last batch twice."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from firstframe.demo.script import Script, Tape
from firstframe.demo.speech import TEXT, Post, Said, batches, in_time, post
from firstframe.dialects.mux.key import encode
from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.record import WATCH_STATES, State

BEAT_MS = 10_000
FLUSH_MS = 10_000
AT_ONCE = ("viewstart", "ended", "viewend", "error")
FULL = ("networkchange", "viewstart", "viewend")
"""Events that state every field; all others only what is new."""
SESSION_MS = 25 * 60_000

NAMES: Mapping[Kind, tuple[str, ...]] = {
    Kind.PLAYER_INIT: ("networkchange",),
    Kind.PLAYER_READY: ("playerready", "loadstart"),
    Kind.PLAY: ("play",),
    Kind.PLAYING: ("playing",),
    Kind.PAUSE: ("pause",),
    Kind.STALL_START: ("rebufferstart",),
    Kind.STALL_END: ("rebufferend",),
    Kind.SEEKING: ("seeking",),
    Kind.SEEKED: ("seeked", "playing"),
    Kind.ENDED: ("ended",),
    Kind.ERROR: ("error",),
    Kind.RENDITION: ("renditionchange",),
    Kind.LATENCY: ("hb",),
    Kind.REQUEST: ("requestcompleted",),
    Kind.AD_REQUEST: ("adrequest",),
    Kind.AD_RESPONSE: ("adresponse",),
    Kind.AD_BREAK_START: ("adbreakstart",),
    Kind.AD_START: ("adplay",),
    Kind.AD_PLAYING: ("adplaying",),
    Kind.AD_ENDED: ("adended",),
    Kind.AD_BREAK_END: ("adbreakend",),
    Kind.END: ("viewend",),
}
"""The SDK's events for each of the timeline's; a first play also begins the view."""

QUIET = (State.IDLE, State.PAUSE, State.FAILED)
ALWAYS = ("env_key", "view_id", "beacon_domain", "mux_api_version", "video_id", "player_instance_id")
"""What every event repeats."""

Fields = dict[str, Any]
key_of = cache(encode)


def speak(script: Script, key: str) -> list[Post]:
    """The view as posts."""
    said = _Sdk(script, key).events()
    posts = []
    for number, (at_ms, events) in enumerate(batches(said, FLUSH_MS, AT_ONCE)):
        metadata = (
            {} if script.is_past else {"transmission_timestamp": at_ms, **({"rtt_ms": 40} if number else {})}
        )
        body = {"metadata": metadata, "events": [event.fields for event in events]}
        posts.append(post(script, key, at_ms, "", body, "text/plain"))
        if events[-1].name == "viewend":
            posts.append(post(script, key, at_ms, "", body, TEXT))
    return in_time(script, posts)


class _Sdk:
    """What the SDK knows of one view, and which of it was told already."""

    def __init__(self, script: Script, key: str) -> None:
        self._script, self._tape = script, Tape(script)
        self._fixed = _site(script, key)
        self._began = script.at(Kind.PLAY)
        self._frame = script.at(Kind.AD_PLAYING) or script.at(Kind.PLAYING)
        self._startup = script.startup_ms
        self._told: Fields = {}
        self._count = 0

    def events(self) -> list[Said]:
        """All events, in their order."""
        said: list[Said] = []
        quiet_since = self._script.start_ms
        last: TimelineEvent | None = None
        for step in self._script.steps:
            beats = self._beats(quiet_since, step.at_ms, last)
            quiet_since = beats[-1].at_ms if beats else quiet_since
            said += beats
            for name in self._names(step):
                said.append(self._said(name, step.at_ms, step))
            if step.kind is not Kind.REQUEST:
                quiet_since, last = step.at_ms, step
        if self._script.cut_ms:
            said += self._beats(quiet_since, self._script.end_ms, last)
        return said

    def _names(self, step: TimelineEvent) -> tuple[str, ...]:
        names = NAMES.get(step.kind, ())
        if step.kind is Kind.END and self._began is None:
            return ()
        return ("viewstart", *names) if step.kind is Kind.PLAY and step.at_ms == self._began else names

    def _beats(self, since_ms: int, until_ms: int, last: TimelineEvent | None) -> list[Said]:
        """A beat ten seconds behind the last event, while the player is not paused."""
        if last is None or self._tape.state(since_ms) in QUIET:
            return []
        times = range(since_ms + BEAT_MS, until_ms, BEAT_MS)
        return [self._said("hb", at_ms, None) for at_ms in times]

    def _said(self, name: str, at_ms: int, step: TimelineEvent | None) -> Said:
        self._count += 1
        moving = {**self._state(at_ms), **self._totals(at_ms)}
        own = {
            **{field: self._fixed[field] for field in ALWAYS},
            **(_own(self._script, name, step) if step is not None else {}),
            "event": name,
            "viewer_time": at_ms,
            "player_playhead_time": self._tape.playhead(at_ms),
            "view_playing_time_ms_cumulative": moving["view_playing_time_ms_cumulative"],
            "view_sequence_number": self._count,
            "player_sequence_number": self._count,
            "session_expires": at_ms + SESSION_MS,
        }
        news = {field: value for field, value in moving.items() if self._told.get(field) != value}
        self._told |= news
        sent = {**self._fixed, **moving, **own} if name in FULL else {**news, **own}
        return Said(at_ms, name, {key_of(field): value for field, value in sent.items() if value is not None})

    def _state(self, at_ms: int) -> Fields:
        """What holds at an instant."""
        shown, latency = self._tape.rendition(at_ms), self._tape.latency(at_ms)
        return {
            "player_is_paused": self._tape.state(at_ms) in QUIET,
            "video_source_bitrate": shown and shown.bitrate_bps,
            "video_source_width": shown.width if shown else 0,
            "video_source_height": shown.height if shown else 0,
            "player_program_time": latency and latency.at_ms - round(latency.latency_ms or 0),
        }

    def _totals(self, at_ms: int) -> Fields:
        """The sums of the view so far."""
        spent, began = self._tape.spent, self._began
        playing = spent(State.PLAYING, State.AD_PLAYING, until_ms=at_ms)
        found: Fields = {"view_playing_time_ms_cumulative": playing}
        if began is None or at_ms < began:
            return found
        ranges = self._tape.ranges(at_ms)
        stalls = self._tape.begun(State.REBUFFER, 0, at_ms)
        found |= {
            "view_start": began,
            "view_watch_time": spent(*WATCH_STATES, until_ms=at_ms),
            "view_content_playback_time": playing,
            "view_max_playhead_position": max((end for _, end in ranges), default=0),
            "view_dropped_frame_count": self._tape.frames_lost(at_ms),
            "video_playback_range": "[" + ",".join(f'"{start}:{end}"' for start, end in ranges) + "]",
            "view_seek_count": self._tape.begun(State.SEEK, 0, at_ms),
            "view_seek_duration": spent(State.SEEK, until_ms=at_ms),
        }
        if self._frame is not None and at_ms >= self._frame:
            found["view_time_to_first_frame"] = self._startup
        if stalls:
            found |= {
                "view_rebuffer_count": stalls,
                "view_rebuffer_duration": spent(State.REBUFFER, until_ms=at_ms),
            }
        return found


def _site(script: Script, key: str) -> Fields:
    """What the page and the browser said once."""
    title, player = script.title, script.player
    width, height = script.client.player
    return {
        "env_key": key or None,
        "mux_api_version": "2.1",
        "mux_embed": "mux-embed",
        "mux_embed_version": player.sdk_version,
        "player_mux_plugin_name": "VideoElementMonitor",
        "player_mux_plugin_version": player.sdk_version,
        "beacon_domain": "localhost",
        "player_instance_id": script.session_id[::-1],
        "mux_sample_rate": 1,
        "mux_sample_number": 0.25,
        "mux_viewer_id": script.viewer_id,
        "viewer_user_id": script.viewer_id,
        "session_id": script.session_id,
        "session_start": script.start_ms,
        "view_id": script.view_id,
        "player_view_count": 1,
        "player_name": player.name,
        "player_version": player.version,
        "player_software_name": player.software,
        "player_software_version": player.software_version,
        "player_init_time": script.at(Kind.PLAYER_INIT),
        "player_width": width,
        "player_height": height,
        "player_autoplay_on": script.autoplay,
        "player_preload_on": "metadata",
        "player_is_fullscreen": False,
        "player_language_code": script.place.language,
        "player_playback_mode": "standard",
        "page_type": "watchpage",
        "page_url": script.page_url,
        "experiment_name": script.experiment,
        "custom_1": script.plan,
        "custom_2": script.place.region,
        "video_id": title.id,
        "video_title": title.name,
        "video_series": title.series,
        "video_duration": title.duration_ms or None,
        "video_stream_type": "live" if title.live else "on-demand",
        "video_cdn": script.cdn.name,
        "video_source_url": script.source,
        "video_source_hostname": script.cdn.host,
        "video_source_duration": title.duration_ms or None,
        "video_source_is_live": title.live,
        "viewer_connection_type": script.network.name,
        "viewer_device_category": "",
    }


def _own(script: Script, name: str, step: TimelineEvent) -> Fields:
    """What belongs to one event alone."""
    if name == "playerready":
        begun = script.at(Kind.PLAYER_INIT) or step.at_ms
        return {"player_startup_time": step.at_ms - begun, "page_load_time": begun - script.start_ms}
    if name == "error":
        code = step.code or ""
        return {
            "player_error_code": int(code) if code.isdigit() else code,
            "player_error_message": step.message,
            "player_error_severity": "fatal",
            "player_error_business_exception": True if step.business else None,
        }
    if name == "requestcompleted":
        begun = step.at_ms - round(step.request_ms or 0)
        return {
            "request_event_type": "hlsFragLoaded",
            "request_type": "video",
            "request_hostname": script.cdn.host,
            "request_start": begun,
            "request_response_start": begun + round(step.ttfb_ms or 0),
            "request_response_end": step.at_ms,
            "request_bytes_loaded": step.bytes,
        }
    return {"ad_id": "ad-1"} if name.startswith("ad") and name not in ("adbreakstart", "adbreakend") else {}
