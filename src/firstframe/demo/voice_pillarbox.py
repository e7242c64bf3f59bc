"""Pillarbox for the web: START when the media is ready, totals every 30 s, STOP; with its counters as they are."""

from __future__ import annotations

from typing import Any

import msgspec

from firstframe.demo.script import Script, Tape, beats
from firstframe.demo.speech import TEXT, Post, in_time, post
from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.record import State

BEAT_MS = 30_000
READY_MS = 15
"""Between ready, when START leaves, and the first moving frame."""
LATENCY_MS = 9_000
"""Of a live picture, until it is measured."""
METADATA_SHARE = 0.2
"""Of the wait, the part that went to the media's description."""
BARRED = '{"errorType":"GEOBLOCK"}'


def speak(script: Script, key: str) -> list[Post]:
    """The view as posts. Who leaves before the media is ready was never there."""
    tape = Tape(script)
    frame, failure = script.at(Kind.PLAYING), script.first(Kind.ERROR)
    said: list[tuple[int, str, dict[str, Any]]] = []
    if frame is not None:
        said = _watched(script, tape, frame - READY_MS, failure)
    elif failure is not None:
        said = [(failure.at_ms - 4, "START", _start(script)), _error(script, tape, failure)]
    posts = [
        post(script, key, at_ms, "/api/events", _body(script, at_ms, name, data), TEXT)
        for at_ms, name, data in said
    ]
    return in_time(script, posts)


def _watched(
    script: Script, tape: Tape, ready_ms: int, failure: TimelineEvent | None
) -> list[tuple[int, str, dict[str, Any]]]:
    ends = [step.at_ms for step in script.steps if step.kind in (Kind.ERROR, Kind.ENDED, Kind.END)]
    end = ends[0] if ends else script.end_ms
    said = [
        (ready_ms, "START", _start(script)),
        (ready_ms + 4, "HEARTBEAT", _status(script, tape, ready_ms + 4)),
    ]
    said += [(at, "HEARTBEAT", _status(script, tape, at)) for at in beats(ready_ms, end, BEAT_MS)]
    if failure is not None:
        return [*said, _error(script, tape, failure)]
    return [*said, (end, "STOP", _status(script, tape, end))]


def _body(script: Script, at_ms: int, name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_name": name,
        "session_id": script.view_id,
        "timestamp": at_ms,
        "version": 1,
        "data": data,
    }


def _start(script: Script) -> dict[str, Any]:
    metadata = round(script.startup_ms * METADATA_SHARE)
    asset = script.startup_ms - metadata
    width, height = script.client.player
    return {
        "browser": {"user_agent": script.client.user_agent},
        "device": {"id": script.viewer_id},
        "media": {
            "asset_url": script.source,
            "id": script.title.id,
            "metadata_url": f"https://api.tv.example/media/{script.title.id}",
            "origin": script.page_url,
        },
        "player": {"name": script.player.name, "version": script.player.version, "platform": "Web"},
        "qoe_timings": {"asset": asset, "metadata": metadata, "total": script.startup_ms},
        "qos_timings": {"asset": asset, "metadata": metadata},
        "screen": {"width": width, "height": height},
    }


def _status(script: Script, tape: Tape, at_ms: int) -> dict[str, Any]:
    rendition = tape.rendition(at_ms)
    data: dict[str, Any] = {
        "bandwidth": round(script.network.bps / script.cdn.slowness),
        "bitrate": rendition.bitrate_bps if rendition else None,
        "buffered_duration": 24_000,
        "frame_drops": tape.frames_lost(at_ms),
        "log": _log(tape, at_ms),
        "playback_duration": _counter(script, at_ms),
        "position": tape.playhead(at_ms),
        "stall": _stalls(script, at_ms),
        "stream_type": "Live" if script.title.live else "On-demand",
        "url": script.source.replace("index.m3u8", "segment.ts"),
    }
    if script.title.live:
        measured = tape.latency(at_ms)
        data["position_timestamp"] = at_ms - round(measured.latency_ms or 0 if measured else LATENCY_MS)
    return {name: value for name, value in data.items() if value is not None}


def _error(script: Script, tape: Tape, failure: TimelineEvent) -> tuple[int, str, dict[str, Any]]:
    data = {
        "log": BARRED if failure.business else _log(tape, failure.at_ms),
        "message": failure.message,
        "name": failure.code,
        "position": tape.playhead(failure.at_ms),
        "url": script.source,
    }
    return failure.at_ms, "ERROR", data


def _log(tape: Tape, at_ms: int) -> str:
    ranges = [{"start": start / 1000, "end": end / 1000} for start, end in tape.ranges(at_ms)]
    return msgspec.json.encode({"playedRanges": ranges}).decode()


def _counter(script: Script, at_ms: int) -> int:
    """The SDK's clock of playing time: only a pause banks it, every other interruption throws it away."""
    banked = running = 0
    for stretch in script.stretches:
        if stretch.start_ms >= at_ms:
            break
        if stretch.state is State.PLAYING:
            running = stretch.within(stretch.start_ms, at_ms)
        elif stretch.state is State.PAUSE:
            banked, running = banked + running, 0
    return banked + running


def _stalls(script: Script, at_ms: int) -> dict[str, int]:
    """Stalls that are over; one that lasts is not counted yet."""
    over = [each for each in script.stretches if each.state is State.REBUFFER and each.end_ms <= at_ms]
    return {"count": len(over), "duration": sum(each.end_ms - each.start_ms for each in over)}
